"""Figures in; what they mean, in sentences that need no training in statistics, out."""

import math

from alikely.metrics import Estimate, VerificationReport, percent
from alikely.metrics.verification import OperatingPoint
from alikely.report.content import Figure

FEW_IDENTITIES = 10


def summary_of(
    report: VerificationReport, best: OperatingPoint, measured_on: str, confidence: float = 0.0
) -> tuple[str, ...]:
    """What happens at the operating point, and how sure that is.

    `best` is the point of equal errors on these pairs, which is told of where there is no threshold of the model's.
    `confidence` is that of the model's threshold (0: it promises nothing).
    """
    return (_what_it_does(report, best, confidence), _how_sure(report, measured_on))


def figures_of(report: VerificationReport) -> tuple[Figure, ...]:
    """The headline numbers: of pairs with scores how well the distances agree with these; the two errors of the
    verdicts; then what is used to compare models.
    """
    report = report.for_people()
    figures = _agreement(report)
    own = report.at_threshold
    if own is not None:
        wrong = round(own.fmr * report.different_pairs), round(own.fnmr * report.same_pairs)
        figures.append(
            Figure(
                "FMR",
                percent(own.fmr),
                f"of the different pairs are called same: {wrong[0]:,} of {report.different_pairs:,}",
                _ends(own.fmr_interval, report) or f"the threshold was set for {percent(own.wanted_fmr)}",
            )
        )
        figures.append(
            Figure(
                "FNMR",
                percent(own.fnmr),
                f"of the same pairs are called different: {wrong[1]:,} of {report.same_pairs:,}",
                _ends(own.fnmr_interval, report),
            )
        )
    figures.append(
        Figure("EER", _shown(report.eer), "both errors, where they are equal", _interval(report.eer, report))
    )
    auc = report.auc
    interval = "" if auc.low is None or auc.high is None else f"{auc.low:.3f} to {auc.high:.3f}"
    figures.append(
        Figure(
            "AUC",
            "not known" if auc.value is None else f"{auc.value:.3f}",
            "the chance that a same pair lies nearer than a different one",
            f"{percent(report.confidence)} interval {interval}" if interval else auc.reason or "",
        )
    )
    figures += [
        Figure(
            f"FNMR at FMR {percent(rate)}",
            _shown(found),
            "with the best threshold for these very pairs",
            _interval(found, report),
        )
        for rate, found in report.fnmr_at_fmr
    ]
    return tuple(figures)


def _agreement(report: VerificationReport) -> list[Figure]:
    found = report.agreement
    if found is None:
        return []
    return [
        Figure(
            name,
            "not known" if estimate.value is None else f"{estimate.value:.3f}",
            f"{meaning} of {found.pairs:,} pairs",
            estimate.reason or ""
            if estimate.low is None or estimate.high is None
            else f"{percent(report.confidence)} interval {estimate.low:.3f} to {estimate.high:.3f}",
        )
        for name, estimate, meaning in (
            ("Spearman", found.spearman, "how well the order of the distances agrees with the scores"),
            ("Pearson", found.pearson, "how near to a straight line lie the distances and scores"),
        )
    ]


def notes_of(report: VerificationReport) -> tuple[str, ...]:
    """What a reader must know before trusting the figures."""
    notes, own = [], report.at_threshold
    if report.identities < FEW_IDENTITIES:
        notes.append(
            f"These figures rest on {report.identities} identities only. On others they may be quite different: "
            f"measure on {FEW_IDENTITIES} or more, better hundreds, before relying on them."
        )
    if own is not None and own.fmr_interval is not None and own.fmr_interval[0] > own.wanted_fmr:
        notes.append(
            f"More different pairs are called same here ({percent(own.fmr)}) than the threshold was set for "
            f"({percent(own.wanted_fmr)}), and by more than chance: these items are not like those that it was "
            "calibrated on. Calibrate on some of these."
        )
    return tuple(notes)


def _what_it_does(report: VerificationReport, best: OperatingPoint, confidence: float) -> str:
    own = report.at_threshold
    if own is None:
        return (
            "There is no threshold of its own to judge by. At the one where both errors are equal, "
            f"{_near(best.threshold)}, {_share(best.fmr, 'different')} would be called same, and "
            f"{_share(best.fnmr, 'same')} different."
        )
    if own.threshold == -math.inf:
        return (
            f"No threshold kept the false-match rate of {percent(own.wanted_fmr)} that was asked for, so every pair is "
            "called different."
        )
    return (
        f"At its threshold of {_near(own.threshold)}, set for a false-match rate of "
        f"{_wanted(own.wanted_fmr, confidence)}, the model calls {_share(own.fmr, 'different')} same, and misses "
        f"{_share(own.fnmr, 'same')}."
    )


def _how_sure(report: VerificationReport, measured_on: str) -> str:
    items = "" if report.items is None else f"{report.items:,} items, "
    measured = (
        f"Measured on {report.identities:,} {measured_on} ({items}{report.same_pairs:,} same and "
        f"{report.different_pairs:,} different pairs)"
    )
    own, eer = report.at_threshold, report.for_people().eer
    if own is not None and own.fmr_interval is not None and own.fnmr_interval is not None:
        ends = [f"{percent(low)} and {percent(high)}" for low, high in (own.fmr_interval, own.fnmr_interval)]
        return (
            f"{measured}. With other identities, the first of these rates would probably lie between {ends[0]}, the "
            f"second between {ends[1]} ({percent(report.confidence)} intervals)."
        )
    if eer.value is None or eer.low is None or eer.high is None:
        return f"{measured}: too few to say how far other identities would move these figures."
    return (
        f"{measured}. With other identities, the equal error rate of {percent(eer.value)} would probably lie between "
        f"{percent(eer.low)} and {percent(eer.high)} ({percent(report.confidence)} interval)."
    )


def _wanted(rate: float, confidence: float) -> str:
    return (
        f"at most {percent(rate)} with {percent(confidence)} confidence"
        if confidence
        else f"{percent(rate)} (an estimate)"
    )


def _share(rate: float, kind: str) -> str:
    if rate == 0:
        return f"none of the {kind} pairs"
    often = f" (about 1 in {1 / rate:,.0f})" if rate < 0.2 else ""
    return f"{percent(rate)} of the {kind} pairs{often}"


def _near(distance: float) -> str:
    return f"{distance:.3g}"


def _shown(estimate: Estimate) -> str:
    return "not known" if estimate.value is None else percent(estimate.value)


def _interval(estimate: Estimate, report: VerificationReport) -> str:
    if estimate.low is None or estimate.high is None:
        return estimate.reason or ""
    return _ends((estimate.low, estimate.high), report)


def _ends(interval: tuple[float, float] | None, report: VerificationReport) -> str:
    if interval is None:
        return ""
    return f"{percent(report.confidence)} interval {percent(interval[0])} to {percent(interval[1])}"
