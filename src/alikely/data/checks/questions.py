"""Examples -> what a simple statistic of their items is asked, and how well it answers, as an AUC.

- pairs: do the two items of a same pair differ less in it than those of a different pair? Where there are groups, the
  different pairs are those within a group: there a model has to tell apart.
- one class: does it tell one identity from all others? Asked where there are no groups, of identities that hold many
  items and a twentieth of all or more, such as the classes good and defective.
- imitations: where groups hold one identity and single items (signatures and their forgeries), does it tell the
  identity from the rest of its group, in the same direction in all groups?

An AUC is the chance that a case of one kind lies on the right side of a case of the other, ties by half: 0.5 says
nothing, 1 is always right.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from alikely.data.checks.parts import identities_of
from alikely.types import Examples

MOST_PAIRS = 20_000  # of each kind; of more, so many are drawn
DRAWS = 200  # of the units, for an interval
MOST_TO_SHUFFLE = 1000  # cases of each kind in a question that is asked over and over

LARGE = 0.05  # share of all items
# Items of an identity, and of others, to ask about it by itself: so many make a class. Of people with ten pictures
# each, somebody is always the darkest.
FEWEST = 50


@dataclass(frozen=True)
class OfPairs:
    """Whether the items of same pairs differ less than those of different pairs; each row holds two places.

    `units` number the identity (where there are groups: the group) of each item: what would be drawn anew.
    """

    same: Int[np.ndarray, "same 2"]
    different: Int[np.ndarray, "different 2"]
    units: Int[np.ndarray, " items"]
    tells: str

    def answer(self, values: Shaped[np.ndarray, " items"]) -> float:
        """The AUC. Numbers differ by their distance, texts by being equal or not."""
        return auc(_apart(values, self.same), _apart(values, self.different))

    def drawn(self, values: Shaped[np.ndarray, " items"], rng: np.random.Generator) -> Float[np.ndarray, " draws"]:
        """The AUCs with the units drawn anew, with replacement."""
        apart = np.concatenate([_apart(values, self.same), _apart(values, self.different)])
        level = np.unique(apart, return_inverse=True)[1]
        same, different = level[: len(self.same)], level[len(self.same) :]
        found = []
        for _ in range(DRAWS):
            count = np.bincount(rng.integers(0, self.units.max() + 1, self.units.max() + 1))
            weight = np.pad(count, (0, self.units.max() + 1 - len(count)))[self.units]
            # Two items of one unit that is drawn twice make two pairs, as the unit as a whole would.
            of_same, of_different = (
                np.where(one == other, weight[pairs[:, 0]], weight[pairs[:, 0]] * weight[pairs[:, 1]])
                for pairs in (self.same, self.different)
                for one, other in [(self.units[pairs[:, 0]], self.units[pairs[:, 1]])]
            )
            if of_same.any() and of_different.any():
                at = np.bincount(same, of_same, level.max() + 1)
                below = np.cumsum(at) - at / 2
                found.append(of_different @ below[different] / of_same.sum() / of_different.sum())
        return np.array(found)

    @property
    def independent(self) -> int:
        """How many units stand behind the different pairs."""
        return len(np.unique(self.units[self.different]))

    def shorter(self, rng: np.random.Generator) -> "OfPairs":
        """The same question of fewer pairs."""
        return replace(self, same=_some(self.same, rng), different=_some(self.different, rng))


@dataclass(frozen=True)
class OfIdentities:
    """Whether identities are higher or lower than others, on the average of blocks: (their places, those of others)."""

    # No size is named: blocks differ in theirs.
    blocks: tuple[tuple[Int[np.ndarray, " _"], Int[np.ndarray, " _"]], ...]
    tells: str

    def answer(self, values: Shaped[np.ndarray, " items"]) -> float:
        """The AUC in the better of the two directions, the same direction for all blocks; texts in their order."""
        mean = float(self._of_blocks(values).mean())
        return max(mean, 1 - mean)

    def drawn(self, values: Shaped[np.ndarray, " items"], rng: np.random.Generator) -> Float[np.ndarray, " draws"]:
        """The AUCs with the blocks drawn anew, with replacement."""
        found = self._of_blocks(values)
        means = found[rng.integers(0, len(found), (DRAWS, len(found)))].mean(axis=1)
        return np.asarray(means if found.mean() >= 0.5 else 1 - means)

    @property
    def independent(self) -> int:
        """How many blocks there are."""
        return len(self.blocks)

    def shorter(self, rng: np.random.Generator) -> "OfIdentities":
        """The same question of fewer items."""
        return OfIdentities(tuple((_some(own, rng), _some(others, rng)) for own, others in self.blocks), self.tells)

    def _of_blocks(self, values: Shaped[np.ndarray, " items"]) -> Float[np.ndarray, " blocks"]:
        numbers = values if values.dtype.kind == "f" else np.unique(values, return_inverse=True)[1].astype(float)
        places, block, is_own = self._rows
        return _aucs(numbers[places], block, is_own)

    @cached_property
    def _rows(
        self,
    ) -> tuple[Int[np.ndarray, " rows"], Int[np.ndarray, " rows"], Bool[np.ndarray, " rows"]]:
        """All blocks below each other: the place of each row's item, its block, and whether it is of the identity."""
        sizes = [(len(own), len(others)) for own, others in self.blocks]
        places = np.concatenate([part for block in self.blocks for part in block])
        block = np.repeat(np.arange(len(sizes)), [own + others for own, others in sizes])
        is_own = np.repeat(np.tile([True, False], len(sizes)), np.ravel(sizes))
        return places, block, is_own


