"""Sizes of labels -> which labels stand in which batch of an epoch, none twice in one."""

import numpy as np
from jaxtyping import Float, Int


class EveryItem:
    """Which labels stand in which batch: `per_group` chunks of each of `groups_per_batch` groups.

    `chunks` is the number of chunks of each label, `groups` its group, both numbered without a gap.
    """

    def __init__(
        self,
        chunks: Int[np.ndarray, " labels"],
        groups: Int[np.ndarray, " labels"],
        groups_per_batch: int,
        per_group: int,
    ) -> None:
        self._chunks = chunks
        self._members = np.split(np.argsort(groups, kind="stable"), np.cumsum(np.bincount(groups))[:-1])
        self._widths = [min(per_group, len(members)) for members in self._members]
        self._groups_per_batch = groups_per_batch
        self._parts = np.array(
            [_rows(chunks[members], width) for members, width in zip(self._members, self._widths, strict=True)]
        )
        self.batches = _rows(self._parts, groups_per_batch)

    def dealt(self, rng: np.random.Generator) -> tuple[Int[np.ndarray, " chunks"], Int[np.ndarray, " chunks"]]:
        """The batch and the label of every chunk of an epoch."""
        groups = _deal(self._parts, self.batches, self._groups_per_batch, rng)
        batch_of, label_of = [], []
        for group, (members, width) in enumerate(zip(self._members, self._widths, strict=True)):
            batches = np.flatnonzero((groups == group).any(axis=1))
            labels = _deal(self._chunks[members], len(batches), width, rng)
            batch_of.append(np.repeat(batches, width))
            label_of.append(members[labels.ravel()])
        return np.concatenate(batch_of), np.concatenate(label_of)


class ByWeight:
    """Labels drawn for each batch, `width` of them, as often as their `weights` say.

    An epoch has as many batches as it takes to show about as many items as there are. Each label stands in as many of
    them as its weight asks for, to within one; a label that would stand in a batch twice stands in every batch once.
    `sizes` is the number of items of each label, `taken` how many of them a batch takes at most.
    """

    def __init__(
        self, sizes: Int[np.ndarray, " labels"], weights: Float[np.ndarray, " labels"], width: int, taken: int
    ) -> None:
        self._width = min(width, len(sizes))
        self._shares = _shares(weights, self._width)
        self.batches = max(1, round(sizes.sum() / (self._shares @ np.minimum(sizes, taken))))

    def dealt(self, rng: np.random.Generator) -> tuple[Int[np.ndarray, " chunks"], Int[np.ndarray, " chunks"]]:
        """The batch and the label of every chunk of an epoch."""
        # Counted along one line from a random start: each count is its expectation, rounded up or down.
        order = rng.permutation(len(self._shares))
        ends = np.cumsum(self._shares[order] * self.batches)
        ends[-1] = self.batches * self._width
        counts = np.empty(len(order), dtype=np.int64)
        counts[order] = np.diff(np.floor(ends + rng.random()), prepend=0).astype(np.int64)
        labels = _deal(np.minimum(counts, self.batches), self.batches, self._width, rng)
        return np.repeat(np.arange(self.batches), self._width), labels.ravel()


def _shares(weights: Float[np.ndarray, " labels"], width: int) -> Float[np.ndarray, " labels"]:
    """In which share of the batches each label stands: in proportion to its weight, `width` in all, none above 1."""
    full = np.zeros(len(weights), dtype=bool)
    while not full.all():
        shares = weights * ((width - full.sum()) / weights[~full].sum())
        over = ~full & (shares > 1)
        if not over.any():
            return np.where(full, 1.0, shares)
        full |= over
    return np.ones(len(weights))


def _rows(counts: Int[np.ndarray, " owners"], width: int) -> int:
    """How many rows of `width` different owners it takes until owner i stands in `counts[i]` of them."""
    return max(-(-int(counts.sum()) // width), int(counts.max()))


def _deal(
    counts: Int[np.ndarray, " owners"], rows: int, width: int, rng: np.random.Generator
) -> Int[np.ndarray, "rows width"]:
    """A random table with no owner twice in a row, in which owner i stands at least `counts[i]` times.

    Column by column: an owner goes on from the end of one column to the head of the next, in rows where it is not yet.
    """
    owners = rng.permutation(len(counts))
    repeats = _filled(counts, rows, rows * width, rng)[owners]
    table = np.repeat(owners, repeats).reshape(width, rows)
    places = np.empty((width, rows), dtype=np.int64)
    for column, owner_of in enumerate(table):
        free = rng.permutation(rows)
        if column and owner_of[0] == table[column - 1][-1]:
            taken = places[column - 1][table[column - 1] == owner_of[0]]
            head = int((owner_of == owner_of[0]).sum())
            is_taken = np.isin(free, taken)
            free = np.concatenate([free[~is_taken], free[is_taken]])
            free[head:] = rng.permutation(free[head:])
        places[column] = free
    dealt = np.empty((rows, width), dtype=np.int64)
    dealt[places, np.arange(width)[:, None]] = table
    return dealt


def _filled(
    counts: Int[np.ndarray, " owners"], most: int, total: int, rng: np.random.Generator
) -> Int[np.ndarray, " owners"]:
    """The counts raised to `total` in all, none above `most`: evenly, and what is left over at random."""
    counts = counts.copy()
    while (missing := total - int(counts.sum())) > 0:
        room = np.flatnonzero(counts < most)
        step = min(missing // len(room), int((most - counts[room]).min()))
        if step:
            counts[room] += step
        else:
            counts[rng.permutation(room)[:missing]] += 1
    return counts
