"""What is known of the training items -> batches in which each item stands once, or twice where views are compared.

An epoch follows from the seed and its number alone, so that training can go on from any of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Int

from alikely.data.dealing import ByWeight, EveryItem
from alikely.errors import SettingsError
from alikely.types import Batch, Pairs

Draw: TypeAlias = Literal["every_item", "root", "equal"]
# A label is drawn in proportion to its number of items to this power.
POWERS = {"root": 0.5, "equal": 0.0}


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

    `draw` "root" or "equal" draws the labels instead, as often as the root of their number of items or all equally
    often. An epoch then shows about as many items as there are, but not each of them: so a label with very many items
    does not fill the batches, and labels with a single item do not crowd out those that have pairs. Not with groups.

    All epochs have the same number of batches. Raises SettingsError for sizes that cannot be.
    """

    labels: Int[np.ndarray, " items"]
    groups: Int[np.ndarray, " items"] | None
    labels_per_batch: int
    items_per_label: int
    groups_per_batch: int | None
    seed: int
    draw: Draw = "every_item"

    def __post_init__(self) -> None:
        if len(self.labels) == 0:
            raise SettingsError("there are no items to make batches of")
        if self.labels_per_batch < 2 or self.items_per_label < 1:
            raise SettingsError(
                f"a batch needs at least 2 labels and 1 item of each, got labels_per_batch={self.labels_per_batch} "
                f"and items_per_label={self.items_per_label}"
            )
        if self.groups_per_batch is not None:
            if self.draw != "every_item":
                raise SettingsError(f"groups_per_batch goes with draw = 'every_item' only, got draw = {self.draw!r}")
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
        return self._dealing().batches

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of epoch `number` (0 and up); always the same for the same seed and number."""
        rng = np.random.default_rng([self.seed, number])
        labels, sizes = np.unique(self.labels, return_inverse=True, return_counts=True)[1:]
        batch_of, label_of = self._dealing().dealt(rng)
        items, batch_of_item = _chunks(labels, sizes, batch_of, label_of, self.items_per_label, rng)
        ends = np.cumsum(np.bincount(batch_of_item))
        for batch in np.split(items, ends[:-1]):
            yield Batch(batch, self.labels[batch], None if self.groups is None else self.groups[batch])

    def _dealing(self) -> EveryItem | ByWeight:
        _, firsts, sizes = np.unique(self.labels, return_index=True, return_counts=True)
        if self.draw != "every_item":
            return ByWeight(sizes, sizes ** POWERS[self.draw], self.labels_per_batch, self.items_per_label)
        chunks = -(-sizes // self.items_per_label)
        if self.groups_per_batch is None or self.groups is None:
            return EveryItem(chunks, np.zeros(len(chunks), dtype=np.int64), 1, self.labels_per_batch)
        groups = np.unique(self.groups[firsts], return_inverse=True)[1]
        groups_per_batch = min(self.groups_per_batch, int(groups.max()) + 1)
        return EveryItem(chunks, groups, groups_per_batch, self.labels_per_batch // groups_per_batch)


@dataclass(frozen=True, eq=False)
class PairBatches:
    """Batches of given pairs, about `pairs_per_batch` in each, through their items, each of which stands there once.

    An epoch: the same and the different pairs are shuffled and dealt out in turn. So an epoch sees each pair exactly
    once, and all batches have their share of both kinds, and the same size to within one pair. Pairs of one unit, such
    as the two of a triplet, stay together: units of equal make-up are dealt out in turn, and sizes are the same to
    within one unit of each make-up.

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
        return min(-(-len(self.pairs) // self.pairs_per_batch), int(self._units().max()) + 1)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of epoch `number` (0 and up); always the same for the same seed and number."""
        rng = np.random.default_rng([self.seed, number])
        units = self._units()
        order = np.lexsort((rng.random(units.max() + 1), np.bincount(units, self.pairs.same), np.bincount(units)))
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        batch_of = place[units] % self.batches_per_epoch
        batches = np.split(np.argsort(batch_of, kind="stable"), np.cumsum(np.bincount(batch_of))[:-1])
        for number_in_epoch in rng.permutation(len(batches)):
            yield _batch_of(self.pairs.select(batches[number_in_epoch]))

    def _units(self) -> Int[np.ndarray, " pairs"]:
        """The unit of each pair, numbered from 0 without a gap."""
        if self.pairs.units is None:
            return np.arange(len(self.pairs))
        return np.unique(self.pairs.units, return_inverse=True)[1]


@dataclass(frozen=True, eq=False)
class LabelAndPairBatches:
    """The batches of labels, and among them, in an order drawn anew for each epoch, those of given pairs.

    The pairs are of the items that the labels are of; a batch of pairs has the labels of its items too. All epochs have
    the same number of batches.
    """

    labelled: LabelBatches
    paired: PairBatches

    @property
    def batches_per_epoch(self) -> int:
        """The same for every epoch."""
        return self.labelled.batches_per_epoch + self.paired.batches_per_epoch

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of epoch `number` (0 and up); always the same for the same seed and number."""
        labels, groups = self.labelled.labels, self.labelled.groups
        labelled, paired = self.labelled.epoch(number), self.paired.epoch(number)
        turns = np.arange(self.batches_per_epoch) < self.paired.batches_per_epoch
        for of_pairs in np.random.default_rng([self.paired.seed, number]).permutation(turns):
            if of_pairs:
                batch = next(paired)
                places = batch.items
                yield replace(batch, labels=labels[places], groups=None if groups is None else groups[places])
            else:
                yield next(labelled)


@dataclass(frozen=True, eq=False)
class ViewBatches:
    """Batches of at least `items_per_batch` items, each of which stands there twice: to be seen in two ways.

    Within a batch, each item is a label of its own. An epoch: all `count` items are shuffled and dealt out, so that it
    sees each once, and all batches have the same size to within one item; fewer items than that make one batch.

    All epochs have the same number of batches. Raises SettingsError for sizes that cannot be.
    """

    count: int
    items_per_batch: int
    seed: int

    def __post_init__(self) -> None:
        if self.count < 2 or self.items_per_batch < 2:
            raise SettingsError(
                f"a batch of views needs at least 2 items, got {self.count} of them and "
                f"items_per_batch={self.items_per_batch}"
            )

    @property
    def batches_per_epoch(self) -> int:
        """The same for every epoch."""
        return max(1, self.count // self.items_per_batch)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of epoch `number` (0 and up); always the same for the same seed and number."""
        order = np.random.default_rng([self.seed, number]).permutation(self.count)
        for start in range(self.batches_per_epoch):
            items = order[start :: self.batches_per_epoch]
            yield Batch(np.tile(items, 2), np.tile(np.arange(len(items)), 2))


def _batch_of(pairs: Pairs) -> Batch:
    """The items of some pairs, each once, and the pairs by their places among these."""
    items, places = np.unique(np.concatenate([pairs.left, pairs.right]), return_inverse=True)
    return Batch(items, pairs=replace(pairs, left=places[: len(pairs)], right=places[len(pairs) :], columns={}))


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
