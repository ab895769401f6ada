"""Error rates worked out by hand, against scikit-learn, and against counting pair by pair."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from alikely.errors import InputError, SettingsError, TooFewError
from alikely.metrics import Verification
from alikely.metrics.verification import area_under_roc, equal_error_rate, smallest_fnmr

# Few distinct values, so that ties within and between the kinds are common.
tied = st.lists(st.integers(0, 6).map(lambda n: n / 4), min_size=1, max_size=12)
spread = st.lists(st.floats(0, 10, width=32), min_size=1, max_size=12)
some_distances = st.one_of(tied, spread)
rates = st.one_of(st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]), st.floats(0, 1))


def verification(same, different):
    return Verification.from_distances(np.array(same, dtype=np.float64), np.array(different, dtype=np.float64))


def counted(same, different, threshold):
    fmr = sum(d <= threshold for d in different) / len(different)
    return fmr, sum(d > threshold for d in same) / len(same)


def test_roc_by_hand_with_ties_within_and_between_the_kinds():
    roc = verification([0.1, 0.2, 0.2, 0.5], [0.2, 0.5, 0.5, 0.9, 1.0]).roc()
    assert roc.thresholds.tolist() == [-math.inf, 0.1, 0.2, 0.5, 0.9, 1.0]
    assert roc.fmr.tolist() == [0, 0, 0.2, 0.6, 0.8, 1]
    assert roc.fnmr.tolist() == [1, 0.75, 0.25, 0, 0, 0]


@pytest.mark.parametrize(
    ("same", "different", "eer"),
    [
        ([0.1, 0.2], [0.8, 0.9], 0.0),  # apart
        ([0.8, 0.9], [0.1, 0.2], 1.0),  # the wrong way round
        ([0.5], [0.5], 0.5),  # one tie: the line from (0, 1) to (1, 0)
        ([0.1, 0.6], [0.4, 0.9], 0.5),  # FNMR is 1/2 from 0.1 on, FMR gets there at 0.4
        ([0.1, 0.2, 0.3, 0.7], [0.4, 0.8, 0.9, 1.0], 0.25),
        # From (0, 1/3) at 0.2 straight to (1/2, 0) at the tie 0.5: x = 1/3 - 2x/3.
        ([0.1, 0.2, 0.5], [0.5, 0.9], 0.2),
        # FNMR 1/3 and FMR 0, then 1/4, 1/2: the crossing lies at 1/3 on a stretch without a turn.
        ([0.1, 0.2, 0.9], [0.4, 0.5, 1.0, 1.1], 1 / 3),
    ],
)
def test_eer_by_hand(same, different, eer):
    assert verification(same, different).eer == pytest.approx(eer)


@pytest.mark.parametrize(
    ("same", "different", "auc"),
    [
        ([0.1, 0.2], [0.8, 0.9], 1.0),
        ([0.8, 0.9], [0.1, 0.2], 0.0),
        ([0.5], [0.5], 0.5),
        ([0.1, 0.5], [0.5, 0.3], (1 + 1 + 0.5 + 0) / 4),
    ],
)
def test_auc_by_hand(same, different, auc):
    assert verification(same, different).auc == pytest.approx(auc)


@pytest.mark.parametrize(
    ("fmr", "threshold", "reached", "fnmr"),
    [
        (0.0, 0.3, 0.0, 0.5),
        (0.24, 0.3, 0.0, 0.5),
        # 0.4 is one false match of four; 0.45 is a same pair before the next different one.
        (0.25, 0.45, 0.25, 0.25),
        # Two different pairs lie at 0.5: one of them alone cannot be accepted.
        (0.5, 0.45, 0.25, 0.25),
        (0.75, 0.5, 0.75, 0.25),
        (1.0, 0.9, 1.0, 0.0),
    ],
)
def test_fnmr_at_fmr_by_hand(fmr, threshold, reached, fnmr):
    point = verification([0.1, 0.3, 0.45, 0.9], [0.4, 0.5, 0.5, 0.7]).fnmr_at_fmr(fmr)
    assert (point.threshold, point.fmr, point.fnmr) == (threshold, reached, fnmr)


def test_nothing_can_be_accepted_where_the_smallest_distance_is_a_false_match():
    point = verification([0.2, 0.3], [0.1, 0.2]).fnmr_at_fmr(0.4)
    assert (point.threshold, point.fmr, point.fnmr) == (-math.inf, 0.0, 1.0)


def test_tar_is_what_fnmr_leaves():
    assert verification([0.1, 0.3, 0.45, 0.9], [0.4, 0.5, 0.5, 0.7]).tar_at_far(0.25) == 0.75


def test_a_rate_that_is_a_whole_number_of_pairs_is_reached_despite_rounding():
    # 0.07 * 100 is 7.000000000000001 and 0.29 * 100 is 28.999999999999996.
    different = np.arange(100) / 100 + 1
    for wanted in (0.07, 0.29, 0.57):
        assert verification([0.5], different).fnmr_at_fmr(wanted).fmr == wanted


@given(some_distances, some_distances)
def test_roc_is_what_counting_gives(same, different):
    roc = verification(same, different).roc()
    assert roc.thresholds.tolist() == [-math.inf, *sorted({*same, *different})]
    for threshold, fmr, fnmr in zip(roc.thresholds, roc.fmr, roc.fnmr, strict=True):
        assert (fmr, fnmr) == pytest.approx(counted(same, different, threshold))


@given(some_distances, some_distances)
def test_roc_and_auc_equal_scikit_learn(same, different):
    kinds = np.array([1] * len(same) + [0] * len(different))
    distances = np.array(same + different)
    ours = verification(same, different)
    fpr, tpr, thresholds = roc_curve(kinds, -distances, drop_intermediate=False)
    assert ours.roc().fmr == pytest.approx(fpr)
    assert 1 - ours.roc().fnmr == pytest.approx(tpr)
    assert ours.roc().thresholds == pytest.approx(-thresholds)
    assert ours.auc == pytest.approx(roc_auc_score(kinds, -distances))


@given(some_distances, some_distances)
def test_auc_is_the_share_of_rightly_ordered_couples(same, different):
    right = sum((s < d) + 0.5 * (s == d) for s in same for d in different)
    assert verification(same, different).auc == pytest.approx(right / (len(same) * len(different)))


@given(some_distances, some_distances, rates)
def test_the_bends_say_the_same_as_all_thresholds(same, different, rate):
    ours = verification(same, different)
    bends = ours.bends()
    assert len(bends) <= 2 * min(len(same), len(different)) + 2
    assert set(bends[1:]) <= {*same, *different}
    few, every = ours.rates_at(bends), (ours.roc().fmr, ours.roc().fnmr)
    assert equal_error_rate(*few) == pytest.approx(equal_error_rate(*every))
    assert area_under_roc(*few) == pytest.approx(area_under_roc(*every))
    assert smallest_fnmr(*few, rate) == smallest_fnmr(*every, rate) == ours.fnmr_at_fmr(rate).fnmr


@given(some_distances, some_distances)
def test_eer_lies_between_the_rates_of_two_neighbouring_thresholds(same, different):
    ours = verification(same, different)
    roc = ours.roc()
    after = int(np.argmax(roc.fmr >= roc.fnmr))
    before = after - 1
    assert max(roc.fmr[before], roc.fnmr[after]) - 1e-12 <= ours.eer <= min(roc.fmr[after], roc.fnmr[before]) + 1e-12


@given(some_distances, some_distances, rates)
def test_operating_points_are_the_best_of_all_thresholds(same, different, rate):
    ours = verification(same, different)
    points = [(t, *counted(same, different, t)) for t in (-math.inf, *same, *different)]
    at_fmr, at_fnmr = ours.fnmr_at_fmr(rate), ours.fmr_at_fnmr(rate)
    assert at_fmr.fnmr == pytest.approx(min(fnmr for _, fmr, fnmr in points if fmr <= rate))
    assert at_fmr.threshold == max(t for t, fmr, _ in points if fmr <= rate)
    assert at_fnmr.fmr == pytest.approx(min(fmr for _, fmr, fnmr in points if fnmr <= rate))
    assert at_fnmr.threshold == min(t for t, _, fnmr in points if fnmr <= rate)


@given(some_distances, some_distances, rates, rates)
def test_the_threshold_grows_with_the_rate_allowed(same, different, one, other):
    ours = verification(same, different)
    smaller, larger = sorted([one, other])
    assert ours.fnmr_at_fmr(smaller).threshold <= ours.fnmr_at_fmr(larger).threshold
    assert ours.fmr_at_fnmr(smaller).threshold >= ours.fmr_at_fnmr(larger).threshold


def test_single_precision_thresholds_accept_the_pair_they_lie_on():
    same = np.array([0.1, 0.2, 0.3], dtype=np.float32)
    different = np.array([0.35, 0.7], dtype=np.float32)
    point = Verification.from_distances(same, different).fmr_at_fnmr(0.4)
    assert (point.threshold, point.fnmr) == (float(np.float32(0.2)), 1 / 3)
    point = Verification.from_distances(same, different).fnmr_at_fmr(0.4)
    assert (point.threshold, point.fmr, point.fnmr) == (float(np.float32(0.3)), 0.0, 0.0)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, -0.001])
@pytest.mark.parametrize("kind", ["same", "different"])
def test_distances_that_are_none_are_refused_and_named(bad, kind):
    good, spoilt = np.array([0.1, 0.2]), np.array([0.3, bad, 0.4])
    sides = {"same": (spoilt, good), "different": (good, spoilt)}
    with pytest.raises(InputError, match=rf"1 that are not among 3 {kind} pairs, the first {bad} at position 1"):
        Verification.from_distances(*sides[kind])


def test_both_kinds_are_needed():
    with pytest.raises(TooFewError, match="no different pair"):
        verification([0.1], [])
    with pytest.raises(TooFewError, match="no same pair"):
        verification([], [0.1])


@pytest.mark.parametrize("rate", [-0.01, 1.01, 5.0, math.nan])
def test_rates_lie_between_0_and_1(rate):
    ours = verification([0.1], [0.2])
    for ask in (ours.fnmr_at_fmr, ours.fmr_at_fnmr, ours.tar_at_far):
        with pytest.raises(SettingsError, match="between 0 and 1"):
            ask(rate)
