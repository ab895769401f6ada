"""alikely embed, alikely inspect."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alikely.cli.app import AsJson, ModelFolder, OwnCode, SkipBad, app
from alikely.cli.output import print_json, print_rows, say, say_skipped

if TYPE_CHECKING:
    from alikely.calibration import Calibration

MOST_SHOWN = 6  # of a list


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


@app.command(short_help="Show what MODEL is and how it was made.")
def inspect(model: ModelFolder, own_code: OwnCode = False, as_json: AsJson = False) -> None:
    """Show what MODEL is: encoder, distance, items, training, data, quality, calibration."""
    from alikely.item_words import lines_of
    from alikely.storage import describe, load_model

    loaded = load_model(model, own_code=own_code)
    described = describe(loaded)
    if loaded.calibration is not None:
        described["calibration"] = _summary(loaded.calibration)
    if as_json:
        print_json(described)
    else:
        # What its items are in words, not all tokens or categories that are known.
        items = lines_of(loaded.preparation)
        rows = [("items", items[0]), *(("", line) for line in items[1:])]
        others = [(key, part) for key, part in described.items() if not key.startswith("preparation")]
        rows += [(key, _shown(value)) for part in others for key, value in _flat(*part)]
        print_rows(str(model), ("", "value"), rows)


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


def _shown(value: object) -> str:
    """A value for people; long lists by their beginning (--json has them whole)."""
    if value is None or value == {} or value == []:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return " ".join(f"{key} {_shown(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        more = f" ... ({len(value):,} in all)" if len(value) > MOST_SHOWN else ""
        return ", ".join(_shown(inner) for inner in value[:MOST_SHOWN]) + more
    return str(value)