def auc(lower: Float[np.ndarray, " lower"], higher: Float[np.ndarray, " higher"]) -> float:
    """The chance that one of `lower` is lower than one of `higher`, ties by half. Neither may be empty."""
    ordered = np.sort(lower)
    below, upto = (np.searchsorted(ordered, higher, side) for side in ("left", "right"))
    return float((below + upto).mean() / 2 / len(lower))


def _aucs(
    values: Float[np.ndarray, " rows"], block: Int[np.ndarray, " rows"], higher: Bool[np.ndarray, " rows"]
) -> Float[np.ndarray, " blocks"]:
    """`auc` within each block, all at once: from the sums of the ranks, of which equal values share the mean."""
    order = np.lexsort((values, block))
    values, block, higher = values[order], block[order], higher[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(block) > 0) | (values[1:] != values[:-1])
    starts = np.flatnonzero(new)
    ends = np.append(starts[1:], len(order))
    rank = ((starts + ends + 1) / 2)[np.cumsum(new) - 1]  # from 1 on, through all blocks
    count = np.bincount(block)
    before = np.cumsum(count) - count
    own = np.bincount(block, higher)
    ranks = np.bincount(block, rank * higher) - own * before
    return np.asarray((ranks - own * (own + 1) / 2) / (own * (count - own)))


def question_of_pairs(examples: Examples, rng: np.random.Generator) -> OfPairs | None:
    """The question of pairs; None without same or without different pairs."""
    tells = "same pairs from different pairs"
    if examples.labels is not None:
        labels = np.unique(examples.labels, return_inverse=True)[1]
        groups = np.zeros(len(examples), dtype=np.int64)
        if examples.groups is not None:
            groups = np.unique(examples.groups, return_inverse=True)[1]
            tells += " of one group"
        units = labels if examples.groups is None else groups
        same = _pairs_within(labels, MOST_PAIRS, rng)
        # Where most pairs of a group are the same, fewer different ones are left: twice as many are drawn.
        drawn = _pairs_within(groups, 2 * MOST_PAIRS, rng)
        different = drawn[labels[drawn[:, 0]] != labels[drawn[:, 1]]][:MOST_PAIRS]
    elif examples.pairs is not None:
        ends = np.stack([examples.pairs.left, examples.pairs.right], axis=1)
        units = identities_of(len(examples), examples.pairs)
        same, different = (_some(ends[kind], rng, MOST_PAIRS) for kind in (examples.pairs.same, ~examples.pairs.same))
    else:
        return None
    return OfPairs(same, different, units, tells) if len(same) and len(different) else None


def questions_of_identities(examples: Examples) -> list[OfIdentities]:
    """The questions of one identity, or of imitations; none where the examples do not have the form for it."""
    if examples.labels is None:
        return []
    labels, numbers, counts = np.unique(examples.labels, return_inverse=True, return_counts=True)
    if examples.groups is not None:
        blocks = tuple(_imitated(numbers, counts, np.unique(examples.groups, return_inverse=True)[1]))
        return [OfIdentities(blocks, "an identity from the rest of its group")] if len(blocks) > 1 else []
    enough = max(FEWEST, LARGE * len(examples))
    return [
        OfIdentities(((np.flatnonzero(numbers == i), np.flatnonzero(numbers != i)),), f"{label} from all others")
        for i, label in enumerate(labels)
        if counts[i] >= enough and len(examples) - counts[i] >= FEWEST
    ]


def _imitated(
    numbers: Int[np.ndarray, " items"], counts: Int[np.ndarray, " labels"], groups: Int[np.ndarray, " items"]
) -> Iterator[tuple[Int[np.ndarray, " own"], Int[np.ndarray, " others"]]]:
    """For each group of one identity and single items: the places of the identity, and of the single items."""
    order = np.argsort(groups, kind="stable")
    for places in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1):
        single = counts[numbers[places]] == 1
        if single.any() and len(np.unique(numbers[places[~single]])) == 1:
            yield places[~single], places[single]


def _pairs_within(codes: Int[np.ndarray, " items"], most: int, rng: np.random.Generator) -> Int[np.ndarray, "pairs 2"]:
    """Pairs of places with equal codes: all of them, or `most` drawn evenly, each anew."""
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    starts = np.cumsum(sizes) - sizes
    pairs = sizes * (sizes - 1) // 2
    if pairs.sum() <= most:
        found = [start + np.stack(np.triu_indices(size, 1), axis=1) for start, size in zip(starts, sizes, strict=True)]
        return np.asarray(order[np.concatenate(found)])
    chosen = rng.choice(len(sizes), most, p=pairs / pairs.sum())
    first = rng.integers(0, sizes[chosen])
    second = (first + rng.integers(1, sizes[chosen])) % sizes[chosen]
    return np.asarray(order[np.stack([starts[chosen] + first, starts[chosen] + second], axis=1)])


def _some(
    rows: Shaped[np.ndarray, "rows *rest"], rng: np.random.Generator, most: int = MOST_TO_SHUFFLE
) -> Shaped[np.ndarray, "kept *rest"]:
    return rows if len(rows) <= most else rows[rng.choice(len(rows), most, replace=False)]


def _apart(values: Shaped[np.ndarray, " items"], pairs: Int[np.ndarray, "pairs 2"]) -> Float[np.ndarray, " pairs"]:
    left, right = values[pairs[:, 0]], values[pairs[:, 1]]
    apart: Float[np.ndarray, " pairs"] = np.abs(left - right) if values.dtype.kind == "f" else (left != right) + 0.0
    return apart
