"""Distances of same and of different pairs in; error rates of "same if distance <= threshold" out.

The words of ISO/IEC 19795: a *false match* is a different pair that is accepted, a *false non-match* a same pair that
is not. FMR and FNMR are their shares. A threshold lies on a distance that occurred (a pair at it is accepted), never
between two equal ones; below all of them stands "accept nothing" (-inf), and the largest distance means "accept all".
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from alikely.errors import InputError, SettingsError, TooFewError


@dataclass(frozen=True, eq=False)
class Roc:
    """Both error rates over the thresholds, from accept nothing (-inf) to accept all (the largest distance).

    The points of a DET curve are (fmr, fnmr), usually drawn on axes of normal deviates (`scipy.special.ndtri`; Martin
    et al. 1997); those of a ROC curve (fmr, 1 - fnmr).
    """

    thresholds: Float[np.ndarray, " thresholds"]
    fmr: Float[np.ndarray, " thresholds"]
    fnmr: Float[np.ndarray, " thresholds"]


@dataclass(frozen=True)
class OperatingPoint:
    """One threshold and its two error rates. A threshold of -inf accepts nothing."""

    threshold: float
    fmr: float
    fnmr: float


@dataclass(frozen=True, eq=False)
class Verification:
    """How well a distance tells same pairs from different ones. Make it with `from_distances`.

    `same` and `different` are the distances of either kind, ascending.
    """

    same: Float[np.ndarray, " same"]
    different: Float[np.ndarray, " different"]

    @classmethod
    def from_distances(
        cls, same: Float[np.ndarray, " same"], different: Float[np.ndarray, " different"]
    ) -> "Verification":
        """From distances in any order.

        Raises InputError for distances that are NaN, infinite or negative, TooFewError where a kind has none.
        """
        return cls(checked_and_sorted(same, "same"), checked_and_sorted(different, "different"))

    def rates_at(
        self, thresholds: Float[np.ndarray, " thresholds"]
    ) -> tuple[Float[np.ndarray, " thresholds"], Float[np.ndarray, " thresholds"]]:
        """FMR and FNMR at each of the thresholds, which need not be distances that occurred."""
        matched = np.searchsorted(self.same, thresholds, side="right")
        fmr = np.searchsorted(self.different, thresholds, side="right") / len(self.different)
        return fmr, (len(self.same) - matched) / len(self.same)

    def roc(self) -> Roc:
        """All thresholds with their rates. As large as the distinct distances: for millions see `roc_at_bends`."""
        distinct = np.unique(np.concatenate([self.same, self.different]))
        thresholds = np.concatenate([np.array([-np.inf], dtype=distinct.dtype), distinct])
        return Roc(thresholds, *self.rates_at(thresholds))

    def bends(self) -> Float[np.ndarray, " bends"]:
        """Thresholds among which are all those at which the ROC polyline turns, ascending, with both ends.

        Between two of them only one of the rates changes, so EER and AUC are exactly those of `roc()`. At most
        2 * min(same, different) + 2 thresholds, and no table of all distances is made.
        """
        few, many = sorted((self.same, self.different), key=len)
        corners = np.unique(few)
        below = np.searchsorted(many, corners, side="left")
        before_corners = many[below[below > 0] - 1]
        ends = np.array([-np.inf, many[-1]], dtype=many.dtype)
        return np.unique(np.concatenate([ends, corners, before_corners]))

    def roc_at_bends(self) -> Roc:
        """The points at which the ROC turns: all that EER, AUC, costs and the smallest FNMR at an FMR depend on."""
        bends = self.bends()
        return Roc(bends, *self.rates_at(bends))

    @property
    def eer(self) -> float:
        """Equal error rate: where the polyline of (FMR, FNMR) over all thresholds crosses FMR = FNMR.

        Between two neighbouring thresholds the crossing is found by linear interpolation, so the rate may be one that
        no threshold reaches exactly. 0..1; 0 is perfect, 0.5 is chance.
        """
        return equal_error_rate(*self.rates_at(self.bends()))

    @property
    def auc(self) -> float:
        """Area under the ROC: the chance that a same pair is nearer than a different one, a tie counting half. 0..1."""
        return area_under_roc(*self.rates_at(self.bends()))

    def fnmr_at_fmr(self, fmr: float) -> OperatingPoint:
        """The smallest FNMR over all thresholds whose FMR is at most `fmr`, at the largest such threshold.

        Raises SettingsError for a rate outside 0..1.
        """
        most = _largest_share(fmr, len(self.different), "FMR")
        if most == len(self.different):
            return self._point(float(max(self.same[-1], self.different[-1])))
        # The first distance that would be one false match (or one group of equal ones) too many.
        limit = self.different[most]
        return self._point(max(_last_below(self.same, limit), _last_below(self.different, limit)))

    def fmr_at_fnmr(self, fnmr: float) -> OperatingPoint:
        """The smallest FMR over all thresholds whose FNMR is at most `fnmr`, at the smallest such threshold.

        Raises SettingsError for a rate outside 0..1.
        """
        most = _largest_share(fnmr, len(self.same), "FNMR")
        if most == len(self.same):
            return self._point(-math.inf)
        return self._point(float(self.same[len(self.same) - most - 1]))

    def tar_at_far(self, far: float) -> float:
        """True accept rate at a false accept rate of at most `far`: 1 - FNMR at that FMR, under its other name."""
        return 1 - self.fnmr_at_fmr(far).fnmr

    def _point(self, threshold: float) -> OperatingPoint:
        fmr, fnmr = self.rates_at(np.array([threshold], dtype=np.result_type(self.same, self.different)))
        return OperatingPoint(float(threshold), float(fmr[0]), float(fnmr[0]))


def equal_error_rate(fmr: Float[np.ndarray, " points"], fnmr: Float[np.ndarray, " points"]) -> float:
    """The crossing with FMR = FNMR of a polyline that runs from (0, 1) to (1, 0)."""
    ahead = fmr - fnmr
    after = int(np.argmax(ahead >= 0))
    before = after - 1
    share = -ahead[before] / (ahead[after] - ahead[before])
    return float(fmr[before] + share * (fmr[after] - fmr[before]))


def area_under_roc(fmr: Float[np.ndarray, " points"], fnmr: Float[np.ndarray, " points"]) -> float:
    """The area under 1 - FNMR over FMR, of a polyline that runs from (0, 1) to (1, 0)."""
    accepted = 1 - fnmr
    return float(np.sum(np.diff(fmr) * (accepted[1:] + accepted[:-1]) / 2))


def smallest_fnmr(fmr: Float[np.ndarray, " points"], fnmr: Float[np.ndarray, " points"], at_fmr: float) -> float:
    """The smallest FNMR of the points whose FMR is at most `at_fmr`; the first point has FMR 0."""
    return float(fnmr[np.searchsorted(fmr, at_fmr, side="right") - 1])


def check_rate(rate: float, name: str) -> None:
    """Raise SettingsError unless the rate lies in 0..1."""
    if not 0 <= rate <= 1:
        raise SettingsError(f"{name} must lie between 0 and 1, got {rate}; 1 % is 0.01")


def checked_and_sorted(distances: Float[np.ndarray, " pairs"], kind: str) -> Float[np.ndarray, " pairs"]:
    """The distances ascending. Raises InputError for one that is none, TooFewError for no distance at all."""
    if len(distances) == 0:
        raise TooFewError(f"error rates need same and different pairs, got no {kind} pair; add some")
    # NaN is sorted to the end, so the two ends tell of all that can be wrong.
    ordered = np.sort(distances)
    if not (ordered[0] >= 0 and np.isfinite(ordered[-1])):
        bad = np.flatnonzero(~(np.isfinite(distances) & (distances >= 0)))
        raise InputError(
            f"distances must be finite and 0 or more, got {len(bad)} that are not among {len(distances)} {kind} pairs, "
            f"the first {distances[bad[0]]} at position {bad[0]}; look for damaged embeddings, or for similarities "
            "given as distances"
        )
    return ordered


def _largest_share(rate: float, total: int, name: str) -> int:
    """The largest count whose share of `total` is at most `rate`."""
    check_rate(rate, name)
    # Compared as shares, since 0.07 * 100 is a little over 7.
    count = min(math.floor(rate * total) + 1, total)
    while count / total > rate:
        count -= 1
    return count


def _last_below(ordered: Float[np.ndarray, " pairs"], limit: np.floating) -> float:
    position = np.searchsorted(ordered, limit, side="left")
    return float(ordered[position - 1]) if position > 0 else -math.inf
