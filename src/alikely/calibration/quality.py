"""Distances of held-back pairs in; how far the probabilities fitted on some identities hold on others, out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from alikely.calibration.probability import Method, ProbabilityMap, fit_probability
from alikely.errors import SettingsError, TooFewError
from alikely.metrics import Estimate, PairDistances, Verification, percentile_interval
from alikely.metrics.intervals import drawn_identities, pair_weights

FOLDS = 5
FEWEST_IN_FOLD = 5  # identities, so that a fold holds pairs of both kinds in nearly all data
BINS = 10
DRAWS = 200
MOST_PAIRS = 200_000  # of either kind; what an interval shows is mostly the spread over identities
CONFIDENCE = 0.95


@dataclass(frozen=True)
class ReliabilityBin:
    """The pairs whose probability lies in `low`..`high`: its mean, the share that is the same, their share of all."""

    low: float
    high: float
    probability: float
    same: float
    share: float


@dataclass(frozen=True)
class ProbabilityQuality:
    """How good the probabilities are on identities that they were not fitted on, at a prior, with intervals.

    brier: mean squared difference between probability and truth (Brier 1950); 0 is perfect.
    log_loss: mean of -ln of the probability given to what is true; 0 is perfect.
    calibration_error: expected calibration error, the mean distance between the probability and the share that is the
        same over the bins (Naeini et al. 2015); 0 means that the probabilities can be taken at their word.
    brier_of_prior, log_loss_of_prior: of who knows the prior only, and nothing of the pair.
    """

    brier: Estimate
    log_loss: Estimate
    calibration_error: Estimate
    brier_of_prior: float
    log_loss_of_prior: float
    bins: tuple[ReliabilityBin, ...]
    method: Method
    prior: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON: each figure with its `..._interval`, and `reliability`: an object for each bin with pairs."""
        figures: dict[str, Any] = {}
        for name, found in self._figures():
            figures[name] = found.value
            figures[f"{name}_interval"] = [found.low, found.high]
        bins = [
            {"low": b.low, "high": b.high, "probability": b.probability, "same": b.same, "share": b.share}
            for b in self.bins
        ]
        of_prior = {"brier_of_prior": self.brier_of_prior, "log_loss_of_prior": self.log_loss_of_prior}
        return {**figures, **of_prior, "method": self.method, "prior": self.prior, "reliability": bins}

    def rows(self) -> list[tuple[str, str, str]]:
        """For printing: (name, value, interval and remark)."""
        remarks = {
            "brier": f"; {self.brier_of_prior:.3f} by the prior alone",
            "log_loss": f"; {self.log_loss_of_prior:.3f} by the prior alone",
            "calibration_error": "",
        }
        names = {"brier": "Brier score", "log_loss": "log loss", "calibration_error": "calibration error (ECE)"}
        return [
            (names[key], f"{found.value:.3f}", f"{found.low:.3f} to {found.high:.3f}{remarks[key]}")
            for key, found in self._figures()
        ]

    def _figures(self) -> list[tuple[str, Estimate]]:
        return [
            ("brier", self.brier),
            ("log_loss", self.log_loss),
            ("calibration_error", self.calibration_error),
        ]


def probability_quality(
    pairs: PairDistances, method: Method | None = None, prior: float = 0.5, seed: int = 0
) -> ProbabilityQuality:
    """Fit the probabilities on four fifths of the identities, judge them on the pairs among the last fifth, in turn.

    (On halves, where there are fewer than 25 identities.) Either kind of pair weighs as the `prior` says: it is the
    share of same pairs among all that will be compared. Intervals draw the identities anew.

    Raises TooFewError where there are too few identities to set some aside, SettingsError unless 0 < prior < 1.
    """
    if not 0 < prior < 1:
        raise SettingsError(f"the prior must lie between 0 and 1, both excluded, got {prior}")
    generator = np.random.default_rng(seed)
    folds = FOLDS if pairs.identities >= FOLDS * FEWEST_IN_FOLD else 2
    fold_of = generator.permutation(np.arange(pairs.identities) % folds)
    parts = [_judged(pairs, fold_of == fold, method, prior, generator) for fold in range(folds)]
    chances, same, sides = (np.concatenate(rows) for rows in zip(*parts, strict=True))
    used = fit_probability(Verification.from_distances(pairs.same, pairs.different), method).method
    return _quality(chances, same, sides, pairs.identities, used, prior, generator)


def quality_on_others(
    pairs: PairDistances, fitted: ProbabilityMap, prior: float = 0.5, seed: int = 0, most_pairs: int = MOST_PAIRS
) -> ProbabilityQuality:
    """How good probabilities are that were fitted elsewhere, on pairs of other identities, at most so many of a kind.

    Raises TooFewError without same or without different pairs, or with too few identities, SettingsError unless
    0 < prior < 1.
    """
    generator = np.random.default_rng(seed)
    kept = []
    for distances, sides, kind in (
        (pairs.same, pairs.same_identities, "same"),
        (pairs.different, pairs.different_identities, "different"),
    ):
        if len(distances) == 0:
            raise TooFewError(f"judging probabilities takes same and different pairs, got no {kind} pair; add some")
        places = np.arange(len(distances))
        if len(places) > most_pairs:
            places = generator.choice(places, most_pairs, replace=False)
        kept.append((distances[places], sides[places].astype(np.intp)))
    return _quality(*_told(kept, fitted, prior), pairs.identities, fitted.method, prior, generator)


