"""The minimum detection cost, by hand, against all thresholds, and at the borders."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alikely.errors import SettingsError
from alikely.metrics import DetectionCosts, Verification, least_cost

distances = st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.5, 0.7]), min_size=1, max_size=12)


def roc_of(same, different):
    return Verification.from_distances(np.array(same), np.array(different)).roc_at_bends()


def test_by_hand():
    # At 0.3: FNMR 1/4, FMR 0. At 0.5: FNMR 0, FMR 1/2.
    roc = roc_of([0.1, 0.2, 0.3, 0.5], [0.4, 0.9])
    even = least_cost(roc, DetectionCosts(prior=0.5))
    assert even.cost == pytest.approx(0.5 * 0.25)
    assert even.normalised == pytest.approx(0.25)  # over 0.5, to accept nothing or everything
    # The largest distance below the first false match.
    assert even.point.threshold == 0.3
    costly = least_cost(roc, DetectionCosts(miss=10.0, false_alarm=1.0, prior=0.5))
    assert (costly.cost, costly.normalised) == pytest.approx((0.5 * 0.5, 0.25 / 0.5))
    assert (costly.point.threshold, costly.point.fmr, costly.point.fnmr) == (0.5, 0.5, 0.0)


def test_where_nothing_helps_it_is_the_better_lazy_way():
    nothing = least_cost(roc_of([0.5], [0.1]), DetectionCosts(prior=0.01))
    assert (nothing.cost, nothing.normalised, nothing.point.threshold) == (0.01, 1.0, -math.inf)
    everything = least_cost(roc_of([0.5], [0.1]), DetectionCosts(prior=0.9))
    assert (everything.normalised, everything.point.threshold) == (pytest.approx(1.0), 0.5)
    assert least_cost(roc_of([0.1], [0.5])).cost == 0


def test_of_equally_good_thresholds_the_smallest_is_taken():
    # Whatever is accepted, as many same as different pairs are.
    even = least_cost(roc_of([0.3, 0.6], [0.3, 0.6]), DetectionCosts(prior=0.5))
    assert (even.cost, even.point.threshold) == (0.5, -math.inf)


@given(distances, distances, st.floats(0.01, 0.99), st.floats(0.1, 10))
def test_it_is_the_least_over_all_thresholds(same, different, prior, miss):
    costs = DetectionCosts(miss=miss, prior=prior)
    every = Verification.from_distances(np.array(same), np.array(different)).roc()
    assert least_cost(roc_of(same, different), costs).cost == pytest.approx(costs.at(every.fmr, every.fnmr).min())
    assert least_cost(roc_of(same, different), costs).normalised <= 1 + 1e-12


@pytest.mark.parametrize(
    "wrong", [{"miss": 0.0}, {"false_alarm": -1.0}, {"prior": 0.0}, {"prior": 1.0}, {"miss": math.inf}]
)
def test_costs_and_priors_have_bounds(wrong):
    with pytest.raises(SettingsError):
        DetectionCosts(**wrong)
