"""The nouns that every part speaks in, and their shapes. No logic but selecting and deriving."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Shaped
from PIL import Image
from torch import Tensor

# What a user may keep beside a template, to filter by: a shop, a price, in stock or not.
Field: TypeAlias = str | int | float | bool

# What an item is. An embedding is one that was computed elsewhere.
Kind: TypeAlias = Literal["picture", "text", "row", "sequence", "embedding"]

# One raw item.
# - A picture is a path, what such a file holds (bytes), an opened picture, or an array (height width) or (height width
#   channels).
# - A text is a str. A row is a mapping from columns to cells.
# - A sequence is a path, or an array (steps), (steps channels) or structured, a field a channel.
# - An embedding is an array (dim).
Item: TypeAlias = Path | str | bytes | Image.Image | np.ndarray | Mapping


@dataclass(frozen=True)
class Pairs:
    """Pairs of items whose relation is known: row i says whether items `left[i]` and `right[i]` are the same.

    `columns` are what else a table says of each pair (fold, day ...), by name, as text; an empty text is an empty cell.
    `score`, where there is one, says how alike the two are: 0 not at all, 1 fully; `same` is then score >= 0.5.
    `units` are numbers of what was said together: the two pairs of a triplet have one, and stay in one batch.
    """

    left: Int[np.ndarray, " pairs"]
    right: Int[np.ndarray, " pairs"]
    same: Bool[np.ndarray, " pairs"]
    columns: Mapping[str, Shaped[np.ndarray, " pairs"]] = field(default_factory=dict)
    score: Float[np.ndarray, " pairs"] | None = None
    units: Int[np.ndarray, " pairs"] | None = None

    def __len__(self) -> int:
        return len(self.same)

    def select(self, keep: Int[np.ndarray, " kept"]) -> "Pairs":
        """The pairs in the rows `keep`, in that order; they point to the same items."""
        columns = {name: cells[keep] for name, cells in self.columns.items()}
        score = None if self.score is None else self.score[keep]
        units = None if self.units is None else self.units[keep]
        return Pairs(self.left[keep], self.right[keep], self.same[keep], columns, score, units)


@dataclass(frozen=True)
class Examples:
    """Items and all that is known of them. Every source becomes this; nothing downstream asks where it came from.

    `names` are what messages call the items (for files: the path as the user gave it). `labels` say which identity an
    item shows. `groups` are what a split must not tear apart. `pairs` point into `items`. Examples to learn from or to
    judge by have `labels` or `pairs`; examples that are only embedded need neither. `notes` are what the source has to
    say, such as files that it left out. `columns` are what else a table says of each item (light, device ...), by name,
    as text, numbers too; an empty text is an empty cell. `kind` is what all the items are. `repeats` counts the rows of
    the source that said an item again.
    """

    items: tuple[Item, ...]
    names: tuple[str, ...]
    labels: Shaped[np.ndarray, " items"] | None = None
    groups: Shaped[np.ndarray, " items"] | None = None
    pairs: Pairs | None = None
    notes: tuple[str, ...] = ()
    columns: Mapping[str, Shaped[np.ndarray, " items"]] = field(default_factory=dict)
    kind: Kind = "picture"
    repeats: int = 0

    def __len__(self) -> int:
        return len(self.items)

    @property
    def unlabelled(self) -> bool:
        """Whether nothing is known of the items: neither labels nor pairs."""
        return self.labels is None and self.pairs is None

    @property
    def scored(self) -> bool:
        """Whether scores of pairs are what is known."""
        return self.labels is None and self.pairs is not None and self.pairs.score is not None

    def select(self, keep: Int[np.ndarray, " kept"]) -> "Examples":
        """The items at the positions `keep`, in that order, with the pairs whose two ends are both kept."""
        place = np.full(len(self), -1)
        place[keep] = np.arange(len(keep))
        pairs = self.pairs
        if pairs is not None:
            left, right = place[pairs.left], place[pairs.right]
            pairs = replace(pairs, left=left, right=right).select(np.flatnonzero((left >= 0) & (right >= 0)))
        return replace(
            self,
            items=tuple(self.items[i] for i in keep),
            names=tuple(self.names[i] for i in keep),
            labels=None if self.labels is None else self.labels[keep],
            groups=None if self.groups is None else self.groups[keep],
            pairs=pairs,
            columns={name: cells[keep] for name, cells in self.columns.items()},
            repeats=0,
        )


@dataclass(frozen=True)
class Batch:
    """Which items stand in one step of training, each once (in two views: twice), and what is known of them.

    `items` are positions in the training examples. `labels` and `groups` are numbers (0 and up) of the items'
    identities and groups, where there are any. `pairs` point into this batch.
    """

    items: Int[np.ndarray, " items"]
    labels: Int[np.ndarray, " items"] | None = None
    groups: Int[np.ndarray, " items"] | None = None
    pairs: Pairs | None = None


@dataclass(frozen=True)
class Scored:
    """Pairs of items of one batch, by their positions in it, and how alike they are: 0 not at all, 1 fully."""

    left: Int[Tensor, " pairs"]
    right: Int[Tensor, " pairs"]
    scores: Float[Tensor, " pairs"]


@dataclass(frozen=True)
class Known:
    """What is known about the items of one batch, as the losses take it: a table same / different / unknown.

    `same` and `different` are symmetric; where both are False, nothing is known (the diagonal among it).
    `labels` are there where the batch came from labels; losses with a proxy per label need them. `scored` is there
    where pairs were given with scores.
    """

    same: Bool[Tensor, "items items"]
    different: Bool[Tensor, "items items"]
    labels: Int[Tensor, " items"] | None = None
    scored: Scored | None = None

    @classmethod
    def from_labels(cls, labels: Int[Tensor, " items"]) -> "Known":
        """Items with one label are the same, all others different."""
        equal = labels[:, None] == labels[None, :]
        itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
        return cls(same=equal & ~itself, different=~equal, labels=labels)

    @classmethod
    def from_pairs(
        cls,
        count: int,
        left: Int[Tensor, " pairs"],
        right: Int[Tensor, " pairs"],
        same: Bool[Tensor, " pairs"],
        scores: Float[Tensor, " pairs"] | None = None,
    ) -> "Known":
        """Only the given pairs of the `count` items are known, with their scores where they have some."""
        tables = []
        for chosen in (same, ~same):
            table = torch.zeros(count, count, dtype=torch.bool, device=same.device)
            table[left[chosen], right[chosen]] = True
            tables.append(table | table.T)
        scored = None if scores is None else Scored(left, right, scores)
        return cls(same=tables[0], different=tables[1], scored=scored)

    def beside(self, other: "Known") -> "Known":
        """What these pairs say, and of all other pairs what `other` says, with its labels."""
        said = self.same | self.different
        return replace(
            self,
            same=self.same | (other.same & ~said),
            different=self.different | (other.different & ~said),
            labels=other.labels,
        )


@dataclass(frozen=True)
class Templates:
    """Enrolled embeddings, a row each, and what is known of them.

    `keys` name the templates: no two of a store have one key. `identities` say who or what a template shows. `fields`
    are the user's own, by name. `embeddings` are float32.
    """

    keys: tuple[str, ...]
    identities: tuple[str, ...]
    embeddings: Float[np.ndarray, "templates dim"]
    fields: tuple[Mapping[str, Field], ...]

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True)
class Nearest:
    """What a store found for each query: row i for query i, the nearest first, by the store's metric.

    Where there are fewer than were asked for, the row ends with the key and identity None and the distance infinity.
    `fields` are those of each template (empty where nothing was found), None where they were not asked for.
    """

    keys: Shaped[np.ndarray, "queries found"]
    identities: Shaped[np.ndarray, "queries found"]
    distances: Float[np.ndarray, "queries found"]
    fields: tuple[tuple[Mapping[str, Field], ...], ...] | None = None
