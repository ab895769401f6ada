"""The triplet loss: by hand, against listing every triplet, and against pytorch-metric-learning."""

import math

import pytest
import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.miners import BatchHardMiner, TripletMarginMiner

from alikely.distances import Euclidean
from alikely.errors import SettingsError
from alikely.losses import Triplet, batch_loss
from alikely.types import Known


def softplus(x):
    return math.log1p(math.exp(x))


def on_a_line(loss, places, labels):
    line = torch.tensor(places)
    known = Known.from_labels(torch.tensor(labels))
    return loss((line[:, None] - line).abs(), known.same, known.different).item()


@pytest.mark.parametrize(
    ("margin", "mining", "expected"),
    [
        # (0, 1, 2): d_ap 1, d_an 1.5 -> -0.5;   (1, 0, 2): d_ap 1, d_an 0.5 -> +0.5
        (0.2, "all", 0.7),  # the other is in order: it does not dilute the mean
        (1.0, "all", 1.0),
        (0.5, "all", 1.0),  # (0, 1, 2) lies exactly at the margin
        (1.0, "semi_hard", 0.5),
        (0.5, "semi_hard", 0.0),
        (0.2, "batch_hard", 0.7),
        (1.0, "batch_hard", 1.0),
        (None, "all", (softplus(-0.5) + softplus(0.5)) / 2),
        (None, "batch_hard", (softplus(-0.5) + softplus(0.5)) / 2),
    ],
)
def test_known_answers(margin, mining, expected):
    assert on_a_line(Triplet(margin, mining), [0.0, 1.0, 1.5], [0, 0, 1]) == pytest.approx(expected)


def test_a_negative_as_far_as_the_positive():
    # Anchor 0: positive and negative both at 1. Anchor 1: d_an 2, exactly the margin farther.
    places, labels = [0.0, 1.0, -1.0], [0, 0, 1]
    assert on_a_line(Triplet(1.0, "all"), places, labels) == pytest.approx(1.0)
    assert on_a_line(Triplet(1.0, "semi_hard"), places, labels) == 0
    assert on_a_line(Triplet(1.0, "batch_hard"), places, labels) == pytest.approx(1.0)


def test_soft_margin_of_all_with_unequal_counts():
    # 0 and 1 have one positive and two negatives, 2 and 3 the other way round or none.
    places, labels = [0.0, 1.0, 3.0, 4.0, 7.0, 9.0], [0, 0, 1, 2, 2, 2]
    losses = [
        softplus(abs(places[a] - places[p]) - abs(places[a] - places[n]))
        for a in range(6)
        for p in range(6)
        for n in range(6)
        if a != p and labels[a] == labels[p] and labels[a] != labels[n]
    ]
    assert on_a_line(Triplet(None, "all"), places, labels) == pytest.approx(sum(losses) / len(losses))


@pytest.mark.parametrize("labels", [torch.arange(40) // 4, torch.arange(40) % 2, (torch.arange(40) - 20).clamp(min=0)])
@pytest.mark.parametrize(
    ("margin", "mining", "miner"),
    [
        (0.7, "all", None),
        (0.7, "semi_hard", TripletMarginMiner(0.7, "semihard", distance=LpDistance(normalize_embeddings=False))),
        (0.7, "batch_hard", BatchHardMiner(distance=LpDistance(normalize_embeddings=False))),
        (None, "all", None),
        (None, "batch_hard", BatchHardMiner(distance=LpDistance(normalize_embeddings=False))),
    ],
)
def test_equals_pytorch_metric_learning(margin, mining, miner, labels):
    embeddings = torch.randn(40, 8, generator=torch.Generator().manual_seed(0)).double().requires_grad_()
    peer = TripletMarginLoss(
        margin=margin or 0.0, smooth_loss=margin is None, distance=LpDistance(normalize_embeddings=False)
    )
    theirs = peer(embeddings, labels, miner and miner(embeddings, labels))
    ours = batch_loss(Triplet(margin, mining), Euclidean(), embeddings, Known.from_labels(labels))
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(*(torch.autograd.grad(value, embeddings)[0] for value in (ours, theirs)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mining": "hardest"}, "no mining 'hardest'; choose one of: all, semi_hard, batch_hard"),
        ({"margin": None, "mining": "semi_hard"}, "semi_hard mining needs a margin"),
        ({"margin": 0.0}, "margin must be a number above 0, got 0"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, message):
    with pytest.raises(SettingsError, match=message):
        Triplet(**settings)
