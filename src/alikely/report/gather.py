"""A model's figures, items and record, or distances alone -> what a report of them shows."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from alikely.calibration import Calibration, ProbabilityQuality, quality_on_others
from alikely.contracts import Preparation
from alikely.data.checks.findings import Finding
from alikely.errors import TooFewError
from alikely.metrics import ErrorRates, PairDistances, VerificationReport
from alikely.model import SiameseModel
from alikely.report.content import OFTEN_FILES, Learning, ReportContent, Settings, ShownFinding
from alikely.report.distances import equal_errors, error_curve, view_distances
from alikely.report.flat import embedding_map
from alikely.report.items import shown_pairs
from alikely.report.misjudged import tables_of_groups, tables_of_identities
from alikely.report.settings import settings_of
from alikely.report.thumbnails import short_names
from alikely.report.words import figures_of, notes_of, summary_of
from alikely.report.worst import worst_pairs
from alikely.types import Examples

MOST_JUDGED = 20_000  # pairs of either kind by which the probabilities are judged


def report_of_distances(
    title: str,
    pairs: PairDistances | ErrorRates,
    report: VerificationReport,
    measured_on: str = "identities",
    notes: Sequence[str] = (),
    settings: Sequence[Settings] = (),
    calibration: Calibration | None = None,
) -> ReportContent:
    """A report of distances alone, wherever they come from: figures, histograms with the threshold, error curves.

    `report` holds the figures of the same `pairs`. `measured_on` ends the sentence "Measured on 40 ...". `calibration`
    is what the thresholds come from: made on other identities, or its promises cannot be seen kept here. Raises
    InputError for distances that are NaN, infinite or negative, TooFewError without same or different pairs.
    """
    rates = _rates(pairs, report)
    if rates.roc is None:
        missing = "different" if rates.same_pairs else "same"
        raise TooFewError(f"a report needs same and different pairs, got no {missing} pair; add some")
    return ReportContent(
        title=title,
        summary=summary_of(
            report, equal_errors(rates.roc), measured_on, 0.0 if calibration is None else calibration.confidence
        ),
        figures=figures_of(report),
        notes=(*notes_of(report), *notes),
        distances=view_distances(rates, rates.roc, report, calibration),
        curve=error_curve(rates, rates.roc, report),
        probability=None if calibration is None else _probability(rates, calibration),
        settings=tuple(settings),
    )


def report_of_model(
    title: str,
    model: SiameseModel,
    examples: Examples,
    embeddings: Float[np.ndarray, "items dim"],
    pairs: PairDistances | ErrorRates,
    report: VerificationReport,
    measured_on: str = "identities",
    notes: Sequence[str] = (),
    learning: Learning | None = None,
    findings: Sequence[Finding] | None = None,
) -> ReportContent:
    """The same with all that a model and the `examples` it was measured on can add.

    `embeddings` are those of the examples, `pairs` the distances between them. Items that can no longer be read
    leave a gap. What is shown of many items is drawn with a fixed seed.
    """
    if examples.kind in OFTEN_FILES:
        examples = replace(examples, names=short_names(examples.names))
    rates, own = _rates(pairs, report), report.at_threshold
    plain = report_of_distances(title, rates, report, measured_on, notes, settings_of(model), model.calibration)
    return replace(
        plain,
        kind=examples.kind,
        worst=worst_pairs(examples, embeddings, model.distance, model.preparation),
        errors=(
            *tables_of_identities(rates, examples),
            *tables_of_groups(examples, embeddings, model.distance, None if own is None else own.threshold),
        ),
        map=embedding_map(examples, embeddings, model.distance, model.preparation),
        learning=learning,
        findings=None if findings is None else tuple(_shown(finding, model.preparation) for finding in findings),
    )


def report_unmeasured(
    title: str, model: SiameseModel, learning: Learning | None, findings: Sequence[Finding]
) -> ReportContent:
    """A report of a model for whose test no identities were held back: how it learned, and from what."""
    return ReportContent(
        title=title,
        summary=("How good this model is has not been measured: no identities were held back for a test.",),
        figures=(),
        kind=model.preparation.kind,
        learning=learning,
        findings=tuple(_shown(finding, model.preparation) for finding in findings),
        settings=settings_of(model),
    )


def _rates(pairs: PairDistances | ErrorRates, report: VerificationReport) -> ErrorRates:
    if not isinstance(pairs, PairDistances):
        return pairs
    own = report.at_threshold
    return ErrorRates.from_pairs(pairs, None if own is None else own.threshold)


def _probability(rates: ErrorRates, calibration: Calibration) -> ProbabilityQuality | None:
    try:
        return quality_on_others(rates.sample, calibration.probability_map, most_pairs=MOST_JUDGED)
    except TooFewError:
        return None


def _shown(finding: Finding, preparation: Preparation) -> ShownFinding:
    # Only the first pairs have items.
    pairs = list(zip(finding.shown, finding.pairs, strict=False))
    cases = Examples(
        items=tuple(item for items, _ in pairs for item in items),
        names=tuple(name for _, names in pairs for name in names),
        kind=preparation.kind,
    )
    sides = [(place, place + 1) for place in range(0, 2 * len(pairs), 2)]
    shown = shown_pairs(cases, sides, [None] * len(pairs), preparation)
    return ShownFinding(finding.check, finding.severity, finding.what, shown)
