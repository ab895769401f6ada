"""A CALIBRATION -> WHAT EACH THRESHOLD DOES: error rates, costs, the pairs that change sides."""

from alikely.thresholds.changing import ChangingKind, ChangingPair, ChangingPairs, changing_pairs
from alikely.thresholds.figures import ThresholdFigures, threshold_figures

__all__ = [
    "threshold_figures",
    "ThresholdFigures",
    "changing_pairs",
    "ChangingPairs",
    "ChangingKind",
    "ChangingPair",
]
