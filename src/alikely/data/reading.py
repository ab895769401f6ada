"""Examples -> their items, opened, checked, shaped: read once where they fit in memory, else for each batch."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from alikely.contracts import Preparation
from alikely.data.items import name_of, read_all
from alikely.errors import BadItemsError, InputError
from alikely.types import Examples, Item


@dataclass(frozen=True)
class Prepared:
    """The items of some examples by position, as the preparation reads them.

    Where they are in memory, the item of example i is `stored[rows[i]]`: parts of a split share one store. Items that
    are all of one shape lie in one tensor.
    """

    examples: Examples
    preparation: Preparation
    stored: Tensor | tuple[Tensor, ...] | None
    rows: Int[np.ndarray, " items"]

    def __len__(self) -> int:
        return len(self.examples)

    def take(self, positions: Int[np.ndarray, " taken"]) -> Tensor:
        """The items at these positions, as one batch (items *shape)."""
        if isinstance(self.stored, Tensor):
            return self.stored[torch.from_numpy(self.rows[positions])]
        return self.preparation.join(self.each(positions))

    def each(self, positions: Int[np.ndarray, " taken"]) -> list[Tensor]:
        """The same, each item by itself."""
        if self.stored is not None:
            return [self.stored[int(row)] for row in self.rows[positions]]
        return [self.preparation.read_one(self.examples.items[i]) for i in positions]

    def by_length(self) -> Int[np.ndarray, " items"]:
        """All positions, such that items of like length stand together: then little of a batch is padding."""
        if self.stored is None or isinstance(self.stored, Tensor):
            return np.arange(len(self))
        return np.argsort([len(self.stored[row]) for row in self.rows], kind="stable")

    def select(self, positions: Int[np.ndarray, " kept"]) -> "Prepared":
        """Only these, in this order."""
        return replace(self, examples=self.examples.select(positions), rows=self.rows[positions])

    def fingerprint(self) -> str:
        """A hash over names, what is known, and the items (where they are not in memory, of files only the sizes)."""
        examples = self.examples
        # A file's name may hold bytes that are no UTF-8.
        digest = hashlib.sha256("\n".join(examples.names).encode(errors="surrogateescape"))
        for known in (examples.labels, examples.groups):
            digest.update(b"none" if known is None else "\n".join(map(str, known)).encode(errors="surrogateescape"))
        if examples.pairs is not None:
            pairs = examples.pairs
            for column in (pairs.left, pairs.right, pairs.same, pairs.score, pairs.units):
                digest.update(b"" if column is None else np.ascontiguousarray(column).tobytes())
        if self.stored is not None:
            for item in self.stored:
                digest.update(item.numpy().tobytes())
        else:
            for item in examples.items:
                digest.update(repr(item.stat().st_size if isinstance(item, Path) else item).encode(errors="replace"))
        return digest.hexdigest()


def prepare(
    examples: Examples,
    preparation: Preparation,
    memory_gb: float = 4.0,
    skip_bad: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Prepared, list[tuple[str, str]]]:
    """All items that can be read, and the others with what is wrong with each.

    Each is opened once here, so that bad items are known before the training starts. Items that take more than
    `memory_gb` together are not kept. Raises BadItemsError with the list of all bad ones unless `skip_bad`.
    """
    most, taken = memory_gb * 2**30, 0

    def read_one(item: Item) -> Tensor | bool:
        nonlocal taken
        read = preparation.read_one(item)
        taken += read.nbytes
        return read if taken <= most else True

    read, problems = read_all(examples.items, examples.names, read_one, progress)
    if problems and not skip_bad:
        raise BadItemsError(problems, "Mend or remove them, or go on without them: --skip-bad (skip_bad=True)")
    good = np.array([i for i, item in enumerate(read) if item is not None], dtype=np.int64)
    chosen = examples.select(good) if problems else examples
    kept = [item for item in read if isinstance(item, Tensor)]
    whole = len(good) > 0 and len(kept) == len(good)
    return Prepared(chosen, preparation, _stored(kept) if whole else None, np.arange(len(good))), problems


def read_batch(preparation: Preparation, items: Sequence[Item]) -> Tensor:
    """All items (1 or more) as one batch, in their order. Raises InputError naming the first that cannot be read."""
    names = [name_of(item, place) for place, item in enumerate(items)]
    read, problems = read_all(items, names, preparation.read_one)
    if problems:
        raise InputError(": ".join(problems[0]))
    return preparation.join([item for item in read if item is not None])


def _stored(read: list[Tensor]) -> Tensor | tuple[Tensor, ...]:
    return torch.stack(read) if len({item.shape for item in read}) == 1 else tuple(read)
