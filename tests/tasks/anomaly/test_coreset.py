"""Greedy k-center: known answers, and its promise against the best choice there is."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alikely.errors import SettingsError
from alikely.tasks.anomaly.coreset import coreset


def left_over(vectors, kept):
    """How far the farthest vector is from the nearest one kept."""
    return np.linalg.norm(vectors[:, None] - vectors[list(kept)][None], axis=2).min(axis=1).max()


def test_the_farthest_is_always_next():
    # From any start the ends come first, then the middle of what is left.
    line = np.array([[0.0], [1.0], [5.0], [6.0], [10.0]], np.float32)
    for seed in range(8):
        kept = coreset(line, 4, seed).tolist()
        gaps = [np.abs(line[kept[place], 0] - line[kept[:place], 0]).min() for place in range(1, 4)]
        assert gaps == sorted(gaps, reverse=True)
        assert {0, 4} <= set(kept)


def test_equal_vectors_are_kept_once():
    vectors = np.repeat(np.array([[1.0, 2.0], [100.0, -3.0], [1.5, 2.5]], np.float32), 20, axis=0)
    kept = coreset(vectors, 50, seed=0)
    assert sorted(kept // 20) == [0, 1, 2]


def test_no_vectors_and_fewer_than_asked_for():
    assert coreset(np.zeros((0, 3), np.float32), 5, 0).tolist() == []
    assert sorted(coreset(np.eye(3, dtype=np.float32), 5, 0)) == [0, 1, 2]
    with pytest.raises(SettingsError, match="1 or more"):
        coreset(np.eye(3, dtype=np.float32), 0, 0)


@given(st.integers(0, 10_000), st.integers(1, 4))
def test_it_leaves_no_more_than_twice_what_the_best_choice_leaves(seed, most):
    vectors = np.random.default_rng(seed).normal(size=(9, 2)).astype(np.float32)
    best = min(left_over(vectors, kept) for kept in combinations(range(9), most))
    assert left_over(vectors, coreset(vectors, most, seed)) <= 2 * best + 1e-4


def test_the_seed_decides():
    vectors = np.random.default_rng(0).normal(size=(100, 5)).astype(np.float32)
    assert coreset(vectors, 10, 3).tolist() == coreset(vectors, 10, 3).tolist()
    assert coreset(vectors, 10, 3).tolist() != coreset(vectors, 10, 4).tolist()
