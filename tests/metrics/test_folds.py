"""Accuracy over folds: by hand, with ties, and without a look at the fold itself."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alikely.errors import InputError, TooFewError
from alikely.metrics import best_threshold, fold_accuracy

some = st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.5]), min_size=1, max_size=15)


def test_by_hand():
    distances = np.array([0.1, 0.3, 0.2, 0.6, 0.4, 0.5])
    same = np.array([True, False, True, False, True, False])
    folds = np.array(["one", "one", "two", "two", "six", "six"])
    found = fold_accuracy(distances, same, folds)
    # Without one: best at 0.4 (4 of 4); 0.1 and 0.3 then both accepted: 1 of 2. Without two: 0.1 and 0.4 are right 3 of
    # 4 times, the smaller is taken: 0.2 refused. Without six: 0.2 is right for all; 0.4 is refused.
    assert found.folds == ("one", "six", "two")
    assert found.thresholds == (0.4, 0.2, 0.1)
    assert found.accuracies == (0.5, 0.5, 0.5)
    assert (found.accuracy, found.standard_error) == (0.5, 0.0)


def test_the_standard_error_is_that_of_the_mean():
    distances = np.array([0.1, 0.9] * 3 + [0.9, 0.1])
    same = np.array([True, False] * 4)
    found = fold_accuracy(distances, same, np.repeat([1, 2, 3, 4], 2))
    assert found.accuracies == (1.0, 1.0, 1.0, 0.0)
    assert found.standard_error == pytest.approx(0.5 / 2)  # standard deviation 0.5 over the root of 4


@given(some, some)
def test_the_best_threshold_is_the_best_that_can_be_reached(same, different):
    distances = np.array(same + different)
    kinds = np.array([True] * len(same) + [False] * len(different))
    right = {t: np.sum((distances <= t) == kinds) for t in (-math.inf, *distances)}
    assert best_threshold(distances, kinds) == min(t for t in right if right[t] == max(right.values()))


def test_equal_distances_are_accepted_together():
    distances = np.full(10, 0.5)
    same = np.arange(10) < 6
    assert best_threshold(distances, same) == 0.5
    assert best_threshold(distances, ~same) == -math.inf
    assert fold_accuracy(distances, same, np.arange(10) % 2).accuracy == pytest.approx(0.6)


def test_what_cannot_be_judged_is_refused():
    distances, same = np.array([0.1, 0.2, 0.3, 0.4]), np.array([True, False, True, True])
    with pytest.raises(TooFewError, match="two folds or more, got 1"):
        fold_accuracy(distances, same, np.zeros(4))
    with pytest.raises(TooFewError, match="no different pair"):
        fold_accuracy(distances, same, np.array([0, 0, 1, 1]))
    with pytest.raises(InputError, match="finite"):
        fold_accuracy(np.array([0.1, np.nan, 0.3, 0.2]), np.array([True, False] * 2), np.array([0, 0, 1, 1]))
