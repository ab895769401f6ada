"""Items -> what one look at each of them gives: hashes, thumbnails, and simple statistics."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int, Shaped, UInt8

from alikely.contracts import Preparation
from alikely.data.checks import pictures, words
from alikely.data.checks.arrays import look_at_embedding, look_at_sequence
from alikely.data.checks.looks import Look
from alikely.data.checks.pictures import SIDE, look_at_picture
from alikely.data.checks.words import look_at_row, look_at_text
from alikely.data.items import name_of, read_all
from alikely.data.preparations import draft_preparation
from alikely.data.sequences import SequencePreparation
from alikely.errors import InputError
from alikely.types import Examples, Item, Kind

# What the statistics of a kind are called, where that does not depend on the items.
NAMED: Mapping[Kind, tuple[str, ...]] = {"picture": pictures.STATISTICS, "text": words.STATISTICS}


@dataclass(frozen=True)
class Measures:
    """What one look at each item gives; row i is item i.

    `digests` are hashes of the contents, None where there is none. `problems` say why an item cannot be read, without
    its name, None where it can. `statistics` are numbers (NaN where an item has none) or texts (empty where it has
    none), by name. `empty` are items of which nothing can be told. `forms` are hashes of texts and rows written in the
    plainest way, None where there is none. `thumbnails` are those of pictures, all 0 for one that cannot be read; of
    other kinds they have no pixels.
    """

    digests: tuple[bytes | None, ...]
    problems: tuple[str | None, ...]
    statistics: Mapping[str, Shaped[np.ndarray, " items"]]
    empty: Bool[np.ndarray, " items"]
    forms: tuple[bytes | None, ...]
    thumbnails: UInt8[np.ndarray, "items side side"]

    @property
    def readable(self) -> Bool[np.ndarray, " items"]:
        """Which items can be read."""
        return np.array([problem is None for problem in self.problems], dtype=np.bool_)

    def select(self, keep: Int[np.ndarray, " kept"]) -> "Measures":
        """Those of the items at the positions `keep`, in that order."""
        return Measures(
            digests=tuple(self.digests[place] for place in keep),
            problems=tuple(self.problems[place] for place in keep),
            statistics={name: values[keep] for name, values in self.statistics.items()},
            empty=self.empty[keep],
            forms=tuple(self.forms[place] for place in keep),
            thumbnails=self.thumbnails[keep],
        )


def measure(
    examples: Examples,
    progress: Callable[[int, int], None] | None = None,
    preparation: Preparation | None = None,
) -> Measures:
    """Look at every item once, in a few threads; only thumbnails stay in memory. Nothing is raised for bad items.

    Items other than pictures must be such as `preparation` reads; by itself, that of their kind.
    """
    look: Callable[[Item], Look] = look_at_picture
    if examples.kind != "picture":
        look = _looking(preparation or draft_preparation(examples.kind, examples.items, {}))
    found, _ = read_all(examples.items, examples.names, look, progress)
    looks = [look for look in found if look is not None]
    assert len(looks) == len(examples)  # looking raises nothing that `read_all` passes over
    side = SIDE if examples.kind == "picture" else 0
    nothing = np.zeros((side, side), np.uint8)
    return Measures(
        digests=tuple(look.digest for look in looks),
        problems=tuple(_unnamed(look.problem, item) for look, item in zip(looks, examples.items, strict=True)),
        statistics=_columns([look.statistics for look in looks]),
        empty=np.array([look.empty for look in looks], dtype=np.bool_),
        forms=tuple(look.form for look in looks),
        thumbnails=np.stack([nothing if look.thumbnail is None else look.thumbnail for look in looks]),
    )


def _looking(preparation: Preparation) -> Callable[[Item], Look]:
    channels = preparation.channels if isinstance(preparation, SequencePreparation) else None
    looks: Mapping[Kind, Callable[[Item], Look]] = {
        "text": look_at_text,
        "row": look_at_row,
        "sequence": lambda item: look_at_sequence(item, channels),
        "embedding": look_at_embedding,
    }

    def look(item: Item) -> Look:
        try:
            preparation.read_one(item)
            return looks[preparation.kind](item)
        except InputError as problem:
            return Look(None, problem=str(problem))

    return look


def _unnamed(problem: str | None, item: Item) -> str | None:
    return None if problem is None else problem.removeprefix(f"{name_of(item)}: ")


def _columns(rows: Sequence[Mapping[str, float | str]]) -> dict[str, Shaped[np.ndarray, " items"]]:
    """Statistics item by item -> by name: texts where one is a text, else numbers."""
    columns: dict[str, Shaped[np.ndarray, " items"]] = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row.get(name) for row in rows]
        if any(isinstance(value, str) for value in values):
            columns[name] = np.array(["" if value is None else str(value) for value in values])
        else:
            columns[name] = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return columns
