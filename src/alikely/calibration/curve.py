"""Error rates of a distance in; the thresholds worth keeping, each with its FMR and FNMR, out."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from alikely.metrics import Verification
from alikely.metrics.verification import check_rate

MOST_POINTS = 2000


@dataclass(frozen=True, eq=False)
class OperatingCurve:
    """Thresholds, ascending, with the shares of different pairs accepted (FMR) and of same pairs refused (FNMR).

    All thresholds are distances that occurred, and the rates at them are those of all pairs. Where thresholds had to
    be left out, the next kept one errs to the safe side: `at_fmr` then accepts less than it might, `at_fnmr` more.
    Rates of one or two digits (0.1, 0.025, 0.0012, ...) lose nothing: the thresholds for them are all kept.
    """

    thresholds: Float[np.ndarray, " points"]
    fmr: Float[np.ndarray, " points"]
    fnmr: Float[np.ndarray, " points"]

    @classmethod
    def from_verification(cls, verification: Verification) -> "OperatingCurve":
        """All thresholds up to 2,000 pairs; above that, those for rates of one or two digits: fewer than 2,000."""
        same, different = verification.same, verification.different
        if len(same) + len(different) <= MOST_POINTS:
            distinct = np.unique(np.concatenate([same, different]))
        else:
            thresholds = [verification.fnmr_at_fmr(rate).threshold for rate in _rates(len(different))]
            thresholds += [verification.fmr_at_fnmr(rate).threshold for rate in _rates(len(same))]
            distinct = np.unique(
                np.array([t for t in thresholds if t != -math.inf], dtype=np.result_type(same, different))
            )
        return cls(distinct.astype(np.float64), *verification.rates_at(distinct))

    def at_fmr(self, rate: float) -> float:
        """The largest threshold whose FMR is at most `rate`; -inf (accept nothing) where there is none.

        Raises SettingsError for a rate outside 0..1.
        """
        check_rate(rate, "FMR")
        position = int(np.searchsorted(self.fmr, rate, side="right"))
        return float(self.thresholds[position - 1]) if position > 0 else -math.inf

    def at_fnmr(self, rate: float) -> float:
        """The smallest threshold whose FNMR is at most `rate`; -inf (accept nothing) for a rate of 1.

        Raises SettingsError for a rate outside 0..1.
        """
        check_rate(rate, "FNMR")
        if rate == 1:
            return -math.inf
        # FNMR falls as the threshold grows.
        return float(self.thresholds[int(np.argmax(self.fnmr <= rate))])


def _rates(pairs: int) -> list[float]:
    """0, 1 and every rate of two digits down to one pair among `pairs`, as exactly as a person writes it."""
    decades = math.ceil(math.log10(pairs))
    return [0.0, 1.0, *(float(f"{digits}e-{place}") for place in range(2, decades + 2) for digits in range(10, 100))]
