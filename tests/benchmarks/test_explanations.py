"""The measure of explanations, where the answer is known: the area, its sign, what random orders give; and a run."""

import numpy as np
import pytest
import torch
from torch import nn

import alikely
from alikely.distances import Euclidean
from alikely.model import SiameseModel, ready
from benchmarks import explanations, explanations_choice
from tests.benchmarks.quick import quick_run
from tests.models import small_model


class LeftHalf(nn.Module):
    """Picture -> the mean of its left half."""

    dim = 1

    def forward(self, batch):
        return batch[..., : batch.shape[-1] // 2].mean(dim=(1, 2, 3))[:, None]


def left_sees(size=16):
    like = small_model(size=size, calibrated=False)
    return SiameseModel(like.preparation, ready(LeftHalf()), "own", Euclidean(), "euclidean")


def checkered(size=16):
    """Left half 1 and right half 0, so that the mean is 1/2."""
    picture = torch.zeros(1, size, size, dtype=torch.uint8)
    picture[..., : size // 2] = 255
    return picture


def test_the_area_by_hand():
    # Covering the left half takes the embedding from 1 to 1/2, so the distance to 1 from 0 to 1/2. A map that ranks the
    # left half first: deletion rises linearly to 1/2 until half is gone and stays: area 1/8 + 1/4 = 3/8. Insertion
    # falls from 1/2 to 0 until half is back: area 1/8.
    other = np.ones(1, np.float32)
    best = np.repeat(np.array([[1, 0]], np.float32), 8, axis=1).repeat(16, axis=0)

    assert explanations.area(left_sees(), checkered(), other, best) == pytest.approx(3 / 8 - 1 / 8)
    assert explanations.area(left_sees(), checkered(), other, -best) == pytest.approx(1 / 8 - 3 / 8)


def test_an_order_that_treats_both_halves_alike_has_no_area():
    rows = -np.arange(16, dtype=np.float32)[:, None].repeat(16, axis=1)

    assert explanations.area(left_sees(), checkered(), np.ones(1, np.float32), rows) == pytest.approx(0, abs=1e-6)


def test_a_cover_is_the_mean_or_blurred():
    whole = checkered().float() / 255
    mean, blurred = (explanations.cover_of(whole, kind) for kind in (False, True))

    assert (mean == 0.5).all()
    assert blurred.mean().item() == pytest.approx(0.5)
    assert blurred[0, 8, 0] > 0.9 > 0.6 > blurred[0, 8, 7] > blurred[0, 8, 8] > 0.4
    assert torch.allclose(blurred, blurred.flip(-2))


def test_pairs_are_of_both_kinds_and_a_gap_is_one():
    # Two people, whose pictures are all 0 and all 1 apart: the gap is what the left halves differ by.
    items = [np.full((16, 16), level, np.uint8) for level in (0, 0, 0, 102, 102, 102)]
    judged = alikely.examples_from(items, labels=["a"] * 3 + ["b"] * 3)
    given = explanations.task(left_sees(), judged, pairs=3, seed=0)

    assert given.same.tolist() == [True] * 3 + [False] * 3
    assert given.gap == pytest.approx(0.4)
    left, right = given.sides.T // 3
    assert np.array_equal(left == right, given.same)


def test_maps_of_other_pairs_stay_within_their_kind():
    maps = np.arange(5, dtype=np.float32)[:, None, None, None] * np.ones((1, 2, 4, 4), np.float32)
    moved = explanations.others(maps, np.array([True, True, False, False, False]))

    assert moved[:, 0, 0, 0].tolist() == [1, 0, 4, 2, 3]


def test_random_and_central_maps():
    shape = (3, 2, 24, 24)
    random, central = explanations.random_maps(shape, 0), explanations.central_maps(shape)

    assert random.shape == central.shape == shape
    assert not np.array_equal(random, explanations.random_maps(shape, 1))
    assert abs(random.mean()) < 0.05
    assert (central.argmax(axis=-1) == 11).any()
    assert central[0, 0, 11, 11] > central[0, 0, 0, 11] > central[0, 0, 0, 0]


def test_the_interval_is_as_wide_as_the_people_make_it():
    # All margins equal: nothing to be unsure about. One of four people with another margin: its share varies.
    people = np.repeat(np.arange(4), 2)[:, None].repeat(2, axis=1)
    assert explanations.interval(np.full(8, 0.3), people) == pytest.approx((0.3, 0.3))

    low, high = explanations.interval(np.where(people[:, 0] == 0, 1.0, 0.0), people)
    assert low == 0
    assert high == pytest.approx(0.75, abs=0.26)


@pytest.mark.slow
@pytest.mark.data
def test_explanations_beat_random_regions_by_far(real_data, tmp_path, monkeypatch):
    result = quick_run(explanations, real_data, tmp_path, monkeypatch)

    assert abs(result["floors"]["random regions"]["area"]) < 0.1
    assert result["metrics"]["margin"] > 0.4
    assert result["metrics"]["margin_low"] > 0.2
    assert result["metrics"]["area"] > result["floors"]["another pair"]["area"] + 0.3
    assert result["metrics"]["area_blur"] > 0.3


@pytest.mark.slow
@pytest.mark.data
def test_the_choice_runs(real_data, tmp_path, monkeypatch):
    few = {name: explanations_choice.CANDIDATES[name] for name in ("as it is", "integrated gradients", "squares")}
    monkeypatch.setattr(explanations_choice, "CANDIDATES", few)
    result = quick_run(explanations_choice, real_data, tmp_path, monkeypatch)

    assert set(result["floors"]) == {"integrated gradients", "squares"}
    assert result["metrics"]["area"] > 0.2
