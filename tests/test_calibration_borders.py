"""Calibrations of pairs that say little: ties, too few, no difference, the wrong way around."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alikely.calibration import FEWEST_PAIRS, OperatingCurve
from alikely.calibration.curve import MOST_POINTS
from alikely.errors import CalibrationError, SettingsError
from alikely.metrics import Verification
from tests.calibrated_pairs import bells, calibrated, pairs_of

rates = st.one_of(st.sampled_from([0.0, 0.01, 0.1, 0.25, 1.0]), st.floats(0, 1))


def test_equal_distances_are_accepted_together_or_not_at_all():
    calibration = calibrated(pairs_of([0.1] * 10, [0.2] * 50 + [0.3] * 50))
    assert calibration.threshold(fmr=0.49) == 0.1
    assert calibration.threshold(fmr=0.5) == 0.2


def test_where_all_distances_are_equal_nothing_is_accepted():
    calibration = calibrated(pairs_of([0.5] * 20, [0.5] * 100))
    assert calibration.threshold(fmr=0.01) == -math.inf
    assert calibration.decide(0.5).verdict == "different"
    assert calibration.probability(0.5) == pytest.approx(0.5, abs=0.02)


def test_too_few_pairs_for_the_usual_rate_move_the_default_and_say_so():
    calibration = calibrated(pairs_of([0.1] * 10, [0.9] * 40))
    assert calibration.default_fmr == 1 / 40
    assert calibration.note == "40 different pairs bear no false-match rate of 1 %: the default is 2.5 %"
    assert calibration.decide(0.1).fmr == 1 / 40


def test_a_wanted_default_is_kept_or_refused():
    assert calibrated(bells(100, 1000), fmr=0.05).default_fmr == 0.05
    with pytest.raises(CalibrationError, match="smallest rate"):
        calibrated(bells(100, 1000), fmr=0.0005)
    with pytest.raises(SettingsError):
        calibrated(bells(100, 1000), fmr=5.0)


@given(st.integers(0, 10_000), rates)
@settings(max_examples=40, deadline=None)
def test_a_reduced_curve_never_promises_less_than_all_pairs_keep(seed, rate):
    generator = np.random.default_rng(seed)
    # Rounded to three places, so that many are equal.
    same, different = generator.gamma(3, 1, 1500).round(3), generator.gamma(9, 1, 4000).round(3)
    full = Verification.from_distances(same, different)
    curve = OperatingCurve.from_pairs(pairs_of(same, different))
    assert len(curve.thresholds) < MOST_POINTS
    at_fmr, at_fnmr = curve.at_fmr(rate), curve.at_fnmr(rate)
    assert np.mean(different <= at_fmr) <= rate
    assert at_fmr <= full.fnmr_at_fmr(rate).threshold
    assert np.mean(same > at_fnmr) <= rate
    assert at_fnmr >= full.fmr_at_fnmr(rate).threshold


@pytest.mark.parametrize("pairs", [(20, 30), (2_000, 3_000)])
def test_kinds_that_do_not_overlap_are_not_certain(pairs):
    same, different = pairs
    calibration = calibrated(pairs_of(np.linspace(0.1, 0.2, same), np.linspace(0.8, 0.9, different)))
    near, far = calibration.probability(0.0), calibration.probability(1000.0)
    assert 0.9 < near < 1 - 1 / (4 * different)
    assert 1 / (4 * same) < far < 0.1
    assert calibration.probability(1000.0, prior=1e-300) > 0
    assert calibration.probability(0.0, prior=1 - 1e-16) < 1


def test_numbers_that_grow_with_likeness_are_refused_not_turned_around():
    with pytest.raises(CalibrationError, match=r"run the wrong way: .* only 0 % of .*`similarity`.* exchanged"):
        calibrated(pairs_of(np.linspace(0.8, 0.9, 20), np.linspace(0.1, 0.2, 30)))


@pytest.mark.parametrize("method", ["logistic", "isotonic"])
def test_a_distance_that_tells_nothing_says_so(method):
    generator = np.random.default_rng(0)
    pairs = pairs_of(generator.uniform(0.1, 0.9, 2_000), generator.uniform(0.1, 0.9, 2_000))
    calibration = calibrated(pairs, probability=method)
    assert calibration.probability_map.method == method
    assert calibration.probabilities(np.array([0.3, 0.5, 0.7])) == pytest.approx([0.5] * 3, abs=0.1)


# Making, keeping, reading


@pytest.mark.parametrize(
    ("same", "different", "message"),
    [
        (FEWEST_PAIRS - 1, 50, "got 9 same and 50 different; add at least 1 same from"),
        (3, 0, "got 3 same and 0 different; add at least 7 same and 10 different"),
        (0, 50, "add at least 10 same"),
    ],
)
def test_too_few_pairs_are_refused(same, different, message):
    with pytest.raises(CalibrationError, match=message):
        calibrated(pairs_of(np.ones(same), np.ones(different)))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0])
def test_damaged_distances_are_refused(bad):
    with pytest.raises(CalibrationError, match="position 3"):
        calibrated(pairs_of(np.ones(20), np.array([1, 2, 3, bad] * 5)))
