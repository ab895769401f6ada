"""Curves over a grid: their values, and that their bands are those of the draws."""

import numpy as np
import pytest

from alikely.distances import Euclidean
from alikely.errors import SettingsError, TooFewError
from alikely.metrics import (
    ErrorRates,
    PairDistances,
    Verification,
    all_pairs,
    fnmr_band,
    resampled_curves,
    threshold_bands,
)
from alikely.metrics.verification import smallest_fnmr


@pytest.fixture(scope="module")
def pairs():
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(30), 4)
    centres = generator.normal(size=(30, 3))
    return all_pairs((centres[labels] + generator.normal(size=(120, 3))).astype(np.float32), labels, Euclidean())


def test_the_band_of_the_fnmr_is_that_of_each_point(pairs):
    grid = np.array([0.01, 0.1, 0.5, 1.0])
    band = fnmr_band(ErrorRates.from_pairs(pairs), grid)
    verification = Verification.from_distances(pairs.same, pairs.different)
    assert band.value.tolist() == [verification.fnmr_at_fmr(rate).fnmr for rate in grid]
    drawn = [[smallest_fnmr(*curve, rate) for rate in grid] for curve in resampled_curves(pairs)]
    assert band.low == pytest.approx(np.quantile(drawn, 0.025, axis=0))
    assert band.high == pytest.approx(np.quantile(drawn, 0.975, axis=0))
    assert (band.low <= band.value).all()
    assert (band.value <= band.high).all()


def test_bands_over_thresholds_hold_the_rates(pairs):
    grid = np.array([0.5, 1.5, 2.5, 100.0])
    fmr, fnmr = threshold_bands(ErrorRates.from_pairs(pairs), grid)
    expected = Verification.from_distances(pairs.same, pairs.different).rates_at(grid)
    for band, values in zip((fmr, fnmr), expected, strict=True):
        assert band.value == pytest.approx(values)
        assert (band.low <= band.value + 1e-12).all()
        assert (band.value <= band.high + 1e-12).all()
    assert (fmr.value[-1], fnmr.value[-1]) == (1, 0)


def test_few_identities_have_curves_without_bands():
    sides = np.array([[0, 0], [1, 1]])
    rates = ErrorRates.from_pairs(PairDistances(np.array([0.1, 0.4]), np.array([0.3, 0.5]), sides, 1 - sides, 2))
    assert fnmr_band(rates, np.array([0.5])).low is None
    assert [band.high for band in threshold_bands(rates, np.array([0.5]))] == [None, None]


def test_bad_input_is_refused(pairs):
    with pytest.raises(SettingsError, match="between 0 and 1"):
        fnmr_band(ErrorRates.from_pairs(pairs), np.array([0.1, 1.1]))
    nobody = np.empty((0, 2), dtype=int)
    lonely = ErrorRates.from_pairs(PairDistances(np.empty(0), np.array([0.1]), nobody, np.array([[0, 1]]), 2))
    for ask in (fnmr_band, threshold_bands):
        with pytest.raises(TooFewError):
            ask(lonely, np.array([0.1]))
