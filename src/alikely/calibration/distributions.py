"""A calibration in; how the distances of its same and of its different pairs are spread, to be drawn, out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from alikely.calibration.curve import OperatingCurve

BINS = 96
SMOOTHED = 1.5  # standard deviation of the smoothing, in bins


@dataclass(frozen=True, eq=False)
class Distributions:
    """Densities over bins of the distance: `same[i]` and `different[i]` hold between `edges[i]` and `edges[i + 1]`.

    They are shares per unit of the distance: each sums to 1 over all bins, times their width. They are smoothed a
    little, for the eye; error rates are read from the curve, not from here.
    """

    edges: Float[np.ndarray, " edges"]
    same: Float[np.ndarray, " bins"]
    different: Float[np.ndarray, " bins"]

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the three as lists."""
        return {"edges": self.edges.tolist(), "same": self.same.tolist(), "different": self.different.tolist()}


def distributions_of(curve: OperatingCurve, bins: int = BINS) -> Distributions:
    """Of a curve's pairs, from 0 to its largest threshold: where it kept not all distances, linear between them."""
    from scipy.ndimage import gaussian_filter1d

    edges = np.linspace(0.0, float(curve.thresholds[-1]) or 1.0, bins + 1)
    width = edges[1] - edges[0]

    def density(shares: Float[np.ndarray, " points"]) -> Float[np.ndarray, " bins"]:
        below = np.interp(edges, np.concatenate([[0.0], curve.thresholds]), np.concatenate([[0.0], shares]))
        below[0], below[-1] = 0.0, 1.0  # distances of 0 are in the first bin
        smooth: Float[np.ndarray, " bins"] = gaussian_filter1d(np.diff(below) / width, SMOOTHED, mode="reflect")
        return smooth

    return Distributions(edges, density(1 - curve.fnmr), density(curve.fmr))
