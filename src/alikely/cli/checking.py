"""alikely check."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alikely.cli.app import AsJson, Items, Source, app
from alikely.cli.output import print_json, print_rows, say

if TYPE_CHECKING:
    from alikely.data.checks import Finding

MOST_SHOWN = 20  # cases of one finding


@app.command(short_help="Look for faults in SOURCE before anything is learned from it.")
def check(
    source: Source,
    items: Items = None,
    against: Annotated[
        Path | None, typer.Option(metavar="OTHER", help="folder or table that should share nothing with SOURCE")
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="a check, statistic or column to leave out; can be repeated"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look for faults in SOURCE: contradictions, copies, what is in two parts of a split, shortcuts, unreadable items.

    A column part, split, fold or subset of a table says which part of your own split a row belongs to. Exit code:
    0 nothing or notes only, 1 errors or warnings, 2 the source cannot be read.
    """
    from alikely.data.checks import check_examples
    from alikely.data.sources import read_source
    from alikely.training.progress import Terminal

    examples = read_source(source, items or "auto")
    other = None if against is None else read_source(against, examples.kind)
    with Terminal() as terminal:
        found = check_examples(
            examples,
            against=other,
            ignore=tuple(ignore or ()),
            progress=lambda done, total: terminal.done("checking", done, total),
        )
    if as_json:
        print_json({"findings": [finding.to_dict() for finding in found]})
    else:
        rows = [(finding.severity, finding.check, f"{finding.count:,}", finding.what) for finding in found]
        checked = f"{len(examples):,} items checked"
        if found:
            counted = f"{len(found)} finding{'' if len(found) == 1 else 's'}"
            print_rows(f"{checked}: {counted}", ("", "check", "cases", "what"), rows)
        else:
            say(f"{checked}: nothing found")
        for finding in found:
            if finding.severity != "note" and finding.statistic is None:
                say(_cases(finding))
    if any(finding.severity != "note" for finding in found):
        raise typer.Exit(1)


def _cases(finding: "Finding") -> str:
    """What the finding is about, a line each: pairs side by side, or items."""
    cases = [" - ".join(pair) for pair in finding.pairs] or list(finding.items)
    shown = cases[:MOST_SHOWN]
    if len(cases) > MOST_SHOWN:
        shown.append(f"... and {len(cases) - MOST_SHOWN:,} more (--json has all)")
    return "\n".join([f"{finding.check}:", *(f"  {case}" for case in shown), ""])
