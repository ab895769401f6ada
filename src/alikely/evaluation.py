"""A model and a source -> how good it is there, or its embeddings in a file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from alikely.calibration import Calibration
from alikely.contracts import Distance
from alikely.data.preparation import PicturePreparation
from alikely.data.reading import Pictures, read_pictures
from alikely.data.sources import read_items, read_source
from alikely.errors import BadItemsError, ModelError, SettingsError, TooFewError
from alikely.folders import whole_file
from alikely.metrics import (
    AtThreshold,
    ErrorRates,
    GroupRow,
    IdentityRow,
    PairDistances,
    RetrievalReport,
    VerificationReport,
    group_rows,
    identity_rows,
    pair_group_rows,
    rates_at_threshold,
    retrieval,
    summary,
)
from alikely.model import BATCH, SiameseModel, distances_of_examples
from alikely.report import report_of_model, write_report
from alikely.types import Examples

LABEL, GROUP = "label", "group"  # to compare by, beside the columns of a table

Progress = Callable[[str, int, int], None]  # what is being done, how much of it is done, how much there is


@dataclass(frozen=True)
class Evaluation:
    """How well a model tells apart the identities of a source.

    `retrieval` says how well items find each other (None in a table of pairs). `groups` holds, for each column that was
    asked for, a row for each of its values; `identities` a row for each identity, where `label` was asked for.
    `skipped` could not be read. `known` are the labels of the source that the model was made from too (its test
    identities left out): with them, the figures are too good.
    """

    report: VerificationReport
    retrieval: RetrievalReport | None = None
    groups: Mapping[str, tuple[GroupRow, ...]] = field(default_factory=dict)
    identities: tuple[IdentityRow, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    known: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """For JSON: all figures of report and retrieval, `by` with the rows of each column, `skipped` and `known`."""
        by = {column: [row.to_dict() for row in rows] for column, rows in self.groups.items()}
        if self.identities:
            by[LABEL] = [row.to_dict() for row in self.identities]
        return {
            **self.report.to_dict(),
            **({} if self.retrieval is None else self.retrieval.to_dict()),
            "by": by,
            "skipped": [{"item": name, "problem": problem} for name, problem in self.skipped],
            "known": list(self.known),
        }

    def rows(self) -> list[tuple[str, str, str]]:
        """For printing: (name, value, interval or remark)."""
        further = [] if self.retrieval is None else self.retrieval.rows()
        return [*self.report.rows(), *self.report.further_rows(), *further]

    def warning(self) -> str | None:
        """What makes the figures too good, in words; None where nothing is known to."""
        if not self.known:
            return None
        few = ", ".join(self.known[:3]) + (" ..." if len(self.known) > 3 else "")
        return (
            f"{len(self.known)} of {self.report.identities} identities ({few}) bear labels that the model was made "
            "from; if they are the same, the figures are too good: evaluate on others"
        )


def evaluate(
    model: SiameseModel,
    source: Path | str | Examples,
    skip_bad: bool = False,
    progress: Progress | None = None,
    by: Sequence[str] = (),
    report_file: Path | str | None = None,
) -> Evaluation:
    """Measure `model` on all pairs of a source (on its known pairs, where it is a table of pairs).

    All pairs are gone through in a stream, so that 100,000 items need no more memory than their embeddings and some.
    `by` names columns of the source's table (light, device, `group`): how the model errs for each of their values; and
    `label`: for each identity. To `report_file` a report of it all is written, an HTML page with curves and pictures.
    For an honest figure the source holds identities that the model has not learned from.

    Raises InputError (BadItemsError with all items that cannot be read, unless `skip_bad`), TooFewError without pairs
    of both kinds or where a column makes no groups, SettingsError for a column that is not there, StorageError where
    the report cannot be written.
    """
    examples = source if isinstance(source, Examples) else read_source(source)
    _check_columns(model, examples, by)
    pictures, skipped = read_for(model, examples, skip_bad, progress)
    embeddings, examples = embed_pictures(model, pictures, progress), pictures.examples
    threshold = _threshold(model)
    if examples.labels is not None:
        rates = ErrorRates.from_embeddings(embeddings, examples.labels, model.distance, threshold)
    else:
        rates = ErrorRates.from_pairs(distances_of_examples(embeddings, examples, model.distance), threshold)
    found = Evaluation(
        report=judge(model, rates),
        retrieval=None if examples.labels is None else retrieval(embeddings, examples.labels, model.distance),
        groups={
            column: _rows_of_column(embeddings, examples, column, model.distance, threshold)
            for column in by
            if column != LABEL
        },
        identities=_rows_of_identities(rates, examples) if LABEL in by else (),
        skipped=tuple(skipped),
        known=known_labels(model, examples, ("train", "validate", "calibrate")),
    )
    if report_file is not None:
        warning = found.warning()
        content = report_of_model(
            f"Measured on {source if isinstance(source, Path | str) else f'{len(examples)} examples'}",
            model,
            examples,
            embeddings,
            rates,
            found.report,
            notes=(() if warning is None else (warning,)),
        )
        write_report(content, report_file)
    return found


def judge(model: SiameseModel, pairs: PairDistances | ErrorRates) -> VerificationReport:
    """What these distances could do at best, and what the model's own threshold makes of them.

    `ErrorRates` must have been counted at that threshold.
    """
    return judge_by(model.calibration, pairs)


def judge_by(calibration: Calibration | None, pairs: PairDistances | ErrorRates) -> VerificationReport:
    """The same with the threshold of a calibration, wherever the distances come from."""
    threshold = None if calibration is None else calibration.threshold(fmr=calibration.default_fmr)
    rates = ErrorRates.from_pairs(pairs, threshold) if isinstance(pairs, PairDistances) else pairs
    report = summary(rates)
    if calibration is None or threshold is None:
        return report
    fmr, fnmr = rates_at_threshold(rates)
    assert fmr.value is not None  # a report has pairs of both kinds
    assert fnmr.value is not None
    return replace(
        report,
        at_threshold=AtThreshold(
            threshold,
            calibration.default_fmr,
            fmr.value,
            fnmr.value,
            None if fmr.low is None or fmr.high is None else (fmr.low, fmr.high),
            None if fnmr.low is None or fnmr.high is None else (fnmr.low, fnmr.high),
        ),
    )


def embed_pictures(
    model: SiameseModel, pictures: Pictures, progress: Progress | None = None
) -> Float[np.ndarray, "items dim"]:
    """The embeddings of pictures that have been read."""
    rows = [np.zeros((0, model.dim), np.float32)]
    for start in range(0, len(pictures), BATCH):
        end = min(start + BATCH, len(pictures))
        rows.append(model.embed_read(pictures.take(np.arange(start, end))))
        if progress:
            progress("embedding", end, len(pictures))
    return np.concatenate(rows)


@dataclass(frozen=True)
class Embedded:
    """What went into a file of embeddings: how many items, how long each embedding, what could not be read."""

    items: int
    dim: int
    skipped: tuple[tuple[str, str], ...]


def embed_to_file(
    model: SiameseModel,
    source: Path | str | Examples,
    out: Path | str,
    skip_bad: bool = False,
    progress: Progress | None = None,
) -> Embedded:
    """Embed every item of a source into `out`, .npz or .parquet: names, labels (where known) and embeddings.

    The source may be a folder or table with or without labels, or one picture. Raises SettingsError for another ending,
    InputError (BadItemsError with all items that cannot be read, unless `skip_bad`), StorageError.
    """
    out = Path(out)
    ending = out.suffix.lower()
    if ending not in (".npz", ".parquet"):
        raise SettingsError(f"{out}: embeddings are written as .npz or .parquet; name such a file")
    if ending == ".parquet" and find_spec("pyarrow") is None:
        raise SettingsError(f"{out}: writing Parquet needs pyarrow; run: pip install alikely[parquet] (or write .npz)")
    examples = source if isinstance(source, Examples) else read_items(source)
    pictures, skipped = read_for(model, examples, skip_bad, progress)
    embeddings = embed_pictures(model, pictures, progress)
    kept = pictures.examples
    labels = None if kept.labels is None else [str(label) for label in kept.labels]
    with whole_file(out) as partial:
        if ending == ".npz":
            known = {} if labels is None else {"labels": np.array(labels)}
            with partial.open("wb") as file:
                np.savez(file, allow_pickle=False, names=np.array(kept.names), embeddings=embeddings, **known)
        else:
            _write_parquet(partial, kept.names, labels, embeddings)
    return Embedded(len(kept), model.dim, tuple(skipped))


def _threshold(model: SiameseModel) -> float | None:
    calibration = model.calibration
    return None if calibration is None else calibration.threshold(fmr=calibration.default_fmr)


def _check_columns(model: SiameseModel, examples: Examples, by: Sequence[str]) -> None:
    there = set(_columns(examples)) | ({LABEL} if examples.labels is not None else set())
    for column in by:
        if column not in there:
            shown = ", ".join(sorted(there)) or "none"
            raise SettingsError(f"the source has no column {column!r} to compare by; it has: {shown}")
    if LABEL in by and model.calibration is None:
        raise SettingsError("errors by identity need the model's threshold, but it has no calibration")


def _columns(examples: Examples) -> dict[str, Shaped[np.ndarray, " marks"]]:
    """What items (or, in a table of pairs, pairs) can be compared by, but for the label."""
    columns = dict(examples.columns)
    if examples.labels is None and examples.pairs is not None:
        columns |= examples.pairs.columns
    if examples.groups is not None:
        columns[GROUP] = examples.groups
    return columns


def _rows_of_column(
    embeddings: Float[np.ndarray, "items dim"],
    examples: Examples,
    column: str,
    distance: Distance,
    threshold: float | None,
) -> tuple[GroupRow, ...]:
    marks, pairs = _columns(examples)[column], examples.pairs
    try:
        if pairs is not None and examples.labels is None and column in pairs.columns:
            return pair_group_rows(embeddings, pairs, marks, marks, distance, threshold)
        return group_rows(embeddings, marks, distance, examples.labels, pairs, threshold)
    except TooFewError as error:
        raise TooFewError(f"by {column}: {error}") from error


def _rows_of_identities(rates: ErrorRates, examples: Examples) -> tuple[IdentityRow, ...]:
    names, items = np.unique(np.asarray(examples.labels), return_counts=True)
    return identity_rows(rates, [str(name) for name in names], items.tolist())


def known_labels(model: SiameseModel, examples: Examples, parts: Sequence[str]) -> tuple[str, ...]:
    """The labels of the examples that stood in one of these parts of the model's data: train, validate, calibrate."""
    if examples.labels is None:
        return ()
    used = model.record.get("data", {}).get("labels", {})
    known = {label for part in parts for label in used.get(part, ())}
    return tuple(sorted(known & {str(label) for label in examples.labels}))


