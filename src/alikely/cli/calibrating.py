"""alikely calibrate."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alikely.cli.app import AsJson, OwnCode, SkipBad, app
from alikely.cli.output import print_json, print_rows, say, say_skipped

if TYPE_CHECKING:
    from alikely.metrics import DetectionCosts
    from alikely.recalibration import Calibrated


@app.command(short_help="Set thresholds that keep their rate: for MODEL by SOURCE, or for scores or embeddings.")
def calibrate(
    model: Annotated[Path | None, typer.Argument(metavar="[MODEL]", help="folder of a trained model")] = None,
    source: Annotated[
        Path | None,
        typer.Argument(metavar="[SOURCE]", help="folder or table of identities that the model was not trained on"),
    ] = None,
    scores: Annotated[
        Path | None,
        typer.Option(
            help="in place of MODEL and SOURCE: a table (CSV, JSONL, Parquet) of scores made elsewhere, with "
            "distance,same or similarity,same[,left_identity,right_identity]"
        ),
    ] = None,
    embeddings: Annotated[
        Path | None,
        typer.Option(
            help="in place of MODEL and SOURCE: a file of embeddings made elsewhere, .npz with embeddings and labels, "
            "or .parquet with embedding and label"
        ),
    ] = None,
    distance: Annotated[
        str | None,
        typer.Option(help="of the embeddings: euclidean, squared_euclidean, manhattan or cosine"),
    ] = None,
    largest_similarity: Annotated[
        float | None, typer.Option(help="the largest similarity that scores can have [default: 1, a cosine's]")
    ] = None,
    fmr: Annotated[
        float | None,
        typer.Option(help="false-match rate that decisions keep by default [default: 0.01, or what the data bear]"),
    ] = None,
    confidence: Annotated[
        float, typer.Option(help="confidence that identities never seen keep the rates; 0: no promise")
    ] = 0.95,
    fnmr: Annotated[
        float | None, typer.Option(help="false non-match rate: what lies between both thresholds is unsure")
    ] = None,
    probability: Annotated[
        str | None, typer.Option(help="isotonic or logistic [default: isotonic from 1,000 pairs of each kind on]")
    ] = None,
    prior: Annotated[
        float | None, typer.Option(help="share of same pairs where it will be used; shows the cheapest threshold")
    ] = None,
    cost_false_match: Annotated[
        float | None, typer.Option(help="with --prior: cost of a false match [default: 1]")
    ] = None,
    cost_false_non_match: Annotated[
        float | None, typer.Option(help="with --prior: cost of a false non-match [default: 1]")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="for MODEL: a new folder for a copy of it [default: in place]; else: JSON file to write"),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="write a report with curves to this file")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="replace the model's calibration even by one that promises less")
    ] = False,
    skip_bad: SkipBad = False,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Set thresholds that keep their false-match rate on identities never seen, and a probability for any distance.

    For a model: alikely calibrate MODEL SOURCE. Its weights are not touched, and a calibration that promises is not
    replaced by one that does not. For what was made elsewhere:
    alikely calibrate --scores scores.csv --out calibration.json, or
    alikely calibrate --embeddings file.npz --distance cosine --out calibration.json.
    """
    from alikely.recalibration import calibrate_embeddings, calibrate_model, calibrate_scores, refuse_worse
    from alikely.storage import load_model, save_calibration
    from alikely.training.progress import Terminal

    costs = _costs(prior, cost_false_match, cost_false_non_match)
    _check_given(model, source, scores, embeddings)
    _check_fitting(scores, embeddings, distance, largest_similarity)
    written = out
    with Terminal() as terminal:
        if scores is not None:
            largest = 1.0 if largest_similarity is None else largest_similarity
            found = calibrate_scores(scores, fmr, fnmr, confidence, probability, costs, largest, report)
        elif embeddings is not None and distance is not None:
            found = calibrate_embeddings(embeddings, distance, fmr, fnmr, confidence, probability, costs, report)
        else:
            assert model is not None  # checked
            assert source is not None
            _check_new(out)
            loaded = load_model(model, without_calibration=True, own_code=own_code)
            found = calibrate_model(
                loaded, source, fmr, fnmr, confidence, probability, costs, skip_bad, terminal.done, report
            )
            assert found.model is not None
            if out is None and not overwrite:
                refuse_worse(found, model)
            written = save_calibration(found.model, model, out)
        for note in found.notes:
            terminal.alarm(note)
    if model is None and out is not None:
        found.save(out)
    say_skipped(found.skipped)
    if as_json:
        print_json({**found.to_dict(), "out": None if written is None else str(written)})
        return
    print_calibrated(found)
    if report is not None:
        say(f"report written to {report}")
    if model is not None and out is not None:
        say(f"a copy of {model} with the new calibration is in {out}; {model} itself is unchanged")
    elif written is not None:
        say(f"calibration written to {written}")
    else:
        say("nothing was written; for that: --out FILE.json")


def print_calibrated(found: "Calibrated") -> None:
    """The thresholds, what else was asked for, and how good the probabilities are."""
    print_rows(found.title(), found.header(), found.rows())
    for sentence in found.sentences():
        say(f"{sentence}\n")
    if found.quality is not None:
        title = f"Probability ({found.quality.method}), judged on identities that it was not fitted on"
        print_rows(title, ("", "value", "95 % interval"), found.quality.rows())


def _costs(prior: float | None, false_match: float | None, false_non_match: float | None) -> "DetectionCosts | None":
    from alikely.errors import SettingsError
    from alikely.metrics import DetectionCosts

    if prior is None:
        if false_match is None and false_non_match is None:
            return None
        raise SettingsError(
            "which threshold is cheapest depends on how many of the pairs are the same: give --prior too, such as 0.01"
        )
    return DetectionCosts(
        miss=1.0 if false_non_match is None else false_non_match,
        false_alarm=1.0 if false_match is None else false_match,
        prior=prior,
    )


def _check_given(model: Path | None, source: Path | None, scores: Path | None, embeddings: Path | None) -> None:
    """Raise SettingsError unless exactly one thing is to be calibrated."""
    from alikely.errors import SettingsError

    if sum(part is not None for part in (model, scores, embeddings)) != 1:
        raise SettingsError(
            "give one thing to calibrate: MODEL SOURCE, or --scores FILE, or --embeddings FILE --distance NAME"
        )
    if model is not None and source is None:
        raise SettingsError(f"{model}: give SOURCE too, a folder or table of identities that it was not trained on")


def _check_fitting(
    scores: Path | None, embeddings: Path | None, distance: str | None, largest_similarity: float | None
) -> None:
    """Raise SettingsError for an option that says nothing here, or that lacks."""
    from alikely.errors import SettingsError

    if embeddings is not None and distance is None:
        raise SettingsError("embeddings need --distance: euclidean, squared_euclidean, manhattan or cosine")
    if embeddings is None and distance is not None:
        raise SettingsError("--distance is for --embeddings; a model has its own, and scores are distances already")
    if scores is None and largest_similarity is not None:
        raise SettingsError("--largest-similarity is for --scores")


def _check_new(out: Path | None) -> None:
    """Raise before anything is computed: StorageError for a folder that is there, SettingsError for a JSON file."""
    from alikely.errors import SettingsError, StorageError

    if out is not None and out.suffix.lower() == ".json":
        raise SettingsError(
            f"--out {out}: for a model that is a new folder, for a copy of it with the new calibration, and no JSON "
            "file; name a folder, or leave --out away to calibrate the model in place"
        )
    if out is not None and os.path.lexists(out):
        raise StorageError(f"{out}: is there already; name another folder")
