"""Thresholds that keep their rate on the pairs at hand, probabilities that mean what they say, and the way to JSON."""

import copy
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from alikely.calibration import FEWEST_PAIRS, OperatingCurve, calibrate, calibration_from
from alikely.calibration.curve import MOST_POINTS
from alikely.errors import CalibrationError, InputError, ModelError, SettingsError
from alikely.metrics import PairDistances, Verification

rates = st.one_of(st.sampled_from([0.0, 0.01, 0.1, 0.25, 1.0]), st.floats(0, 1))


def pairs_of(same, different, identities=20):
    around = np.arange(len(same)) % identities
    apart = np.arange(len(different)) % identities
    return PairDistances(
        np.asarray(same),
        np.asarray(different),
        np.stack([around, around], axis=1),
        np.stack([apart, (apart + 1) % identities], axis=1),
        identities,
    )


def bells(same, different, seed=0):
    """Same pairs around 3, different ones around 5, both with deviation 1: the log likelihood ratio is 8 - 2 d."""
    generator = np.random.default_rng(seed)
    return pairs_of(np.abs(generator.normal(3, 1, same)), np.abs(generator.normal(5, 1, different)))


def posterior(distance, prior=0.5):
    same, different = norm.pdf(distance, 3, 1) * prior, norm.pdf(distance, 5, 1) * (1 - prior)
    return same / (same + different)


def calibrated(pairs, confidence=0.0, **settings):
    """Thresholds by the rates found; tests/test_promise.py is about those that promise something."""
    return calibrate(pairs, distance="euclidean", model="abc", confidence=confidence, **settings)


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


@pytest.mark.parametrize("asked", [{"fmr": -0.1}, {"fmr": 1.1}, {"fnmr": 2.0}, {"fmr": math.nan}, {}])
def test_rates_out_of_bounds_are_refused(small, asked):
    with pytest.raises(SettingsError):
        small.threshold(**asked)


def test_one_threshold_is_for_one_rate(small):
    with pytest.raises(SettingsError, match="either fmr or fnmr"):
        small.threshold(fmr=0.1, fnmr=0.1)


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
