"""What pairs of a few identities say of an error rate on others: by hand, by known bounds, by drawing many times."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

import alikely.calibration.evidence as module
from alikely.calibration import Evidence, calibrate
from alikely.calibration.evidence import evidence_of
from alikely.distances import Cosine
from alikely.errors import CalibrationError, SettingsError
from alikely.metrics import PairDistances, all_pairs

THREE = np.array([[0, 1], [0, 2], [1, 2]])
DISTANCES = np.array([0.1, 0.2, 0.3])


def test_by_hand_for_three_people():
    found = evidence_of(DISTANCES, THREE, 3, DISTANCES, "accepted")

    assert found.rate.tolist() == pytest.approx([1 / 3, 2 / 3, 1])
    # At 0.1 the pair (0, 1) is in error. Person 0 has 1 error in 2 pairs; counted twice: (1 + 1) / (3 + 2).
    # At 0.2 person 0 has 2 errors in 2 pairs: (2 + 2) / (3 + 2).
    assert found.hardest.tolist() == pytest.approx([2 / 5, 4 / 5, 1])
    # Without each of them in turn one pair is left; at 0.2 the rates are then 0, 1, 1: variance 2/9, times 3 - 1.
    # So one pair in (4/9 * 3) / (4/5 * 1/5) = 25/3 counts. With less than 10 errors, that stands for all thresholds.
    assert found.effective.tolist() == pytest.approx([9 / 25] * 3)
    # Clopper and Pearson: 2/5 * 9/25 errors of 9/25 pairs.
    assert found.bound(0.9)[0] == pytest.approx(beta.ppf(0.9, 0.4 * 0.36 + 1, 0.6 * 0.36))


def test_by_hand_for_refused_pairs_of_one_person_each():
    sides = np.array([[0, 0], [0, 0], [1, 1], [2, 2]])
    found = evidence_of(np.array([0.1, 0.4, 0.2, 0.3]), sides, 3, np.array([0.1, 0.2, 0.3, 0.4]), "refused")

    assert found.rate.tolist() == [0.75, 0.5, 0.25, 0]
    # At 0.2 the errors are 0.4 of person 0 (1 of 2) and 0.3 of person 2 (1 of 1); the hardest is 2: (2 + 1) / (4 + 1).
    assert found.hardest[1] == pytest.approx(3 / 5)
    assert found.hardest[3] == 0
    assert (np.diff(found.bound(0.95)) <= 0).all()


def test_of_pairs_within_one_identity_nothing_is_known_of_others():
    found = evidence_of(DISTANCES, np.zeros((3, 2), int), 1, DISTANCES, "refused")

    assert found.effective.tolist() == [0, 0, 0]
    assert found.bound(0.5).tolist() == [1, 1, 1]
    assert found.bound(0.0).tolist() == pytest.approx([2 / 3, 1 / 3, 0])


def test_an_identity_that_is_in_all_pairs_leaves_nothing_to_compare_with():
    star = np.array([[0, 1], [0, 2], [0, 3]])
    assert evidence_of(DISTANCES, star, 4, DISTANCES, "accepted").bound(0.9).tolist() == [1, 1, 1]


@pytest.mark.parametrize("errors", [0, 3, 40, 200])
def test_pairs_without_an_identity_in_common_have_about_the_bound_of_clopper_and_pearson(errors):
    count = 400
    distances = np.where(np.arange(count) < errors, 0.1, 0.9)
    sides = np.repeat(np.arange(count), 2).reshape(-1, 2)
    found = evidence_of(distances, sides, count, np.array([0.1, 0.9]), "accepted").bound(0.95)[0]

    # One identity more than was seen, beside the one error more of Clopper and Pearson.
    exact = beta.ppf(0.95, errors + 1, count - errors)
    assert exact * 0.99 <= found <= 1.02 * beta.ppf(0.95, errors + 2, count - errors)


def test_the_same_pairs_told_twice_are_no_more_evidence():
    generator = np.random.default_rng(0)
    sides = np.array([(i, j) for i in range(30) for j in range(i)])
    distances = generator.uniform(0, 1, len(sides)) + 0.3 * generator.random(30)[sides].sum(axis=1)
    once = evidence_of(distances, sides, 30, np.array([0.5]), "accepted")
    thrice = evidence_of(np.tile(distances, 3), np.tile(sides, (3, 1)), 30, np.array([0.5]), "accepted")

    assert thrice.bound(0.95) == pytest.approx(once.bound(0.95))


@pytest.mark.parametrize("smaller", [{"BLOCK": 7, "CHUNK": 11}, {"CELLS": 100}])
@pytest.mark.parametrize("error", ["accepted", "refused"])
def test_blocks_change_nothing(monkeypatch, error, smaller):
    generator = np.random.default_rng(1)
    distances, sides = generator.random(3000).round(2), generator.integers(0, 40, (3000, 2))
    thresholds = np.unique(distances)
    whole = evidence_of(distances, sides, 40, thresholds, error)
    for name, size in smaller.items():
        monkeypatch.setattr(module, name, size)
    parts = evidence_of(distances, sides, 40, thresholds, error)

    for name in ("rate", "hardest", "effective"):
        assert getattr(parts, name) == pytest.approx(getattr(whole, name))


@given(st.integers(0, 10_000), st.sampled_from(["accepted", "refused"]), st.floats(0.5, 0.999))
@settings(max_examples=50, deadline=None)
def test_a_bound_is_above_the_rate_follows_it_and_grows_with_the_confidence(seed, error, confidence):
    generator = np.random.default_rng(seed)
    count, people = int(generator.integers(2, 400)), int(generator.integers(2, 30))
    distances = generator.gamma(3, 1, count).round(1)
    thresholds = np.unique(distances)
    found = evidence_of(distances, generator.integers(0, people, (count, 2)), people, thresholds, error)
    bound = found.bound(confidence)

    assert (found.rate <= found.hardest).all()
    assert (found.hardest <= 1).all()
    assert (found.effective <= count).all()
    assert (bound >= found.rate).all()
    assert (bound <= 1).all()
    assert (np.diff(bound if error == "accepted" else -bound) >= 0).all()
    assert (bound <= found.bound((1 + confidence) / 2)).all()


def test_where_nothing_is_accepted_or_all_is_the_bound_stays_a_rate():
    edge = Evidence(np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.array([100.0, 100.0]))
    assert edge.bound(0.95).tolist() == pytest.approx([1 - 0.05 ** (1 / 100), 1])


# What it is for: on identities never seen, drawn from the same people.


def drawn(people, generator):
    """Distances among people some of whom are taken for many others: each brings a share of its own to its pairs."""
    nearer = generator.gamma(4, 0.12, people)
    sides = np.array([(i, j) for i in range(people) for j in range(i)])
    different = np.exp(1 - nearer[sides].sum(axis=1) + generator.normal(0, 0.5, len(sides)))
    itself = np.repeat(np.arange(people), 2)
    same = np.exp(generator.normal(-1.5, 0.5, len(itself)))
    return PairDistances(same, different, np.stack([itself, itself], axis=1), sides, people)


@pytest.mark.parametrize(("people", "rate"), [(30, 0.1), (40, 0.05)])
def test_promises_are_kept_on_people_never_seen_and_quantiles_are_not(people, rate):
    generator = np.random.default_rng(people)
    others = np.sort(drawn(800, generator).different)
    kept, by_quantile = [], []
    for _ in range(80):
        calibration = calibrate(drawn(people, generator), "made up", None, fmr=rate, confidence=0.9)
        for thresholds, sure in ((kept, 0.9), (by_quantile, 0.0)):
            threshold = calibration.threshold(fmr=rate, confidence=sure)
            thresholds.append(np.searchsorted(others, threshold, side="right") / len(others) <= rate)

    assert np.mean(kept) >= 0.9
    assert np.mean(by_quantile) <= 0.7


def test_what_two_alike_say_counts_no_more_than_what_twenty_pairs_of_people_say():
    # The k-th pair of 8 people is k apart, with all its 100 pairs of items.
    sides = np.random.default_rng(0).permutation([(i, j) for i in range(8) for j in range(i)])
    apart = np.arange(1.0, len(sides) + 1)
    found = evidence_of(np.repeat(apart, 100), np.repeat(sides, 100, axis=0), 8, apart, "accepted")

    assert found.rate[0] == pytest.approx(1 / 28)
    assert (found.effective[:19] <= found.effective[19]).all()
    assert found.bound(0.95)[0] > 0.1


def test_few_people_with_many_items_each_promise_little_and_keep_it():
    def people(count, generator):
        rows = np.repeat(generator.normal(0, 1, (count, 8)), 12, axis=0)
        rows += 0.3 * generator.normal(0, 1, rows.shape)
        return all_pairs(rows.astype(np.float32), np.repeat(np.arange(count), 12), Cosine())

    generator = np.random.default_rng(0)
    others = np.sort(people(150, generator).different)
    broken = 0
    for _ in range(40):
        try:
            threshold = calibrate(people(7, generator), "made up", None).threshold(fmr=0.02, confidence=0.95)
        except CalibrationError:
            continue
        broken += np.searchsorted(others, threshold, side="right") / len(others) > 0.02

    assert broken <= 2


def test_more_people_bear_smaller_rates_and_the_error_says_how_many_it_takes():
    generator = np.random.default_rng(3)
    few, many = (calibrate(drawn(people, generator), "made up", None) for people in (20, 150))

    assert many.bearable("fmr", 0.95) < few.bearable("fmr", 0.95)
    with pytest.raises(
        CalibrationError, match=r"0.1 % on identities never seen .* 95 % confidence .* of 20 ident"
    ) as e:
        few.threshold(fmr=0.001, confidence=0.95)
    assert "it takes about" in str(e.value)
    # What the message offers can be asked for.
    offered = float(str(e.value).split("can bear is ")[1].split(" %")[0]) / 100
    assert few.threshold(fmr=offered, confidence=0.95) > 0
    few.threshold(fmr=0.05, confidence=0.0)
    assert many.threshold(fmr=0.01, confidence=0.5) >= many.threshold(fmr=0.01, confidence=0.99)


def test_fnmr_is_promised_likewise():
    generator = np.random.default_rng(4)
    calibration = calibrate(drawn(100, generator), "made up", None)
    others = drawn(1000, generator).same
    threshold = calibration.threshold(fnmr=0.1)

    assert np.mean(others > threshold) <= 0.1
    assert threshold > calibration.threshold(fnmr=0.1, confidence=0.0)
    with pytest.raises(CalibrationError, match=r"false non-match rate of 0.01 % on identities never seen"):
        calibration.threshold(fnmr=0.0001)


@pytest.mark.parametrize(
    ("people", "confidence", "default", "note"),
    [
        (120, 0.95, 0.01, None),
        (18, 0.95, 0.1, "no false-match rate of 1 % can be promised from 18 identities"),
        (5, 0.0, 1 / 10, "estimate"),
    ],
)
def test_the_default_is_the_usual_rate_or_what_the_people_can_bear(people, confidence, default, note):
    calibration = calibrate(drawn(people, np.random.default_rng(5)), "made up", None)

    assert calibration.confidence == confidence
    assert calibration.default_fmr == default
    assert (calibration.note is None) if note is None else (note in calibration.note)
    assert calibration.decide(0.3).confidence == confidence


def test_the_cheapest_threshold_by_hand():
    generator = np.random.default_rng(6)
    pairs = drawn(30, generator)
    calibration = calibrate(pairs, "made up", None, confidence=0.0)

    def cost(threshold, prior, match, non_match):
        fmr, fnmr = np.mean(pairs.different <= threshold), np.mean(pairs.same > threshold)
        return (1 - prior) * match * fmr + prior * non_match * fnmr

    asked = (0.1, 5.0, 1.0)
    found = cost(calibration.cheapest(*asked), *asked)
    assert found == pytest.approx(min(cost(t, *asked) for t in [-np.inf, *pairs.same, *pairs.different]))


def test_to_accept_nothing_may_be_cheapest():
    sides = np.array([(i, j) for i in range(15) for j in range(i)])
    itself = np.repeat(np.arange(15), 2).reshape(-1, 2)
    pairs = PairDistances(np.full(15, 0.5), np.where(np.arange(105) < 5, 0.4, 0.9), itself, sides, 15)
    calibration = calibrate(pairs, "made up", None, confidence=0.0)

    # Up to 0.5 lie 5 of 105 different pairs and all same ones.
    assert calibration.cheapest(prior=0.5) == 0.5
    assert calibration.cheapest(prior=0.01, false_match_cost=100.0) == -np.inf
    with pytest.raises(SettingsError, match="cost"):
        calibration.cheapest(prior=0.5, false_match_cost=-1.0)
    with pytest.raises(SettingsError, match="prior"):
        calibration.cheapest(prior=1.5)


def test_error_rates_of_any_threshold():
    pairs = drawn(60, np.random.default_rng(7))
    calibration = calibrate(pairs, "made up", None)
    for threshold in (-np.inf, 0.05, float(np.median(pairs.same)), 1.0, 1e9):
        found = calibration.curve.rates_at(threshold, 0.95)
        assert np.mean(pairs.different <= threshold) <= found.fmr <= found.fmr_bound <= 1
        assert np.mean(pairs.same > threshold) <= found.fnmr <= found.fnmr_bound <= 1
    assert calibration.curve.rates_at(-np.inf, 0.95).fmr_bound == 0


@pytest.mark.parametrize("confidence", [-0.1, 1.0, np.nan])
def test_a_confidence_lies_between_0_and_1(confidence):
    with pytest.raises(SettingsError, match="confidence"):
        calibrate(drawn(20, np.random.default_rng(8)), "made up", None, confidence=confidence)


def test_the_smallest_confidence_there_is_gives_numbers():
    distances = np.linspace(0, 1, 12).astype(np.float32)
    sides = np.stack([np.arange(12), (np.arange(12) + 1) % 12], axis=1)
    evidence = evidence_of(distances, sides, 12, np.linspace(0, 1, 5).astype(np.float32), "accepted")

    for confidence in (5e-324, 2.3e-309, 1e-100):
        bounds = evidence.bound(confidence)
        assert ((bounds >= 0) & (bounds <= 1)).all()
