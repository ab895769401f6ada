"""Embeddings and pairs with scores in; how well distances and scores agree, with intervals, out."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped
from scipy.stats import rankdata

from alikely.contracts import Distance
from alikely.metrics.intervals import DRAWS, Estimate, drawn_identities, estimate_from
from alikely.metrics.pairs import joined, known_distances
from alikely.types import Pairs


@dataclass(frozen=True)
class Agreement:
    """How well small distances go with high scores: -1 the wrong way round, 0 not at all, 1 fully.

    `spearman` is the correlation of their ranks: what counts where only the order matters. `pearson` is that of the
    values: how near they lie to a straight line. `pairs` is their number.
    """

    spearman: Estimate
    pearson: Estimate
    pairs: int


def agreement(
    embeddings: Float[np.ndarray, "items dim"],
    pairs: Pairs,
    distance: Distance,
    confidence: float = 0.95,
    seed: int = 0,
) -> Agreement:
    """How well the distances of scored pairs agree with their scores.

    The intervals come from drawing the identities (items joined by pairs) anew. A figure is None, with the reason,
    where all scores or all distances are equal. Raises InputError naming the items whose embedding is not finite.
    """
    assert pairs.score is not None  # callers ask for scored pairs only
    distances = known_distances(embeddings, pairs, distance)
    identities = joined(len(embeddings), pairs)[pairs.left]
    # Ranks are those among all pairs: with the identities drawn anew, only the weights of the pairs change.
    spearman = _estimated(-rankdata(distances), rankdata(pairs.score), identities, confidence, seed)
    pearson = _estimated(-distances.astype(float), pairs.score.astype(float), identities, confidence, seed)
    return Agreement(spearman, pearson, len(pairs))


def spearman(distances: Float[np.ndarray, " pairs"], scores: Float[np.ndarray, " pairs"]) -> float | None:
    """Spearman's rank correlation of -distance with the score; None where all of either are equal."""
    return _correlation(-rankdata(distances), rankdata(scores), np.ones(len(scores)))


def _estimated(
    left: Float[np.ndarray, " pairs"],
    right: Float[np.ndarray, " pairs"],
    identities: Int[np.ndarray, " pairs"],
    confidence: float,
    seed: int,
) -> Estimate:
    value = _correlation(left, right, np.ones(len(left)))
    if value is None:
        return Estimate(None, reason="all scores or all distances are equal")
    names, numbers = np.unique(identities, return_inverse=True)
    drawn = [_correlation(left, right, weights[numbers]) for weights in drawn_identities(len(names), DRAWS, seed)]
    found = np.array([figure for figure in drawn if figure is not None])
    return estimate_from(value, found, len(names), confidence)


def _correlation(
    left: Float[np.ndarray, " pairs"], right: Float[np.ndarray, " pairs"], weights: Shaped[np.ndarray, " pairs"]
) -> float | None:
    """Pearson's correlation with weights, not all 0; None without any spread."""
    left = left - np.average(left, weights=weights)
    right = right - np.average(right, weights=weights)
    spread = np.sqrt((weights @ left**2) * (weights @ right**2))
    return float((weights * left) @ right / spread) if spread > 0 else None
