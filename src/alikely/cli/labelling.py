"""alikely labels."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alikely.cli.app import AsJson, app
from alikely.cli.output import print_json, print_rows, say

if TYPE_CHECKING:
    from alikely.labelling import Labels


@app.command(short_help="What people said on the page Label: agreement, a table of pairs.")
def labels(
    state: Annotated[Path, typer.Argument(metavar="STATE", help="folder of the service (serve --state)")] = Path(
        "alikely-service"
    ),
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="write the pairs on which most agree, to train on or to calibrate by"),
    ] = None,
    drawn: Annotated[
        list[str] | None,
        typer.Option(help="write only pairs found so: unsure, near, random, control; may be repeated [default: all]"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how far those who labelled agree, and write what most of them said of each pair as a table of pairs.

    Pairs on which as many say same as different are left out, and named.
    """
    from alikely.labelling import labels_in, ways_of, write_pairs
    from alikely.server.state import State

    ways, found = ways_of(drawn), labels_in(State(state).labels)
    written = () if out is None else write_pairs(found, out, ways)
    if as_json:
        print_json({**found.to_dict(), "out": [str(path) for path in written]})
        return
    _print(found)
    for path in written:
        say(f"written: {path}")
    if written:
        say(f"The table has {found.written(ways)}.")


def _print(found: "Labels") -> None:
    rows = [
        (who, f"{sum(said.values()):,}", f"{said['same']:,}", f"{said['different']:,}", f"{said['skip']:,}")
        for who, said in found.by_labeller().items()
    ]
    print_rows("Answers", ("who", "answers", "same", "different", "skipped"), rows)
    for line in found.sentences():
        say(line)
    if found.divided:
        say("As many say same as different, so these are in no table:")
    for pair in found.divided:
        said = pair.to_dict()
        say(f"  {said['left']}  {said['right']}")
