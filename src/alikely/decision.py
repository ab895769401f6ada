"""The answer about two items: same, different or unsure, with the figures behind it."""

import math
from dataclasses import dataclass
from typing import Any, Literal

from alikely.metrics import percent

Verdict = Literal["same", "different", "unsure"]

DIGITS, EVERY_DIGIT = 3, 17  # of a distance; what differs at all differs in the 17th


@dataclass(frozen=True)
class Decision:
    """Whether two items are the same, and what speaks for it.

    `probability` (0..1) is the chance that they are the same, calibrated on identities held back from training.
    `distance` is 0 for alike; at or below `threshold` the verdict is "same", and `fmr` is the false-match rate that
    the threshold keeps on identities never seen, with this `confidence` (0: the rate on the held-back pairs, no promise
    for others). A threshold of -inf accepts nothing. With an unsure band, `upper` is the threshold set likewise for the
    false non-match rate `fnmr`: above it the verdict is "different", between the two "unsure".
    """

    verdict: Verdict
    probability: float
    distance: float
    threshold: float
    fmr: float
    upper: float | None = None
    fnmr: float | None = None
    confidence: float = 0.0

    @property
    def exit_code(self) -> int:
        """For the command line: 0 same, 1 different, 3 unsure (2 is an error)."""
        return {"same": 0, "different": 1, "unsure": 3}[self.verdict]

    def sentence(self) -> str:
        """The decision in one line for people."""
        borders = [border for border in (self.threshold, self.upper) if border is not None and border > -math.inf]
        distance, *said = shown_apart(self.distance, *borders)
        if self.threshold == -math.inf:
            limits = f"no threshold keeps a false-match rate of {percent(self.fmr)}"
        else:
            limits = f"threshold {said[0]} for a false-match rate of {self._kept(self.fmr)}"
        if self.upper is not None and self.fnmr is not None:
            limits += f", {said[-1]} for a false non-match rate of {self._kept(self.fnmr)}"
        chance = f"probability of same {chance_of(self.probability)}"
        return f"{self.verdict} ({chance}; distance {distance}, {limits}){self._why()}"

    def _why(self) -> str:
        """What may surprise: a verdict against the likelier of the two."""
        if self.verdict == "different" and self.probability >= 0.5 and self.threshold > -math.inf:
            return ": likelier the same than not, but not near enough to keep that rate"
        return ""

    def _kept(self, rate: float) -> str:
        return f"at most {percent(rate)}" if self.confidence else f"{percent(rate)}, an estimate"

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the fields by name. A `threshold` of null accepts nothing; without a band `upper` is null."""
        return {
            "verdict": self.verdict,
            "probability": self.probability,
            "distance": self.distance,
            "threshold": None if self.threshold == -math.inf else self.threshold,
            "fmr": self.fmr,
            "upper": self.upper,
            "fnmr": self.fnmr,
            "confidence": self.confidence,
        }


def shown(distance: float) -> str:
    """A distance for people."""
    return _written(distance, DIGITS)


def shown_apart(*distances: float) -> tuple[str, ...]:
    """The distances of one sentence for people, all with as many digits as those that differ take to look different."""
    for digits in range(DIGITS, EVERY_DIGIT):
        said = tuple(_written(distance, digits) for distance in distances)
        if len(set(map(float, said))) == len(set(distances)):
            return said
    return tuple(_written(distance, EVERY_DIGIT) for distance in distances)


def _written(distance: float, digits: int) -> str:
    return f"{distance:.{digits}f}" if distance >= 0.1 else f"{distance:.{digits}g}"


def chance_of(probability: float) -> str:
    """A probability for people."""
    # Rounding must not turn "very likely" into "certain".
    if probability >= 0.995:
        return "over 0.99"
    if probability < 0.005:
        return "under 0.01"
    return f"{probability:.2f}"
