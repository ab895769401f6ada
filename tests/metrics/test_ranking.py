"""nDCG@k and Recall@k against answers by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alikely.errors import SettingsError
from alikely.metrics import found_at_k, ndcg_at_k

SECOND, THIRD = 1 / np.log2(3), 1 / np.log2(4)


@pytest.mark.parametrize(
    ("hits", "sought", "ndcg", "recall"),
    [
        ([1, 0, 0], 1, 1.0, 1.0),
        ([0, 1, 0], 1, SECOND, 1.0),
        ([0, 0, 1], 2, THIRD / (1 + SECOND), 0.5),
        ([1, 0, 1], 2, (1 + THIRD) / (1 + SECOND), 1.0),
        ([1, 1, 1], 9, 1.0, 1.0),  # more cannot stand in three places
        ([0, 0, 0], 4, 0.0, 0.0),
    ],
)
def test_known_answers(hits, sought, ndcg, recall):
    rows = np.array([hits, hits], dtype=bool)
    counts = np.array([sought, sought])
    assert ndcg_at_k(rows, counts) == pytest.approx([ndcg, ndcg])
    assert found_at_k(rows, counts) == pytest.approx([recall, recall])


def test_each_ranking_has_its_own_count():
    rows = np.array([[True, False], [True, False]])
    assert ndcg_at_k(rows, np.array([1, 2])) == pytest.approx([1, 1 / (1 + SECOND)])


def test_nothing_sought_is_refused():
    with pytest.raises(SettingsError, match="nothing to find"):
        ndcg_at_k(np.zeros((1, 3), bool), np.array([0]))


@given(st.lists(st.booleans(), min_size=2, max_size=12), st.integers(0, 20))
def test_moving_a_hit_forward_never_hurts(hits, more):
    row = np.array(hits, dtype=bool)
    count = np.array([max(1, int(row.sum()) + more)])
    better = np.sort(row)[::-1].copy()
    worse, best = ndcg_at_k(row[None], count)[0], ndcg_at_k(better[None], count)[0]
    assert 0 <= worse <= best + 1e-12 <= 1 + 1e-9
    assert found_at_k(row[None], count)[0] == found_at_k(better[None], count)[0]
