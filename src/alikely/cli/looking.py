"""alikely embed, alikely inspect."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alikely.cli.app import AsJson, ModelFolder, OwnCode, SkipBad, app
from alikely.cli.output import print_json, print_rows, say, say_skipped

if TYPE_CHECKING:
    from alikely.calibration import Calibration


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
    from alikely.model_rows import rows_of_model
    from alikely.storage import describe, load_model

    loaded = load_model(folder, own_code=own_code)
    if not as_json:
        print_rows(str(folder), ("", "value"), rows_of_model(loaded))
        return
    described = describe(loaded)
    if loaded.calibration is not None:
        described["calibration"] = _summary(loaded.calibration)
    print_json({"what": "model", **described})


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
