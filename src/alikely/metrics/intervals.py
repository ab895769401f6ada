"""Figures of pairs or items in; the same with the identities drawn anew, and the interval from these, out.

Pairs that share an identity are not independent: one person who is hard to tell apart spoils many pairs at once. So
it is identities that are drawn, with replacement, as often as there are identities; identity i is then there w_i
times. A pair of two identities i and j stands there w_i * w_j times, a pair within one identity w_i times: two copies
of one identity form no pair with each other. Bolle, Ratha, Pankanti 2004, "Error analysis of pattern recognition
systems: the subsets bootstrap", draw whole identities likewise; weighing both sides follows the multiway bootstrap of
Owen 2007.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int, Shaped

from alikely.errors import InputError
from alikely.metrics.pairs import PairDistances
from alikely.metrics.verification import Verification

DRAWS = 200
MOST_PAIRS = 1_000_000
# With fewer identities, or fewer draws that hold what is measured, the ends of an interval mean nothing.
FEWEST_IDENTITIES = 5
FEWEST_DRAWS = 50


@dataclass(frozen=True)
class Estimate:
    """A figure and the ends of its interval. What cannot be told from the data is None, and `reason` says why."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None

    def to_dict(self, key: str) -> dict[str, Any]:
        """For JSON: `key`, `key_interval` as [low, high] or null and, where there is one, `key_reason`."""
        interval = None if self.low is None else [self.low, self.high]
        told: dict[str, Any] = {key: self.value, f"{key}_interval": interval}
        return told if self.reason is None else told | {f"{key}_reason": self.reason}


def resampled_curves(
    pairs: PairDistances, draws: int = DRAWS, seed: int = 0, most_pairs: int = MOST_PAIRS
) -> Iterator[tuple[Float[np.ndarray, " bends"], Float[np.ndarray, " bends"]]]:
    """FMR and FNMR at the bends of the ROC (thresholds ascending), once for each draw of the identities.

    Above `most_pairs` pairs, `sampled` ones are used: what an interval shows is mostly the spread over identities,
    which the sample keeps. A draw in which one kind of pair does not occur has no error rates and is left out.
    """
    curve_of = _curves(sampled(pairs, most_pairs, seed))
    for weights in drawn_identities(pairs.identities, draws, seed):
        curve = curve_of(weights)
        if curve is not None:
            yield curve


def resampled_figures(
    pairs: PairDistances,
    figures: Callable[[Float[np.ndarray, " bends"], Float[np.ndarray, " bends"]], Sequence[float]],
    draws: int = DRAWS,
    seed: int = 0,
    most_pairs: int = MOST_PAIRS,
) -> Float[np.ndarray, "draws figures"]:
    """What `figures(fmr, fnmr)` gives for each of the `resampled_curves`, in as many threads as PyTorch uses.

    `figures` must not depend on how often or in which order it is called. Fewer rows than `draws` where some are left
    out; none at all, with no columns, where all are.
    """
    curve_of = _curves(sampled(pairs, most_pairs, seed))

    def figures_of(weights: Int[np.ndarray, " identities"]) -> Sequence[float] | None:
        curve = curve_of(weights)
        return None if curve is None else figures(*curve)

    with ThreadPoolExecutor(torch.get_num_threads()) as threads:
        found = [
            row for row in threads.map(figures_of, drawn_identities(pairs.identities, draws, seed)) if row is not None
        ]
    return np.array(found) if found else np.empty((0, 0))


def resampled_shares(
    distances: Float[np.ndarray, " pairs"],
    sides: Int[np.ndarray, "pairs 2"],
    identities: int,
    thresholds: Float[np.ndarray, " thresholds"],
    draws: int = DRAWS,
    seed: int = 0,
) -> Float[np.ndarray, "draws thresholds"]:
    """The share of pairs of one kind at or below each threshold, once for each draw of the identities.

    Of different pairs that is the FMR, of same pairs 1 - FNMR. `sides` are the identity numbers of the two sides, as
    in `PairDistances`. Draws in which no such pair occurs are left out.
    """
    kind = _Kind(distances, sides, thresholds)
    found = [
        shares for weights in drawn_identities(identities, draws, seed) if (shares := kind.shares(weights)) is not None
    ]
    return np.array(found).reshape(len(found), len(thresholds))


def sampled(pairs: PairDistances, most_pairs: int = MOST_PAIRS, seed: int = 0) -> PairDistances:
    """The pairs themselves up to `most_pairs`; above that, so many drawn with replacement."""
    same, different = sample_positions(len(pairs.same), len(pairs.different), most_pairs, seed)
    if len(same) + len(different) == len(pairs.same) + len(pairs.different):
        return pairs
    return PairDistances(
        pairs.same[same],
        pairs.different[different],
        pairs.same_identities[same],
        pairs.different_identities[different],
        pairs.identities,
        pairs.items,
    )


