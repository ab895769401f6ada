"""A CALIBRATION -> WHAT EACH THRESHOLD DOES: error rates, costs, the pairs that change sides, and how to ask for it."""

from alikely.thresholds.changing import ChangingKind, ChangingPair, ChangingPairs, changing_pairs
from alikely.thresholds.figures import ThresholdFigures, threshold_figures
from alikely.thresholds.reachable import Reachable, reachable

__all__ = [
    "threshold_figures",
    "ThresholdFigures",
    "reachable",
    "Reachable",
    "changing_pairs",
    "ChangingPairs",
    "ChangingKind",
    "ChangingPair",
]
