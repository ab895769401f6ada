"""Error rates by a mark of the items: each pair in one row, each row what counting gives."""

import json

import numpy as np
import pytest

from alikely.distances import Euclidean
from alikely.errors import InputError, TooFewError
from alikely.metrics import group_rows, pair_group_rows
from alikely.types import Pairs

GENERATOR = np.random.default_rng(0)
LABELS = np.repeat(np.arange(12), 4)
MARKS = np.tile(np.array(["dark", "bright", "bright", ""]), 12)
EMBEDDINGS = (GENERATOR.normal(size=(12, 3))[LABELS] + 0.8 * GENERATOR.normal(size=(48, 3))).astype(np.float32)
TABLE = np.linalg.norm(EMBEDDINGS[:, None].astype(float) - EMBEDDINGS[None].astype(float), axis=2)
LEFT, RIGHT = np.triu_indices(48, 1)
SAME = LABELS[LEFT] == LABELS[RIGHT]


def counted(inside, threshold):
    accepted = TABLE[LEFT, RIGHT] <= threshold
    same, different = inside & SAME, inside & ~SAME
    return same.sum(), different.sum(), accepted[different].mean(), 1 - accepted[same].mean() if same.any() else None


def test_rows_are_what_counting_gives():
    rows = group_rows(EMBEDDINGS, MARKS, Euclidean(), labels=LABELS, threshold=1.5)
    assert [row.value for row in rows] == ["", "bright", "dark", None]
    assert sum(row.same_pairs + row.different_pairs for row in rows) == 48 * 47 // 2
    left, right = MARKS[LEFT], MARKS[RIGHT]
    for row in rows:
        inside = left != right if row.value is None else (left == row.value) & (right == row.value)
        same, different, fmr, fnmr = counted(inside, 1.5)
        assert (row.same_pairs, row.different_pairs) == (same, different)
        assert row.fmr.value == pytest.approx(fmr)
        assert row.fmr.low <= row.fmr.value <= row.fmr.high
        if fnmr is None:
            assert (row.fnmr.reason, row.eer.reason) == ("no same pair", "no same pair")
        else:
            assert row.fnmr.value == pytest.approx(fnmr)
            assert row.eer.low <= row.eer.value <= row.eer.high
    assert [row.items for row in rows] == [12, 24, 12, 48]
    assert rows[0].cells()[0] == "(empty)"
    assert rows[3].cells()[:4] == ("(different values)", "48", str(rows[3].same_pairs), str(rows[3].different_pairs))
    json.dumps([row.to_dict() for row in rows], allow_nan=False)


def test_known_pairs_give_the_same_rows():
    pairs = Pairs(LEFT, RIGHT, SAME)
    for all_pairs, known in zip(
        group_rows(EMBEDDINGS, MARKS, Euclidean(), labels=LABELS, threshold=1.5),
        group_rows(EMBEDDINGS, MARKS, Euclidean(), pairs=pairs, threshold=1.5),
        strict=True,
    ):
        for name in ("value", "items", "identities", "same_pairs", "different_pairs"):
            assert getattr(all_pairs, name) == getattr(known, name)
        assert all_pairs.fmr.value == known.fmr.value
        assert all_pairs.fnmr.value == known.fnmr.value


def test_pairs_can_bear_the_marks_themselves():
    days = np.where(np.arange(len(LEFT)) % 3 == 0, "monday", "sunday")
    rows = pair_group_rows(EMBEDDINGS, Pairs(LEFT, RIGHT, SAME), days, days, Euclidean(), threshold=1.5)
    assert [row.value for row in rows] == ["monday", "sunday"]
    assert rows[0].fmr.value == pytest.approx(counted(days == "monday", 1.5)[2])


def test_without_a_threshold_there_is_still_an_eer():
    row = group_rows(EMBEDDINGS, MARKS, Euclidean(), labels=LABELS)[1]
    assert (row.fmr.value, row.fmr.reason) == (None, "the model has no threshold")
    assert row.eer.value is not None


def test_what_makes_no_groups_is_refused():
    with pytest.raises(TooFewError, match="the one value 'x'"):
        group_rows(EMBEDDINGS, np.array(["x"] * 48), Euclidean(), labels=LABELS)
    with pytest.raises(TooFewError, match="share a value, got none with 48 values"):
        group_rows(EMBEDDINGS, np.arange(48), Euclidean(), labels=LABELS)
    with pytest.raises(InputError, match="labels or pairs"):
        group_rows(EMBEDDINGS, MARKS, Euclidean())
    nothing = Pairs(LEFT[:0], RIGHT[:0], SAME[:0])
    with pytest.raises(TooFewError, match="no value"):
        pair_group_rows(EMBEDDINGS, nothing, MARKS[:0], MARKS[:0], Euclidean())
