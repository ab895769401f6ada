"""Thresholds that keep their rate on the pairs at hand, probabilities that mean what they say, and the way to JSON."""

import copy
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from alikely.calibration import OperatingCurve, calibration_from
from alikely.calibration.curve import MOST_POINTS
from alikely.errors import CalibrationError, InputError, ModelError, SettingsError
from alikely.metrics import Verification
from tests.calibrated_pairs import bells, calibrated, pairs_of


def posterior(distance, prior=0.5):
    same, different = norm.pdf(distance, 3, 1) * prior, norm.pdf(distance, 5, 1) * (1 - prior)
    return same / (same + different)


@pytest.fixture(scope="module")
def small():
    """Ten same pairs 0.1 to 1.0, a hundred different ones 0.51, 0.52, ... 1.5."""
    return calibrated(pairs_of(np.arange(1, 11) / 10, (51 + np.arange(100)) / 100))


@pytest.fixture(scope="module")
def large():
    return calibrated(bells(5_000, 50_000))


# Thresholds


def test_thresholds_by_hand(small):
    assert small.threshold(fmr=0.01) == 0.51
    assert small.threshold(fmr=0.1) == 0.6
    assert small.threshold(fmr=1.0) == 1.5
    assert small.threshold(fnmr=0.1) == 0.9
    assert small.threshold(fnmr=0.5) == 0.5
    assert small.threshold(fnmr=1.0) == -math.inf
    assert small.default_fmr == 0.01
    assert small.note is None


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"fmr": 0.009}, r"rate of 0.9 % .* 100 different pairs: it takes at least 112. .* can bear is 1 %"),
        ({"fmr": 0.0}, "no number of pairs can"),
        ({"fnmr": 0.09}, r"false non-match rate of 9 % .* 10 same pairs: it takes at least 12. .* can bear is 10 %"),
    ],
)
def test_a_rate_that_the_pairs_cannot_bear_is_refused(small, asked, message):
    with pytest.raises(CalibrationError, match=message):
        small.threshold(**asked)


@pytest.mark.parametrize(("wanted", "estimate"), [(0.011, 0.011), (0.009, 0.01)])
def test_a_rate_that_cannot_be_promised_is_refused_with_one_that_can_be_estimated(small, wanted, estimate):
    with pytest.raises(CalibrationError) as refused:
        small.threshold(fmr=wanted, confidence=0.9)
    assert refused.value.estimate == estimate
    assert small.threshold(fmr=estimate, confidence=0.0) == 0.51
    with pytest.raises(CalibrationError) as refused:
        small.threshold(fmr=0.009, confidence=0.0)
    assert (refused.value.smallest, refused.value.estimate) == (0.01, None)


@pytest.mark.parametrize("asked", [{"fmr": -0.1}, {"fmr": 1.1}, {"fnmr": 2.0}, {"fmr": math.nan}, {}])
def test_rates_out_of_bounds_are_refused(small, asked):
    with pytest.raises(SettingsError):
        small.threshold(**asked)


def test_one_threshold_is_for_one_rate(small):
    with pytest.raises(SettingsError, match="either fmr or fnmr"):
        small.threshold(fmr=0.1, fnmr=0.1)


def test_rates_of_two_digits_lose_nothing_by_the_reduction(large):
    pairs = bells(5_000, 50_000)
    full = Verification.from_distances(pairs.same, pairs.different)
    assert len(large.curve.thresholds) < MOST_POINTS
    for rate in (1.0, 0.5, 0.33, 0.1, 0.05, 0.025, 0.01, 0.0012, 0.001, 0.00025):
        assert large.threshold(fmr=rate) == full.fnmr_at_fmr(rate).threshold
    for rate in (0.99, 0.1, 0.05, 0.01, 0.0011, 0.0002):
        assert large.threshold(fnmr=rate) == full.fmr_at_fnmr(rate).threshold


def test_a_small_curve_keeps_every_threshold():
    same, different = np.linspace(0, 1, 333), np.linspace(0.5, 1.5, 777)
    curve = OperatingCurve.from_pairs(pairs_of(same, different))
    assert curve.thresholds.tolist() == sorted({*same, *different})


def test_thresholds_grow_with_the_rate(large):
    asked = np.geomspace(1 / 4_999, 1, 200)
    assert (np.diff([large.threshold(fmr=rate) for rate in asked]) >= 0).all()
    assert (np.diff([large.threshold(fnmr=rate) for rate in asked]) <= 0).all()


# Probabilities


@pytest.mark.parametrize(("same", "different", "method"), [(400, 900, "logistic"), (5_000, 50_000, "isotonic")])
@pytest.mark.parametrize("prior", [0.5, 0.05])
def test_probabilities_are_those_of_the_known_bells(same, different, method, prior):
    calibration = calibrated(bells(same, different))
    assert calibration.probability_map.method == method
    distances = np.linspace(1.5, 6.5, 50)
    found = calibration.probabilities(distances, prior)
    assert found == pytest.approx(posterior(distances, prior), abs=0.06)


def test_of_fresh_pairs_as_many_are_the_same_as_the_probability_says(large):
    fresh = bells(20_000, 20_000, seed=1)
    distances = np.concatenate([fresh.same, fresh.different])
    same = np.arange(len(distances)) < len(fresh.same)
    found = large.probabilities(distances)
    for low in np.arange(0, 1, 0.1):
        within = (found >= low) & (found < low + 0.1)
        assert same[within].mean() == pytest.approx(found[within].mean(), abs=0.04)


