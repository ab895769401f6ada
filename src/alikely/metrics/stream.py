"""Embeddings with labels in; the distances of their same pairs and of their different pairs, chunk by chunk, out."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

from alikely.contracts import Distance
from alikely.metrics.pairs import BLOCK, as_tensor, upper_strips


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some pairs of one kind: those cells of a table of distances that `inside` marks, row by row.

    `rows` and `columns` are the items that the table's rows and columns stand for.
    """

    table: Float[np.ndarray, "rows columns"]
    inside: Bool[np.ndarray, "rows columns"]
    rows: Int[np.ndarray, " rows"]
    columns: Int[np.ndarray, " columns"]

    def distances(self) -> Float[np.ndarray, " pairs"]:
        """One number a pair."""
        chosen: Float[np.ndarray, " pairs"] = self.table[self.inside]
        return chosen

    def items(self, positions: Int[np.ndarray, " chosen"]) -> Int[np.ndarray, "chosen 2"]:
        """The two items of the pairs at these positions of `distances()`."""
        if len(positions) == 0:
            return np.empty((0, 2), dtype=np.intp)
        row, column = np.divmod(np.flatnonzero(self.inside)[positions], len(self.columns))
        return np.stack([self.rows[row], self.columns[column]], axis=1)


@dataclass(frozen=True, eq=False)
class PairStream:
    """All pairs of two items, each once; with `marks`, only those whose items bear different marks.

    `numbers` are the items' identity numbers. `same_of` and `different_of` count the pairs of each identity; a
    different pair stands with both of its identities. Make it with `of`.
    """

    vectors: Float[Tensor, "items dim"]
    numbers: Int[np.ndarray, " items"]
    marks: Int[np.ndarray, " items"] | None
    distance: Distance
    same_of: Int[np.ndarray, " identities"]
    different_of: Int[np.ndarray, " identities"]

    @classmethod
    def of(
        cls,
        embeddings: Float[np.ndarray, "items dim"],
        labels: Shaped[np.ndarray, " items"],
        distance: Distance,
        marks: Shaped[np.ndarray, " items"] | None = None,
    ) -> "PairStream":
        """Counts the pairs before any distance is computed. Raises InputError for embeddings that are not finite."""
        names, numbers = np.unique(labels, return_inverse=True)
        own = np.arange(len(labels)) if marks is None else np.unique(marks, return_inverse=True)[1]
        # How many items there are of each identity, of each mark, and of each identity with each mark.
        of_identity, of_mark = np.bincount(numbers, minlength=len(names)), np.bincount(own)
        both, count = np.unique(numbers * max(len(of_mark), 1) + own, return_counts=True)
        identity, mark = np.divmod(both, max(len(of_mark), 1))
        alike = np.zeros((2, len(names)), dtype=np.int64)
        np.add.at(alike[0], identity, count * (count - 1) // 2)
        np.add.at(alike[1], identity, count * (of_mark[mark] - count))
        return cls(
            vectors=as_tensor(embeddings, distance),
            numbers=numbers.astype(np.int32),
            marks=None if marks is None else own.astype(np.int32),
            distance=distance,
            same_of=of_identity * (of_identity - 1) // 2 - alike[0],
            different_of=of_identity * (len(numbers) - of_identity) - alike[1],
        )

    def same(self) -> Iterator[Chunk]:
        """The same pairs, identity after identity."""
        for items in self._runs():
            for start, table in upper_strips(self.vectors[items], self.distance):
                rows, columns = items[start : start + len(table)], items[start:]
                inside = self._once(rows, columns)
                inside &= self.numbers[rows, None] == self.numbers[None, columns]
                yield Chunk(table, inside, rows, columns)

    def different(self) -> Iterator[Chunk]:
        """The different pairs in the order (0, 1), (0, 2), ..., (1, 2), ..."""
        items = np.arange(len(self.numbers))
        for start, table in upper_strips(self.vectors, self.distance):
            rows, columns = items[start : start + len(table)], items[start:]
            inside = self._once(rows, columns)
            inside &= self.numbers[rows, None] != self.numbers[None, columns]
            yield Chunk(table, inside, rows, columns)

    def _runs(self) -> Iterator[Int[np.ndarray, " items"]]:
        """Items by identity, those with one item left out, in runs of whole identities of about `BLOCK` items."""
        counts = np.bincount(self.numbers)
        order = np.argsort(self.numbers, kind="stable")
        order = order[counts[self.numbers[order]] > 1]
        ends = np.cumsum(counts[counts > 1])
        start = 0
        while start < len(order):
            end = ends[max(np.searchsorted(ends, start + BLOCK, side="right") - 1, np.searchsorted(ends, start + 1))]
            yield order[start:end]
            start = int(end)

    def _once(self, rows: Int[np.ndarray, " rows"], columns: Int[np.ndarray, " columns"]) -> Bool[np.ndarray, "r c"]:
        once = np.arange(len(columns), dtype=np.int32)[None, :] > np.arange(len(rows), dtype=np.int32)[:, None]
        if self.marks is not None:
            once &= self.marks[rows, None] != self.marks[None, columns]
        return once
