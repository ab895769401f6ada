"""Distances of pairs in; error rates with the identities drawn anew, and intervals from these, out.

Pairs that share an identity are not independent: one person who is hard to tell apart spoils many pairs at once. So
it is identities that are drawn, with replacement, as often as there are identities; identity i is then there w_i
times. A pair of two identities i and j stands there w_i * w_j times, a pair within one identity w_i times: two copies
of one identity form no pair with each other. Bolle, Ratha, Pankanti 2004, "Error analysis of pattern recognition
systems: the subsets bootstrap", draw whole identities likewise; weighing both sides follows the multiway bootstrap of
Owen 2007.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int

from alikely.metrics.pairs import PairDistances
from alikely.metrics.verification import Verification

DRAWS = 200
MOST_PAIRS = 1_000_000


def resampled_curves(
    pairs: PairDistances, draws: int = DRAWS, seed: int = 0, most_pairs: int = MOST_PAIRS
) -> Iterator[tuple[Float[np.ndarray, " bends"], Float[np.ndarray, " bends"]]]:
    """FMR and FNMR at the bends of the ROC (thresholds ascending), once for each draw of the identities.

    Above `most_pairs` pairs, a seeded sample of the different ones is used (of the same ones too, where they are more
    than half of `most_pairs`): what an interval shows is mostly the spread over identities, which the sample keeps.
    A draw in which one kind of pair does not occur has no error rates and is left out.
    """
    generator = np.random.default_rng(seed)
    same = _sample(len(pairs.same), max(most_pairs // 2, most_pairs - len(pairs.different)), generator)
    different = _sample(len(pairs.different), most_pairs - len(same), generator)
    # Sorted once; every draw only changes the weights.
    same = same[np.argsort(pairs.same[same])]
    different = different[np.argsort(pairs.different[different])]
    verification = Verification(pairs.same[same], pairs.different[different])
    thresholds = verification.bends()
    same_below = np.searchsorted(verification.same, thresholds, side="right")
    different_below = np.searchsorted(verification.different, thresholds, side="right")
    same_sides = pairs.same_identities[same].T.astype(np.intp)
    different_sides = pairs.different_identities[different].T.astype(np.intp)
    for _ in range(draws):
        drawn = generator.integers(pairs.identities, size=pairs.identities)
        weights = np.bincount(drawn, minlength=pairs.identities)
        matches = _running_weight(weights, same_sides)
        false_matches = _running_weight(weights, different_sides)
        if matches[-1] > 0 and false_matches[-1] > 0:
            yield false_matches[different_below] / false_matches[-1], 1 - matches[same_below] / matches[-1]


def percentile_interval(
    values: Float[np.ndarray, "draws figures"], confidence: float = 0.95
) -> tuple[Float[np.ndarray, " figures"], Float[np.ndarray, " figures"]]:
    """The low and high ends between which the middle `confidence` of the draws lies, for each column."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail], axis=0)
    return low, high


def _sample(count: int, most: int, generator: np.random.Generator) -> Int[np.ndarray, " sampled"]:
    if count <= most:
        return np.arange(count)
    # With replacement, so that no list of all positions is made; of millions, few are drawn twice.
    return generator.integers(count, size=most)


def _running_weight(weights: Int[np.ndarray, " identities"], sides: Int[np.ndarray, "2 pairs"]) -> np.ndarray:
    left, right = sides
    pair_weights = np.where(left == right, weights[left], weights[left] * weights[right])
    return np.concatenate([[0], np.cumsum(pair_weights)])
