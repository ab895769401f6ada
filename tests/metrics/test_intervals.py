"""Identities drawn anew: the weights by brute force, and how often an interval holds the truth."""

import numpy as np
import pytest

from alikely.distances import Euclidean
from alikely.errors import InputError
from alikely.metrics import (
    PairDistances,
    Verification,
    all_pairs,
    mean_over_identities,
    percentile_interval,
    resampled_curves,
    resampled_figures,
    resampled_shares,
    summary,
)
from alikely.metrics.verification import area_under_roc, equal_error_rate, smallest_fnmr


def simulated(identities, items, seed):
    """People in a plane of 4 dimensions, each with a spread of their own, so that pairs of one person hang together."""
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(identities), items)
    spread = generator.gamma(4, 0.12, size=(identities, 1))
    centres = generator.normal(size=(identities, 4))
    embeddings = centres[labels] + spread[labels] * generator.normal(size=(len(labels), 4))
    return all_pairs(embeddings.astype(np.float32), labels, Euclidean())


def repeated(pairs, weights):
    """The pairs that copies of the identities would form, written out one by one; none within one identity's copies."""
    sides = []
    for distances, identities in (
        (pairs.same, pairs.same_identities),
        (pairs.different, pairs.different_identities),
    ):
        times = [weights[i] if i == j else weights[i] * weights[j] for i, j in identities]
        sides.append(np.repeat(distances, times))
    return Verification.from_distances(*sides)


def test_each_draw_is_what_copies_of_the_drawn_identities_give():
    pairs = simulated(8, 3, seed=0)
    generator = np.random.default_rng(5)
    for fmr, fnmr in resampled_curves(pairs, draws=20, seed=5):
        weights = np.bincount(generator.integers(8, size=8), minlength=8)
        expected = repeated(pairs, weights)
        assert equal_error_rate(fmr, fnmr) == pytest.approx(expected.eer)
        assert area_under_roc(fmr, fnmr) == pytest.approx(expected.auc)
        assert smallest_fnmr(fmr, fnmr, 0.1) == pytest.approx(expected.fnmr_at_fmr(0.1).fnmr)


def test_a_different_pair_within_one_identity_weighs_as_that_identity():
    # Forgeries: different, with the writer on both sides.
    identities = np.array([[0, 0], [1, 1], [2, 2]])
    pairs = PairDistances(np.array([0.1, 0.2, 0.3]), np.array([0.15, 0.25, 0.4]), identities, identities, 3)
    generator = np.random.default_rng(1)
    for fmr, fnmr in resampled_curves(pairs, draws=10, seed=1):
        weights = np.bincount(generator.integers(3, size=3), minlength=3)
        assert equal_error_rate(fmr, fnmr) == pytest.approx(repeated(pairs, weights).eer)


def test_draws_without_one_kind_of_pair_are_left_out():
    pairs = PairDistances(np.array([0.1]), np.array([0.5]), np.array([[0, 0]]), np.array([[0, 1]]), 2)
    # Both kinds are there only where either identity is drawn once: one draw in two.
    curves = list(resampled_curves(pairs, draws=100, seed=0))
    assert 30 < len(curves) < 70


def test_the_same_seed_gives_the_same_draws_and_another_seed_others():
    pairs = simulated(6, 3, seed=2)
    first, again, other = ([equal_error_rate(*c) for c in resampled_curves(pairs, draws=5, seed=s)] for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_sample_of_the_pairs_gives_nearly_the_same_interval():
    pairs = simulated(60, 5, seed=3)
    ends = []
    for most in (10_000, 1_000_000):
        draws = np.array([[equal_error_rate(*c)] for c in resampled_curves(pairs, draws=200, most_pairs=most)])
        ends.append(np.concatenate(percentile_interval(draws)))
    assert ends[0] == pytest.approx(ends[1], abs=0.01)


def test_percentile_interval_by_hand():
    low, high = percentile_interval(np.arange(101, dtype=np.float64)[:, None] / 100, confidence=0.9)
    assert (low[0], high[0]) == pytest.approx((0.05, 0.95))


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    population = simulated(800, 5, seed=100)
    truth = Verification.from_distances(population.same, population.different)
    expected = [truth.eer, truth.auc, truth.fnmr_at_fmr(0.05).fnmr]
    held = np.zeros(3)
    rounds = 40
    for seed in range(rounds):
        report = summary(simulated(25, 5, seed=seed), fmrs=(0.05,), seed=seed)
        estimates = [report.eer, report.auc, report.fnmr_at_fmr[0][1]]
        held += [e.low <= value <= e.high for e, value in zip(estimates, expected, strict=True)]
    # 95 % of 40 is 38; with independent pairs instead of identities it is about 25.
    assert (held >= 34).all()


def test_fewer_identities_make_wider_intervals():
    few, many = (summary(simulated(n, 5, seed=4)).eer for n in (10, 100))
    assert few.high - few.low > 1.5 * (many.high - many.low)


def test_figures_in_threads_are_those_of_the_curves_in_order():
    pairs = simulated(12, 3, seed=6)
    one_by_one = [[equal_error_rate(*c), area_under_roc(*c)] for c in resampled_curves(pairs, draws=30, seed=2)]
    at_once = resampled_figures(pairs, lambda *c: [equal_error_rate(*c), area_under_roc(*c)], draws=30, seed=2)
    assert at_once.tolist() == one_by_one
    assert resampled_figures(pairs, lambda fmr, fnmr: [fmr[0], fnmr[0]], draws=0).shape == (0, 0)


def test_shares_of_one_kind_are_what_copies_give():
    pairs = simulated(8, 3, seed=0)
    thresholds = np.array([-np.inf, 1.0, 2.0, np.inf])
    found = resampled_shares(pairs.different, pairs.different_identities, 8, thresholds, draws=10, seed=5)
    generator = np.random.default_rng(5)
    for row in found:
        weights = np.bincount(generator.integers(8, size=8), minlength=8)
        assert row == pytest.approx(repeated(pairs, weights).rates_at(thresholds)[0])
    assert (found[:, 0].max(), found[:, -1].min()) == (0, 1)


def test_a_mean_over_identities_is_what_copies_give():
    values, identities = np.array([1.0, 0.0, 0.5, 1.0, 0.0, 1.0, 0.2]), np.array(list("aabcdef"))
    found = mean_over_identities(values, identities, seed=3)
    generator, means = np.random.default_rng(3), []
    for _ in range(200):
        weights = np.bincount(generator.integers(6, size=6), minlength=6)
        means.append(np.repeat(values, weights[np.array([0, 0, 1, 2, 3, 4, 5])]).mean())
    assert found.value == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))


def test_all_queries_of_one_identity_count_as_one_observation():
    identities = np.repeat(np.arange(30), 10)
    values = np.repeat(np.random.default_rng(0).integers(2, size=30).astype(np.float64), 10)
    together, apart = (mean_over_identities(values, who) for who in (identities, np.arange(300)))
    # The root of 10, as every identity stands for ten equal values.
    assert 2 < (together.high - together.low) / (apart.high - apart.low) < 4.5


def test_no_values_have_no_mean():
    with pytest.raises(InputError, match="got none"):
        mean_over_identities(np.empty(0), np.empty(0))
