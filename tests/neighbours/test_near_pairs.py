"""All near pairs of many items, held against the definition; and the limit that a calibration gives."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from alikely.calibration import calibrate
from alikely.distances import DISTANCES, build_distance
from alikely.errors import CalibrationError, ModelError, SettingsError
from alikely.neighbours import limit_for, near_counts, near_pairs, pairs
from tests.models import made_up_pairs

# Its own rate is so large that the smallest one it can bear counts.
LENIENT = replace(calibrate(made_up_pairs(), "euclidean", None), default_fmr=1.0)
LINE = np.array([[0.0], [1.0], [3.0], [3.5], [9.0]], np.float32)


def all_near(rows, distance, limit):
    """The definition: every pair, looked at by itself."""
    table = distance.table(torch.from_numpy(rows), torch.from_numpy(rows)).numpy()
    return {(i, j): table[i, j] for i in range(len(rows)) for j in range(i + 1, len(rows)) if table[i, j] <= limit}


def test_points_on_a_line_at_the_border():
    found = near_pairs(LINE, build_distance("euclidean", 1), 2.0, k=5)
    # 0-1: 1, 1-2: 2 (exactly the limit), 2-3: .5; 1-3: 2.5 is too far.
    assert list(zip(found.left, found.right, found.distances, strict=True)) == [(2, 3, 0.5), (0, 1, 1.0), (1, 2, 2.0)]
    assert near_counts(LINE, build_distance("euclidean", 1), 2.0).tolist() == [1, 2, 2, 1, 0]


def test_with_k_a_pair_stays_where_it_is_among_the_nearest_of_either_side():
    found = near_pairs(LINE, build_distance("euclidean", 1), 10.0, k=1)
    # The nearest of 0 is 1, of 1 is 0, of 2 is 3, of 3 is 2, of 4 is 3.
    assert set(zip(found.left, found.right, strict=True)) == {(0, 1), (2, 3), (3, 4)}


@pytest.mark.parametrize("name", DISTANCES)
def test_every_distance_gives_what_its_definition_gives(name, monkeypatch):
    monkeypatch.setattr(pairs, "ROWS", 7)
    monkeypatch.setattr(pairs, "COLUMNS", 11)
    rows = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    distance = build_distance(name, 4)
    with torch.inference_mode():
        table = distance.table(torch.from_numpy(rows), torch.from_numpy(rows)).numpy()
    limit = float(np.quantile(table, 0.1))
    wanted = all_near(rows, distance, limit) if name != "learned" else None
    found = near_pairs(rows, distance, limit, k=60)
    if wanted is not None:
        assert set(zip(found.left.tolist(), found.right.tolist(), strict=True)) == set(wanted)
    assert (np.diff(found.distances) >= 0).all()
    assert (found.left < found.right).all()
    assert near_counts(rows, distance, limit).sum() == 2 * len(found)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_what_is_dropped_on_the_way_is_what_would_be_dropped_at_the_end(seed, k):
    # Whole numbers, so that there are many ties.
    rows = np.random.default_rng(seed).integers(0, 4, (40, 2)).astype(np.float32)
    distance = build_distance("euclidean", 2)
    whole = near_pairs(rows, distance, 2.0, k)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "ROWS", 3)
        patch.setattr(pairs, "COLUMNS", 5)
        patch.setattr(pairs, "MOST_WAITING", 1)
        piecewise = near_pairs(rows, distance, 2.0, k)
    assert whole.left.tolist() == piecewise.left.tolist()
    assert whole.right.tolist() == piecewise.right.tolist()
    assert whole.distances.tolist() == piecewise.distances.tolist()


def test_progress_none_and_one_item():
    told = []
    near_pairs(np.zeros((600, 2), np.float32), build_distance("euclidean", 2), -1.0, 1, lambda *so: told.append(so))
    assert told == [(512, 600), (600, 600)]
    for count in (0, 1):
        assert len(near_pairs(np.zeros((count, 2), np.float32), build_distance("cosine", 2), 2.0, 1)) == 0


def test_what_cannot_be_searched_is_said():
    with pytest.raises(SettingsError, match="k must be 1 or more, got 0"):
        near_pairs(LINE, build_distance("euclidean", 1), 1.0, k=0)
    with pytest.raises(ModelError, match=r"item 2 is not finite \(1 of 2 are not\)"):
        near_pairs(np.array([[0.0], [np.nan]], np.float32), build_distance("euclidean", 1), 1.0, k=1)


def test_the_limit_is_as_strict_as_so_many_pairs_need_and_the_calibration_bears():
    made = calibrate(made_up_pairs(), "euclidean", None, confidence=0.0)  # 200 different pairs: bears 1 / 200
    few = limit_for(made, 5)
    assert (few.pairs, few.fmr) == (10, made.default_fmr)
    many = limit_for(made, 1000)
    assert many.fmr == pytest.approx(1 / 200)
    assert many.distance == made.threshold(fmr=many.fmr)
    assert many.expected == pytest.approx(499_500 / 200)
    assert "up to about 2,498 may be wrong" in many.sentence()
    assert "an estimate" in many.sentence()


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (32, "of 499,500 pairs compared, all 32 found may be wrong"),
        (2497, "all 2,497 found may be wrong"),
        (2498, "up to about 2,498 may be wrong"),
        (1, "the one found may be wrong"),
        (0, "up to about 2,498 may be wrong"),
    ],
)
def test_no_more_pairs_may_be_wrong_than_are_found(found, said):
    made = calibrate(made_up_pairs(), "euclidean", None, confidence=0.0)
    assert limit_for(made, 1000).sentence(found).endswith(said)


@given(st.floats(0.02, 0.97))
@settings(max_examples=30, deadline=None)
def test_the_rate_that_is_printed_can_be_asked_for(confidence):
    found = limit_for(LENIENT, 1000, confidence=confidence)
    printed = float(found.sentence().split("at most ")[1].split(" %")[0]) / 100
    assert limit_for(LENIENT, 1000, fmr=printed, confidence=confidence).distance == pytest.approx(found.distance)


def test_the_limit_as_asked_for():
    made = calibrate(made_up_pairs(), "euclidean", None)
    asked = limit_for(made, 3, fmr=0.3, confidence=0.5)
    assert (asked.fmr, asked.confidence, asked.distance) == (0.3, 0.5, made.threshold(fmr=0.3, confidence=0.5))
    assert "at most 30 %" in asked.sentence()
    assert "less than one" in asked.sentence()
    assert limit_for(made, 3, fmr=0.3, confidence=0.5).to_dict()["expected_wrong"] == pytest.approx(0.9)


def test_no_calibration_and_nothing_accepted():
    with pytest.raises(CalibrationError, match="alikely calibrate MODEL SOURCE"):
        limit_for(None, 10)
    made = calibrate(made_up_pairs(), "euclidean", None, confidence=0.0)
    none = type(limit_for(made, 2))(-math.inf, 0.1, 0.0, 1)
    assert "nothing counts as alike" in none.sentence()
    assert none.to_dict()["distance"] is None
