"""Distances in use, and those of the calibration, in; whether they have moved, in figures and words, out.

Each live distance d becomes the share of the calibration's distances that lie below it: u = F(d), or F(d) / F(t) for
one that is only known because it lay within the threshold t. While nothing drifts, u is spread evenly over 0..1.

KS     the largest gap between the share of live distances below a point and that of the calibration's; its p-value is
       the chance of such a gap where nothing has moved (Smirnov 1939, at the harmonic mean of both numbers)
PSI    the population stability index: sum over bins of (live - expected) ln(live / expected), the bins holding a fifth
       of the calibration's distances each (the divergence of Jeffreys 1946; the limits .1 and .25 are those of Siddiqi
       2006, "Credit Risk Scorecards")
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from alikely.calibration import Calibration
from alikely.data.sources import read_source
from alikely.gallery.enrolment import embedded
from alikely.gallery.live import Live
from alikely.metrics import percent
from alikely.model import SiameseModel, distances_of_examples
from alikely.types import Examples

FEWEST = 50
BINS = 5
WATCH, DRIFT = 0.1, 0.25
CHANCE = 0.01

Moved = Literal["no drift", "watch", "calibrate anew", "too few"]


@dataclass(frozen=True)
class DriftRow:
    """One kind of distances, same or different: how many live ones there are, and how far they have moved.

    `direction` is the mean of u less a half (-0.5..0.5): below 0 live distances are smaller than those of the
    calibration, above 0 larger. All figures are None where there are too few.
    """

    kind: Literal["same", "different"]
    count: int
    ks: float | None = None
    p_value: float | None = None
    psi: float | None = None
    direction: float | None = None

    @property
    def verdict(self) -> Moved:
        """Calibrate anew: beyond chance (p under 1 %) and PSI over .25; watch: p under 1 % and PSI over .1."""
        if self.ks is None or self.p_value is None or self.psi is None:
            return "too few"
        if self.p_value >= CHANCE or self.psi <= WATCH:
            return "no drift"
        return "calibrate anew" if self.psi > DRIFT else "watch"


@dataclass(frozen=True)
class Drift:
    """How far live distances have moved from those of the calibration. `accepted` is the share of answers that were
    same or an identity (None where that is not known)."""

    rows: tuple[DriftRow, ...]
    accepted: float | None

    @property
    def verdict(self) -> Moved:
        """The gravest of the rows that have enough distances; "too few" where none has."""
        found = {row.verdict for row in self.rows}
        return next((v for v in ("calibrate anew", "watch", "no drift") if v in found), "too few")

    @property
    def exit_code(self) -> int:
        """For the command line: 0 no drift, or too few distances to tell; 1 watch, or calibrate anew."""
        return 1 if self.verdict in ("watch", "calibrate anew") else 0

    def sentence(self) -> str:
        """What to do, in one line."""
        if self.verdict == "too few":
            most = max(row.count for row in self.rows)
            return f"too few distances to tell: {most} of a kind, it takes {FEWEST}"
        moved = [
            f"distances of {row.kind} pairs have become {'smaller' if (row.direction or 0) < 0 else 'larger'}"
            for row in self.rows
            if row.verdict in ("watch", "calibrate anew")
        ]
        if self.verdict == "calibrate anew":
            return f"calibrate anew: {' and '.join(moved)}; the thresholds were set for other distances"
        if self.verdict == "watch":
            return f"watch: {' and '.join(moved)}, a little"
        return "no drift: live distances are spread as those of the calibration"

    def cells(self) -> list[tuple[str, ...]]:
        """For printing: kind, number, KS, its p-value, PSI, verdict."""
        return [
            (
                row.kind,
                f"{row.count:,}",
                *("" if value is None else f"{value:.3f}" for value in (row.ks, row.p_value, row.psi)),
                row.verdict,
            )
            for row in self.rows
        ]

    def title(self) -> str:
        """What was looked at, in one line."""
        share = "" if self.accepted is None else f"; {percent(self.accepted)} of the answers accepted"
        return f"{sum(row.count for row in self.rows):,} live distances beside those of the calibration{share}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON: verdict, sentence, accepted, rows."""
        rows = [{**asdict(row), "verdict": row.verdict} for row in self.rows]
        return {"verdict": self.verdict, "sentence": self.sentence(), "accepted": self.accepted, "rows": rows}


