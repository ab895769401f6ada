"""A model -> what it is and what it was made of, in rows for people; `storage.describe` has all of it."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from alikely.card import TITLES, counts_of, figures_of, lasted, title_of, whose
from alikely.config import TrainSettings
from alikely.item_words import lines_of
from alikely.metrics import percent
from alikely.model import SiameseModel

Rows = list[tuple[str, str]]  # name, value


def rows_of_model(model: SiameseModel) -> Rows:
    """What a model is, in the words of its card; what there is nothing to say of is left out."""
    record = model.record
    weights = sum(tensor.numel() for tensor in model.encoder.parameters())
    return [
        *_under("items", lines_of(model.preparation)),
        ("encoder", f"{model.encoder_name}, {weights:,} weights, embeddings of {model.dim} numbers"),
        ("distance", model.distance_name),
        *_training(record.get("training", {})),
        *_data(record.get("data", {})),
        *_quality(record.get("evaluation")),
        *_calibration(model),
        *_export(record.get("export")),
        *_under("versions", [", ".join(f"{name} {said}" for name, said in record.get("versions", {}).items())]),
    ]


def _under(name: str, lines: Sequence[str]) -> Rows:
    """Lines under one name, which stands before the first of them."""
    return [(name if place == 0 else "", line) for place, line in enumerate(lines) if line]


def _training(training: Mapping[str, Any]) -> Rows:
    if not training:
        return []
    defaults = TrainSettings().model_dump(mode="json")
    settings = training.get("settings", {})
    chosen = [f"{name} = {json.dumps(value)}" for name, value in settings.items() if value != defaults.get(name)]
    took = f", in {training['seconds']:,.0f} seconds" if "seconds" in training else ""
    return [
        ("training", lasted(training) + took),
        *_under("settings", [*chosen, "others at their defaults (docs/settings.md)"] if settings else []),
        *_under("alarms during the training", training.get("alarms", [])),
    ]


def _data(data: Mapping[str, Any]) -> Rows:
    if not data:
        return []
    parts = data.get("parts", {})
    counts = [
        (f"used for {TITLES[part]}", ", ".join(f"{count:,} {kind}" for kind, count in found.items() if count))
        for part, found in parts.items()
        if part in TITLES
    ]
    left_out = {
        "pairs between parts, left out": parts.get("dropped_pairs", 0),
        "items that could not be read, left out": data.get("skipped", 0),
    }
    return [
        ("data", f"{data.get('source')}: {data.get('items', 0):,} items"),
        *_under("fingerprint of the data", [data.get("fingerprint", "")[:16]]),
        *counts,
        *((name, f"{count:,}") for name, count in left_out.items() if count),
        *_under("found by the data checks", [finding["what"] for finding in data.get("findings", [])]),
    ]


def _quality(evaluation: Mapping[str, Any] | None) -> Rows:
    if not evaluation:
        return [("quality", "not measured on identities that were used for nothing else")]
    lines = [
        "measured on identities that were used for nothing else:",
        counts_of(evaluation),
        f"in brackets: the {percent(evaluation['confidence'])} interval over identities",
    ]
    rows = _under("quality", lines)
    for name, value, remark in figures_of(evaluation):
        title = re.sub(r" \([^)]*\)", "", title_of(name))  # as a table of figures names it: without what it means
        rows.append((title, f"{value} ({remark})" if remark else value))
    found = evaluation.get("at_threshold")
    if found is not None:
        set_for = f"its threshold was set for {percent(found['wanted_fmr'])}"
        rows.append(("FMR of the model's verdicts", f"{percent(found['fmr'])}; {set_for}"))
        rows.append(("FNMR of the model's verdicts", percent(found["fnmr"])))
    return rows


def _calibration(model: SiameseModel) -> Rows:
    found = model.calibration
    if found is None:
        return [("calibration", "none: distances, but no verdicts")]
    threshold, rate = found.threshold(fmr=found.default_fmr), percent(found.default_fmr)
    sure = (
        f"with {percent(found.confidence)} confidence" if found.confidence else "as found, nothing promised for others"
    )
    pairs = f"{found.same_pairs:,} same and {found.different_pairs:,} different pairs"
    return [
        (
            "same at a distance of at most",
            "none: every pair is called different" if math.isinf(threshold) else f"{threshold:.4g}",
        ),
        ("false-match rate of that", f"at most {rate}, {sure}"),
        ("calibrated on", f"{pairs} of {whose(model)}"),
        *_under("note", [found.note or ""]),
    ]


def _export(proof: Mapping[str, Any] | None) -> Rows:
    if proof is None:
        return []
    rows = [
        (
            "export",
            f"encoder.onnx, {proof['precision']}; measured on {proof['measured_on']} ({proof['items']:,} items)",
        ),
        ("largest difference", f"{proof['largest_difference']:.1e}"),
    ]
    if proof["eer"] is not None:
        rows.append(("EER of the export", f"{percent(proof['eer'])} (of the original: {percent(proof['eer_before'])})"))
    for batch, found in proof["times_as_fast"].items():
        rows.append((f"speed at {batch.replace('_', ' ')}", f"{found['times']:.2g} times as fast"))
    return rows
