"""Embeddings and a limit in; groups, each around the item in its middle, out.

Joining whatever is near makes chains, at whose ends nothing is alike any more. Here the item with the most others
within the limit becomes the middle of a group, and so on with what is not yet within the limit of a middle: the star
clustering of Aslam, Pelekhov and Rus 2004. So every item lies within the limit of the middle of its group.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from alikely.contracts import Distance
from alikely.neighbours.pairs import Told, finite, near_counts

AT_ONCE = 64  # items that may become a middle, held against all others at once
COLUMNS = 65536


@dataclass(frozen=True, eq=False)
class Group:
    """Items that belong together, by their positions: the middle first, then the others, the nearest first.

    `distances` are those from the middle; the first is 0.
    """

    members: Int[np.ndarray, " members"]
    distances: Float[np.ndarray, " members"]

    @property
    def middle(self) -> int:
        """The item that the others lie around."""
        return int(self.members[0])

    def __len__(self) -> int:
        return len(self.members)


def star_groups(
    embeddings: Float[np.ndarray, "items dim"], distance: Distance, limit: float, told: Told | None = None
) -> list[Group]:
    """Groups of two items and more, the largest first.

    Each item is in the group of the middle that is nearest to it, at or below the `limit`; no two middles are so near
    each other. In no group is what has no other within the limit, or only such as are nearer to another middle. Time
    grows with the square of the items, memory with the items. Raises ModelError for embeddings that are
    not finite.
    """
    vectors = finite(embeddings)
    counts = near_counts(embeddings, distance, limit, told)
    middle = np.full(len(counts), -1)
    nearest = np.full(len(counts), np.inf, np.float32)
    # Of as many neighbours, the one that stands first.
    order = np.argsort(-counts, kind="stable")
    waiting = order[counts[order] > 0]
    while len(waiting):
        some = waiting[:AT_ONCE]
        table = _table(vectors, some, distance)
        for place, item in enumerate(some):
            if middle[item] >= 0:
                continue
            row = table[place].copy()
            row[item] = 0.0  # rounding may leave it a little away from itself
            nearer = (row <= limit) & (row < nearest)
            middle[nearer], nearest[nearer] = item, row[nearer]
        waiting = waiting[len(some) :]
        waiting = waiting[middle[waiting] < 0]
    return _groups(middle, nearest)


def _table(
    vectors: torch.Tensor, some: Int[np.ndarray, " some"], distance: Distance
) -> Float[np.ndarray, "some items"]:
    rows = vectors[torch.from_numpy(some)]
    with torch.inference_mode():
        parts = [distance.table(rows, vectors[start : start + COLUMNS]) for start in range(0, len(vectors), COLUMNS)]
        return torch.cat(parts, dim=1).numpy()


def _groups(middle: Int[np.ndarray, " items"], nearest: Float[np.ndarray, " items"]) -> list[Group]:
    inside = np.flatnonzero(middle >= 0)
    # The middle itself first, also where another item lies at distance 0.
    order = inside[np.lexsort((inside, inside != middle[inside], nearest[inside], middle[inside]))]
    starts = np.flatnonzero(np.diff(middle[order], prepend=-1))
    found = [Group(members, nearest[members]) for members in np.split(order, starts[1:]) if len(members) > 1]
    return sorted(found, key=lambda group: (-len(group), group.middle))