@given(st.lists(st.floats(0, 20), min_size=2, max_size=20), st.floats(0.001, 0.999), st.booleans())
@settings(deadline=None)
def test_probability_falls_with_the_distance(small, large, distances, prior, few):
    found = (small if few else large).probabilities(np.sort(distances), prior)
    assert (np.diff(found) <= 0).all()
    assert (found > 0).all()
    assert (found < 1).all()


def test_probability_grows_with_the_prior(large):
    chances = [large.probability(4.0, prior) for prior in (0.001, 0.1, 0.5, 0.9)]
    assert chances == sorted(chances)
    assert chances[2] == pytest.approx(0.5, abs=0.05)


def test_a_prior_moves_the_odds_as_bayes_says(small):
    even, rare = (small.probability(0.6, prior) for prior in (0.5, 0.1))
    assert rare / (1 - rare) == pytest.approx(even / (1 - even) / 9)


@pytest.mark.parametrize("prior", [0.0, 1.0, -0.1, math.nan])
def test_a_prior_lies_between_0_and_1(small, prior):
    with pytest.raises(SettingsError, match="prior"):
        small.probability(0.5, prior)


# Decisions


def test_with_one_rate_there_are_two_verdicts(small):
    at, above = small.decide(0.51), small.decide(0.5100001)
    assert (at.verdict, at.threshold, at.fmr, at.upper, at.fnmr) == ("same", 0.51, 0.01, None, None)
    assert above.verdict == "different"
    assert at.probability == small.probability(0.51)
    assert small.decide(0.6, fmr=0.1).verdict == "same"


@pytest.mark.parametrize(
    ("distance", "verdict"), [(0.51, "same"), (0.52, "unsure"), (0.9, "unsure"), (0.91, "different")]
)
def test_with_two_rates_there_is_a_band(small, distance, verdict):
    decision = small.decide(distance, fmr=0.01, fnmr=0.1)
    assert (decision.verdict, decision.threshold, decision.upper, decision.fnmr) == (verdict, 0.51, 0.9, 0.1)


def test_no_band_where_the_thresholds_pass_each_other(small):
    decision = small.decide(0.55, fmr=0.1, fnmr=0.5)
    assert (decision.verdict, decision.threshold, decision.upper) == ("same", 0.6, None)


@pytest.mark.parametrize("distance", [math.nan, math.inf, -0.1])
def test_a_distance_that_is_none_is_refused(small, distance):
    with pytest.raises(InputError, match="finite and 0 or more"):
        small.decide(distance)


def test_a_calibration_fits_its_own_model_only(small):
    small.fits("abc")
    with pytest.raises(CalibrationError, match="made for model abc, this one is xyz"):
        small.fits("xyz")


@pytest.mark.parametrize("made", ["small", "large"])
def test_through_json_and_back_nothing_changes(made, request):
    calibration = request.getfixturevalue(made)
    again = calibration_from(json.loads(json.dumps(calibration.to_dict(), allow_nan=False)))
    assert again.to_dict() == calibration.to_dict()
    for distance in np.random.default_rng(0).uniform(0, 8, 50):
        assert again.decide(distance, fnmr=0.1) == calibration.decide(distance, fnmr=0.1)


def test_single_precision_distances_come_through_json_exactly():
    pairs = bells(100, 500)
    narrow = pairs_of(pairs.same.astype(np.float32), pairs.different.astype(np.float32))
    calibration = calibration_from(json.loads(json.dumps(calibrated(narrow).to_dict())))
    threshold = calibration.threshold(fmr=0.01)
    assert np.mean(narrow.different <= np.float32(threshold)) == 0.01
    assert calibration.decide(float(narrow.different[narrow.different <= threshold].max())).verdict == "same"


def test_another_program_can_read_it(small):
    fields = json.loads(json.dumps(small.to_dict()))
    line = fields["probability"]
    ratio = np.interp(0.62, line["distances"], line["log_ratios"])
    assert 1 / (1 + math.exp(-(math.log(0.2 / 0.8) + ratio))) == pytest.approx(small.probability(0.62, prior=0.2))
    curve = fields["curve"]
    allowed = [t for t, fmr in zip(curve["thresholds"], curve["fmr"], strict=True) if fmr <= fields["default_fmr"]]
    assert max(allowed) == small.threshold(fmr=0.01)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "something else"),
        (("version",), 1),
        (("curve", "thresholds"), []),
        (("curve", "thresholds"), [1.0]),
        (("curve", "fmr"), "text"),
        (("curve", "fnmr", 0), 2.0),
        (("curve", "thresholds", 0), 100.0),
        (("curve", "thresholds", 0), math.nan),
        (("curve", "fnmr"), [0.5] * 105),
        (("curve", "fmr_hardest", 50), 0.0),
        (("curve", "fmr_effective", 0), -1.0),
        (("curve", "fnmr_effective"), [1.0]),
        (("confidence",), 1.0),
        (("probability", "method"), "guess"),
        (("probability", "log_ratios"), [0.0, 1.0]),
        (("probability", "distances"), [1.0]),
        (("pairs",), {"same": 3}),
        (("pairs", "same"), 0),
        (("identities",), None),
        (("default_fmr",), 3.0),
        (("curve",), None),
    ],
)
def test_a_damaged_calibration_is_refused(small, path, value):
    fields = copy.deepcopy(small.to_dict())
    place = fields
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ModelError, match="calibrate again"):
        calibration_from(fields)


@pytest.mark.parametrize("key", ["format", "version", "curve", "probability", "pairs", "identities", "note", "model"])
def test_a_calibration_with_a_part_missing_is_refused(small, key):
    fields = small.to_dict()
    del fields[key]
    with pytest.raises(ModelError):
        calibration_from(fields)
