"""Maximal marginal relevance by hand, and its borders."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alikely.tasks.recommend.diversity import diverse

# Two items that look alike, one that is at right angles to both and promises less.
VECTORS = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
APPEAL = np.array([10.0, 9.0, 5.0])  # on 0..1: 1, 0.8, 0


def test_by_hand():
    # After the first: 0.5 * 0.8 - 0.5 * 1 = -0.1 against 0.5 * 0 - 0.5 * 0 = 0.
    assert diverse(APPEAL, VECTORS, 3, 0.5).tolist() == [0, 2, 1]
    # 0.7 * 0.8 - 0.3 = 0.26 against 0.
    assert diverse(APPEAL, VECTORS, 3, 0.3).tolist() == [0, 1, 2]


def test_likeness_is_that_with_the_most_alike_of_those_chosen():
    # After the two at right angles, the one between them (cosine 0.71 with both) beats a copy of the first.
    vectors = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    assert diverse(np.ones(4), vectors, 3, 0.5).tolist() == [0, 1, 3]


def test_without_diversity_it_is_the_order_of_appeal():
    assert diverse(np.array([1.0, 3.0, 2.0]), VECTORS, 2, 0.0).tolist() == [1, 2]


def test_of_equals_the_first():
    assert diverse(np.ones(3), VECTORS, 3, 0.5).tolist() == [0, 2, 1]
    assert diverse(np.ones(3), np.zeros((3, 2)), 3, 0.5).tolist() == [0, 1, 2]


def test_fewer_than_asked_for_and_none():
    assert diverse(APPEAL, VECTORS, 9, 0.9).tolist() == [0, 2, 1]
    assert diverse(np.zeros(0), np.zeros((0, 2)), 3, 0.5).tolist() == []


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30), st.integers(1, 12), st.floats(0, 1))
def test_each_item_once_and_the_best_first(appeal, count, diversity):
    vectors = np.random.default_rng(0).normal(size=(len(appeal), 3))
    chosen = diverse(np.array(appeal), vectors, count, diversity)
    assert len(set(chosen.tolist())) == len(chosen) == min(count, len(appeal))
    if diversity < 1:
        assert appeal[chosen[0]] >= max(appeal) - 1e-9
