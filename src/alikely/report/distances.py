"""Error rates of pairs in; histograms of their distances, counts at every threshold, and the error curve, out."""

import math
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from alikely.calibration import Calibration
from alikely.errors import CalibrationError
from alikely.metrics import ErrorRates, OperatingPoint, Roc, VerificationReport, fnmr_band, percent
from alikely.metrics.estimates import resolves
from alikely.metrics.intervals import sampled
from alikely.report.content import DistanceView, ErrorCurve, Mark

RATES = (0.1, 0.01, 0.001, 0.0001)  # false-match rates that people ask for
BINS = 60
STEPS = 1001  # places at which the threshold can be set: finer than a screen shows
CURVE_POINTS = 200
BAND_POINTS = 60
BAND_PAIRS = 300_000  # what a band shows is mostly the spread over identities, which so many keep


def view_distances(
    rates: ErrorRates, roc: Roc, report: VerificationReport, calibration: Calibration | None = None
) -> DistanceView:
    """Histograms of both kinds, and what each threshold accepts; the threshold to begin at is the first mark.

    Where `rates` keep a sample of the pairs only, the histograms are those of the sample, and counts between two bends
    of the ROC are as exact as the sample can tell. Those at the threshold that the rates were counted at are exact.
    """
    same, different = np.sort(rates.sample.same), np.sort(rates.sample.different)
    largest = float(roc.thresholds[-1]) or 1.0
    edges = np.linspace(0, largest, BINS + 1)
    calibrated, unborne = ((), ()) if calibration is None else _calibrated(calibration)
    marks = (*calibrated, *_best(rates, roc, report))
    thresholds = np.concatenate([np.linspace(0, largest, STEPS), [mark.threshold for mark in marks]])
    fmr = _between_bends(thresholds, roc.thresholds, roc.fmr, different)
    matched = _between_bends(thresholds, roc.thresholds, 1 - roc.fnmr, same)
    same_accepted = np.round(matched * rates.same_pairs).astype(np.int64)
    different_accepted = np.round(fmr * rates.different_pairs).astype(np.int64)
    if rates.errors is not None:
        own = thresholds == rates.errors.threshold
        same_accepted[own] = rates.same_pairs - rates.errors.false_non_matches
        different_accepted[own] = rates.errors.false_matches
    return DistanceView(
        edges=edges,
        same_bins=_per_bin(same, edges),
        different_bins=_per_bin(different, edges),
        thresholds=thresholds,
        same_accepted=same_accepted,
        different_accepted=different_accepted,
        steps=STEPS,
        marks=marks,
        same_pairs=rates.same_pairs,
        different_pairs=rates.different_pairs,
        sampled=len(same) + len(different) < rates.same_pairs + rates.different_pairs,
        confidence=0.0 if calibration is None else calibration.confidence,
        unborne=unborne,
    )


def error_curve(rates: ErrorRates, roc: Roc, report: VerificationReport) -> ErrorCurve:
    """FNMR over FMR, thinned to what a plot shows, with its band where there are identities enough for one."""
    kept = _thinned(roc.fmr, roc.fnmr)
    grid = np.unique(np.append(np.geomspace(1 / rates.different_pairs, 1, BAND_POINTS), 0.5))
    fewer = replace(rates, sample=sampled(rates.sample, BAND_PAIRS))
    band = fnmr_band(fewer, grid, report.confidence)
    low, high = (None, None) if report.eer.low is None else (band.low, band.high)
    return ErrorCurve(roc.fmr[kept], roc.fnmr[kept], grid, low, high, report.confidence)


def equal_errors(roc: Roc) -> OperatingPoint:
    """The threshold at which the two error rates are nearest to each other."""
    nearest = 1 + int(np.argmin(np.abs(roc.fmr - roc.fnmr)[1:]))  # the first accepts nothing
    return OperatingPoint(float(roc.thresholds[nearest]), float(roc.fmr[nearest]), float(roc.fnmr[nearest]))


def _calibrated(calibration: Calibration) -> tuple[tuple[Mark, ...], tuple[str, ...]]:
    """The calibration's own threshold first, then those for other rates; and the rates that it cannot bear."""
    own, marks, unborne = calibration.default_fmr, [], []
    for rate in (own, *(rate for rate in RATES if rate != own)):
        try:
            threshold = calibration.threshold(fmr=rate)
        except CalibrationError:
            unborne.append(f"FMR {percent(rate)}: cannot be promised, {calibration.needed(rate)}")
            continue
        if threshold != -math.inf:
            marks.append(Mark(f"FMR {percent(rate)}{' (its own)' if rate == own else ''}", threshold, calibrated=True))
    return tuple(marks), tuple(unborne)


def _best(rates: ErrorRates, roc: Roc, report: VerificationReport) -> tuple[Mark, ...]:
    marks = [Mark("equal errors", equal_errors(roc).threshold)]
    for rate, _ in report.fnmr_at_fmr:
        threshold = float(roc.thresholds[np.searchsorted(roc.fmr, rate, side="right") - 1])
        if resolves(rates.different_pairs, rate) and threshold != -math.inf:
            marks.append(Mark(f"FMR {percent(rate)}", threshold))
    return tuple(marks)


def _between_bends(
    thresholds: Float[np.ndarray, " thresholds"],
    bends: Float[np.ndarray, " bends"],
    accepted: Float[np.ndarray, " bends"],
    ordered: Float[np.ndarray, " pairs"],
) -> Float[np.ndarray, " thresholds"]:
    """The share of pairs accepted at each threshold: what the ordered distances say, within what the bends know."""
    before = np.searchsorted(bends, thresholds, side="right") - 1
    after = np.where(bends[before] == thresholds, before, np.minimum(before + 1, len(bends) - 1))
    share = np.searchsorted(ordered, thresholds, side="right") / len(ordered)
    return np.clip(share, accepted[before], accepted[after])


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
