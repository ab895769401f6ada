"""What items were turned into, by their content, kept in a folder between runs, or in memory for one."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from alikely.contracts import Store
from alikely.errors import GalleryError
from alikely.stores import create_store, open_store
from alikely.types import Templates

FORMAT = "alikely duplicates"


class Kept:
    """A row of `dim` numbers (float32) for each content, by its hash; in a store, where there is one."""

    def __init__(self, dim: int, store: Store | None = None) -> None:
        self.dim = dim
        self.store = store
        self.rows: dict[str, Float[np.ndarray, " dim"]] = {}

    def missing(self, contents: Sequence[str]) -> set[str]:
        """Those of the contents that are not there yet."""
        known = self.rows.keys() if self.store is None else self.store.has(contents)
        return set(contents) - set(known)

    def put(self, contents: Sequence[str], rows: Float[np.ndarray, "contents dim"]) -> None:
        """Keep these; they are safe afterwards, where there is a store."""
        if self.store is None:
            self.rows.update(zip(contents, rows, strict=True))
        elif contents:
            self.store.put(Templates(tuple(contents), tuple(contents), rows, ({},) * len(contents)))

    def of(self, contents: Sequence[str]) -> tuple[list[int], Float[np.ndarray, "there dim"]]:
        """The places of those of the contents that are there, and the row of each of these."""
        place = {content: number for number, content in enumerate(contents)}
        pieces = [] if self.store is None else list(self.store.read(keys=contents))
        rows = {key: piece.embeddings[row] for piece in pieces for row, key in enumerate(piece.keys)}
        found = self.rows if self.store is None else rows
        there = sorted(place[content] for content in contents if content in found)
        return there, np.array([found[contents[number]] for number in there], np.float32).reshape(-1, self.dim)


@contextmanager
def kept_in(folder: Path | str | None, dim: int, made_by: str) -> Iterator[Kept]:
    """What is kept in this folder, made where there is none; without a folder, in memory.

    `made_by` says what turned items into numbers: a model's hash, or a fixed way by its name. Raises GalleryError for
    a folder of something else, or of another model.
    """
    if folder is None:
        yield Kept(dim)
        return
    about: dict[str, Any] = {"format": FORMAT, "version": 1, "made_by": made_by}
    there = os.path.lexists(folder)
    store = open_store(str(folder)) if there else create_store(str(folder), dim, "euclidean", about)
    try:
        if dict(store.about) != about:
            raise GalleryError(
                f"{folder}: was not made by this search for duplicates, or with another model or version; name another "
                "folder"
            )
        yield Kept(dim, store)
    finally:
        store.close()
