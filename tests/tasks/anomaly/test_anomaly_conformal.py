"""p-values and thresholds: known answers, ties, groups, the promise itself, and what cannot be promised."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from alikely.errors import CalibrationError, InputError, SettingsError
from alikely.tasks.anomaly import Normality
from alikely.tasks.anomaly.conformal import bearable, needed

FOUR = Normality.of(np.array([3.0, 1.0, 2.0, 2.0]))


@pytest.mark.parametrize(
    ("deviation", "expected"),
    [
        (0.0, 1.0),  # (1 + 4) / 5
        (1.0, 1.0),  # as much or more
        (1.5, 4 / 5),
        (2.0, 4 / 5),  # both of a tie
        (2.5, 2 / 5),
        (3.0, 2 / 5),
        (3.1, 1 / 5),  # never 0
    ],
)
def test_p_values_by_hand(deviation, expected):
    assert FOUR.p_values(np.array([deviation]))[0] == pytest.approx(expected)


def test_a_group_counts_once():
    # Group a holds 1, 2, 3, group b holds 10: from 2.5 on, a third of a and all of b.
    grouped = Normality.of(np.array([1.0, 2.0, 3.0, 10.0]), np.array(["a", "a", "a", "b"]))
    assert grouped.units == 2
    assert grouped.p_values(np.array([2.5, 0.0, 11.0])).tolist() == pytest.approx([(1 + 1 / 3 + 1) / 3, 1.0, 1 / 3])


def test_groups_of_one_are_no_groups():
    deviations = np.random.default_rng(0).random(50)
    alone, grouped = Normality.of(deviations), Normality.of(deviations, np.arange(50))
    assert alone.threshold(0.1, 0.95) == grouped.threshold(0.1, 0.95)
    assert not grouped.grouped


def test_thresholds_by_hand():
    hundred = Normality.of(np.arange(1.0, 101.0))
    # On average: rate * (n + 1) - 1 = 4.05 may lie above.
    assert hundred.threshold(0.05, 0.0) == 96.0
    # The most k with P(Binomial(100, .05) <= k) <= .05 is 1: P(0) = .0059, P(<= 1) = .0371, P(<= 2) = .118.
    assert hundred.threshold(0.05, 0.95) == 99.0
    # .95 ** 59 = .0485: with 59, none may.
    assert Normality.of(np.arange(1.0, 60.0)).threshold(0.05, 0.95) == 59.0


def test_equal_deviations_lie_above_all_or_none():
    # 4 of 100 may lie above, and 6 are equal: none of these.
    tied = Normality.of(np.concatenate([np.arange(94.0), np.full(6, 200.0)]))
    assert tied.threshold(0.05, 0.0) == 200.0
    assert tied.threshold(0.07, 0.0) == 93.0


@pytest.mark.parametrize(
    ("rate", "confidence", "wanted"), [(0.05, 0.95, 59), (0.01, 0.95, 299), (0.05, 0.0, 19), (0.01, 0.0, 99)]
)
def test_how_many_it_takes(rate, confidence, wanted):
    assert needed(rate, confidence) == wanted
    assert bearable(wanted, confidence) <= rate + 1e-12
    assert bearable(wanted - 1, confidence) > rate
    Normality.of(np.arange(float(wanted))).threshold(rate, confidence)
    with pytest.raises(CalibrationError, match=rf"it takes {wanted}\. The smallest rate"):
        Normality.of(np.arange(float(wanted - 1))).threshold(rate, confidence)


def test_what_groups_cost():
    # ln(.05 / e) / ln(.95) = 77.9
    assert needed(0.05, 0.95, grouped=True) == 78
    with pytest.raises(CalibrationError, match="held-back groups of normal items"):
        Normality.of(np.arange(140.0), np.arange(140) // 2).threshold(0.05, 0.95)


@given(st.lists(st.integers(0, 6), min_size=25, max_size=60), st.floats(0.04, 0.9))
@settings(deadline=None, max_examples=25)
def test_without_confidence_the_threshold_is_the_p_value(values, rate):
    deviations = np.array(values, float)
    normality = Normality.of(deviations)
    asked = np.arange(-1, 8) + 0.0
    above = asked > normality.threshold(rate, 0.0)
    # A threshold is one of the held-back deviations, so it never calls less than all below the smallest normal.
    inside = asked >= deviations.min()
    assert (above == (normality.p_values(asked) <= rate + 1e-12))[inside].all()


@pytest.mark.parametrize("grouped", [False, True])
def test_the_rate_is_kept(grouped):
    """Over 400 draws of held-back items: with 95 % confidence few exceed the rate; without, it holds on average."""
    rng = np.random.default_rng(0)
    exceeded, mean = 0, 0.0
    groups = np.repeat(np.arange(150), 3) if grouped else None
    for _ in range(400):
        shift = rng.normal(size=150) if grouped else np.zeros(150)
        deviations = np.repeat(shift, 3) + rng.normal(size=450)
        normality = Normality.of(deviations, groups)
        spread = np.sqrt(2) if grouped else 1
        rate = above(normality.threshold(0.05, 0.95) / spread)
        exceeded += rate > 0.05
        mean += above(normality.threshold(0.05, 0.0) / spread) / 400
    # P(Binomial(400, .05) > 29) < .02.
    assert exceeded <= binom.ppf(0.98, 400, 0.05)
    assert mean <= 0.051


def above(z: float) -> float:
    from scipy.stats import norm

    return float(norm.sf(z))


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, 1.5, float("nan")])
def test_rates_out_of_bounds(rate):
    with pytest.raises(SettingsError, match="above 0 and below 1"):
        FOUR.threshold(rate, 0.0)


@pytest.mark.parametrize("bad", [[], [1.0, np.nan], [np.inf]])
def test_deviations_that_say_nothing(bad):
    with pytest.raises(InputError, match="held back"):
        Normality.of(np.array(bad, float))


@pytest.mark.parametrize(
    ("rate", "confidence", "above", "takes"),
    [
        (0.01, 0.95, 0, 299),
        (0.01, 0.95, 1, 473),
        (0.01, 0.95, 3, 773),
        (0.1, 0.0, 3, 39),  # 4 / 0.1 - 1
        (0.1, 0.5, 1, 17),  # 0.9 ** 17 + 17 * 0.1 * 0.9 ** 16 = 0.482, with 16 it is 0.515
    ],
)
def test_how_many_it_takes_for_a_threshold_with_some_above(rate, confidence, above, takes):
    assert needed(rate, confidence, above=above) == takes
    ranks = np.arange(takes, dtype=float)
    assert (ranks > Normality.of(ranks).threshold(rate, confidence)).sum() == above
    fewer = Normality.of(ranks[:-1])
    if above:
        assert (fewer.deviations > fewer.threshold(rate, confidence)).sum() == above - 1


def test_a_threshold_that_rests_on_one_deviation_far_out_says_so():
    usual = np.linspace(0, 1.2, 449)
    told = Normality.of(np.append(usual, 58.9)).weakness(0.01, 0.95)
    assert "the threshold, 58.9, is the largest of 450 held-back deviations; the next are 1.2 and 1.197" in told
    assert "a higher rate" in told
    # Far from the others or not, as long as some lie above it.
    assert Normality.of(np.append(usual, [1.25])).weakness(0.01, 0.95) == ""
    assert Normality.of(np.append(usual, [50.0] * 4)).weakness(0.1, 0.95) == ""
    assert "second largest" in Normality.of(np.append(np.linspace(0, 1, 498), [9, 10])).weakness(0.01, 0.95)
    assert Normality.of(np.zeros(400)).weakness(0.01, 0.95) == ""
