"""The parts of a report -> its pictures, and where the moving threshold stands in each of them."""

from typing import Any

import numpy as np
from jaxtyping import Float
from markupsafe import Markup

from alikely.calibration import ProbabilityQuality
from alikely.metrics import percent
from alikely.report.content import DistanceView, EmbeddingMap, ErrorCurve, Learning
from alikely.report.drawing import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis, Frame, deviates, ticks_between

# Where a DET axis may have a tick.
RATES = (1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99)
NAMES = {"loss": "loss", "eer": "EER", "spearman": "Spearman"}  # of a course over the epochs
TENTHS = tuple((share, percent(share)) for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0))


def histogram(view: DistanceView) -> Markup:
    """Both kinds of distances. What the threshold gets wrong is drawn once more, to be shown up to it or from it on."""
    frame = histogram_frame(view)
    same, different = view.same_bins / view.same_bins.sum(), view.different_bins / view.different_bins.sum()
    at = float(frame.across(view.thresholds[view.steps : view.steps + 1])[0])
    halves = _clip("below", LEFT, at) + _clip("above", at, WIDTH - RIGHT)
    wrong = Markup('<g clip-path="url(#below)">{}</g><g clip-path="url(#above)">{}</g>').format(
        frame.bars(view.edges, different, "different wrong"), frame.bars(view.edges, same, "same wrong")
    )
    rule = Markup(
        '<g class="threshold" transform="translate({:.1f} 0)"><line y1="{}" y2="{}"/><circle cy="{}" r="6"/></g>'
    ).format(at, TOP, HEIGHT - BOTTOM, TOP)
    said = f"Histogram of the distances of {view.same_pairs:,} same and {view.different_pairs:,} different pairs"
    return frame.draw(
        said,
        halves,
        frame.bars(view.edges, different, "different"),
        frame.bars(view.edges, same, "same"),
        wrong,
        rule,
        kind="histogram",
    )


def histogram_frame(view: DistanceView) -> Frame:
    """The axes of the histogram."""
    highest = 1.05 * max(float(bins.max() / bins.sum()) for bins in (view.same_bins, view.different_bins))
    largest = float(view.edges[-1])
    ticks = tuple((value, percent(value)) for value, _ in ticks_between(0.0, float(highest)))
    across = Axis("distance", 0.0, largest, ticks_between(0.0, largest))
    return Frame(across, Axis("pairs of its kind", 0.0, float(highest), ticks))


def det(curve: ErrorCurve, view: DistanceView) -> Markup:
    """FNMR over FMR on axes of normal deviates: lower and further left is better."""
    frame = det_frame(curve, view)
    return _curve(frame, curve, curve.fnmr, curve.band_low, curve.band_high, "det", "DET curve: FNMR over FMR")


def roc(curve: ErrorCurve) -> Markup:
    """The share of same pairs accepted over that of different pairs accepted: higher and further left is better."""
    frame = roc_frame()
    ends = np.array([0.0, 1.0])
    guess = frame.line(ends, ends, "guess")
    said = "ROC curve: share of same pairs called same over FMR"
    low, high = (None if end is None else 1 - end for end in (curve.band_high, curve.band_low))
    return _curve(frame, curve, 1 - curve.fnmr, low, high, "roc", said, guess)


def det_frame(curve: ErrorCurve, view: DistanceView) -> Frame:
    """The axes of the DET plot: down to where one pair is the whole rate, up to where the other rate is that small."""
    lowest = _lowest(view.different_pairs), _lowest(view.same_pairs)
    most_fmr = curve.fmr[np.argmax(curve.fnmr <= lowest[1])]
    most_fnmr = curve.fnmr[np.searchsorted(curve.fmr, lowest[0], side="right") - 1]
    return Frame(
        _det_axis("FMR", lowest[0], float(most_fmr), least_gap=0.17),
        _det_axis("FNMR", lowest[1], float(most_fnmr), least_gap=0.06),
    )


def roc_frame() -> Frame:
    """The axes of the ROC plot."""
    return Frame(Axis("FMR", 0.0, 1.0, TENTHS), Axis("same pairs called same", 0.0, 1.0, TENTHS))


def reliability(quality: ProbabilityQuality) -> Markup:
    """What was promised against what happened: on the diagonal is right."""
    frame = Frame(Axis("probability of same", 0.0, 1.0, TENTHS), Axis("share that is the same", 0.0, 1.0, TENTHS))
    said = np.array([one.probability for one in quality.bins])
    found = np.array([one.same for one in quality.bins])
    titles = [
        f"said {percent(one.probability)}, were {percent(one.same)}; {percent(one.share)} of the pairs"
        for one in quality.bins
    ]
    ends = np.array([0.0, 1.0])
    return frame.draw(
        "Reliability: how often pairs are the same, over the probability that was said",
        frame.line(ends, ends, "guess"),
        frame.line(said, found, "main"),
        frame.dots(said, found, "main", titles),
    )


