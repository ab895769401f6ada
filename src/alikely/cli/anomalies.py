"""alikely anomaly fit, alikely anomaly score, alikely anomaly labels."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from alikely.cli.app import AsJson, Items, OwnCode, SkipBad, anomaly_app, said_columns
from alikely.cli.output import print_json, print_rows, say, say_skipped

if TYPE_CHECKING:
    from alikely.tasks.anomaly import Answer, Detector

MOST_SHOWN = 20  # anomalies in a table for people
STREAM = "-"


@anomaly_app.command(short_help="Learn what is normal from the items of SOURCE.")
def fit(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="folder or table of normal items; labels are not needed")
    ],
    out: Annotated[Path, typer.Option(metavar="DETECTOR", help="folder to write")],
    anomalies: Annotated[
        Path | None, typer.Option(metavar="SOURCE", help="known anomalies: what is like them deviates more")
    ] = None,
    also_normal: Annotated[
        Path | None,
        typer.Option(
            metavar="SOURCE",
            help="normal items that were picked, such as findings that were dismissed: remembered, never held back",
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="folder of a trained model that compares the items [default: as they are, standardised]"),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            help="false-alarm rate: the share of normal items that may be called anomalous "
            "[default: 0.01, or what the items can bear]"
        ),
    ] = None,
    confidence: Annotated[
        float, typer.Option(help="confidence that new normal items keep the rate; 0: on average only")
    ] = 0.95,
    items: Items = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=KIND",
            help="what a column of rows is: number, boolean, date, category or leave_out; can be repeated",
        ),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="any other setting: nearest=5, hold_back=0.5, preparation.size=256 ...; can be repeated",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="of the draw of the items that are held back")] = 0,
    skip_bad: SkipBad = False,
    own_code: OwnCode = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace a detector that is there")] = False,
    as_json: AsJson = False,
) -> None:
    """Learn what is normal from the items of SOURCE, and write a detector.

    Some of the items are remembered, the others held back to set the threshold that keeps the false-alarm rate.
    """
    from alikely.cli.learning import said_settings
    from alikely.storage import load_model
    from alikely.tasks.anomaly import fit_detector, save_detector
    from alikely.tasks.anomaly.settings import settings_from
    from alikely.tasks.anomaly.storage import require_new
    from alikely.training.progress import Terminal

    require_new(out, overwrite)
    given = {"rate": rate, "confidence": confidence, "seed": seed}
    settings = settings_from(said_settings(None, setting or (), given), said_columns(column or ()))
    with Terminal() as terminal:
        loaded = None if model is None else load_model(model, own_code=own_code)
        detector = fit_detector(
            source, settings, anomalies, loaded, items or "auto", skip_bad, terminal.done, also_normal
        )
        if detector.note:
            terminal.alarm(detector.note)
        if weakness := detector.normality.weakness(detector.rate, detector.confidence):
            terminal.alarm(weakness)
    say_skipped(detector.skipped)
    save_detector(detector, out)
    if as_json:
        print_json({"out": str(out), **detector.to_dict()})
        return
    print_rows(str(out), ("", "value"), detector.rows())


@anomaly_app.command(short_help="Say of each item of SOURCE how rare it is among normal ones, and why.")
def score(
    detector: Annotated[Path, typer.Argument(metavar="DETECTOR", help="folder that `alikely anomaly fit` wrote")],
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="folder, table, one item, or - for lines of JSON on standard input")
    ],
    rate: Annotated[
        float | None, typer.Option(help="false-alarm rate of the threshold [default: the detector's own]")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="of pictures judged patch by patch: write each, its oddest places coloured"
        ),
    ] = None,
    skip_bad: SkipBad = False,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Say of each item of SOURCE how rare it is among normal ones, whether that is an anomaly, and why.

    Exit code: 0 no anomaly, 1 anomalies, 2 error. With - as SOURCE each line is one item as JSON, and is answered by a
    line of JSON at once; a line that cannot be read is answered with its error, the others go on, and the exit code
    is 2.
    """
    from alikely.data.sources import read_said
    from alikely.tasks.anomaly import load_detector
    from alikely.tasks.anomaly.heat_maps import require_maps, write_heat_maps
    from alikely.training.progress import Terminal

    loaded = load_detector(detector, own_code=own_code)
    if out is not None:
        require_maps(loaded, source == STREAM)
    if source == STREAM:
        raise typer.Exit(answer_lines(loaded, rate))
    with Terminal() as terminal:
        judged = loaded.judge_source(read_said(source, loaded.kind), rate, skip_bad, terminal.done)
        if out is not None:
            write_heat_maps(loaded, judged, out)
    answers, skipped = judged.answers, judged.skipped
    say_skipped(skipped)
    found = [answer for answer in answers if answer.anomalous]
    if as_json:
        left_out = [{"item": name, "problem": problem} for name, problem in skipped]
        print_json({"items": [answer.to_dict() for answer in answers], "anomalies": len(found), "skipped": left_out})
    else:
        print_answers(answers, found, loaded, rate)
        if out is not None:
            say(f"pictures with their oddest places coloured written to {out}")
            if calm := len(answers) - len(found):
                say(f"blue, not orange, as they are not above the threshold: {calm:,} of {len(answers):,}")
    raise typer.Exit(1 if found else 0)


