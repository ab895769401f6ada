"""Distances of held-back pairs -> a probability for any distance, and a threshold for a wanted error rate.

curve        thresholds with their error rates, few enough to keep with a model
probability  how much a distance speaks for "same"
record       both, kept with a model: Calibration, and its way to JSON and back
fitting      calibrate(...): made from pairs
"""

from alikely.calibration.curve import OperatingCurve
from alikely.calibration.fitting import FEWEST_PAIRS, calibrate
from alikely.calibration.probability import ProbabilityMap
from alikely.calibration.record import Calibration, calibration_from

__all__ = ["calibrate", "Calibration", "calibration_from", "OperatingCurve", "ProbabilityMap", "FEWEST_PAIRS"]
