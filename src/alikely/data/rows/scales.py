"""Numbers of one column -> numbers of about the size 1, by what the training rows were: standard and quantile.

Both keep to -LARGEST..LARGEST, so that no cell, however large, overflows or drowns all other columns.
"""

from bisect import bisect_left
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any, TypeAlias

import numpy as np
from jaxtyping import Float
from pydantic import Field
from scipy.stats import norm

# Nothing lies further out than this many deviations.
LARGEST = 100.0
# Points of the empirical distribution that a quantile scale keeps.
POINTS = 101
# A deviation so small beside the numbers themselves is what rounding leaves of a constant.
_ROUNDING = 1e-13


Positive: TypeAlias = Annotated[float, Field(gt=0)]


@dataclass(frozen=True)
class Standard:
    """(number - mean) / deviation, of the training rows. A constant column has the deviation 1."""

    mean: float = 0.0
    deviation: Positive = 1.0

    def __call__(self, number: float) -> float:
        """Deviations from the mean, within plus and minus LARGEST."""
        return _bounded(number, self.mean, self.deviation)

    @classmethod
    def fitted(cls, numbers: Float[np.ndarray, " numbers"]) -> "Standard":
        """Mean and deviation of these numbers."""
        return cls(*_moments(numbers))

    def settings(self) -> dict[str, Any]:
        """Mean and deviation."""
        return {"mean": self.mean, "deviation": self.deviation}


@dataclass(frozen=True)
class Quantile:
    """The number of the standard normal distribution that as large a share of the training rows lies below.

    places: `POINTS` quantiles of the training rows (fewer where they have fewer different numbers), rising.
    heights: what each becomes; between two places, straight lines. Equal numbers become what the middle of their
        share becomes.
    deviation: of the training rows. Outside of the outermost places the scale goes on by 1 a deviation, so that how
        far out a number lies is not lost.
    """

    places: tuple[float, ...] = (0.0,)
    heights: tuple[float, ...] = (0.0,)
    deviation: Positive = 1.0

    def __post_init__(self) -> None:
        if not self.places or len(self.places) != len(self.heights):
            raise ValueError(f"{len(self.places)} places with {len(self.heights)} heights")

    def __call__(self, number: float) -> float:
        """Normal quantile of the number, within plus and minus LARGEST."""
        above = bisect_left(self.places, number)
        if above == 0:
            return _bounded(number, self.places[0], self.deviation, self.heights[0])
        if above == len(self.places):
            return _bounded(number, self.places[-1], self.deviation, self.heights[-1])
        left, right = self.places[above - 1], self.places[above]
        # The difference of two very large numbers overflows; that of their halves does not.
        unit = 1.0 if isfinite(right - left) else 0.5
        share = (number * unit - left * unit) / (right * unit - left * unit)
        return self.heights[above - 1] + share * (self.heights[above] - self.heights[above - 1])

    @classmethod
    def fitted(cls, numbers: Float[np.ndarray, " numbers"]) -> "Quantile":
        """Quantiles and deviation of these numbers."""
        if len(numbers) == 0:
            return cls()
        places, counts = np.unique(numbers, return_counts=True)
        middles = (np.cumsum(counts) - counts / 2) / len(numbers)
        if len(places) > POINTS:
            wanted = np.linspace(middles[0], middles[-1], POINTS)
            chosen = np.unique(np.searchsorted(middles, wanted).clip(max=len(places) - 1))
            places, middles = places[chosen], middles[chosen]
        heights = norm.ppf(middles)
        return cls(tuple(places.tolist()), tuple(heights.tolist()), _moments(numbers)[1])

    def settings(self) -> dict[str, Any]:
        """The places, their heights, and the deviation."""
        return {"places": list(self.places), "heights": list(self.heights), "deviation": self.deviation}


Scale: TypeAlias = Standard | Quantile
SCALES: dict[str, type[Scale]] = {"standard": Standard, "quantile": Quantile}


def _bounded(number: float, middle: float, deviation: float, height: float = 0.0) -> float:
    # In Python, numbers that grow too large become infinite, and infinity is bounded like any other.
    return min(max(height + (number - middle) / deviation, -LARGEST), LARGEST)


def _moments(numbers: Float[np.ndarray, " numbers"]) -> tuple[float, float]:
    """Mean and deviation; 0 and 1 without numbers, deviation 1 where it is 0."""
    if len(numbers) == 0:
        return 0.0, 1.0
    # Of numbers up to 1e300 the squares would overflow.
    largest = float(np.abs(numbers).max()) or 1.0
    shares = numbers / largest
    mean, deviation = float(shares.mean()), float(shares.std())
    constant = deviation <= _ROUNDING or deviation * largest == 0
    return mean * largest, 1.0 if constant else deviation * largest
