"""What is served -> what it is, for the page and for programs: no path of this machine, no name of an identity."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from alikely.calibration import Calibration, distributions_of
from alikely.card import calibrated_unlearned, estimate_of, model_card, rests_on, title_of
from alikely.errors import AlikelyError
from alikely.gallery import Gallery
from alikely.item_words import lines_of
from alikely.metrics.intervals import Estimate
from alikely.model import SiameseModel
from alikely.recalibration.points import promised_rates
from alikely.server.held import NO_MODEL, Served
from alikely.server.problems import RefusedError
from alikely.storage import CARD, describe
from alikely.training.page import REPORT

# What of a model's record holds a path, whether or not it begins at the root.
SOURCES = ("source", "calibrated_on")
# What of its data is not told: names of identities, items by their names, and what tells who was learned from.
HIDDEN = ("labels", "findings", "learned")


def model_told(served: Served) -> dict[str, Any]:
    """What the model is: as `alikely inspect --json`, but no tokens, labels and names of items; its items in words."""
    model = served.require_model()
    described = describe(model)
    del described["preparation"], described["preparation_files"]
    data = {name: value for name, value in described.get("data", {}).items() if name not in HIDDEN}
    found = described.get("data", {}).get("findings", [])
    return {
        "name": name_of_model(served),
        "kind": model.preparation.kind,
        "items": lines_of(model.preparation),
        "dim": model.dim,
        "weights": sum(tensor.numel() for tensor in model.encoder.parameters()),
        "hash": model.fingerprint(),
        "calibrated": model.calibration is not None,
        "figures": figures_told(described.get("evaluation") or {}),
        "report": report_of(served) is not None,
        "findings": [{name: one.get(name) for name in ("check", "severity", "what", "count")} for one in found],
        **_without_paths({**described, "data": data}),
    }


def figures_told(evaluation: dict[str, Any]) -> list[dict[str, Any]]:
    """The figures of an evaluation that have intervals, for people: name, what it is, value, both ends, why there is
    none (of too few pairs there is none; `evaluation` keeps the numbers)."""
    names = [name for name in evaluation if f"{name}_interval" in evaluation and not name.startswith("tar_at_far_")]
    return [_figure_told(name, estimate_of(evaluation, name)) for name in names]


def calibration_told(model: SiameseModel, calibration: Calibration) -> dict[str, Any]:
    """What the calibration of a model promises, and what is drawn of it: its curve and both distributions."""
    curve, sure = calibration.curve, calibration.confidence
    return {
        "distance": calibration.distance,
        "model": calibration.model,
        "pairs": {"same": calibration.same_pairs, "different": calibration.different_pairs},
        "identities": calibration.identities,
        **basis_told(model),
        "default_fmr": calibration.default_fmr,
        "confidence": sure,
        "note": calibration.note,
        "smallest": {"fmr": calibration.bearable("fmr"), "fnmr": calibration.bearable("fnmr")},
        "promises": [promise.to_dict() for promise in promised_rates(calibration, None)],
        "curve": {
            "thresholds": curve.thresholds.tolist(),
            "fmr": curve.fmr.tolist(),
            "fnmr": curve.fnmr.tolist(),
            "fmr_bound": curve.false_matches.bound(sure).tolist(),
            "fnmr_bound": curve.false_non_matches.bound(sure).tolist(),
        },
        "distributions": distributions_of(curve).to_dict(),
    }


def basis_told(model: SiameseModel) -> dict[str, Any]:
    """Whom the calibration was made of, in words; whether the model did not learn from them, null: nobody knows."""
    return {"rests_on": rests_on(model), "unlearned": calibrated_unlearned(model)}


def card_told(served: Served) -> dict[str, str]:
    """The model card, as it lies in the model's folder: as Markdown, and as HTML in which no HTML of its own counts."""
    model, folder = served.require_model(), served.folders.model
    assert folder is not None  # where there is a model
    try:
        text = (folder / CARD).read_text(encoding="utf-8", errors="backslashreplace")
    except OSError:
        text = model_card(model, name_of_model(served))
    for path in sorted(_paths(model.record), key=len, reverse=True):
        text = text.replace(path, Path(path).name)
    return {"markdown": text, "html": MarkdownIt("commonmark", {"html": False}).enable("table").render(text)}


def report_of(served: Served) -> Path | None:
    """The report that training wrote into the model's folder; None where there is none, or a link in its place."""
    if served.folders.model is None:
        return None
    path = served.folders.model / REPORT
    return path if path.is_file() and not path.is_symlink() else None


def drift_told(served: Served) -> list[dict[str, Any]]:
    """For each gallery its size, and whether distances in use have moved; in `reason` why that is not known."""
    return [
        {"name": name, "templates": len(gallery), "identities": len(gallery.identities()), **_drift(gallery)}
        for name, gallery in served.galleries.items()
    ]


def name_of_model(served: Served) -> str:
    """The name of the model's folder."""
    if served.folders.model is None:
        raise RefusedError(404, "no_model", NO_MODEL)
    return served.folders.model.resolve().name


def _figure_told(name: str, estimate: Estimate) -> dict[str, Any]:
    return {
        "name": name,
        "title": title_of(name),
        "value": estimate.value,
        "interval": None if estimate.low is None else [estimate.low, estimate.high],
        "reason": estimate.reason,
    }


def _drift(gallery: Gallery) -> dict[str, Any]:
    if gallery.inside.model.calibration is None:
        return {"drift": None, "reason": "the model has no calibration to compare with; calibrate it"}
    if gallery.log is None:
        return {"drift": None, "reason": "it lies on a server, so no log of its distances is kept beside it"}
    if not gallery.log.is_file():
        return {"drift": None, "reason": "no distances were kept yet: verify or identify somebody in it"}
    try:
        return {"drift": gallery.drift().to_dict(), "reason": None}
    except AlikelyError as error:
        return {"drift": None, "reason": str(error).replace(str(gallery.log), gallery.log.name)}


def _without_paths(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _named(key, one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_paths(one) for one in value]
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value


def _named(key: str, value: Any) -> Any:
    return Path(value).name if key in SOURCES and isinstance(value, str) else _without_paths(value)


def _paths(value: Any, key: str = "") -> Iterator[str]:
    """All texts in a record that `_without_paths` would shorten."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _paths(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from _paths(one)
    elif isinstance(value, str) and value and (key in SOURCES or Path(value).is_absolute()):
        yield value
