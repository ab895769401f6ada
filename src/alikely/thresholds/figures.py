"""A calibration and what errors cost in; what each of its thresholds does, and which is the cheapest, out."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from alikely.calibration import Calibration
from alikely.calibration.record import check_confidence
from alikely.errors import CalibrationError
from alikely.metrics import DetectionCosts


@dataclass(frozen=True, eq=False)
class ThresholdFigures:
    """A row for each threshold of a calibration's curve, ascending.

    fmr, fnmr: as found on the held-back pairs; fmr_bound, fnmr_bound: at most so on identities never seen, with
    `confidence` (with 0 the same as found). cost: the expected cost of a decision by the rates found (see
    `DetectionCosts`); false_matches, false_non_matches: the shares of all decisions that go wrong so, at the prior.

    `default` is the model's own threshold and `cheapest` that with the smallest cost; None: accept nothing.
    """

    thresholds: Float[np.ndarray, " points"]
    fmr: Float[np.ndarray, " points"]
    fnmr: Float[np.ndarray, " points"]
    fmr_bound: Float[np.ndarray, " points"]
    fnmr_bound: Float[np.ndarray, " points"]
    cost: Float[np.ndarray, " points"]
    false_matches: Float[np.ndarray, " points"]
    false_non_matches: Float[np.ndarray, " points"]
    confidence: float
    costs: DetectionCosts
    same_pairs: int
    different_pairs: int
    default: float | None
    cheapest: float | None
    cost_of_none: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        rows = {name: value.tolist() for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        return {
            **rows,
            "confidence": self.confidence,
            "prior": self.costs.prior,
            "false_match_cost": self.costs.false_alarm,
            "false_non_match_cost": self.costs.miss,
            "pairs": {"same": self.same_pairs, "different": self.different_pairs},
            "default": self.default,
            "cheapest": self.cheapest,
            "cost_of_none": self.cost_of_none,
        }


def threshold_figures(
    calibration: Calibration, confidence: float | None = None, costs: DetectionCosts | None = None
) -> ThresholdFigures:
    """What all thresholds do. `confidence` None is the calibration's own.

    Raises SettingsError for a confidence that is none.
    """
    sure = calibration.confidence if confidence is None else confidence
    check_confidence(sure)
    paid, curve = costs or DetectionCosts(), calibration.curve
    cheapest = calibration.cheapest(paid.prior, paid.false_alarm, paid.miss)
    return ThresholdFigures(
        thresholds=curve.thresholds,
        fmr=curve.fmr,
        fnmr=curve.fnmr,
        fmr_bound=curve.false_matches.bound(sure),
        fnmr_bound=curve.false_non_matches.bound(sure),
        cost=paid.at(curve.fmr, curve.fnmr),
        false_matches=(1 - paid.prior) * curve.fmr,
        false_non_matches=paid.prior * curve.fnmr,
        confidence=sure,
        costs=paid,
        same_pairs=calibration.same_pairs,
        different_pairs=calibration.different_pairs,
        default=_default(calibration),
        cheapest=cheapest if cheapest > -math.inf else None,
        cost_of_none=paid.miss * paid.prior,
    )


def _default(calibration: Calibration) -> float | None:
    try:
        threshold = calibration.threshold(fmr=calibration.default_fmr)
    except CalibrationError:
        return None
    return threshold if threshold > -math.inf else None
