"""A model and a source in; how good it is there out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from alikely.calibration import Calibration
from alikely.contracts import Distance
from alikely.data.sources import read_source
from alikely.embedding import Progress, embed_items, read_for
from alikely.errors import SettingsError, TooFewError
from alikely.metrics import (
    AtThreshold,
    ErrorRates,
    GroupRow,
    IdentificationReport,
    IdentityRow,
    PairDistances,
    RetrievalReport,
    VerificationReport,
    agreement,
    group_rows,
    identification,
    identity_rows,
    pair_group_rows,
    rates_at_threshold,
    retrieval,
    summary,
)
from alikely.model import SiameseModel, distances_of_examples
from alikely.report import report_of_model, write_report
from alikely.types import Examples

IDENTITIES = ("left_identity", "right_identity")  # columns of a table of pairs
LABEL, GROUP = "label", "group"  # to compare by, beside the columns of a table
JOINED = "groups of items that same pairs join"  # where no labels say who an item shows


@dataclass(frozen=True)
class Evaluation:
    """How well a model tells apart the identities of a source.

    `retrieval` says how well items find each other (None in a table of pairs). `groups` holds, for each column that was
    asked for, a row for each of its values; `identities` a row for each identity, where `label` was asked for.
    `identification` says how well identities are found among others and strangers not, where that was asked for.
    `skipped` could not be read. `known` are the labels of the source that the model was made from too (its test
    identities left out): with them, the figures are too good.
    """

    report: VerificationReport
    retrieval: RetrievalReport | None = None
    groups: Mapping[str, tuple[GroupRow, ...]] = field(default_factory=dict)
    identities: tuple[IdentityRow, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    known: tuple[str, ...] = ()
    identification: IdentificationReport | None = None

    @property
    def whose(self) -> str:
        """What the report counts as `identities`: those of the labels; without labels, what same pairs join."""
        return JOINED if self.retrieval is None else "identities"

    def title(self) -> str:
        """What was measured, in words."""
        of = self.report
        return f"{of.same_pairs:,} same and {of.different_pairs:,} different pairs of {of.identities:,} {self.whose}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON: all figures of report and retrieval, `by` with the rows of each column, `skipped` and `known`."""
        by = {column: [row.to_dict() for row in rows] for column, rows in self.groups.items()}
        if self.identities:
            by[LABEL] = [row.to_dict() for row in self.identities]
        return {
            **self.report.to_dict(),
            **({} if self.retrieval is None else self.retrieval.to_dict()),
            **({} if self.identification is None else self.identification.to_dict()),
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
        of = "" if self.retrieval is None else f" of {self.report.identities}"
        return (
            f"{len(self.known)}{of} identities ({few}) bear labels that the model was made "
            "from; if they are the same, the figures are too good: evaluate on others"
        )


def evaluate(
    model: SiameseModel,
    source: Path | str | Examples,
    skip_bad: bool = False,
    progress: Progress | None = None,
    by: Sequence[str] = (),
    report_file: Path | str | None = None,
    templates: int | None = None,
) -> Evaluation:
    """Measure `model` on all pairs of a source (on its known pairs, where it is a table of pairs).

    All pairs are gone through in a stream, so that 100,000 items need no more memory than their embeddings and some.
    `by` names columns of the source's table (light, device, `group`): how the model errs for each of their values; and
    `label`: for each identity. With `templates`, so many items of half of the identities are enrolled, and it is
    measured how well these are identified and strangers not (1:N). To `report_file` a report of it all is written, an
    HTML page with curves and items.
    For an honest figure the source holds identities that the model has not learned from.

    Raises InputError (BadItemsError with all items that cannot be read, unless `skip_bad`), TooFewError without pairs
    of both kinds, where a column makes no groups, or with too few items to enrol, SettingsError for a column that is
    not there, StorageError where the report cannot be written.
    """
    examples = source if isinstance(source, Examples) else read_source(source, model.preparation.kind)
    _check_columns(model, examples, by)
    if templates is not None and examples.labels is None:
        raise SettingsError("to measure identification it takes items with labels, and this source has pairs only")
    items, skipped = read_for(model, examples, skip_bad, progress)
    embeddings, examples = embed_items(model, items, progress), items.examples
    threshold = _threshold(model)
    if examples.labels is not None:
        rates = ErrorRates.from_embeddings(embeddings, examples.labels, model.distance, threshold)
    else:
        rates = ErrorRates.from_pairs(distances_of_examples(embeddings, examples, model.distance), threshold)
    found = Evaluation(
        report=with_agreement(judge(model, rates), embeddings, examples, model.distance),
        retrieval=None if examples.labels is None else retrieval(embeddings, examples.labels, model.distance),
        groups={
            column: _rows_of_column(embeddings, examples, column, model.distance, threshold)
            for column in by
            if column != LABEL
        },
        identities=_rows_of_identities(rates, examples) if LABEL in by else (),
        skipped=tuple(skipped),
        known=known_labels(model, examples, ("train", "validate", "calibrate")),
        identification=(
            None
            if templates is None or examples.labels is None
            else identification(embeddings, examples.labels, model.distance, templates)
        ),
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
            measured_on=found.whose,
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


def with_agreement(
    report: VerificationReport, embeddings: Float[np.ndarray, "items dim"], examples: Examples, distance: Distance
) -> VerificationReport:
    """The report with how well distances agree with the scores of pairs, where they have some."""
    pairs = examples.pairs
    if pairs is None or pairs.score is None:
        return report
    return replace(report, agreement=agreement(embeddings, pairs, distance))


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
    """The labels of the examples that stood in one of these parts of the model's data: train, validate, calibrate.

    Of pairs without labels, the identities that a table names in left_identity,right_identity.
    """
    used = model.record.get("data", {}).get("labels", {})
    known = {label for part in parts for label in used.get(part, ())}
    return tuple(sorted(known & set(named_identities(examples))))


def named_identities(examples: Examples) -> tuple[str, ...]:
    """The names of all identities that are known: labels, or what a table of pairs names, in order."""
    if examples.labels is not None:
        return tuple(sorted({str(label) for label in examples.labels}))
    columns = {} if examples.pairs is None else examples.pairs.columns
    cells = {str(cell) for column in IDENTITIES if column in columns for cell in columns[column]}
    return tuple(sorted(cells - {""}))


def all_named(examples: Examples) -> bool:
    """Whether the identity of every item is known: by labels, or in both columns of every pair."""
    if examples.labels is not None:
        return True
    columns = {} if examples.pairs is None else examples.pairs.columns
    return all(column in columns and bool((columns[column] != "").all()) for column in IDENTITIES)
