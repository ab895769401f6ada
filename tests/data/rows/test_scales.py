"""Scales: known answers, order kept, bounds for numbers of any size."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from alikely.data.rows.scales import LARGEST, POINTS, SCALES, Quantile, Standard

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def test_standard_by_hand():
    scale = Standard.fitted(np.array([1.0, 3.0]))
    assert scale == Standard(mean=2.0, deviation=1.0)
    assert [scale(number) for number in (1.0, 2.0, 5.0)] == [-1.0, 0.0, 3.0]


def test_quantile_by_hand():
    # 10 twice and 20 twice of four: the middles of their shares are a quarter and three quarters.
    scale = Quantile.fitted(np.array([10.0, 20.0, 10.0, 20.0]))
    assert scale(10.0) == pytest.approx(norm.ppf(0.25))
    assert scale(20.0) == pytest.approx(norm.ppf(0.75))
    assert scale(15.0) == pytest.approx(0.0)
    # The deviation is 5: outside it goes on by 1 in every 5.
    assert scale(30.0) == pytest.approx(norm.ppf(0.75) + 2)
    assert scale(0.0) == pytest.approx(norm.ppf(0.25) - 2)


def test_quantile_makes_any_distribution_normal():
    skewed = np.exp(3 * np.random.default_rng(0).normal(size=5000))
    scale = Quantile.fitted(skewed)
    assert len(scale.places) <= POINTS
    heights = np.array([scale(number) for number in skewed])
    wanted = norm.ppf((np.argsort(np.argsort(skewed)) + 0.5) / len(skewed))
    inside = np.abs(wanted) < 2
    assert np.abs(heights - wanted)[inside].max() < 0.05


@pytest.mark.parametrize("name", SCALES)
def test_constant_columns_and_columns_without_numbers_are_harmless(name):
    for numbers in ([], [0.1] * 7, [1e300] * 3, [5e-324, 0.0]):
        scale = SCALES[name].fitted(np.array(numbers))
        assert all(abs(scale(number)) < 2 for number in numbers)
    assert SCALES[name].fitted(np.full(7, 0.1))(0.1) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("name", SCALES)
@given(st.lists(FINITE, max_size=9), st.lists(FINITE, min_size=2, max_size=5))
def test_order_is_kept_and_nothing_lies_outside(name, numbers, asked):
    scale = SCALES[name].fitted(np.array(numbers, dtype=np.float64))
    given_back = [scale(number) for number in sorted(asked)]
    assert all(-LARGEST <= number <= LARGEST for number in given_back)
    assert all(right >= left - 1e-9 for left, right in pairwise(given_back))


def test_far_out_is_bounded():
    scale = Standard.fitted(np.array([0.0, 1.0, 2.0]))
    assert scale(1e300) == LARGEST
    assert scale(-1e300) == -LARGEST


@pytest.mark.parametrize("name", SCALES)
def test_settings_make_it_again(name):
    scale = SCALES[name].fitted(np.array([1.0, 2.0, 4.0]))
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in scale.settings().items()}
    assert SCALES[name](**values) == scale
