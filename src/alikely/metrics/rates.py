"""Pairs, or embeddings with labels, in; the exact error rates of all pairs, and a sample for their intervals, out.

From embeddings, no table of all distances is made: 87 million pairs (13,233 items) are gone through in strips. What is
kept is the rarer kind of pairs (most often the same ones, and few), at each of their distances the number of pairs of
the other kind below it, and the sample. The ROC turns nowhere else, so nothing is lost.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped

from alikely.contracts import Distance
from alikely.metrics.corners import Corners
from alikely.metrics.intervals import MOST_PAIRS, sample_positions, sampled
from alikely.metrics.pairs import PairDistances
from alikely.metrics.stream import Chunk, PairStream
from alikely.metrics.verification import Roc, Verification, checked_and_sorted


@dataclass(frozen=True, eq=False)
class Errors:
    """What one threshold gets wrong, in all and for each identity number (0 and up).

    A pair of two identities stands with both of them, a pair within one identity stands there once.
    """

    threshold: float
    false_matches: int
    false_non_matches: int
    same_of: Int[np.ndarray, " identities"]
    different_of: Int[np.ndarray, " identities"]
    false_matches_of: Int[np.ndarray, " identities"]
    false_non_matches_of: Int[np.ndarray, " identities"]


@dataclass(frozen=True, eq=False)
class ErrorRates:
    """How many pairs there are and how they err. Make it with `from_pairs` or `from_embeddings`; both say the same.

    `roc` holds all points at which the ROC of all pairs turns, exactly (None where there is no pair of one kind);
    `sample` the pairs that intervals are drawn from; `errors` what a threshold gets wrong, where one was given.
    `matched` is the number of identities that have a same pair. `items` is None where the pairs do not say.
    """

    roc: Roc | None
    sample: PairDistances
    same_pairs: int
    different_pairs: int
    identities: int
    matched: int
    items: int | None
    errors: Errors | None

    @classmethod
    def from_pairs(
        cls, pairs: PairDistances, threshold: float | None = None, most_pairs: int = MOST_PAIRS, seed: int = 0
    ) -> "ErrorRates":
        """From distances that are all in memory. Raises InputError where they are NaN, infinite or negative."""
        kinds = ((pairs.same, "same"), (pairs.different, "different"))
        same, different = (checked_and_sorted(row, kind) if len(row) else row for row, kind in kinds)
        return cls(
            roc=Verification(same, different).roc_at_bends() if len(same) and len(different) else None,
            sample=sampled(pairs, most_pairs, seed),
            same_pairs=len(same),
            different_pairs=len(different),
            identities=pairs.identities,
            matched=len(np.unique(pairs.same_identities)),
            items=pairs.items,
            errors=None if threshold is None else _errors(pairs, threshold),
        )

    @classmethod
    def from_embeddings(
        cls,
        embeddings: Float[np.ndarray, "items dim"],
        labels: Shaped[np.ndarray, " items"],
        distance: Distance,
        threshold: float | None = None,
        apart: Shaped[np.ndarray, " items"] | None = None,
        most_pairs: int = MOST_PAIRS,
        seed: int = 0,
    ) -> "ErrorRates":
        """From all pairs of two items, each once, in a stream: same where the labels are equal.

        With `apart`, only pairs whose items bear different marks there. Identities are numbered in the order of
        `numpy.unique(labels)`. The distances are those of `all_pairs`, up to the last bits of a float32. Raises
        InputError naming the items whose embedding is not finite, or where a distance is NaN, infinite or negative.
        """
        pairs = PairStream.of(embeddings, labels, distance, apart)
        same_pairs, different_pairs = int(pairs.same_of.sum()), int(pairs.different_of.sum()) // 2
        sampled_same, sampled_different = sample_positions(same_pairs, different_pairs, most_pairs, seed)
        same = _Pass("same", pairs.same(), pairs.numbers, sampled_same, threshold)
        different = _Pass("different", pairs.different(), pairs.numbers, sampled_different, threshold)
        few, many = (same, different) if same_pairs <= different_pairs else (different, same)
        corners = Corners(np.concatenate([np.empty(0, np.float32), *few.ascending()]))
        for ascending in many.ascending():
            corners.count(ascending)
        return cls(
            roc=corners.roc(few_are_same=few is same) if same_pairs and different_pairs else None,
            sample=PairDistances(
                same.sampled_distances(),
                different.sampled_distances(),
                same.sampled_sides(),
                different.sampled_sides(),
                identities=len(pairs.same_of),
                items=len(labels),
            ),
            same_pairs=same_pairs,
            different_pairs=different_pairs,
            identities=len(pairs.same_of),
            matched=int((pairs.same_of > 0).sum()),
            items=len(labels),
            errors=None
            if threshold is None
            else Errors(
                threshold=threshold,
                false_matches=different.accepted,
                false_non_matches=same_pairs - same.accepted,
                same_of=pairs.same_of,
                different_of=pairs.different_of,
                false_matches_of=different.accepted_of,
                false_non_matches_of=pairs.same_of - same.accepted_of,
            ),
        )


class _Pass:
    """Once through the pairs of one kind: picks the sampled ones and counts those that the threshold accepts."""

    def __init__(
        self,
        kind: str,
        chunks: Iterator[Chunk],
        numbers: Int[np.ndarray, " items"],
        positions: Int[np.ndarray, " sampled"],
        threshold: float | None,
    ) -> None:
        self.kind, self.chunks, self.numbers, self.positions, self.threshold = (
            kind,
            chunks,
            numbers,
            positions,
            threshold,
        )
        self.accepted = 0
        self.accepted_of = np.zeros(int(numbers.max(initial=-1)) + 1, dtype=np.int64)
        self.picked: list[tuple[np.ndarray, np.ndarray]] = []

    def ascending(self) -> Iterator[Float[np.ndarray, " pairs"]]:
        """The distances of each chunk, sorted."""
        gone = 0
        for chunk in self.chunks:
            distances = chunk.distances()
            first, last = np.searchsorted(self.positions, [gone, gone + len(distances)])
            here = self.positions[first:last] - gone
            self.picked.append((distances[here], self.numbers[chunk.items(here)]))
            gone += len(distances)
            if self.threshold is not None:
                # As a number of its own, NumPy would round the threshold to the precision of the distances.
                within = np.flatnonzero(distances <= np.float64(self.threshold))
                self.accepted += len(within)
                self.accepted_of += _per_identity(self.numbers[chunk.items(within)], len(self.accepted_of))
            if len(distances):
                yield checked_and_sorted(distances, self.kind)

    def sampled_distances(self) -> Float[np.ndarray, " sampled"]:
        """Those of the sampled pairs."""
        return np.concatenate([np.empty(0, np.float32), *(distances for distances, _ in self.picked)])

    def sampled_sides(self) -> Int[np.ndarray, "sampled 2"]:
        """The identity numbers of the sampled pairs."""
        return np.concatenate([np.empty((0, 2), np.int32), *(sides for _, sides in self.picked)])


def _errors(pairs: PairDistances, threshold: float) -> Errors:
    wrong_different = pairs.different <= np.float64(threshold)
    wrong_same = pairs.same > np.float64(threshold)
    return Errors(
        threshold=threshold,
        false_matches=int(wrong_different.sum()),
        false_non_matches=int(wrong_same.sum()),
        same_of=_per_identity(pairs.same_identities, pairs.identities),
        different_of=_per_identity(pairs.different_identities, pairs.identities),
        false_matches_of=_per_identity(pairs.different_identities[wrong_different], pairs.identities),
        false_non_matches_of=_per_identity(pairs.same_identities[wrong_same], pairs.identities),
    )


def _per_identity(sides: Int[np.ndarray, "pairs 2"], identities: int) -> Int[np.ndarray, " identities"]:
    """How many pairs each identity is in."""
    left, right = sides.T
    counts: Int[np.ndarray, " identities"] = np.bincount(left, minlength=identities)
    return counts + np.bincount(right[left != right], minlength=identities)
