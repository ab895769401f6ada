"""InfoNCE, supervised contrastive and multi-similarity: by hand, and against pytorch-metric-learning."""

import math

import pytest
import torch
from pytorch_metric_learning.losses import MultiSimilarityLoss, NTXentLoss, SupConLoss
from pytorch_metric_learning.miners import MultiSimilarityMiner

from alikely.distances import Cosine
from alikely.losses import InfoNCE, MultiSimilarity, SupervisedContrastive, batch_loss
from alikely.types import Known

# Items on a line at 0, 1, 2 (label 0) and 4 (label 1).
LINE = torch.tensor([0.0, 1.0, 2.0, 4.0])
DISTANCES = (LINE[:, None] - LINE).abs()
KNOWN = Known.from_labels(torch.tensor([0, 0, 0, 1]))


def softplus(x):
    return math.log1p(math.exp(x))


def test_info_nce_by_hand():
    # log(1 + exp(d_ap - d_an)): the third item of the label is not counted against the pair.
    pairs = [(1, 4), (2, 4), (1, 3), (1, 3), (2, 2), (1, 2)]
    loss = InfoNCE(temperature=1.0)(DISTANCES, KNOWN.same, KNOWN.different)
    assert loss.item() == pytest.approx(sum(softplus(p - n) for p, n in pairs) / 6)
    assert InfoNCE(0.5)(DISTANCES, KNOWN.same, KNOWN.different).item() == pytest.approx(
        sum(softplus(2 * (p - n)) for p, n in pairs) / 6
    )


def test_info_nce_with_several_negatives_by_hand():
    known = Known.from_labels(torch.tensor([0, 0, 1, 2]))
    loss = InfoNCE(temperature=1.0)(DISTANCES, known.same, known.different)
    exp = math.exp
    first = -math.log(exp(-1) / (exp(-1) + exp(-2) + exp(-4)))  # 0 with 1, against 2 and 3
    second = -math.log(exp(-1) / (exp(-1) + exp(-1) + exp(-3)))  # 1 with 0, against 2 and 3
    assert loss.item() == pytest.approx((first + second) / 2)


def test_supervised_contrastive_by_hand():
    loss = SupervisedContrastive(temperature=1.0)(DISTANCES, KNOWN.same, KNOWN.different)
    anchors = [
        1.5 + math.log(math.exp(-1) + math.exp(-2) + math.exp(-4)),
        1.0 + math.log(math.exp(-1) + math.exp(-1) + math.exp(-3)),
        1.5 + math.log(math.exp(-2) + math.exp(-1) + math.exp(-2)),
    ]  # the fourth item has no positive
    assert loss.item() == pytest.approx(sum(anchors) / 3)


@pytest.mark.parametrize(
    ("epsilon", "anchors"),
    [
        # Similarities 0.8 (same), 0.1 and 0.6 (different); base 0.5, alpha 2, beta 50.
        (
            None,
            [
                softplus(-0.6) / 2 + softplus(-20) / 50,
                softplus(-0.6) / 2 + softplus(5) / 50,
                math.log(1 + math.exp(-20) + math.exp(5)) / 50,
            ],
        ),
        (0.25, [0, softplus(-0.6) / 2 + softplus(5) / 50, 0]),  # only item 1's are nearly out of order
        (0.1, [0, 0, 0]),
    ],
)
def test_multi_similarity_by_hand(epsilon, anchors):
    distances = torch.tensor([[0.0, 0.2, 0.9], [0.2, 0.0, 0.4], [0.9, 0.4, 0.0]])
    known = Known.from_labels(torch.tensor([0, 0, 1]))
    loss = MultiSimilarity(epsilon=epsilon)(distances, known.same, known.different)
    assert loss.item() == pytest.approx(sum(anchors) / 3)


def nt_xent(embeddings, labels):
    return NTXentLoss(temperature=0.2)(embeddings, labels)


def supcon(embeddings, labels):
    return SupConLoss(temperature=0.2)(embeddings, labels)


def multi_similarity(embeddings, labels):
    return MultiSimilarityLoss(alpha=2, beta=50, base=0.5)(embeddings, labels)


def mined_multi_similarity(embeddings, labels):
    # The miner writes into the distances that it is given; a copy keeps the gradient whole.
    mined = MultiSimilarityMiner(epsilon=0.1)(embeddings.detach().clone(), labels)
    return MultiSimilarityLoss(alpha=2, beta=50, base=0.5)(embeddings, labels, mined)


@pytest.mark.parametrize("labels", [torch.arange(40) // 4, torch.arange(40) % 2, (torch.arange(40) - 20).clamp(min=0)])
@pytest.mark.parametrize(
    ("loss", "peer"),
    [
        (InfoNCE(temperature=0.2), nt_xent),
        (SupervisedContrastive(temperature=0.2), supcon),
        (MultiSimilarity(epsilon=None), multi_similarity),
        (MultiSimilarity(epsilon=0.1), mined_multi_similarity),
    ],
)
def test_equals_pytorch_metric_learning(loss, peer, labels):
    embeddings = torch.randn(40, 8, generator=torch.Generator().manual_seed(0)).double().requires_grad_()
    ours = batch_loss(loss, Cosine(), embeddings, Known.from_labels(labels))
    theirs = peer(embeddings, labels)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(*(torch.autograd.grad(value, embeddings)[0] for value in (ours, theirs)))


@pytest.mark.parametrize("loss", [InfoNCE(0.001), SupervisedContrastive(0.001), MultiSimilarity(1e3, 1e4)])
def test_extreme_settings_stay_finite(loss):
    embeddings = torch.randn(30, 8, generator=torch.Generator().manual_seed(0)).requires_grad_()
    value = batch_loss(loss, Cosine(), embeddings, Known.from_labels(torch.arange(30) // 3))
    value.backward()
    assert value.isfinite()
    assert embeddings.grad.isfinite().all()
