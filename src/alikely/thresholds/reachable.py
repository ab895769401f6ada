"""Any threshold -> the one beside it that a false-match rate and a confidence ask for, with these."""

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context

import numpy as np
from jaxtyping import Float, Int

from alikely.calibration import Calibration
from alikely.calibration.record import check_confidence
from alikely.errors import SettingsError

FEWEST_DIGITS, MOST_DIGITS = 2, 17  # of a rate, as it is written down


@dataclass(frozen=True)
class Reachable:
    """`Calibration.threshold(fmr=fmr, confidence=confidence)` is exactly `threshold`."""

    threshold: float
    fmr: float
    confidence: float


def reachable(calibration: Calibration, threshold: float, confidence: float | None = None) -> Reachable:
    """The threshold at or above this one with the same promised false-match rate that refuses the fewest same pairs.

    Between two thresholds with one promise, none can be asked for by a rate: the loosest of them costs nothing more.
    Without a promise (a confidence of 0) it is the smallest whose rate the pairs can show at all. `confidence` None is
    the calibration's own. Beyond the last known threshold, that one. Raises SettingsError for a threshold that is
    negative or not finite, or a confidence that is none.
    """
    if not 0 <= threshold < math.inf:
        raise SettingsError(f"a threshold must be a distance, finite and 0 or more, got {threshold}")
    sure = calibration.confidence if confidence is None else confidence
    check_confidence(sure)
    bounds = calibration.curve.false_matches.bound(sure)
    place = min(int(np.searchsorted(calibration.curve.thresholds, threshold, side="left")), len(bounds) - 1)
    reached = int(_reached(calibration, bounds, sure)[place])
    lowest = max(float(bounds[reached]), _smallest(calibration, sure))
    rate = _written(lowest, float(bounds[reached + 1]) if reached + 1 < len(bounds) else math.inf)
    return Reachable(calibration.threshold(fmr=rate, confidence=sure), rate, sure)


def all_reachable(calibration: Calibration, confidence: float) -> Int[np.ndarray, " points"]:
    """For each threshold of the calibration's curve the position of the one that `reachable` gives."""
    return _reached(calibration, calibration.curve.false_matches.bound(confidence), confidence)


def _reached(
    calibration: Calibration, bounds: Float[np.ndarray, " points"], confidence: float
) -> Int[np.ndarray, " points"]:
    lowest = np.maximum(bounds, _smallest(calibration, confidence))
    places: Int[np.ndarray, " points"] = np.searchsorted(bounds, lowest, side="right") - 1
    return places


def _smallest(calibration: Calibration, confidence: float) -> float:
    """Without a promise, no smaller rate than one pair can be asked for."""
    return 1 / calibration.different_pairs if confidence == 0 else 0.0


def _written(rate: float, below: float) -> float:
    """The shortest decimal from `rate` up that is less than `below`, and no more than 1."""
    for digits in range(FEWEST_DIGITS, MOST_DIGITS):
        short = float(Context(prec=digits, rounding=ROUND_CEILING).create_decimal_from_float(rate))
        if rate <= short < below and short <= 1:
            return short
    return rate
