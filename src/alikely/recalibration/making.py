"""A model and a source, scores, or embeddings in; a calibration, what it is worth, and a report of it out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alikely.calibration import Calibration, ProbabilityQuality, calibrate, calibration_from, probability_quality
from alikely.calibration.fitting import USUAL_CONFIDENCE
from alikely.calibration.probability import Method
from alikely.data.sources import read_source
from alikely.embedding import Progress, embed_items, read_for
from alikely.errors import ModelError, SettingsError, TooFewError
from alikely.evaluation import all_named, judge_by, named_identities
from alikely.metrics import DetectionCosts, PairDistances, percent
from alikely.model import SiameseModel
from alikely.recalibration.chosen import chosen_items
from alikely.recalibration.elsewhere import MadeElsewhere, Similarities
from alikely.recalibration.embeddings import embeddings_of
from alikely.recalibration.points import cheapest, promised_rates, unsure_band
from alikely.recalibration.result import Calibrated
from alikely.recalibration.scores import scores_of
from alikely.recalibration.unlearned import distances_by_identity, unlearned
from alikely.report import ReportContent, report_of_distances, report_of_model, write_report
from alikely.types import Examples

SAME_PAIRS = (
    "These are the very pairs that the thresholds were set on, so the figures are a little too good; what is promised "
    "for others stands with each threshold."
)
HARDLY_ANY = 0.9  # share of same pairs refused from which on a threshold is of no use
METHODS: tuple[Method, ...] = ("logistic", "isotonic")


@dataclass(frozen=True)
class _Wanted:
    """What is asked of the calibration, whatever it is made from."""

    fmr: float | None
    fnmr: float | None
    confidence: float
    probability: Method | None
    costs: DetectionCosts | None


def calibrate_model(
    model: SiameseModel,
    source: Path | str | Examples,
    fmr: float | None = None,
    fnmr: float | None = None,
    confidence: float = USUAL_CONFIDENCE,
    probability: str | None = None,
    costs: DetectionCosts | None = None,
    skip_bad: bool = False,
    progress: Progress | None = None,
    report_file: Path | str | None = None,
    seed: int = 0,
) -> Calibrated:
    """A new calibration of `model` from all pairs of a source (its known pairs, where it is a table of pairs).

    The weights stay as they are: `model` of the result is the same model with the new calibration, and
    `save_calibration(result.model, folder)` puts it into the model's folder. The source should hold identities that
    were not trained on: where some were, nothing is promised, and `notes` say so, as they do where that cannot be
    known. Of more than 20 million pairs, a sample is taken by the `seed`.

    fmr: the false-match rate that decisions keep by default; without it 0.01, or what the data can bear.
    fnmr: a false non-match rate, for the unsure band.
    confidence: that identities never seen keep these rates; 0 promises nothing.
    probability: isotonic or logistic; without it, what the number of pairs asks for.
    costs: for the cheapest threshold; its prior is that of the probability's quality, which else is one half.
    report_file: an HTML page with curves and items is written there.

    Raises CalibrationError where the pairs cannot bear the wanted rates or are too few, InputError (BadItemsError with
    all items that cannot be read, unless `skip_bad`), SettingsError, StorageError.
    """
    wanted = _Wanted(fmr, fnmr, confidence, _method(probability), costs)
    examples = source if isinstance(source, Examples) else read_source(source, model.preparation.kind)
    sampled: str | None = None
    if examples.labels is not None:
        chosen, sampled = chosen_items(examples.labels, seed)
        examples = examples.select(chosen)
    items, skipped = read_for(model, examples, skip_bad, progress)
    embeddings, examples = embed_items(model, items, progress), items.examples
    pairs = distances_by_identity(embeddings, examples, model.distance)
    known = unlearned(model, examples)
    # Of identities that the model was trained on, distances tell nothing of others: no promise, whatever was asked.
    sure = 0.0 if known.proven is False else confidence
    made = calibrate(pairs, model.distance_name, model.fingerprint(), fmr, sure, wanted.probability)
    made = _noted(made, () if known.note is None else (known.note,))
    recorded = replace(model, record=_record(model, source, examples, pairs, known.proven)).with_calibration(made)
    found = replace(
        _found(pairs, made, wanted, None, (sampled,)),
        model=recorded,
        skipped=tuple(skipped),
        identities_known=all_named(examples),
    )
    if report_file is not None:
        content = report_of_model(
            f"Calibrated on {_said(source)}",
            recorded,
            examples,
            embeddings,
            pairs,
            judge_by(made, pairs),
            notes=(SAME_PAIRS, *found.notes),
        )
        write_report(_judged_on_others(content, found), report_file)
    return found


def calibrate_scores(
    source: Path | str | Mapping[str, Any],
    fmr: float | None = None,
    fnmr: float | None = None,
    confidence: float = USUAL_CONFIDENCE,
    probability: str | None = None,
    costs: DetectionCosts | None = None,
    largest_similarity: float = 1.0,
    report_file: Path | str | None = None,
) -> Calibrated:
    """A calibration of scores made elsewhere: a table (CSV, JSONL, Parquet), or its columns by name.

    Columns: `distance,same` or `similarity,same`, and `left_identity,right_identity` where the identities are known.
    The name of the column says the direction. Similarities s become the distances `largest_similarity` - s; the result
    tells its thresholds as similarities too. Without identities each pair is taken as independent of all others, and
    the promise holds only if no two pairs share an identity; `notes` say so. The rest as in `calibrate_model`.

    Raises InputError naming the row that cannot be used, CalibrationError where the pairs cannot bear the wanted rates,
    are too few or run the wrong way, SettingsError, StorageError.
    """
    wanted = _Wanted(fmr, fnmr, confidence, _method(probability), costs)
    return _from_elsewhere(scores_of(source, largest_similarity), _said(source, "scores"), wanted, report_file)


def calibrate_embeddings(
    source: Path | str | Mapping[str, Any],
    distance: str,
    fmr: float | None = None,
    fnmr: float | None = None,
    confidence: float = USUAL_CONFIDENCE,
    probability: str | None = None,
    costs: DetectionCosts | None = None,
    report_file: Path | str | None = None,
    seed: int = 0,
) -> Calibrated:
    """A calibration of embeddings made elsewhere, by all pairs of them at a `distance` by name.

    `source` is a file as `alikely embed` writes it: .npz with `embeddings` (items x numbers) and `labels`, or .parquet
    with the columns `embedding` and `label`; or such arrays by name, as in the .npz. Distances: euclidean,
    squared_euclidean, manhattan, cosine. Of more than 20 million pairs, a sample is taken by the `seed`. The rest as in
    `calibrate_model`.

    Raises InputError for what cannot be read so, CalibrationError where the pairs cannot bear the wanted rates or are
    too few, SettingsError, StorageError.
    """
    wanted = _Wanted(fmr, fnmr, confidence, _method(probability), costs)
    return _from_elsewhere(embeddings_of(source, distance, seed), _said(source, "embeddings"), wanted, report_file)


def load_calibration(path: Path | str) -> Calibration:
    """The calibration in a JSON file that `alikely calibrate --out` wrote, or in a model's folder (calibration.json).

    Raises ModelError where the file is none, is damaged, or of another version.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{path}: cannot be read ({error}); name a file that `alikely calibrate --out` wrote"
        ) from None
    if not isinstance(content, dict):
        raise ModelError(f"{path}: is no calibration; name a file that `alikely calibrate --out` wrote")
    try:
        return calibration_from(content)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def _from_elsewhere(given: MadeElsewhere, title: str, wanted: _Wanted, report_file: Path | str | None) -> Calibrated:
    made = calibrate(given.pairs, given.distance, None, wanted.fmr, wanted.confidence, wanted.probability)
    made = _noted(made, given.notes)
    found = replace(_found(given.pairs, made, wanted, given.similarities, ()), identities_known=given.identities_known)
    if report_file is not None:
        content = report_of_distances(
            f"Calibrated on {title}",
            given.pairs,
            judge_by(made, given.pairs),
            notes=(SAME_PAIRS, *_in_similarities(given.similarities), *found.notes),
            calibration=made,
        )
        write_report(_judged_on_others(content, found), report_file)
    return found


