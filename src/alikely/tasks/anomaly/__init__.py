"""ANOMALIES: what is normal is learned from normal items; others get a p-value, a verdict at a kept rate, and why."""

from alikely.tasks.anomaly.answers import Answer, Reason
from alikely.tasks.anomaly.conformal import Normality
from alikely.tasks.anomaly.detector import Detector, Judged
from alikely.tasks.anomaly.fitting import fit_detector
from alikely.tasks.anomaly.settings import DetectorSettings
from alikely.tasks.anomaly.storage import load_detector, save_detector
from alikely.tasks.anomaly.stream import judge_lines

__all__ = [
    "fit_detector",
    "DetectorSettings",
    "Detector",
    "Judged",
    "Answer",
    "Reason",
    "Normality",
    "save_detector",
    "load_detector",
    "judge_lines",
]
