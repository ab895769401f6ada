"""A CALIBRATION -> WHAT EACH THRESHOLD DOES: error rates, costs, the pairs that change sides, and how to ask for it."""

from alikely.thresholds.reachable import Reachable, reachable

__all__ = ["Reachable", "reachable"]