def learning(view: Learning, value: str) -> Markup:
    """The loss, the EER or Spearman over the epochs, with a dot at the epoch that was kept."""
    points = [(row.epoch, getattr(row, value)) for row in view.epochs if getattr(row, value) is not None]
    x, y = (np.array(column, dtype=np.float64) for column in zip(*points, strict=True))
    last = max(float(x[-1]), 2.0)
    # Ticks closer than that need labels so long that they reach into the name of the axis.
    low, high = _room(y, least=max(0.01, 0.2 * float(np.abs(y).max())) if value == "loss" else 0.05)
    ticks = ticks_between(low, high)
    if value == "eer":
        ticks = tuple((tick, percent(tick)) for tick, _ in ticks)
    whole = tuple((tick, text) for tick, text in ticks_between(1.0, last) if tick == round(tick))
    frame = Frame(Axis("epoch", 1.0, last, whole), Axis(NAMES[value], low, high, ticks))
    best = x == view.best
    said = f"{value} over {len(x)} epochs, from {y[0]:.3g} to {y[-1]:.3g}"
    return frame.draw(said, frame.line(x, y, "main"), frame.dots(x[best], y[best], "main"))


def plane(view: EmbeddingMap) -> Markup:
    """The points of the map, each with its number for the script; colours by identity."""
    low, high = view.points.min(axis=0), view.points.max(axis=0)
    places = 14 + (view.points - low) / np.maximum(high - low, 1e-12) * np.array([452.0, 332.0])
    circles = Markup("").join(
        Markup('<circle cx="{:.1f}" cy="{:.1f}" r="4" fill="{}"/>').format(x, y, _colour(view, number))
        for number, (x, y) in enumerate(places)
    )
    said = f"Map of {len(view.points)} embeddings; arrow keys go from point to point"
    return Markup(
        '<svg class="plot map" viewBox="0 0 480 360" role="img" tabindex="0" aria-label="{}">{}</svg>'
    ).format(said, circles)


def moving(view: DistanceView, curve: ErrorCurve) -> dict[str, Any]:
    """For the script: the rates at each threshold, and where it stands in the histogram, the DET and the ROC plot."""
    fmr = view.different_accepted / view.different_pairs
    fnmr = 1 - view.same_accepted / view.same_pairs
    histogram, stretched, even = histogram_frame(view), det_frame(curve, view), roc_frame()
    return {
        "steps": view.steps,
        "thresholds": [float(f"{value:.5g}") for value in view.thresholds],
        "same": view.same_accepted.tolist(),
        "different": view.different_accepted.tolist(),
        "samePairs": view.same_pairs,
        "differentPairs": view.different_pairs,
        "x": _rounded(histogram.across(view.thresholds)),
        "det": [_rounded(stretched.across(fmr)), _rounded(stretched.up(fnmr))],
        "roc": [_rounded(even.across(fmr)), _rounded(even.up(1 - fnmr))],
    }


def _clip(name: str, left: float, right: float) -> Markup:
    """A part of the picture, from left to right, which the script moves."""
    rect = Markup('<clipPath id="{}"><rect x="{:.1f}" y="0" width="{:.1f}" height="{}"/></clipPath>')
    return rect.format(name, left, max(0.0, right - left), HEIGHT)


def _curve(
    frame: Frame,
    curve: ErrorCurve,
    y: Float[np.ndarray, " points"],
    low: Float[np.ndarray, " band"] | None,
    high: Float[np.ndarray, " band"] | None,
    kind: str,
    said: str,
    below: Markup = Markup(""),
) -> Markup:
    band = Markup("") if low is None or high is None else frame.band(curve.band_fmr, low, high, "main")
    marker = Markup('<circle class="marker {}" r="6"/>').format(kind)
    return frame.draw(said, below, band, frame.line(curve.fmr, y, "main"), marker)


def _det_axis(name: str, low: float, most: float, least_gap: float) -> Axis:
    high = min(rate for rate in RATES if rate >= max(0.5, min(most, RATES[-1])))
    bare = Axis(name, low, high, (), deviates)
    ticks: list[tuple[float, str]] = []
    for rate in RATES:
        # A tick that would stand in the one before it is left out.
        places = bare.shares(np.array([ticks[-1][0] if ticks else 0.0, rate]))
        if low <= rate <= high and (not ticks or places[1] - places[0] >= least_gap):
            ticks.append((rate, percent(rate)))
    return Axis(name, low, high, tuple(ticks), deviates)


def _lowest(pairs: int) -> float:
    """The largest rate for a tick below which no rate of so many pairs lies, but 0."""
    return max([rate for rate in RATES[:6] if rate <= 1 / pairs], default=RATES[0])


def _room(values: Float[np.ndarray, " values"], least: float) -> tuple[float, float]:
    """The ends of an axis for these values, at least `least` apart where the lower one need not be below 0 for that."""
    lowest, highest = float(values.min()), float(values.max())
    high = highest + 0.05 * abs(highest) or 1.0
    if lowest < 0:
        return min(lowest * 1.05, high - least), high
    # A curve that stays far from 0 would be flat on an axis that begins there.
    low = 0.0 if lowest < 0.6 * high else lowest - 0.3 * (high - lowest)
    return max(0.0, min(low, high - least)), high


def _colour(view: EmbeddingMap, number: int) -> str:
    # Hues a golden angle apart differ however many there are; the middle lightness shows on white and on black.
    hue = 210 if view.identities is None else int(view.identities[number] * 137.508 + 210) % 360
    return f"hsl({hue} 62% 52%)"


def _rounded(values: Float[np.ndarray, " values"]) -> list[float]:
    return [float(value) for value in np.round(values, 1)]
