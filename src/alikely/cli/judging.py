"""alikely evaluate, alikely compare."""

import os
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alikely.cli.app import AsJson, ModelFolder, OwnCode, SkipBad, Source, app
from alikely.cli.output import give_answer, print_json, print_rows, say, say_skipped

if TYPE_CHECKING:
    from alikely.metrics import GroupRow, IdentityRow


@app.command(short_help="Measure MODEL on all pairs of SOURCE.")
def evaluate(
    model: ModelFolder,
    source: Source,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="also for each value of this column of SOURCE's table; 'label': for each identity; may be repeated",
        ),
    ] = None,
    identify: Annotated[
        bool, typer.Option("--identify", help="also measure 1:N: FNIR at FPIR 1 % and 10 %, rank-1")
    ] = False,
    templates: Annotated[int, typer.Option(help="items enrolled of each identity, with --identify")] = 1,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="write a report with curves and items to this file")
    ] = None,
    skip_bad: SkipBad = False,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Measure MODEL on all pairs of SOURCE: EER, AUC, FNMR at FMR 1 % and 0.1 %, retrieval, counts, intervals.

    For an honest figure SOURCE holds identities that the model has not learned from.
    """
    from alikely.evaluation import evaluate as measure
    from alikely.storage import load_model
    from alikely.training.progress import Terminal

    with Terminal() as terminal:
        enrolled = templates if identify else None
        loaded = load_model(model, own_code=own_code)
        found = measure(loaded, source, skip_bad, terminal.done, by or (), report, enrolled)
        if warning := found.warning():
            terminal.alarm(warning)
    say_skipped(found.skipped)
    if as_json:
        print_json(found.to_dict())
        return
    print_rows(found.title(), ("", "value", "95 % interval"), found.rows())
    if found.identification is not None:
        print_rows(found.identification.title(), ("", "value", "95 % interval"), found.identification.rows())
    for column, rows in found.groups.items():
        print_groups(column, rows)
    if found.identities:
        print_worst(found.identities)
    if report is not None:
        say(f"report written to {report}")


@app.command()
def compare(
    model: ModelFolder,
    left: Annotated[
        str,
        typer.Argument(
            metavar="LEFT", help="one item: a text as it is, a row as JSON, a picture or sequence by its file"
        ),
    ],
    right: Annotated[str, typer.Argument(metavar="RIGHT", help="the other item")],
    fmr: Annotated[
        float | None, typer.Option(help="false-match rate of the threshold [default: the model's own]")
    ] = None,
    fnmr: Annotated[
        float | None,
        typer.Option(help="false non-match rate above which a pair that is not the same is unsure, not different"),
    ] = None,
    confidence: Annotated[
        float | None,
        typer.Option(help="confidence that identities never seen keep these rates; 0: none [default: the model's own]"),
    ] = None,
    prior: Annotated[float, typer.Option(help="chance, before looking, that the two are the same")] = 0.5,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Say whether two items are the same. Exit code: 0 same, 1 different, 2 error, 3 unsure (only with --fnmr).

    A model without a calibration gives the distance, no verdict, and exit code 3; `alikely calibrate` adds one.
    A text that begins with a hyphen stands behind two hyphens: compare MODEL -- "-5 degrees" "cold".
    """
    from alikely.data.sources import parse_item
    from alikely.storage import load_model

    loaded = load_model(model, own_code=own_code)
    if loaded.preparation.kind == "text":
        note_files((left, right))
    one, other = (parse_item(said, loaded.preparation.kind) for said in (left, right))
    if loaded.calibration is None and (fmr, fnmr, confidence, prior) == (None, None, None, 0.5):
        print_distance(loaded.distance_of(one, other), model, as_json)
        raise typer.Exit(3)
    decision = loaded.compare(one, other, fmr=fmr, fnmr=fnmr, prior=prior, confidence=confidence)
    give_answer(decision, as_json)


def note_files(texts: Sequence[str]) -> None:
    """Where a text is the name of a file, on standard error: that the name itself is compared."""
    named = [text for text in texts if os.path.isfile(text)]
    if named:
        print(
            f"note: this model takes texts, and compares the names themselves, not what the files hold: "
            f"{' and '.join(named)}",
            file=sys.stderr,
        )


def print_distance(distance: float, model: Path, as_json: bool) -> None:
    """A distance that no calibration makes a verdict of; on standard error, how to get one."""
    from alikely.decision import Decision

    print(
        "note: the model has no calibration, so there is no verdict; make one of labelled items or of pairs: "
        f"alikely calibrate {model} SOURCE",
        file=sys.stderr,
    )
    if as_json:
        print_json({**dict.fromkeys(field.name for field in fields(Decision)), "distance": distance})
    else:
        say(f"no verdict (distance {distance:.3g})")


def print_groups(column: str, rows: Sequence["GroupRow"]) -> None:
    """A table with a line for each value of a column."""
    print_rows(
        f"By {column}: pairs whose two items share a value, at the model's threshold",
        (column, "items", "same pairs", "different pairs", "FMR", "FNMR", "EER"),
        [row.cells() for row in rows],
    )


def print_worst(rows: Sequence["IdentityRow"]) -> None:
    """The identities that err most, in a table for either kind of error."""
    from alikely.metrics import worst_identities

    worst = worst_identities(rows)
    header, none = ("label", "items", "FMR", "FNMR"), [("none", "", "", "")]
    for errors, found in (("matches", worst.false_matches), ("non-matches", worst.false_non_matches)):
        cells = [(row.identity, f"{row.items:,}", row.told("FMR"), row.told("FNMR")) for row in found]
        print_rows(f"Identities with the most false {errors}, at the model's threshold", header, cells or none)
