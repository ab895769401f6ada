"""A model -> tables of what it is, what it was made from, and how."""

import json
from collections.abc import Mapping
from typing import Any

from alikely.metrics import percent
from alikely.model import SiameseModel
from alikely.report.content import Settings


def settings_of(model: SiameseModel) -> tuple[Settings, ...]:
    """What a second person needs to make the same model again; tables without a row are left out."""
    training = model.record.get("training", {})
    given = {name: value for name, value in training.get("settings", {}).items() if value not in (None, {}, [])}
    tables = (
        Settings("Model", _model(model)),
        Settings("Calibration", _calibration(model)),
        Settings("Data", _data(model.record.get("data", {}))),
        Settings("Training", _rows(given)),
        Settings("Versions", _rows(model.record.get("versions", {}))),
    )
    return tuple(table for table in tables if table.rows)


def _model(model: SiameseModel) -> tuple[tuple[str, str], ...]:
    weights = sum(tensor.numel() for tensor in model.encoder.parameters())
    return (
        ("encoder", f"{model.encoder_name}, {weights:,} weights"),
        ("embedding", f"{model.dim} numbers"),
        ("distance", model.distance_name),
        ("fingerprint", model.fingerprint()),
    )


def _calibration(model: SiameseModel) -> tuple[tuple[str, str], ...]:
    found = model.calibration
    if found is None:
        return ()
    return (
        ("identities", f"{found.identities:,}"),
        ("pairs", f"{found.same_pairs:,} same, {found.different_pairs:,} different"),
        ("false-match rate of the threshold", percent(found.default_fmr)),
        ("confidence", percent(found.confidence) if found.confidence else "none: the rate as it was found"),
        ("probability", found.probability_map.method),
        *((("note", found.note),) if found.note else ()),
    )


def _data(data: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    if not data:
        return ()
    parts = [
        (f"part: {part}", ", ".join(f"{count:,} {kind}" for kind, count in counts.items()))
        for part, counts in data.get("parts", {}).items()
        if isinstance(counts, dict)
    ]
    return (
        ("source", str(data.get("source"))),
        ("items", f"{data.get('items', 0):,}"),
        *parts,
        ("left out as unreadable", f"{data.get('skipped', 0):,}"),
        ("fingerprint", str(data.get("fingerprint", ""))),
    )


def _rows(values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value if isinstance(value, str) else json.dumps(value)) for name, value in values.items())
