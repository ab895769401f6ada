"""alikely evaluate, alikely compare."""

from pathlib import Path
from typing import Annotated

import typer

from alikely.cli.app import AsJson, ModelFolder, SkipBad, Source, app
from alikely.cli.output import print_json, print_rows, say, say_skipped


@app.command(short_help="Measure MODEL on all pairs of SOURCE.")
def evaluate(model: ModelFolder, source: Source, skip_bad: SkipBad = False, as_json: AsJson = False) -> None:
    """Measure MODEL on all pairs of SOURCE: EER, AUC, FNMR at FMR 1 % and 0.1 %, counts, intervals.

    For an honest figure SOURCE holds identities that the model has not learned from.
    """
    from alikely.evaluation import evaluate as measure
    from alikely.storage import load_model
    from alikely.training.progress import Terminal

    with Terminal() as terminal:
        found = measure(load_model(model), source, skip_bad, terminal.done)
        if warning := found.warning():
            terminal.alarm(warning)
    say_skipped(found.skipped)
    if as_json:
        print_json(found.to_dict())
        return
    report = found.report
    title = (
        f"{report.same_pairs:,} same and {report.different_pairs:,} different pairs of {report.identities:,} identities"
    )
    print_rows(title, ("", "value", "95 % interval"), found.rows())


@app.command()
def compare(
    model: ModelFolder,
    left: Annotated[Path, typer.Argument(metavar="LEFT", help="one item")],
    right: Annotated[Path, typer.Argument(metavar="RIGHT", help="the other item")],
    fmr: Annotated[
        float | None, typer.Option(help="false-match rate of the threshold [default: the model's own]")
    ] = None,
    fnmr: Annotated[
        float | None,
        typer.Option(help="false non-match rate above which a pair that is not the same is unsure, not different"),
    ] = None,
    prior: Annotated[float, typer.Option(help="chance, before looking, that the two are the same")] = 0.5,
    as_json: AsJson = False,
) -> None:
    """Say whether two items are the same. Exit code: 0 same, 1 different, 2 error, 3 unsure (only with --fnmr)."""
    from alikely.storage import load_model

    decision = load_model(model).compare(left, right, fmr=fmr, fnmr=fnmr, prior=prior)
    if as_json:
        print_json(decision.to_dict())
    else:
        say(decision.sentence())
    raise typer.Exit(decision.exit_code)
