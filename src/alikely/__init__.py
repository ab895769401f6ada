"""Alikely: Siamese networks, from examples of what is alike to same-or-different decisions with known error rates.

    import alikely

    model, history, report = alikely.train("faces", out="face-model")
    print(model.compare("left.jpg", "right.jpg").sentence())

Everything below is loaded when it is first used: importing alikely takes milliseconds.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alikely.calibration import PersonalCalibration, calibrate_personal
    from alikely.config import TrainSettings
    from alikely.data.checks import Finding, check_examples
    from alikely.data.sources import examples_from, examples_from_records, parse_item, read_source
    from alikely.decision import Decision
    from alikely.errors import AlikelyError
    from alikely.explaining import Explanation, explain
    from alikely.export import Exported, export_model
    from alikely.gallery import Gallery, Identification, Joining
    from alikely.model import SiameseModel
    from alikely.recalibration import calibrate_embeddings, calibrate_model, calibrate_scores, load_calibration
    from alikely.storage import load_model, save_calibration, save_model
    from alikely.tasks.anomaly import Detector, DetectorSettings, fit_detector, load_detector, save_detector
    from alikely.tasks.duplicates import Duplicates, duplicates
    from alikely.tasks.recommend import (
        Recommender,
        RecommendSettings,
        fit_recommender,
        load_recommender,
        save_recommender,
    )
    from alikely.tasks.sentences import Answers, group_texts, learn_answers, paraphrases
    from alikely.training import train
    from alikely.tuning import Tuned, tune
    from alikely.types import Examples, Pairs

# Every public name, and where it lives.
_PLACES = {
    "train": "alikely.training",
    "tune": "alikely.tuning",
    "Tuned": "alikely.tuning",
    "TrainSettings": "alikely.config",
    "load_model": "alikely.storage",
    "save_model": "alikely.storage",
    "calibrate_model": "alikely.recalibration",
    "calibrate_scores": "alikely.recalibration",
    "calibrate_embeddings": "alikely.recalibration",
    "load_calibration": "alikely.recalibration",
    "calibrate_personal": "alikely.calibration",
    "PersonalCalibration": "alikely.calibration",
    "save_calibration": "alikely.storage",
    "export_model": "alikely.export",
    "Exported": "alikely.export",
    "SiameseModel": "alikely.model",
    "Decision": "alikely.decision",
    "explain": "alikely.explaining",
    "Explanation": "alikely.explaining",
    "Gallery": "alikely.gallery",
    "Identification": "alikely.gallery",
    "Joining": "alikely.gallery",
    "read_source": "alikely.data.sources",
    "examples_from": "alikely.data.sources",
    "examples_from_records": "alikely.data.sources",
    "parse_item": "alikely.data.sources",
    "check_examples": "alikely.data.checks",
    "Finding": "alikely.data.checks",
    "fit_detector": "alikely.tasks.anomaly",
    "load_detector": "alikely.tasks.anomaly",
    "save_detector": "alikely.tasks.anomaly",
    "Detector": "alikely.tasks.anomaly",
    "DetectorSettings": "alikely.tasks.anomaly",
    "fit_recommender": "alikely.tasks.recommend",
    "load_recommender": "alikely.tasks.recommend",
    "save_recommender": "alikely.tasks.recommend",
    "Recommender": "alikely.tasks.recommend",
    "RecommendSettings": "alikely.tasks.recommend",
    "paraphrases": "alikely.tasks.sentences",
    "group_texts": "alikely.tasks.sentences",
    "learn_answers": "alikely.tasks.sentences",
    "Answers": "alikely.tasks.sentences",
    "duplicates": "alikely.tasks.duplicates",
    "Duplicates": "alikely.tasks.duplicates",
    "Examples": "alikely.types",
    "Pairs": "alikely.types",
    "AlikelyError": "alikely.errors",
}

__all__ = [
    "train",
    "tune",
    "Tuned",
    "TrainSettings",
    "load_model",
    "save_model",
    "calibrate_model",
    "calibrate_scores",
    "calibrate_embeddings",
    "load_calibration",
    "calibrate_personal",
    "PersonalCalibration",
    "save_calibration",
    "export_model",
    "Exported",
    "SiameseModel",
    "Decision",
    "explain",
    "Explanation",
    "Gallery",
    "Identification",
    "Joining",
    "read_source",
    "examples_from",
    "examples_from_records",
    "parse_item",
    "check_examples",
    "Finding",
    "fit_detector",
    "load_detector",
    "save_detector",
    "Detector",
    "DetectorSettings",
    "fit_recommender",
    "load_recommender",
    "save_recommender",
    "Recommender",
    "RecommendSettings",
    "paraphrases",
    "group_texts",
    "learn_answers",
    "Answers",
    "duplicates",
    "Duplicates",
    "Examples",
    "Pairs",
    "AlikelyError",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'alikely' has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
