"""Embeddings and a limit in; all pairs of them that are nearer, in blocks of a bounded size, out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from alikely.contracts import Distance
from alikely.errors import ModelError, SettingsError

ROWS = 512  # of a table of distances that is computed at once
COLUMNS = 8192  # 16 MB of them with these rows
MOST_WAITING = 4_000_000  # near pairs that wait until those beyond the k nearest are dropped: 64 MB

Told = Callable[[int, int], None]  # how many of the rows are done, and how many there are


@dataclass(frozen=True, eq=False)
class NearPairs:
    """Pairs of items by their positions, `left` < `right`, each once, the nearest first (of equal ones by position)."""

    left: Int[np.ndarray, " pairs"]
    right: Int[np.ndarray, " pairs"]
    distances: Float[np.ndarray, " pairs"]

    def __len__(self) -> int:
        return len(self.left)


def near_pairs(
    embeddings: Float[np.ndarray, "items dim"],
    distance: Distance,
    limit: float,
    k: int,
    told: Told | None = None,
) -> NearPairs:
    """The pairs at or below the `limit` of which at least one side is among the `k` nearest of the other.

    Every distance is computed, once, by `distance` itself, in blocks: the time grows with the square of the items, the
    memory with items x k. Raises SettingsError for a k below 1, ModelError for embeddings that are not finite.
    """
    if k < 1:
        raise SettingsError(f"k must be 1 or more, got {k}: it is how many near items are kept for each item")
    count = len(embeddings)
    kept = _Kept(k, max(MOST_WAITING, 2 * count * k))
    for _, left, right, distances in _blocks(embeddings, distance, limit, told):
        kept.add(left, right, distances)
    return kept.pairs(count)


def near_counts(
    embeddings: Float[np.ndarray, "items dim"], distance: Distance, limit: float, told: Told | None = None
) -> Int[np.ndarray, " items"]:
    """How many others lie at or below the `limit` from each item; time as for `near_pairs`, memory that of a block."""
    counts = np.zeros(len(embeddings), np.int64)
    for _, left, right, _ in _blocks(embeddings, distance, limit, told):
        counts += np.bincount(left, minlength=len(counts)) + np.bincount(right, minlength=len(counts))
    return counts


def finite(embeddings: Float[np.ndarray, "items dim"]) -> Tensor:
    """The embeddings as a tensor. Raises ModelError where one is not finite: then no distance means anything."""
    bad = np.flatnonzero(~np.isfinite(embeddings).all(axis=1))
    if len(bad):
        raise ModelError(
            f"the embedding of item {bad[0] + 1} is not finite ({len(bad)} of {len(embeddings)} are not): the model's "
            "weights are not usable; train it again"
        )
    return torch.from_numpy(np.ascontiguousarray(embeddings))


def _blocks(
    embeddings: Float[np.ndarray, "items dim"], distance: Distance, limit: float, told: Told | None
) -> Iterator[tuple[int, Int[np.ndarray, " near"], Int[np.ndarray, " near"], Float[np.ndarray, " near"]]]:
    """Block by block of the upper half: its first row, and the pairs at or below the limit."""
    vectors = finite(embeddings)
    for start in range(0, len(vectors), ROWS):
        rows = vectors[start : start + ROWS]
        for first in range(start, len(vectors), COLUMNS):
            with torch.inference_mode():
                table = distance.table(rows, vectors[first : first + COLUMNS])
                row, column = (table <= limit).nonzero(as_tuple=True)
                values = table[row, column].numpy()
            left, right = row.numpy() + start, column.numpy() + first
            ahead = left < right
            yield start, left[ahead], right[ahead], values[ahead]
        if told:
            told(min(start + ROWS, len(vectors)), len(vectors))


class _Kept:
    """Near pairs, seen from both sides; of each side the k nearest are kept."""

    def __init__(self, k: int, most: int) -> None:
        self.k, self.most = k, most
        none = np.zeros(0, np.int64)
        self.parts = [(none, none, np.zeros(0, np.float32))]
        self.waiting = 0

    def add(
        self, left: Int[np.ndarray, " near"], right: Int[np.ndarray, " near"], distances: Float[np.ndarray, " near"]
    ) -> None:
        self.parts += [(left, right, distances), (right, left, distances)]
        self.waiting += 2 * len(left)
        if self.waiting > self.most:
            self._trim()

    def pairs(self, count: int) -> NearPairs:
        self._trim()
        side, other, distances = self.parts[0]
        keys = np.minimum(side, other) * count + np.maximum(side, other)
        unique, first = np.unique(keys, return_index=True)
        order = np.lexsort((unique, distances[first]))
        return NearPairs(unique[order] // max(count, 1), unique[order] % max(count, 1), distances[first][order])

    def _trim(self) -> None:
        side, other, distances = (np.concatenate(parts) for parts in zip(*self.parts, strict=True))
        order = np.lexsort((other, distances, side))
        side, other, distances = side[order], other[order], distances[order]
        # The rank of each among those of its side.
        rank = np.arange(len(side)) - np.searchsorted(side, side, side="left")
        keep = rank < self.k
        self.parts = [(side[keep], other[keep], distances[keep])]
        self.waiting = int(keep.sum())
