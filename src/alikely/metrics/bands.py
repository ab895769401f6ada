"""Error rates of all pairs and a grid in; the curve over the grid with its 95 % band, out, as a report draws it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from alikely.errors import SettingsError, TooFewError
from alikely.metrics.intervals import (
    DRAWS,
    FEWEST_DRAWS,
    FEWEST_IDENTITIES,
    percentile_interval,
    resampled_figures,
    resampled_shares,
)
from alikely.metrics.rates import ErrorRates


@dataclass(frozen=True, eq=False)
class Band:
    """A rate over a grid, and the two ends of its band at each point; these are None with too few identities.

    The band holds for each point by itself, not for the whole curve at once.
    """

    grid: Float[np.ndarray, " points"]
    value: Float[np.ndarray, " points"]
    low: Float[np.ndarray, " points"] | None
    high: Float[np.ndarray, " points"] | None


def fnmr_band(
    rates: ErrorRates,
    fmrs: Float[np.ndarray, " points"],
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Band:
    """The smallest FNMR at each FMR, exactly, with its band: a DET curve; 1 minus it, a ROC curve.

    An FMR below one in the number of different pairs cannot be told from them: leave it out of `fmrs`. Raises
    SettingsError for rates outside 0..1, TooFewError without same or without different pairs.
    """
    if len(fmrs) and not (fmrs.min() >= 0 and fmrs.max() <= 1):
        raise SettingsError(f"FMR must lie between 0 and 1, got {fmrs.min()} to {fmrs.max()}")
    if rates.roc is None:
        raise TooFewError(
            f"a curve needs same and different pairs, got {rates.same_pairs} and {rates.different_pairs}; add some"
        )
    few = rates.identities < FEWEST_IDENTITIES
    drawn = resampled_figures(rates.sample, lambda *curve: _over(fmrs, *curve).tolist(), 0 if few else draws, seed)
    return _band(fmrs, _over(fmrs, rates.roc.fmr, rates.roc.fnmr), drawn, confidence)


def threshold_bands(
    rates: ErrorRates,
    thresholds: Float[np.ndarray, " points"],
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[Band, Band]:
    """FMR and FNMR at each threshold with their bands, from `rates.sample` (all pairs, where they are not too many).

    Raises TooFewError without same or without different pairs.
    """
    sample, bands = rates.sample, []
    for distances, sides, kind in (
        (sample.different, sample.different_identities, "different"),
        (sample.same, sample.same_identities, "same"),
    ):
        if len(distances) == 0:
            raise TooFewError(f"error rates need same and different pairs, got no {kind} pair; add some")
        shares = np.searchsorted(np.sort(distances), thresholds, side="right") / len(distances)
        few = rates.identities < FEWEST_IDENTITIES
        drawn = resampled_shares(distances, sides, sample.identities, thresholds, 0 if few else draws, seed)
        if kind == "same":
            shares, drawn = 1 - shares, 1 - drawn
        bands.append(_band(thresholds, shares, drawn, confidence))
    return bands[0], bands[1]


def _over(
    grid: Float[np.ndarray, " points"], fmr: Float[np.ndarray, " bends"], fnmr: Float[np.ndarray, " bends"]
) -> Float[np.ndarray, " points"]:
    return fnmr[np.searchsorted(fmr, grid, side="right") - 1]


def _band(
    grid: Float[np.ndarray, " points"],
    value: Float[np.ndarray, " points"],
    drawn: Float[np.ndarray, "..."],
    confidence: float,
) -> Band:
    if len(drawn) < FEWEST_DRAWS:
        return Band(grid, value, None, None)
    return Band(grid, value, *percentile_interval(drawn, confidence))