def _in_similarities(similarities: Similarities | None) -> tuple[str, ...]:
    if similarities is None:
        return ()
    return (f"Similarities were given; the distances on this page are {similarities.largest:g} - similarity.",)


def _judged_on_others(content: ReportContent, found: Calibrated) -> ReportContent:
    """The report with the probabilities as they are on identities that they were not fitted on."""
    return replace(content, probability=found.quality)


def _method(name: str | None) -> Method | None:
    for method in METHODS:
        if method == name:
            return method
    if name is None:
        return None
    raise SettingsError(f"there is no probability {name!r}; choose one of: {', '.join(METHODS)}")


def _found(
    pairs: PairDistances,
    made: Calibration,
    wanted: _Wanted,
    similarities: Similarities | None,
    notes: Sequence[str | None],
) -> Calibrated:
    band = None if wanted.fnmr is None else unsure_band(made, wanted.fnmr, similarities)
    quality, untold = _quality(pairs, wanted)
    return Calibrated(
        calibration=made,
        rates=promised_rates(made, similarities),
        quality=quality,
        band=band,
        cheapest=None if wanted.costs is None else cheapest(made, wanted.costs, similarities),
        similarities=similarities,
        notes=tuple(note for note in (made.note, *notes, untold, _of_no_use(made)) if note),
    )