def sample_positions(
    same: int, different: int, most_pairs: int, seed: int
) -> tuple[Int[np.ndarray, " same"], Int[np.ndarray, " different"]]:
    """Which of so many pairs are sampled, ascending.

    The different ones are, and the same ones too where they are more than half of `most_pairs`.
    """
    # Apart from the generator that draws identities, so that these draws are those of all pairs.
    generator = np.random.default_rng([seed, 1])
    kept = _sample(same, max(most_pairs // 2, most_pairs - different), generator)
    return kept, _sample(different, most_pairs - len(kept), generator)


def mean_over_identities(
    values: Float[np.ndarray, " queries"],
    identities: Shaped[np.ndarray, " queries"],
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Estimate:
    """The mean of a figure that each query has (a hit, a precision), with its interval by drawing the identities anew.

    `identities` says whose each query is. Only those who ask are drawn; what they search in stays as it is. Raises
    InputError for no values at all.
    """
    if len(values) == 0:
        raise InputError("a mean needs values, got none")
    names, numbers = np.unique(identities, return_inverse=True)
    sums, counts = np.bincount(numbers, weights=values), np.bincount(numbers)
    weights = np.array(list(drawn_identities(len(names), draws, seed)))
    return estimate_from(float(values.mean()), weights @ sums / (weights @ counts), len(names), confidence)


def estimate_from(
    value: float, drawn: Float[np.ndarray, " draws"], identities: int, confidence: float = 0.95
) -> Estimate:
    """A figure with the interval from what it was in each draw.

    Drawn anew, data without an error still have none, which says nothing of the errors to come: where the value is 0
    or 1, the interval reaches as far as that many identities leave open.
    """
    if identities < FEWEST_IDENTITIES or len(drawn) < FEWEST_DRAWS:
        few = "1 identity is" if identities == 1 else f"{identities} identities are"
        return Estimate(value, reason=f"no interval: {few} too few")
    (low,), (high,) = percentile_interval(drawn[:, None], confidence)
    unseen = _largest_unseen_rate(identities, confidence)
    if value == 0:
        high = max(high, unseen)
    if value == 1:
        low = min(low, 1 - unseen)
    return Estimate(value, float(low), float(high))


def percentile_interval(
    values: Float[np.ndarray, "draws figures"], confidence: float = 0.95
) -> tuple[Float[np.ndarray, " figures"], Float[np.ndarray, " figures"]]:
    """The low and high ends between which the middle `confidence` of the draws lies, for each column."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail], axis=0)
    return low, high


def _curves(
    sample: PairDistances,
) -> Callable[[Int[np.ndarray, " identities"]], tuple[Float[np.ndarray, " bends"], Float[np.ndarray, " bends"]] | None]:
    """From weights of the identities to FMR and FNMR at the bends of the sample's ROC; None without pairs of a kind."""
    bends = Verification.from_distances(sample.same, sample.different).bends()
    same = _Kind(sample.same, sample.same_identities, bends)
    different = _Kind(sample.different, sample.different_identities, bends)

    def curve_of(
        weights: Int[np.ndarray, " identities"],
    ) -> tuple[Float[np.ndarray, " bends"], Float[np.ndarray, " bends"]] | None:
        matched, falsely_matched = same.shares(weights), different.shares(weights)
        return None if matched is None or falsely_matched is None else (falsely_matched, 1 - matched)

    return curve_of


class _Kind:
    """Pairs of one kind, sorted once: every draw only changes their weights."""

    def __init__(
        self,
        distances: Float[np.ndarray, " pairs"],
        sides: Int[np.ndarray, "pairs 2"],
        thresholds: Float[np.ndarray, " thresholds"],
    ) -> None:
        order = np.argsort(distances)
        self.below = np.searchsorted(distances[order], thresholds, side="right")
        self.left, self.right = sides[order].T.astype(np.intp)

    def shares(self, weights: Int[np.ndarray, " identities"]) -> Float[np.ndarray, " thresholds"] | None:
        """The share of all weight that lies at or below each threshold; None where there is no weight."""
        of_pairs = pair_weights(weights, self.left, self.right)
        running = np.zeros(len(of_pairs) + 1)
        np.cumsum(of_pairs, out=running[1:])
        return running[self.below] / running[-1] if running[-1] > 0 else None


def drawn_identities(
    identities: int, draws: int, seed: int | np.random.Generator
) -> Iterator[Int[np.ndarray, " identities"]]:
    """How often each identity is there, once for each draw."""
    generator = np.random.default_rng(seed)
    for _ in range(draws):
        yield np.bincount(generator.integers(identities, size=identities), minlength=identities).astype(np.int32)


def pair_weights(
    weights: Int[np.ndarray, " identities"], left: Int[np.ndarray, " pairs"], right: Int[np.ndarray, " pairs"]
) -> Int[np.ndarray, " pairs"]:
    """How often pairs of these identities are there; one within an identity as often as the identity itself."""
    of_pairs: Int[np.ndarray, " pairs"] = weights[left]
    np.multiply(of_pairs, weights[right], out=of_pairs, where=left != right)
    return of_pairs


def _sample(count: int, most: int, generator: np.random.Generator) -> Int[np.ndarray, " sampled"]:
    if count <= most:
        return np.arange(count)
    # With replacement, so that no list of all positions is made; of millions, few are drawn twice.
    return np.sort(generator.integers(count, size=most))


def _largest_unseen_rate(identities: int, confidence: float) -> float:
    """The error rate up to which that many identities may well show no error (Clopper and Pearson 1934).

    All pairs of one identity count as one observation, since they may stand or fall together.
    """
    return float(1 - ((1 - confidence) / 2) ** (1 / identities))
