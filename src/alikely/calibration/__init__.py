"""Distances of held-back pairs -> a probability for any distance, and a threshold for a wanted error rate.

evidence       how many independent pairs the pairs are worth: how high an error rate may be on others
curve        thresholds with their error rates and bounds, few enough to keep with a model
distributions  how the distances of either kind are spread, to be drawn
probability  how much a distance speaks for "same"
record       both, kept with a model: Calibration, and its way to JSON
reading      the way back
fitting      calibrate(...): made from pairs
quality      how far the probabilities hold on other identities
personal     several references of one identity: a threshold of its own
"""

from alikely.calibration.curve import OperatingCurve, RatesAt
from alikely.calibration.distributions import Distributions, distributions_of
from alikely.calibration.evidence import Evidence
from alikely.calibration.fitting import calibrate
from alikely.calibration.personal import PersonalCalibration, Spread, calibrate_personal, reference_pairs
from alikely.calibration.probability import ProbabilityMap
from alikely.calibration.quality import ProbabilityQuality, ReliabilityBin, probability_quality, quality_on_others
from alikely.calibration.reading import calibration_from
from alikely.calibration.record import Calibration
from alikely.metrics.estimates import FEWEST_PAIRS

__all__ = [
    "calibrate",
    "Calibration",
    "calibration_from",
    "OperatingCurve",
    "RatesAt",
    "Distributions",
    "distributions_of",
    "Evidence",
    "ProbabilityMap",
    "ProbabilityQuality",
    "ReliabilityBin",
    "probability_quality",
    "quality_on_others",
    "PersonalCalibration",
    "Spread",
    "calibrate_personal",
    "reference_pairs",
    "FEWEST_PAIRS",
]
