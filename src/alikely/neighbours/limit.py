"""A calibration and how many pairs are compared in; the largest distance that counts as alike among them out."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alikely.calibration import Calibration
from alikely.errors import CalibrationError
from alikely.metrics import percent


@dataclass(frozen=True)
class Limit:
    """Up to which distance two items among many count as alike.

    `fmr` is the false-match rate of a single pair that it keeps, with this `confidence` (0: an estimate). `pairs` is
    how many are compared, so that about `expected` of them, at most, are taken for alike wrongly.
    """

    distance: float
    fmr: float
    confidence: float
    pairs: int

    @property
    def expected(self) -> float:
        """How many of all pairs may be taken for alike wrongly, at this rate."""
        return self.fmr * self.pairs

    def sentence(self, found: int | None = None) -> str:
        """What the limit keeps, in one line for people; `found` is how many pairs were: no more can be wrong."""
        if self.distance == -math.inf:
            return f"no distance keeps a false-match rate of {percent(self.fmr)}, so nothing counts as alike"
        kept = f"at most {percent(self.fmr)}" if self.confidence else f"{percent(self.fmr)}, an estimate"
        wrong = "less than one" if self.expected < 1 else f"up to about {self.expected:,.0f}"
        if found and self.expected >= max(found, 1):
            wrong = "the one found" if found == 1 else f"all {found:,} found"
        return (
            f"alike up to a distance of {self.distance:.3g}: a false-match rate of {kept}; of {self.pairs:,} pairs "
            f"compared, {wrong} may be wrong"
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON; a `distance` of null counts nothing as alike."""
        return {
            "distance": None if self.distance == -math.inf else self.distance,
            "fmr": self.fmr,
            "confidence": self.confidence,
            "pairs": self.pairs,
            "expected_wrong": self.expected,
        }


def limit_for(
    calibration: Calibration | None, items: int, fmr: float | None = None, confidence: float | None = None
) -> Limit:
    """The limit for all pairs of so many items, at a false-match rate of `fmr` for each pair.

    Among many items even a small rate makes many wrong pairs. So without an `fmr` it is that of one wrong pair among
    all, or where the calibration cannot bear so small a rate, the smallest that it can; never more than its own.
    `confidence` is by itself the calibration's own. Raises CalibrationError where there is no calibration or it cannot
    bear the rate, SettingsError for a rate outside 0..1.
    """
    if calibration is None:
        raise CalibrationError(
            "the model has no calibration, so nobody knows how near is alike; make one from labelled items or from "
            "pairs that it was not trained on: alikely calibrate MODEL SOURCE"
        )
    pairs = items * (items - 1) // 2
    sure = calibration.confidence if confidence is None else confidence
    if fmr is None:
        # Two digits, so that the rate can be asked for as it is printed.
        smallest = _two_digits(calibration.bearable("fmr", sure), math.ceil)
        fmr = min(calibration.default_fmr, max(_two_digits(1 / max(pairs, 1), math.floor), smallest))
    return Limit(calibration.threshold(fmr=fmr, confidence=sure), fmr, sure, pairs)


def _two_digits(rate: float, rounded: Callable[[float], int]) -> float:
    # A little is taken off before rounding up and added before rounding down: what has two digits already stays.
    digits = 1 - math.floor(math.log10(rate))
    slack = -1e-9 if rounded is math.ceil else 1e-9
    return float(f"{rounded(rate * 10**digits + slack)}e{-digits}")