@anomaly_app.command(short_help="What people said on the page Anomalies, as items to learn from.")
def labels(
    state: Annotated[Path, typer.Argument(metavar="STATE", help="folder of the service (serve --state)")] = Path(
        "alikely-service"
    ),
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="write the table labels.csv and the items that the service kept"),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace labels that were written before")] = False,
    as_json: AsJson = False,
) -> None:
    """Say how many findings were dismissed (normal) and accepted (anomalous), and write them to learn from.

    FOLDER gets a folder for each detector, with what is normal and what is anomalous: `alikely anomaly fit` reads them.
    """
    from alikely.server.finding_labels import finding_labels_in, write_finding_labels

    found = finding_labels_in(state)
    written = None if out is None else write_finding_labels(found, out, overwrite)
    if as_json:
        print_json({**found.to_dict(), "out": None if written is None else str(written), "sources": found.sources()})
        return
    rows = [
        (name, *(f"{said[label]:,}, {said[f'kept_{label}']:,} kept" for label in ("normal", "anomalous")))
        for name, said in found.counts().items()
    ]
    print_rows("Findings that were judged", ("detector", "dismissed: normal", "accepted: anomalous"), rows)
    if lost := found.sentence():
        say(lost)
    if written is not None:
        say(f"written: {written}")
        for name, places in found.sources().items():
            say_next(name, {label: written / place for label, place in places.items()})


def say_next(detector: str, sources: Mapping[str, Path]) -> None:
    """The commands that learn from what was written of one detector, and measure by it."""
    normal, anomalous = (sources.get(label) for label in ("normal", "anomalous"))
    given = "" if normal is None else f" --also-normal {quote(str(normal))}"
    # Without a trained model, pictures are compared with normal ones only.
    if anomalous is not None and not anomalous.is_dir():
        given += f" --anomalies {quote(str(anomalous))}"
    if given:
        say(f"learn:   alikely anomaly fit SOURCE{given} --out NEW   # SOURCE: what {detector} was fitted on")
    if anomalous is not None:
        say(f"measure: alikely anomaly score NEW {quote(str(anomalous))}")


def answer_lines(detector: "Detector", rate: float | None) -> int:
    """Answer each line of standard input as it comes; the exit code: 0 no anomaly, 1 anomalies, 2 lines with errors."""
    from alikely.tasks.anomaly import judge_lines

    # Not UTF-8 is a mistake of one line, which its answer tells.
    sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    codes = {0}
    for answer in judge_lines(detector, sys.stdin, rate):
        say(json.dumps(answer, allow_nan=False))
        codes.add(2 if "error" in answer else int(answer["anomalous"]))
    return max(codes)


def print_answers(
    answers: Sequence["Answer"], found: Sequence["Answer"], detector: "Detector", rate: float | None
) -> None:
    """How many items are anomalous, and a table of those, the rarest first."""
    from alikely.data.items import counted
    from alikely.metrics import percent

    wanted = detector.rate if rate is None else rate
    are = "is" if len(found) == 1 else "are"
    title = f"{len(found):,} of {counted(len(answers), 'item', 'items')} {are} anomalous"
    title += f" (of normal items, at most {percent(wanted)} would be)"
    if found:
        print_table(title, found)
    else:
        say(title)
    rare = sum(answer.p_value <= wanted and not answer.anomalous for answer in answers)
    if rare:
        say(
            f"{counted(rare, 'further item has', 'further items have')} a p-value of at most {percent(wanted)} and "
            f"{'is' if rare == 1 else 'are'} not called anomalous: the threshold keeps that rate with "
            f"{percent(detector.confidence)} confidence, which takes a larger deviation"
        )


def print_table(title: str, found: Sequence["Answer"]) -> None:
    """The anomalies, the rarest first, and why where that can be told."""
    rarest = sorted(found, key=lambda answer: -answer.deviation)
    rows = [
        (answer.name, f"{answer.p_value:.4f}", f"{answer.deviation:.4g}", answer.why())
        for answer in rarest[:MOST_SHOWN]
    ]
    header = ("item", "p-value", "deviation", "why")
    # Of pictures, texts and embeddings no parts are told.
    shown = len(header) if any(row[-1] for row in rows) else len(header) - 1
    print_rows(title, header[:shown], [row[:shown] for row in rows])
    if len(found) > MOST_SHOWN:
        say(f"and {len(found) - MOST_SHOWN:,} more (--json has all)")