def drift_of_live(live: Sequence[Live], calibration: Calibration) -> Drift:
    """The drift of distances from a log: those accepted beside same pairs, those to others beside different pairs."""
    curve = calibration.curve
    accepted = [entry for entry in live if entry.what == "accepted"]
    answered = sum(entry.what != "different" for entry in live)
    same = _shares(np.array([entry.distance for entry in accepted]), curve.thresholds, 1 - curve.fnmr)
    limits = np.array([np.inf if entry.threshold is None else entry.threshold for entry in accepted])
    within = _shares(limits, curve.thresholds, 1 - curve.fnmr)
    # Where the calibration knows no same pair within the threshold, nothing can be said.
    same = np.minimum(same[within > 0] / within[within > 0], 1.0)
    others = np.array([entry.distance for entry in live if entry.what == "different"])
    return Drift(
        (
            _row("same", same, curve.false_non_matches.effective),
            _row("different", _shares(others, curve.thresholds, curve.fmr), curve.false_matches.effective),
        ),
        len(accepted) / answered if answered else None,
    )


def drift_of_items(
    source: Path | str | Examples, model: SiameseModel, calibration: Calibration, seed: int = 0
) -> Drift:
    """The drift of labelled items: one same pair of each identity, and as many different ones: few share one."""
    examples = source if isinstance(source, Examples) else read_source(source, model.preparation.kind)
    embeddings, examples, _ = embedded(model, examples)
    pairs = distances_of_examples(embeddings, examples, model.distance)
    draw, curve = np.random.default_rng(seed), calibration.curve
    same = _one_each(pairs.same, pairs.same_identities[:, 0], draw)
    different = _one_each(pairs.different, pairs.different_identities[:, 0], draw)
    return Drift(
        (
            _row("same", _shares(same, curve.thresholds, 1 - curve.fnmr), curve.false_non_matches.effective),
            _row("different", _shares(different, curve.thresholds, curve.fmr), curve.false_matches.effective),
        ),
        None,
    )


def _one_each(
    distances: Float[np.ndarray, " pairs"], identities: np.ndarray, draw: np.random.Generator
) -> Float[np.ndarray, " identities"]:
    order = draw.permutation(len(distances))
    _, first = np.unique(identities[order], return_index=True)
    return distances[order][first].astype(np.float64)


def _shares(
    distances: Float[np.ndarray, " live"],
    thresholds: Float[np.ndarray, " points"],
    shares: Float[np.ndarray, " points"],
) -> Float[np.ndarray, " live"]:
    """The share of the calibration's distances at or below each of these, linear between two that were kept."""
    if len(distances) == 0:
        return np.zeros(0)
    found: Float[np.ndarray, " live"] = np.interp(
        distances, np.concatenate([[0.0], thresholds]), np.concatenate([[0.0], shares])
    )
    return found


def _row(
    kind: Literal["same", "different"], shares: Float[np.ndarray, " live"], effective: Float[np.ndarray, " points"]
) -> DriftRow:
    count = len(shares)
    if count < FEWEST:
        return DriftRow(kind, count)
    from scipy.stats import kstwo

    ordered, places = np.sort(shares), np.arange(count)
    ks = float(max((ordered - places / count).max(), ((places + 1) / count - ordered).max()))
    known = max(1.0, float(np.median(effective)))  # independent pairs that the calibration's share rests on
    number = max(1, round(count * known / (count + known)))
    live = (np.histogram(shares, BINS, (0, 1))[0] + 0.5) / (count + 0.5 * BINS)
    psi = float(((live - 1 / BINS) * np.log(live * BINS)).sum())
    return DriftRow(kind, count, ks, float(kstwo.sf(ks, number)), psi, float(shares.mean() - 0.5))
