"""Losses of scored pairs: by hand, by listing every pair of pairs, and against sentence-transformers."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from alikely.distances import Cosine, ExpManhattan
from alikely.errors import SettingsError
from alikely.losses import batch_loss, build_loss
from alikely.losses.scored import Angle, CoSENT, CosineRegression, Pearson
from alikely.types import Known

ALL = [CosineRegression(), CoSENT(), Angle(), Pearson()]
BY_ORDER = [CoSENT(), Angle(), Pearson()]


def of(loss, distances, scores):
    """The value, for losses that look at the distances alone."""
    nothing = torch.zeros(len(scores), 2)
    return loss(nothing, nothing, torch.tensor(distances), torch.tensor(scores)).item()


def drawn(pairs=40, dim=8, seed=0, levels=6):
    generator = torch.Generator().manual_seed(seed)
    left, right = (torch.randn(pairs, dim, generator=generator).double().requires_grad_() for _ in range(2))
    return left, right, torch.randint(0, levels, (pairs,), generator=generator).double() / max(levels - 1, 1)


def value_and_gradient(loss, left, right, scores):
    value = loss(left, right, Cosine().between(left, right), scores)
    return value, *torch.autograd.grad(value, [left, right])


@pytest.mark.parametrize(
    ("loss", "distances", "scores", "expected"),
    [
        (CosineRegression(), [0.25], [0.5], 0.25**2),
        (CosineRegression(), [0.0, 1.0, 2.0], [1.0, 0.0, 0.5], 1.5**2 / 3),  # the first two are where they should be
        (CoSENT(2.0), [0.3, 0.8], [1.0, 0.0], math.log(1 + math.exp(2 * (0.3 - 0.8)))),
        (CoSENT(2.0), [0.3, 0.8], [0.0, 1.0], math.log(1 + math.exp(2 * (0.8 - 0.3)))),
        (CoSENT(2.0), [0.3, 0.3], [0.0, 1.0], math.log(2)),  # a tie of distances
        (CoSENT(2.0), [0.3, 0.8], [0.5, 0.5], 0.0),  # a tie of scores
        # 1.0 is above both ties, which ask nothing of each other.
        (CoSENT(1.0), [0.0, 1.0, 2.0], [1.0, 0.5, 0.5], math.log(1 + math.exp(-1) + math.exp(-2))),
        (CoSENT(1000.0), [2.0, 0.0], [1.0, 0.0], 2000.0),  # no overflow
        (Pearson(), [0.0, 1.0], [1.0, 0.0], 0.0),
        (Pearson(), [0.0, 1.0], [0.0, 1.0], 2.0),
        (Pearson(), [0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0], 1.0),
        # deviations (-2, 0, 2) and (0.4, -0.2, -0.2): -1.2 / (sqrt(8) * sqrt(0.24))
        (Pearson(), [1.0, 3.0, 5.0], [0.8, 0.2, 0.2], 1 - 1.2 / math.sqrt(8 * 0.24)),
        (Pearson(), [0.5, 0.5], [0.0, 1.0], 1.0),  # distances that are all equal
        (Pearson(), [0.1, 0.5], [0.3, 0.3], 0.0),  # scores that are all equal
    ],
)
def test_known_answers(loss, distances, scores, expected):
    assert of(loss, distances, scores) == pytest.approx(expected, abs=1e-6)


def test_on_exp_manhattan_the_regression_is_that_of_the_manhattan_lstm():
    left, right, scores = drawn()
    value = CosineRegression()(left, right, ExpManhattan().between(left, right), scores)
    torch.testing.assert_close(value, ((-(left - right).abs().sum(dim=1)).exp() - scores).square().mean())


def test_angle_by_hand():
    # Two numbers are one complex number. 1 and i: q = 1 * conj(i) = -i, so |0 - 1| = 1. 1 and exp(i pi / 4):
    # q = (1 - i) / sqrt(2), whose parts add up to 0.
    left = torch.tensor([[1.0, 0.0], [3.0, 0.0]])
    right = torch.tensor([[0.0, 2.0], [1.0, 1.0]])
    value = Angle(2.0)(left, right, torch.zeros(2), torch.tensor([0.0, 1.0]))
    assert value.item() == pytest.approx(math.log(1 + math.exp(2 * (1 - 0))))
    value = Angle(2.0)(left, right, torch.zeros(2), torch.tensor([1.0, 0.0]))
    assert value.item() == pytest.approx(math.log(1 + math.exp(2 * (0 - 1))))


def test_angle_of_an_odd_length_has_a_zero_added():
    left, right, scores = drawn(dim=5)
    zero = torch.zeros(len(left), 1)
    longer = [torch.cat([half[:, :3], half[:, 3:], zero], dim=1) for half in (left, right)]
    distances = Cosine().between(left, right)
    torch.testing.assert_close(Angle()(left, right, distances, scores), Angle()(*longer, distances, scores))


@settings(deadline=None, max_examples=50)
@given(pairs=st.integers(1, 60), levels=st.integers(1, 8), seed=st.integers(0, 1000), scale=st.floats(0.1, 50))
def test_cosent_is_the_sum_over_all_ordered_pairs(pairs, levels, seed, scale):
    left, right, scores = drawn(pairs, seed=seed, levels=levels)
    value, *gradients = value_and_gradient(CoSENT(scale), left, right, scores)
    distances = Cosine().between(left, right)
    differences = scale * (distances[:, None] - distances[None, :])[scores[:, None] > scores[None, :]]
    listed = torch.cat([torch.zeros(1).double(), differences]).logsumexp(dim=0)
    torch.testing.assert_close(value, listed)
    for ours, theirs in zip(gradients, torch.autograd.grad(listed, [left, right], allow_unused=True), strict=True):
        torch.testing.assert_close(ours, torch.zeros_like(ours) if theirs is None else theirs)


@pytest.mark.parametrize("loss", ALL)
def test_the_order_of_the_pairs_does_not_matter(loss):
    left, right, scores = drawn()
    order = torch.randperm(40, generator=torch.Generator().manual_seed(1))
    value, gradient, _ = value_and_gradient(loss, left, right, scores)
    shuffled = [part[order].detach().requires_grad_() for part in (left, right)]
    other, other_gradient, _ = value_and_gradient(loss, *shuffled, scores[order])
    torch.testing.assert_close(other, value)
    torch.testing.assert_close(other_gradient, gradient[order])


@pytest.mark.parametrize("loss", ALL)
@pytest.mark.parametrize("place", [0.0, 1.0])
def test_collapsed_embeddings_have_finite_gradients(loss, place):
    both = [torch.full((6, 4), place, requires_grad=True) for _ in range(2)]
    value, *gradients = value_and_gradient(loss, *both, torch.arange(6) / 5)
    assert value.isfinite()
    assert all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("loss", BY_ORDER)
@pytest.mark.parametrize("pairs", [1, 5])
def test_equal_scores_teach_no_order(loss, pairs):
    left, right, _ = drawn(pairs)
    value, *gradients = value_and_gradient(loss, left, right, torch.full((pairs,), 0.7).double())
    assert value == 0
    assert all((gradient == 0).all() for gradient in gradients)


@pytest.mark.parametrize("loss", ALL)
def test_no_pairs_at_all_give_zero(loss):
    left, right, scores = drawn(0)
    value, gradient, _ = value_and_gradient(loss, left, right, scores)
    assert value == 0
    assert gradient.shape == (0, 8)


# The angle takes opposite for parallel: it is tested below, together with CoSENT.
@pytest.mark.parametrize("loss", [loss for loss in ALL if not isinstance(loss, Angle)])
def test_learning_brings_the_distances_into_the_order_of_the_scores(loss):
    assert correlation_learned(loss) > 0.95


def test_the_angle_and_cosent_learn_together():
    assert correlation_learned(lambda *batch: CoSENT()(*batch) + Angle()(*batch)) > 0.95


def correlation_learned(loss):
    torch.manual_seed(0)
    left, right = (torch.nn.Parameter(torch.randn(20, 8)) for _ in range(2))
    scores = torch.arange(20) / 19
    optimizer = torch.optim.Adam([left, right], lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        loss(left, right, Cosine().between(left, right), scores).backward()
        optimizer.step()
    return torch.corrcoef(torch.stack([-Cosine().between(left, right), scores]))[0, 1].item()


def test_memory_is_linear_in_the_pairs():
    left, right, scores = drawn(20_000, dim=2, levels=1000)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.numel()) or t, lambda t: t):
        CoSENT()(left, right, Cosine().between(left, right), scores)
    assert max(kept) <= 2 * 20_000


@pytest.mark.parametrize("scale", [5.0, 20.0])
def test_equal_sentence_transformers(scale):
    peers = pytest.importorskip("sentence_transformers.sentence_transformer.losses")
    left, right, scores = drawn(dim=9)
    for ours, theirs in (
        (CosineRegression(), peers.CosineSimilarityLoss(None)),
        (CoSENT(scale), peers.CoSENTLoss(None, scale=scale)),
        (Angle(scale), peers.AnglELoss(None, scale=scale)),
    ):
        expected = theirs.compute_loss_from_embeddings([left, right], scores)
        value, *gradients = value_and_gradient(ours, left, right, scores)
        torch.testing.assert_close(value, expected)
        for mine, peer in zip(gradients, torch.autograd.grad(expected, [left, right]), strict=True):
            torch.testing.assert_close(mine, peer)


@pytest.mark.parametrize("kind", [CoSENT, Angle])
def test_a_scale_out_of_bounds_is_refused(kind):
    with pytest.raises(SettingsError, match="scale must be a number above 0, got 0"):
        kind(0.0)


def test_by_name_the_scored_pairs_of_a_batch_are_learned_from():
    embeddings = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    left, right = torch.tensor([0, 1]), torch.tensor([1, 2])
    known = Known.from_pairs(3, left, right, torch.tensor([False, True]), scores=torch.tensor([0.25, 0.75]))
    value = batch_loss(build_loss("cosine_regression", {}, 0, 2), Cosine(), embeddings, known)
    assert value.item() == pytest.approx((0.25**2 + (math.sqrt(0.5) - 0.75) ** 2) / 2)


def test_pairs_without_scores_count_as_1_and_0():
    embeddings = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    known = Known.from_pairs(3, torch.tensor([0, 1]), torch.tensor([1, 2]), torch.tensor([False, True]))
    value = batch_loss(build_loss("cosine_regression", {}, 0, 2), Cosine(), embeddings, known)
    assert value.item() == pytest.approx(1.0)  # 1 instead of 0, and 0 instead of 1


def test_losses_of_scores_and_of_pairs_are_joined():
    torch.manual_seed(0)
    embeddings = torch.randn(10, 4)
    left, right, scores = torch.arange(9), torch.arange(1, 10), torch.arange(9) / 8
    known = Known.from_pairs(10, left, right, scores >= 0.5, scores=scores)
    parts = [batch_loss(build_loss(name, {}, 0, 4), Cosine(), embeddings, known) for name in ("cosent", "contrastive")]
    loss = build_loss("cosent+contrastive", {"contrastive": {"weight": 0.5}}, 0, 4)
    torch.testing.assert_close(batch_loss(loss, Cosine(), embeddings, known), parts[0] + 0.5 * parts[1])
