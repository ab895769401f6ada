"""alikely duplicates."""

from pathlib import Path
from typing import Annotated

import typer

from alikely.cli.app import AsJson, Items, OwnCode, app
from alikely.cli.finding import print_groups, print_pairs, say_written, tell
from alikely.cli.output import print_json, say_skipped


@app.command(short_help="Find the items of SOURCE that are copies of each other.")
def duplicates(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="folder, or a table (CSV, JSONL, Parquet), of items")
    ],
    model: Annotated[
        Path | None, typer.Option(help="folder of a trained model that says what is alike [default: how pictures look]")
    ] = None,
    items: Items = None,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="keep here what was looked at: a further run reads only new items"),
    ] = None,
    fmr: Annotated[
        float | None,
        typer.Option(
            help="false-match rate of each pair [default: with a model, the strictest that its calibration can bear; "
            "else such that about 5 % of what is found is wrong, or a pair in all]"
        ),
    ] = None,
    confidence: Annotated[
        float | None,
        typer.Option(help="with a model: confidence that the rate is kept; 0: none [default: its own]"),
    ] = None,
    groups: Annotated[bool, typer.Option("--groups", help="show and write groups, not pairs")] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="write all that is found to this file")] = None,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Find the items of SOURCE that are copies of each other: exactly alike, or saved anew, resized, cut, mirrored.

    With a model: those that it calls the same, of any kind of items. Without one, it is said how many pairs lie beyond
    the limit, and which --fmr shows them. Exit code: 0 done, 1 some items could not be read (they are named, the
    others go on), 2 error.
    """
    from alikely.neighbours import check_csv
    from alikely.storage import load_model
    from alikely.tasks.duplicates import duplicates as find
    from alikely.training.progress import Terminal

    check_csv(out)
    with Terminal() as terminal:
        loaded = None if model is None else load_model(model, own_code=own_code)
        found = find(source, loaded, state, fmr, confidence, items or "auto", terminal.done)
        tell(found.pairs, terminal.note)
    say_skipped(found.pairs.skipped)
    shown = found.groups if groups else found.pairs
    if out is not None:
        shown.save(out)
    if as_json:
        print_json({**found.to_dict(), "out": None if out is None else str(out)})
    else:
        if groups:
            print_groups(found.groups)
        else:
            print_pairs(found.pairs)
        say_written(out, len(shown))
    raise typer.Exit(found.exit_code)