def read_for(
    model: SiameseModel, examples: Examples, skip_bad: bool, progress: Progress | None
) -> tuple[Pictures, list[tuple[str, str]]]:
    """The pictures of the examples as this model takes them, and what could not be read.

    Raises BadItemsError with all items that cannot be read (with `skip_bad`: where none is left), ModelError where the
    model reads no pictures.
    """
    if not isinstance(model.preparation, PicturePreparation):
        raise ModelError(f"the model reads no pictures ({type(model.preparation).__name__})")
    told = None if progress is None else lambda done, total: progress("reading", done, total)
    pictures, skipped = read_pictures(examples, model.preparation, skip_bad=skip_bad, progress=told)
    if len(pictures) == 0:
        raise BadItemsError(skipped, "None is left; name other items.")
    return pictures, skipped


def _write_parquet(
    path: Path, names: Sequence[str], labels: Sequence[str] | None, embeddings: Float[np.ndarray, "items dim"]
) -> None:
    import pyarrow
    from pyarrow import parquet

    columns = {"name": pyarrow.array(names)}
    if labels is not None:
        columns["label"] = pyarrow.array(labels)
    flat = pyarrow.array(embeddings.ravel())
    columns["embedding"] = pyarrow.FixedSizeListArray.from_arrays(flat, embeddings.shape[1])
    parquet.write_table(pyarrow.table(columns), path)
