"""Losses of pairs: by hand, at the margins, and against pytorch-metric-learning."""

import math

import pytest
import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import ContrastiveLoss
from pytorch_metric_learning.reducers import MeanReducer

from alikely.distances import Euclidean
from alikely.errors import SettingsError
from alikely.losses import Contrastive, ContrastiveTwoMargins, Logistic, batch_loss
from alikely.types import Known


def of(loss, distances, same):
    return loss(torch.tensor(distances), torch.tensor(same)).item()


@pytest.mark.parametrize(
    ("distances", "same", "expected"),
    [
        ([0.5], [True], 0.25),  # 0.5 ** 2
        ([0.5], [False], 0.25),  # (1 - 0.5) ** 2
        ([1.0], [False], 0.0),  # exactly at the margin
        ([1.7], [False], 0.0),
        ([0.0, 0.0], [True, False], 1.0),  # 0 + 1
        ([1.0, 2.0, 0.5, 0.9, 3.0], [True, True, False, False, False], 2.5 + 0.26 / 2),  # 3.0 is far enough
    ],
)
def test_contrastive_known_answers(distances, same, expected):
    assert of(Contrastive(margin=1.0), distances, same) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("distances", "same", "expected"),
    [
        ([0.5], [True], 0.0),  # exactly at the margin for same pairs
        ([1.5], [True], 1.0),
        ([2.0], [False], 0.0),  # exactly at the margin for different pairs
        ([0.5, 1.0, 0.5, 3.0], [True, True, False, False], 0.25 + 2.25),
    ],
)
def test_two_margins_known_answers(distances, same, expected):
    loss = ContrastiveTwoMargins(same_margin=0.5, different_margin=2.0)
    assert of(loss, distances, same) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("distances", "same", "expected"),
    [
        ([1.0], [True], math.log(2)),  # at the offset both are equally likely
        ([1.0], [False], math.log(2)),
        ([1.0 + math.log(3)], [True], math.log(4)),  # p = 1 / 4
        ([1.0 + math.log(3)], [False], math.log(4 / 3)),
        ([1.0 + math.log(3), 1.0, 1.0], [True, True, False], (math.log(4) + math.log(2)) / 2 + math.log(2)),
        ([1000.0], [True], 999.0),  # no overflow
    ],
)
def test_logistic_known_answers(distances, same, expected):
    assert of(Logistic(offset=1.0), distances, same) == pytest.approx(expected)


def test_logistic_learns_where_same_ends():
    loss = Logistic(offset=0.0)
    optimizer = torch.optim.SGD(loss.parameters(), lr=1.0)
    for _ in range(200):
        optimizer.zero_grad()
        loss(torch.tensor([2.0, 4.0]), torch.tensor([True, False])).backward()
        optimizer.step()
    assert loss.offset.item() == pytest.approx(3.0, abs=1e-3)


@pytest.mark.parametrize("loss", [Contrastive(), ContrastiveTwoMargins(), Logistic()])
def test_how_many_different_pairs_there_are_does_not_matter(loss):
    few = loss(torch.tensor([0.5, 0.4]), torch.tensor([True, False]))
    many = loss(torch.tensor([0.5] + [0.4] * 50), torch.tensor([True] + [False] * 50))
    assert many.item() == pytest.approx(few.item())


@pytest.mark.parametrize("loss", [Contrastive(), ContrastiveTwoMargins()])
def test_pairs_that_are_far_enough_apart_do_not_thin_out_the_others(loss):
    few = loss(torch.tensor([0.5, 0.4]), torch.tensor([True, False]))
    many = loss(torch.tensor([0.5, 0.4] + [1.5] * 50), torch.tensor([True] + [False] * 51))
    assert many.item() == pytest.approx(few.item())


@pytest.mark.parametrize("loss", [Contrastive(), ContrastiveTwoMargins(), Logistic()])
def test_no_pairs_at_all_give_zero(loss):
    distances = torch.zeros(0, requires_grad=True)
    value = loss(distances, torch.zeros(0, dtype=torch.bool))
    value.backward()
    assert value.item() == 0


class MeanOfSquares(MeanReducer):
    """pytorch-metric-learning leaves out the squares of the paper; this puts them back. Mean over non-zeros."""

    def element_reduction(self, losses, *_):
        return losses[losses > 0].square().mean()


@pytest.mark.parametrize(
    ("loss", "same_margin", "different_margin"),
    [(Contrastive(margin=4.0), 0.0, 4.0), (ContrastiveTwoMargins(same_margin=3.0, different_margin=5.0), 3.0, 5.0)],
)
def test_contrastive_equals_pytorch_metric_learning(loss, same_margin, different_margin):
    peer = ContrastiveLoss(
        pos_margin=same_margin,
        neg_margin=different_margin,
        distance=LpDistance(normalize_embeddings=False),
        reducer=MeanOfSquares(),
    )
    labels = torch.arange(40) % 7
    embeddings = torch.randn(40, 8, generator=torch.Generator().manual_seed(0)).double().requires_grad_()
    ours = batch_loss(loss, Euclidean(), embeddings, Known.from_labels(labels))
    theirs = peer(embeddings, labels)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(*(torch.autograd.grad(value, embeddings)[0] for value in (ours, theirs)))


def test_the_margins_of_two_must_be_in_order():
    with pytest.raises(SettingsError, match=r"same_margin must be below different_margin, got 1.0 and 1.0"):
        ContrastiveTwoMargins(same_margin=1.0, different_margin=1.0)
