"""Distances of pairs in; their histograms, the counts accepted at every threshold, and the error curve, out."""

import math

import numpy as np
from jaxtyping import Float, Int

from alikely.metrics import (
    OperatingPoint,
    PairDistances,
    Verification,
    VerificationReport,
    percent,
    percentile_interval,
)
from alikely.metrics.estimates import resolves
from alikely.metrics.intervals import resampled_curves
from alikely.metrics.verification import smallest_fnmr
from alikely.report.content import DistanceView, ErrorCurve, Mark

BINS = 60
STEPS = 1001  # places at which the threshold can be set: finer than a screen shows
CURVE_POINTS = 200
BAND_POINTS = 60


def view_distances(verification: Verification, report: VerificationReport) -> DistanceView:
    """Histograms of both kinds, and what each threshold accepts; the model's own threshold is the first mark."""
    same, different = verification.same, verification.different
    largest = float(max(same[-1], different[-1])) or 1.0
    edges = np.linspace(0, largest, BINS + 1)
    marks = _marks(verification, report)
    thresholds = np.concatenate([np.linspace(0, largest, STEPS), [mark.threshold for mark in marks]])
    return DistanceView(
        edges=edges,
        same_bins=_per_bin(same, edges),
        different_bins=_per_bin(different, edges),
        thresholds=thresholds,
        same_accepted=np.searchsorted(same, thresholds, side="right"),
        different_accepted=np.searchsorted(different, thresholds, side="right"),
        steps=STEPS,
        marks=marks,
        same_pairs=len(same),
        different_pairs=len(different),
    )


def error_curve(verification: Verification, pairs: PairDistances, report: VerificationReport) -> ErrorCurve:
    """FNMR over FMR, thinned to what a plot shows, with its band where the report has intervals."""
    bends = verification.bends()
    fmr, fnmr = verification.rates_at(bends)
    kept = _thinned(fmr, fnmr)
    empty = np.zeros(0)
    curve = (fmr[kept], fnmr[kept])
    if report.eer.low is None:
        return ErrorCurve(*curve, empty, empty, empty, report.confidence)
    rates = np.unique(np.append(np.geomspace(1 / len(verification.different), 1, BAND_POINTS), 0.5))
    draws = np.array([[smallest_fnmr(*drawn, rate) for rate in rates] for drawn in resampled_curves(pairs)])
    low, high = percentile_interval(draws, report.confidence)
    return ErrorCurve(*curve, rates, low, high, report.confidence)


def equal_errors(verification: Verification) -> OperatingPoint:
    """The threshold at which the two error rates are nearest to each other."""
    bends = verification.bends()[1:]  # without "accept nothing"
    fmr, fnmr = verification.rates_at(bends)
    nearest = int(np.argmin(np.abs(fmr - fnmr)))
    return OperatingPoint(float(bends[nearest]), float(fmr[nearest]), float(fnmr[nearest]))


def _marks(verification: Verification, report: VerificationReport) -> tuple[Mark, ...]:
    marks = []
    own = report.at_threshold
    if own is not None and own.threshold != -math.inf:
        marks.append(Mark(f"the model's own, set for FMR {percent(own.wanted_fmr)}", own.threshold))
    marks.append(Mark("equal errors", equal_errors(verification).threshold))
    for rate, _ in report.fnmr_at_fmr:
        threshold = verification.fnmr_at_fmr(rate).threshold
        if resolves(len(verification.different), rate) and threshold != -math.inf:
            marks.append(Mark(f"FMR {percent(rate)}", threshold))
    return tuple(marks)


def _per_bin(ordered: Float[np.ndarray, " pairs"], edges: Float[np.ndarray, " edges"]) -> Int[np.ndarray, " bins"]:
    # The first bin takes distances of 0 too.
    return np.diff(np.searchsorted(ordered, edges[1:], side="right"), prepend=0)


def _thinned(fmr: Float[np.ndarray, " points"], fnmr: Float[np.ndarray, " points"]) -> Int[np.ndarray, " kept"]:
    """Places of points that a plot can tell apart, on plain as on stretched axes."""
    cells = np.stack(
        [np.round(CURVE_POINTS * part) for rate in (fmr, fnmr) for part in (rate, np.log10(rate + 1e-9) / 9)]
    )
    moved = np.any(np.diff(cells, axis=1) != 0, axis=0)
    return np.flatnonzero(np.concatenate([[True], moved]) | np.concatenate([moved, [True]]))
