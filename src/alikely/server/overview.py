"""What is served -> a line about each part of it: name, kind, sizes, whether calibrated; no path of this machine."""

from typing import Any

from alikely.model import SiameseModel
from alikely.server.held import Served


def overview(served: Served) -> dict[str, Any]:
    """For JSON: the model or null; lists of galleries, detectors, recommenders and answers, by name; the limits of a
    request."""
    return {
        "model": None
        if served.model is None or served.folders.model is None
        else {"name": served.folders.model.resolve().name, **_model(served.model)},
        "galleries": [{"name": name, "templates": len(gallery)} for name, gallery in served.galleries.items()],
        "detectors": [
            {"name": name, "kind": one.kind, "false_alarm_rate": one.rate, "confidence": one.confidence}
            for name, one in served.detectors.items()
        ],
        "recommenders": [{"name": name, "items": len(one.catalogue)} for name, one in served.recommenders.items()],
        "answers": [{"name": name, "questions": len(one.gallery)} for name, one in served.answers.items()],
        "limits": {
            "items": served.settings.items,
            "megabytes": served.settings.upload_mb,
            "megapixels": served.settings.pixels,
        },
    }


def _model(model: SiameseModel) -> dict[str, Any]:
    calibration = model.calibration
    return {
        "kind": model.preparation.kind,
        "dim": model.dim,
        "encoder": model.encoder_name,
        "distance": model.distance_name,
        "calibrated": calibration is not None,
        "fmr": None if calibration is None else calibration.default_fmr,
        "confidence": None if calibration is None else calibration.confidence,
    }
