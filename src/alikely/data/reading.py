"""Examples -> their pictures, opened, checked, shaped: decoded once where they fit in memory, else for each batch."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from alikely.data.items import read_all
from alikely.data.preparation import PicturePreparation
from alikely.errors import BadItemsError
from alikely.types import Examples


@dataclass(frozen=True)
class Pictures:
    """The pictures of some examples by position, as the preparation reads them.

    Where they are in memory, the picture of example i is `stored[rows[i]]`: parts of a split share one store.
    """

    examples: Examples
    preparation: PicturePreparation
    stored: Tensor | None
    rows: Int[np.ndarray, " items"]

    def __len__(self) -> int:
        return len(self.examples)

    def take(self, positions: Int[np.ndarray, " taken"]) -> Tensor:
        """The pictures at these positions, 8 bit (items channels height width)."""
        if self.stored is not None:
            return self.stored[torch.from_numpy(self.rows[positions])]
        return self.preparation.read([self.examples.items[i] for i in positions])

    def select(self, positions: Int[np.ndarray, " kept"]) -> "Pictures":
        """Only these, in this order."""
        return Pictures(self.examples.select(positions), self.preparation, self.stored, self.rows[positions])

    def fingerprint(self) -> str:
        """A hash over names, what is known, and the pictures (where they are not in memory: the sizes of the files)."""
        examples = self.examples
        # A file's name may hold bytes that are no UTF-8.
        digest = hashlib.sha256("\n".join(examples.names).encode(errors="surrogateescape"))
        for known in (examples.labels, examples.groups):
            digest.update(b"none" if known is None else "\n".join(map(str, known)).encode(errors="surrogateescape"))
        if examples.pairs is not None:
            for column in (examples.pairs.left, examples.pairs.right, examples.pairs.same):
                digest.update(np.ascontiguousarray(column).tobytes())
        if self.stored is not None:
            for picture in self.stored:
                digest.update(picture.numpy().tobytes())
        else:
            sizes = [Path(item).stat().st_size if isinstance(item, Path | str) else 0 for item in examples.items]
            digest.update(repr(sizes).encode())
        return digest.hexdigest()


def read_pictures(
    examples: Examples,
    preparation: PicturePreparation,
    memory_gb: float = 4.0,
    skip_bad: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Pictures, list[tuple[str, str]]]:
    """All pictures that can be read, and the others with what is wrong with each.

    Each is opened once here, so that bad files are known before the training starts. Raises BadItemsError with the list
    of all bad ones unless `skip_bad`.
    """
    keep = len(examples) * preparation.channels * preparation.size**2 <= memory_gb * 2**30

    def read_one(item: object) -> Tensor | bool:
        picture = preparation.read_one(item)  # type: ignore[arg-type]
        return picture if keep else True

    read, problems = read_all(examples.items, examples.names, read_one, progress)
    if problems and not skip_bad:
        raise BadItemsError(problems, "Mend or remove them, or go on without them: --skip-bad (skip_bad=True)")
    good = np.array([i for i, picture in enumerate(read) if picture is not None], dtype=np.int64)
    chosen = examples.select(good) if problems else examples
    stored = torch.stack([read[i] for i in good]) if keep and len(good) else None
    return Pictures(chosen, preparation, stored, np.arange(len(good))), problems
