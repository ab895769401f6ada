"""Items in; rows of numbers to keep, rows to compare, and the distance to compare them by, out.

By a model, or, for pictures, by how they look through windows.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int

from alikely.contracts import Distance
from alikely.data.checks.pictures import LARGE_ENOUGH, SIDE
from alikely.data.items import read_all
from alikely.data.pictures import open_picture
from alikely.gallery.enrolment import embedded
from alikely.model import SiameseModel
from alikely.tasks.duplicates.windows import FLAT, ThroughWindows, thumbnail_of, views_of
from alikely.types import Examples, Item


@dataclass(frozen=True, eq=False)
class ByModel:
    """A model's embeddings, and its distance. `made_by` is the model's hash."""

    model: SiameseModel
    made_by: str

    @property
    def dim(self) -> int:
        """Numbers in an embedding."""
        return self.model.dim

    @property
    def distance(self) -> Distance:
        """That of the model."""
        return self.model.distance

    def rows_of(
        self, examples: Examples
    ) -> tuple[Int[np.ndarray, " read"], Float[np.ndarray, "read dim"], list[tuple[str, str]]]:
        """Embeddings."""
        # Each is found again by its number: not all can be read, and names may repeat.
        numbered = replace(examples, groups=np.arange(len(examples)), pairs=None)
        rows, read, problems = embedded(self.model, numbered)
        assert read.groups is not None  # they were numbered above
        return read.groups, rows, problems

    def compared(self, rows: Float[np.ndarray, "items dim"]) -> Float[np.ndarray, "items numbers"]:
        """The embeddings."""
        return rows

    def tellable(self, rows: Float[np.ndarray, "items dim"]) -> Int[np.ndarray, " tellable"]:
        """All."""
        return np.arange(len(rows))


class ByLooks:
    """Pictures by their thumbnails, through windows. `made_by` names the way: rows of another cannot be compared."""

    dim = SIDE * SIDE
    made_by = f"thumbnails of {SIDE} x {SIDE}, version 2"
    distance: Distance = ThroughWindows()

    def rows_of(
        self, examples: Examples
    ) -> tuple[Int[np.ndarray, " read"], Float[np.ndarray, "read dim"], list[tuple[str, str]]]:
        """Thumbnails."""
        found, problems = read_all(examples.items, examples.names, _thumbnail)
        good = [place for place, thumbnail in enumerate(found) if thumbnail is not None]
        rows = np.array([thumbnail for thumbnail in found if thumbnail is not None], np.float32)
        return np.array(good, np.int64), rows.reshape(-1, self.dim), problems

    def compared(self, rows: Float[np.ndarray, "items dim"]) -> Float[np.ndarray, "items numbers"]:
        """How they look through windows."""
        return views_of(rows.reshape(-1, SIDE, SIDE))

    def tellable(self, rows: Float[np.ndarray, "items dim"]) -> Int[np.ndarray, " tellable"]:
        """Those that are not of nearly a single grey."""
        return np.flatnonzero(rows.std(axis=1) > FLAT)


def _thumbnail(item: Item) -> Float[np.ndarray, "side side"]:
    return thumbnail_of(np.asarray(open_picture(item, at_least=LARGE_ENOUGH).convert("L")))


Way: TypeAlias = ByModel | ByLooks
