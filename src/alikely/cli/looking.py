"""alikely embed, alikely inspect."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alikely.cli.app import AsJson, ModelFolder, OwnCode, SkipBad, app
from alikely.cli.output import print_json, print_rows, say, say_skipped

if TYPE_CHECKING:
    from alikely.calibration import Calibration

MOST_SHOWN = 6  # of a list
EMPTY: tuple[object, ...] = (None, {}, [])  # what says nothing


@app.command(short_help="Write the embeddings of SOURCE to a file.")
def embed(
    model: ModelFolder,
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="folder, table or one item; labels are kept where it has them")
    ],
    out: Annotated[Path, typer.Option(help="file to write: .npz or .parquet")],
    skip_bad: SkipBad = False,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Write the embedding of every item of SOURCE to a file, with its name and label.

    One item: the path of a picture or sequence, the text itself, a row as a JSON object, an embedding as a JSON list.
    """
    from alikely.data.sources import read_said
    from alikely.embedding import embed_to_file
    from alikely.storage import load_model
    from alikely.training.progress import Terminal

    with Terminal() as terminal:
        loaded = load_model(model, own_code=own_code)
        items = read_said(source, loaded.preparation.kind)
        done = embed_to_file(loaded, items, out, skip_bad, terminal.done)
    say_skipped(done.skipped)
    if as_json:
        skipped = [{"item": name, "problem": problem} for name, problem in done.skipped]
        print_json({"out": str(out), "items": done.items, "dim": done.dim, "skipped": skipped})
        return
    say(f"{done.items:,} embedding{'' if done.items == 1 else 's'} of {done.dim} numbers written to {out}")


@app.command(short_help="Show what a folder is that Alikely wrote: a model, gallery, detector ...")
def inspect(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="of a model, gallery, detector, recommender, answers, or of a service"),
    ],
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Show what FOLDER is. Of a model: encoder, distance, items, training, data, quality, calibration.

    Of a gallery, detector, recommender or answers: the items, how many, the model, and what else it is made of. Of the
    folder of a service (serve --state): what people said on its pages.
    """
    from alikely.inspecting import inspect as inspected
    from alikely.inspecting import what_is

    if what_is(folder) == "model":
        print_model(folder, own_code, as_json)
        return
    found = inspected(folder, own_code)
    if as_json:
        print_json(found.to_dict())
    else:
        print_rows(str(folder), ("", "value"), found.rows)


def print_model(folder: Path, own_code: bool, as_json: bool) -> None:
    """What a model is."""
    from alikely.item_words import lines_of
    from alikely.storage import describe, load_model

    loaded = load_model(folder, own_code=own_code)
    described = describe(loaded)
    if loaded.calibration is not None:
        described["calibration"] = _summary(loaded.calibration)
    if as_json:
        print_json({"what": "model", **described})
    else:
        print_rows(str(folder), ("", "value"), rows_of(described, lines_of(loaded.preparation)))


def rows_of(described: Mapping[str, Any], items: Sequence[str]) -> list[tuple[str, str]]:
    """What a model is, for people: its items in words, of the settings those that were chosen; --json has all.

    `items` are the lines about them; not all tokens or categories that are known.
    """
    data, training = described.get("data", {}), described.get("training", {})
    calibration = described.get("calibration")
    if calibration is not None and calibration["threshold"] is None:
        calibration = {**calibration, "threshold": "none: every pair is called different"}
    parts = {
        **described,
        "evaluation": described.get("evaluation") or "not measured",
        "calibration": calibration or "none: distances, but no verdicts",
        "training": {
            **({"settings": _chosen(training["settings"])} if "settings" in training else {}),
            **{key: value for key, value in training.items() if key not in ("settings", "alarms")},
        },
        "data": {key: value for key, value in data.items() if key not in ("findings", "labels", "learned")},
    }
    rows = _under("items", items)
    for key, part in parts.items():
        if not key.startswith("preparation"):
            rows += [(name, _shown(name, value)) for name, value in _flat(key, part) if value not in EMPTY]
        if key == "training":
            rows += _under("training.alarms", training.get("alarms", []))
        if key == "data":
            findings = [f"{finding['check']}: {finding['what']}" for finding in data.get("findings", [])]
            rows += _under("data.findings", findings)
    return rows


def _chosen(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that are not at their defaults; what is not said of the others is said in a line of its own."""
    from alikely.config import TrainSettings

    defaults = TrainSettings().model_dump(mode="json")
    chosen = {name: value for name, value in settings.items() if value != defaults.get(name)}
    return {**chosen, "others": "at their defaults (docs/settings.md)"}


def _under(name: str, lines: Sequence[str]) -> list[tuple[str, str]]:
    """Lines under one name, which stands before the first of them."""
    return [(name if place == 0 else "", line) for place, line in enumerate(lines)]


def _summary(calibration: "Calibration") -> dict[str, object]:
    threshold = calibration.threshold(fmr=calibration.default_fmr)
    return {
        "threshold": threshold if threshold >= 0 else None,  # None accepts nothing
        "fmr": calibration.default_fmr,
        "confidence": calibration.confidence,
        "same_pairs": calibration.same_pairs,
        "different_pairs": calibration.different_pairs,
        "identities": calibration.identities,
        "note": calibration.note,
    }


def _flat(name: str, value: object) -> list[tuple[str, object]]:
    if isinstance(value, dict) and value:
        return [row for key, inner in value.items() for row in _flat(f"{name}.{key}", inner)]
    return [(name, value)]


def _shown(name: str, value: object) -> str:
    """A value for people; long lists by their beginning (--json has them whole)."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, int):
        return str(value) if name.endswith("seed") else f"{value:,}"
    if isinstance(value, dict):
        return " ".join(f"{key} {_shown(key, inner)}" for key, inner in value.items())
    if isinstance(value, list):
        more = f" ... ({len(value):,} in all)" if len(value) > MOST_SHOWN else ""
        between = " to " if name.endswith("_interval") else ", "
        return between.join(_shown(name, inner) for inner in value[:MOST_SHOWN]) + more
    return str(value)


def _number(value: float) -> str:
    """Four digits, and those before the point all: 26,630 or 0.406, 0.00002 as well, never with an exponent."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = 4 if value == 0 else max(0, 3 - math.floor(math.log10(abs(value))))
    said = f"{value:.{digits}f}"
    return said.rstrip("0").rstrip(".") if "." in said else said