def _quality(
    chances: Float[np.ndarray, " pairs"],
    same: Bool[np.ndarray, " pairs"],
    sides: Int[np.ndarray, "pairs 2"],
    identities: int,
    method: Method,
    prior: float,
    generator: np.random.Generator,
) -> ProbabilityQuality:
    weights = _weights(same, np.ones(len(same)), prior)
    found = _figures(chances, same, weights)
    draws = []
    for drawn in drawn_identities(identities, DRAWS, generator):
        counts = pair_weights(drawn, *sides.T)
        if counts[same].any() and counts[~same].any():
            draws.append(_figures(chances, same, _weights(same, counts, prior)))
    if not draws:
        raise TooFewError(f"{identities} identities are too few to judge probabilities by; take more")
    low, high = percentile_interval(np.array(draws), CONFIDENCE)
    brier, log_loss, gap = (Estimate(v, float(a), float(b)) for v, a, b in zip(found, low, high, strict=True))
    entropy = -(prior * math.log(prior) + (1 - prior) * math.log(1 - prior))
    bins = _bins(chances, same, weights)
    return ProbabilityQuality(brier, log_loss, gap, prior * (1 - prior), entropy, bins, method, prior)


def _judged(
    pairs: PairDistances,
    inside: Bool[np.ndarray, " identities"],
    method: Method | None,
    prior: float,
    generator: np.random.Generator,
) -> tuple[Float[np.ndarray, " judged"], Bool[np.ndarray, " judged"], Int[np.ndarray, "judged 2"]]:
    """The probability of each pair among the identities `inside`, as fitted on those among all others."""
    kept, outside = [], []
    for distances, sides in (
        (pairs.same, pairs.same_identities),
        (pairs.different, pairs.different_identities),
    ):
        judged = np.flatnonzero(inside[sides].all(axis=1))
        if len(judged) > MOST_PAIRS // FOLDS:
            judged = generator.choice(judged, MOST_PAIRS // FOLDS, replace=False)
        fitted = distances[~inside[sides].any(axis=1)]
        if min(len(judged), len(fitted)) == 0:
            raise TooFewError(
                f"{pairs.identities} identities are too few to judge probabilities on some of them that were fitted on "
                "others; take more"
            )
        kept.append((distances[judged], sides[judged].astype(np.intp)))
        outside.append(fitted)
    return _told(kept, fit_probability(Verification.from_distances(*outside), method), prior)


def _told(
    kept: Sequence[tuple[np.ndarray, np.ndarray]], fitted: ProbabilityMap, prior: float
) -> tuple[Float[np.ndarray, " judged"], Bool[np.ndarray, " judged"], Int[np.ndarray, "judged 2"]]:
    """Of same and of different pairs, their distances and sides: probability, whether they are the same, sides."""
    (near, near_sides), (far, far_sides) = kept
    chances = fitted.probabilities(np.concatenate([near, far]).astype(np.float64), prior)
    return chances, np.arange(len(chances)) < len(near), np.concatenate([near_sides, far_sides])


def _weights(
    same: Bool[np.ndarray, " pairs"], counts: Float[np.ndarray, " pairs"] | Int[np.ndarray, " pairs"], prior: float
) -> Float[np.ndarray, " pairs"]:
    """Shares of the pairs, by how often each stands there, such that same pairs make up the prior."""
    weights: Float[np.ndarray, " pairs"] = np.where(
        same, prior * counts / counts[same].sum(), (1 - prior) * counts / counts[~same].sum()
    )
    return weights


def _figures(
    chances: Float[np.ndarray, " pairs"], same: Bool[np.ndarray, " pairs"], weights: Float[np.ndarray, " pairs"]
) -> tuple[float, float, float]:
    brier = float(np.sum(weights * (chances - same) ** 2))
    log_loss = float(-np.sum(weights * np.log(np.where(same, chances, 1 - chances))))
    # The distance of the means, times the share of the bin, is the distance of the sums.
    gaps = np.bincount(_bin_of(chances), weights * (chances - same), minlength=BINS)
    return brier, log_loss, float(np.abs(gaps).sum())


def _bins(
    chances: Float[np.ndarray, " pairs"], same: Bool[np.ndarray, " pairs"], weights: Float[np.ndarray, " pairs"]
) -> tuple[ReliabilityBin, ...]:
    bins = []
    places = _bin_of(chances)
    for place in np.unique(places).tolist():
        here = places == place
        share = weights[here].sum()
        predicted, observed = (weights[here] * chances[here]).sum() / share, weights[here & same].sum() / share
        bins.append(ReliabilityBin(place / BINS, (place + 1) / BINS, float(predicted), float(observed), float(share)))
    return tuple(bins)


def _bin_of(chances: Float[np.ndarray, " pairs"]) -> Int[np.ndarray, " pairs"]:
    return np.minimum((chances * BINS).astype(np.intp), BINS - 1)