def _of_no_use(made: Calibration) -> str | None:
    refused = made.curve.rates_at(made.threshold(fmr=made.default_fmr)).fnmr
    if refused < HARDLY_ANY:
        return None
    return (
        f"at the threshold for a false-match rate of {percent(made.default_fmr)}, {percent(refused)} of the same pairs "
        "are refused: the distances hardly tell same from different there; ask for a larger rate, or better the encoder"
    )


def _quality(pairs: PairDistances, wanted: _Wanted) -> tuple[ProbabilityQuality | None, str | None]:
    try:
        prior = 0.5 if wanted.costs is None else wanted.costs.prior
        return probability_quality(pairs, wanted.probability, prior), None
    except TooFewError as error:
        return None, f"how good the probabilities are cannot be told: {error}"


def _noted(calibration: Calibration, notes: Sequence[str]) -> Calibration:
    """The calibration with these notes before its own: they go with it wherever it is kept."""
    told = "; ".join((*notes, *((calibration.note,) if calibration.note else ())))
    return replace(calibration, note=told or None)


def _record(
    model: SiameseModel, source: Any, examples: Examples, pairs: PairDistances, proven: bool | None
) -> dict[str, Any]:
    """The model's record with what it was calibrated on now, and without what its old threshold gave."""
    record, data = dict(model.record), dict(model.record.get("data", {}))
    if record.get("evaluation"):
        record["evaluation"] = {**record["evaluation"], "at_threshold": None}
    if data:
        counts = {
            "identities": pairs.identities,
            "items": len(examples),
            "pairs": 0 if examples.pairs is None else len(examples.pairs),
        }
        data["labels"] = {**data.get("labels", {}), "calibrate": list(named_identities(examples))}
        data["parts"] = {**data.get("parts", {}), "calibrate": counts}
        record["data"] = {**data, "calibrated_on": _said(source), "calibrated_unlearned": proven}
    return record


def _said(source: Any, kind: str = "examples") -> str:
    return str(source) if isinstance(source, Path | str) else f"{kind} given from Python"
