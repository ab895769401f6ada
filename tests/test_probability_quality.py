"""Brier score, log loss and calibration error of probabilities on identities that they were not fitted on."""

import math

import numpy as np
import pytest

from alikely.calibration import probability_quality
from alikely.calibration.quality import _bins, _figures, _weights
from alikely.errors import SettingsError, TooFewError
from alikely.metrics import PairDistances


def bells(identities=60, apart=2.0, seed=0):
    """Same pairs around 3, different ones around 3 + `apart`, with deviation 1."""
    generator = np.random.default_rng(seed)
    sides = np.array([(i, j) for i in range(identities) for j in range(i)])
    itself = np.repeat(np.arange(identities), 20)
    return PairDistances(
        np.abs(generator.normal(3, 1, len(itself))),
        np.abs(generator.normal(3 + apart, 1, len(sides))),
        np.stack([itself, itself], axis=1),
        sides,
        identities,
    )


def test_figures_by_hand():
    chances, same = np.array([0.9, 0.6, 0.3, 0.1]), np.array([True, False, True, False])
    even = _weights(same, np.ones(4), 0.5)
    brier, log_loss, gap = _figures(chances, same, even)

    assert even.tolist() == [0.25] * 4
    assert brier == pytest.approx((0.1**2 + 0.6**2 + 0.7**2 + 0.1**2) / 4)
    assert log_loss == pytest.approx(-(2 * math.log(0.9) + math.log(0.4) + math.log(0.3)) / 4)
    # Four bins with one pair each: |0.9 - 1|, |0.6 - 0|, |0.3 - 1|, |0.1 - 0|, a quarter of the pairs each.
    assert gap == pytest.approx((0.1 + 0.6 + 0.7 + 0.1) / 4)
    assert [(b.low, b.same, b.share) for b in _bins(chances, same, even)] == [
        (0.1, 0.0, 0.25),
        (0.3, 1.0, 0.25),
        (0.6, 0.0, 0.25),
        (0.9, 1.0, 0.25),
    ]


def test_pairs_of_a_bin_that_err_to_both_sides_cancel():
    chances, same = np.array([0.75, 0.75, 0.75, 0.75]), np.array([True, True, True, False])
    assert _figures(chances, same, np.full(4, 0.25))[2] == pytest.approx(0)


def test_a_prior_weighs_the_kinds():
    same = np.array([True, True, False])
    assert _weights(same, np.array([1.0, 3.0, 7.0]), 0.2).tolist() == pytest.approx([0.05, 0.15, 0.8])


@pytest.mark.parametrize("method", ["isotonic", "logistic"])
@pytest.mark.parametrize("prior", [0.5, 0.1])
def test_bells_have_the_figures_of_the_true_probabilities(method, prior):
    pairs = bells()
    found = probability_quality(pairs, method, prior)

    # The log likelihood ratio of the two bells is 8 - 2 d.
    chances = [1 / (1 + np.exp(-(math.log(prior / (1 - prior)) + 8 - 2 * d))) for d in (pairs.same, pairs.different)]
    brier = prior * np.mean((1 - chances[0]) ** 2) + (1 - prior) * np.mean(chances[1] ** 2)
    assert found.brier.value == pytest.approx(brier, abs=0.02)
    assert found.brier.low < brier < found.brier.high
    assert found.calibration_error.value < 0.06
    assert found.brier_of_prior == pytest.approx(prior * (1 - prior))
    assert found.log_loss.value < found.log_loss_of_prior
    assert found.method == method
    assert sum(b.share for b in found.bins) == pytest.approx(1)
    for b in found.bins:
        assert b.low <= b.probability <= b.high
        assert b.share < 0.05 or b.same == pytest.approx(b.probability, abs=0.2)


def test_who_tells_nothing_apart_is_as_good_as_the_prior_and_no_better():
    found = probability_quality(bells(apart=0.0), "logistic")
    assert found.brier.value == pytest.approx(0.25, abs=0.01)
    assert found.log_loss.value == pytest.approx(math.log(2), abs=0.02)


def test_probabilities_are_judged_on_other_identities_than_they_were_fitted_on():
    """Every identity has a distance of its own, which tells its pairs perfectly, and those of others not at all."""
    generator = np.random.default_rng(0)
    identities = 40
    own = generator.permutation(identities) + 1.0
    itself = np.repeat(np.arange(identities), 50)
    sides = np.array([(i, j) for i in range(identities) for j in range(i)])
    pairs = PairDistances(
        own[itself], own[sides].mean(axis=1) + 0.5, np.stack([itself, itself], axis=1), sides, identities
    )
    assert probability_quality(pairs, "isotonic").log_loss.value > 0.5


def test_json_and_rows_say_the_same():
    found = probability_quality(bells(30), "logistic")
    told = found.to_dict()

    assert told["brier"] == found.brier.value
    assert told["log_loss_interval"] == [found.log_loss.low, found.log_loss.high]
    assert len(told["reliability"]) == len(found.bins)
    assert [row[0] for row in found.rows()] == ["Brier score", "log loss", "calibration error (ECE)"]
    assert found.rows()[0][1] == f"{found.brier.value:.3f}"
    assert probability_quality(bells(30), "logistic") == found


def test_too_few_identities_are_refused():
    two = PairDistances(np.ones(20), np.ones(20), np.zeros((20, 2), int), np.tile([0, 1], (20, 1)), 2)
    with pytest.raises(TooFewError, match="2 identities are too few"):
        probability_quality(two)


@pytest.mark.parametrize("prior", [0.0, 1.0, math.nan])
def test_a_prior_lies_between_0_and_1(prior):
    with pytest.raises(SettingsError, match="prior"):
        probability_quality(bells(10), prior=prior)
