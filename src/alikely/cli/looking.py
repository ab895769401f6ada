"""alikely embed, alikely inspect."""

from pathlib import Path
from typing import Annotated

import typer

from alikely.cli.app import AsJson, ModelFolder, SkipBad, app
from alikely.cli.output import print_json, print_rows


@app.command()
def embed(
    model: ModelFolder,
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="folder, table or one picture; labels are kept where it has them")
    ],
    out: Annotated[Path, typer.Option(help="file to write: .npz or .parquet")],
    skip_bad: SkipBad = False,
    as_json: AsJson = False,
) -> None:
    """Write the embedding of every item of SOURCE to a file, with its name and label."""
    from alikely.evaluation import embed_to_file
    from alikely.storage import load_model
    from alikely.training.progress import Terminal

    with Terminal() as terminal:
        done = embed_to_file(load_model(model), source, out, skip_bad, terminal.done)
    if as_json:
        skipped = [{"item": name, "problem": problem} for name, problem in done.skipped]
        print_json({"out": str(out), "items": done.items, "dim": done.dim, "skipped": skipped})
        return
    typer.echo(f"{done.items:,} embeddings of {done.dim} numbers written to {out}")
    for name, problem in done.skipped:
        typer.echo(f"left out: {name}: {problem}", err=True)


@app.command()
def inspect(model: ModelFolder, as_json: AsJson = False) -> None:
    """Show what MODEL is: encoder, distance, preparation, training, data, quality, threshold."""
    from alikely.storage import describe, load_model

    loaded = load_model(model)
    described = describe(loaded)
    if loaded.calibration is not None:
        described["threshold"] = loaded.calibration.decide(0.0).to_dict()
    if as_json:
        print_json(described)
    else:
        rows = [(key, str(value)) for part in described.items() for key, value in _flat(*part)]
        print_rows(str(model), ("", "value"), rows)


def _flat(name: str, value: object) -> list[tuple[str, object]]:
    if isinstance(value, dict) and value:
        return [row for key, inner in value.items() for row in _flat(f"{name}.{key}", inner)]
    return [(name, value)]
