"""What is known of the training items -> batches in which each item stands once.

An epoch follows from the seed and its number alone, so that training can go on from any of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from alikely.errors import SettingsError
from alikely.types import Batch, Pairs


@dataclass(frozen=True, eq=False)
class LabelBatches:
    """Batches of `labels_per_batch` labels with `items_per_label` items each.

    `labels` and `groups` are numbers from 0 for each training item.

    An epoch: the items of each label are shuffled and cut into chunks of `items_per_label`; a last chunk that is short
    is filled with other items of its label. The chunks are dealt into batches such that no label stands in a batch
    twice. So an epoch sees every item at least once, and no batch holds an item twice. Where the chunks do not fill
    the batches, labels drawn at random give further chunks: few where the labels are of like size; many where one label
    has more chunks than there would be batches, so that its last batches are not without other labels.

    A label with fewer items than `items_per_label` gives all it has (a single item is of use as different from others);
    with fewer labels than `labels_per_batch`, a batch holds a chunk of each.

    With `groups_per_batch` G, the labels of a batch come from G groups (all, where there are fewer), labels_per_batch
    // G from each (all of a group that has fewer): what is hard to tell apart lies within a group. The same holds for
    groups, then: the labels of a group are dealt into parts of batches, and these into batches, no group twice in one.
    Labels must not reach over two groups.

    All epochs have the same number of batches. Raises SettingsError for sizes that cannot be.
    """

    labels: Int[np.ndarray, " items"]
    groups: Int[np.ndarray, " items"] | None
    labels_per_batch: int
    items_per_label: int
    groups_per_batch: int | None
    seed: int

    def __post_init__(self) -> None:
        if len(self.labels) == 0:
            raise SettingsError("there are no items to make batches of")
        if self.labels_per_batch < 2 or self.items_per_label < 1:
            raise SettingsError(
                f"a batch needs at least 2 labels and 1 item of each, got labels_per_batch={self.labels_per_batch} "
                f"and items_per_label={self.items_per_label}"
            )
        if self.groups_per_batch is not None:
            self._check_groups(self.groups_per_batch)

    def _check_groups(self, groups_per_batch: int) -> None:
        if self.groups is None:
            raise SettingsError("groups_per_batch is set, but the examples have no groups; give groups or leave it out")
        if not 1 <= groups_per_batch <= self.labels_per_batch:
            raise SettingsError(
                f"groups_per_batch is {groups_per_batch}; it must be from 1 to labels_per_batch={self.labels_per_batch}"
            )
        pairs = np.unique(np.stack([self.labels, self.groups]), axis=1)
        if len(np.unique(pairs[0])) < pairs.shape[1]:
            raise SettingsError(
                "groups_per_batch is set, but a label has items in several groups; leave groups_per_batch out, or give "
                "each label one group"
            )
        alone = int((np.bincount(pairs[1])[pairs[1]] == 1).sum())
        if alone and min(groups_per_batch, len(np.unique(pairs[1]))) == 1 and len(pairs[0]) > 1:
            raise SettingsError(
                f"groups_per_batch is 1, but {alone} groups have a single label, so a batch of one has nothing to tell "
                "apart; set groups_per_batch to 2 or more, or leave it out"
            )

    @property
    def batches_per_epoch(self) -> int:
        """The same for every epoch."""
        return self._plan().batches

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of epoch `number` (0 and up); always the same for the same seed and number."""
        rng = np.random.default_rng([self.seed, number])
        labels, sizes = np.unique(self.labels, return_inverse=True, return_counts=True)[1:]
        batch_of, label_of = self._plan().dealt(rng)
        items, batch_of_item = _chunks(labels, sizes, batch_of, label_of, self.items_per_label, rng)
        ends = np.cumsum(np.bincount(batch_of_item))
        for batch in np.split(items, ends[:-1]):
            yield Batch(batch, self.labels[batch], None if self.groups is None else self.groups[batch])

    def _plan(self) -> "_Plan":
        _, firsts, sizes = np.unique(self.labels, return_index=True, return_counts=True)
        chunks = -(-sizes // self.items_per_label)
        if self.groups_per_batch is None or self.groups is None:
            return _Plan(chunks, np.zeros(len(chunks), dtype=np.int64), 1, self.labels_per_batch)
        groups = np.unique(self.groups[firsts], return_inverse=True)[1]
        groups_per_batch = min(self.groups_per_batch, int(groups.max()) + 1)
        return _Plan(chunks, groups, groups_per_batch, self.labels_per_batch // groups_per_batch)


@dataclass(frozen=True, eq=False)
class PairBatches:
    """Batches of given pairs, about `pairs_per_batch` in each, through their items, each of which stands there once.

    An epoch: the same and the different pairs are shuffled and dealt out in turn. So an epoch sees each pair exactly
    once, and all batches have their share of both kinds, and the same size to within one pair.

    All epochs have the same number of batches. Raises SettingsError for sizes that cannot be.
    """

    pairs: Pairs
    pairs_per_batch: int
    seed: int

    def __post_init__(self) -> None:
        if len(self.pairs) == 0:
            raise SettingsError("there are no pairs to make batches of")
        if self.pairs_per_batch < 1:
            raise SettingsError(f"pairs_per_batch is {self.pairs_per_batch}; it must be 1 or more")

    @property
    def batches_per_epoch(self) -> int:
        """The same for every epoch."""
        return -(-len(self.pairs) // self.pairs_per_batch)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of epoch `number` (0 and up); always the same for the same seed and number."""
        rng = np.random.default_rng([self.seed, number])
        order = np.lexsort((rng.random(len(self.pairs)), self.pairs.same))
        for start in rng.permutation(self.batches_per_epoch):
            rows = order[start :: self.batches_per_epoch]
            ends = np.concatenate([self.pairs.left[rows], self.pairs.right[rows]])
            items, places = np.unique(ends, return_inverse=True)
            pairs = Pairs(places[: len(rows)], places[len(rows) :], self.pairs.same[rows])
            yield Batch(items, pairs=pairs)


class _Plan:
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


def _chunks(
    labels: Int[np.ndarray, " items"],
    sizes: Int[np.ndarray, " labels"],
    batch_of: Int[np.ndarray, " chunks"],
    label_of: Int[np.ndarray, " chunks"],
    items_per_label: int,
    rng: np.random.Generator,
) -> tuple[Int[np.ndarray, " slots"], Int[np.ndarray, " slots"]]:
    """The items of every chunk, sorted by batch, and the batch of each.

    Chunk i of a label holds its shuffled items from i * items_per_label on, and begins again behind the last.
    """
    shuffled = np.lexsort((rng.random(len(labels)), labels))
    starts = np.cumsum(sizes) - sizes
    by_label = np.argsort(label_of, kind="stable")
    chunks_before = np.cumsum(np.bincount(label_of)) - np.bincount(label_of)
    number = np.empty(len(label_of), dtype=np.int64)
    number[by_label] = np.arange(len(label_of)) - chunks_before[label_of[by_label]]

    by_batch = np.argsort(batch_of, kind="stable")
    label, number = label_of[by_batch], number[by_batch]
    length = np.minimum(items_per_label, sizes[label])
    column = np.arange(items_per_label)
    slots = (number * length)[:, None] + column
    items = shuffled[starts[label][:, None] + slots % sizes[label][:, None]]
    held: Bool[np.ndarray, "chunks items_per_label"] = column < length[:, None]
    return items[held], np.repeat(batch_of[by_batch], length)
