"""Items -> what the page shows of them: small pictures, texts as they stand, cells of rows, curves of sequences."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from alikely.contracts import Preparation
from alikely.data.items import read_all
from alikely.data.rows import RowPreparation
from alikely.data.rows.cells import CellProblem, as_names, number_of, text_of
from alikely.errors import InputError
from alikely.report.content import ShownItem, ShownPair
from alikely.report.thumbnails import pictures_of
from alikely.types import Examples, Item

LONGEST_TEXT = 400  # characters of a text
LONGEST_CELL = 80
DIGITS = 6  # of a long number
MOST_STEPS = 200  # of a curve that are drawn
UNREADABLE = "(cannot be read)"


def shown_items(examples: Examples, places: Sequence[int], preparation: Preparation) -> dict[int, ShownItem]:
    """The items at these places; without what they hold where they can no longer be read.

    `preparation` is what sequences are read by, and says which columns of rows are looked at.
    """
    wanted = sorted(set(places))
    items, names = [examples.items[place] for place in wanted], [examples.names[place] for place in wanted]
    pictures = pictures_of(items, names) if examples.kind == "picture" else [None] * len(items)
    curves = _curves(items, names, preparation) if examples.kind == "sequence" else [None] * len(items)
    shown = {}
    for place, item, name, picture, curve in zip(wanted, items, names, pictures, curves, strict=True):
        shown[place] = ShownItem(
            name=_without_text(name) if examples.kind == "text" else name,
            label=None if examples.labels is None else str(examples.labels[place]),
            picture=picture,
            text=shortened(str(item), LONGEST_TEXT) if examples.kind == "text" else None,
            cells=_cells(item, preparation) if examples.kind == "row" else {},
            steps=0 if curve is None else curve[0],
            curves=None if curve is None else curve[1],
        )
    return shown


def shown_pairs(
    examples: Examples, pairs: Sequence[tuple[int, int]], distances: Sequence[float | None], preparation: Preparation
) -> tuple[ShownPair, ...]:
    """Pairs of items by their places, each with its distance."""
    items = shown_items(examples, [place for pair in pairs for place in pair], preparation)
    return tuple(
        ShownPair(items[left], items[right], distance) for (left, right), distance in zip(pairs, distances, strict=True)
    )


def shortened(text: str, most: int) -> str:
    """The beginning of a text that is longer than `most` characters."""
    return text if len(text) <= most else f"{text[:most].rstrip()} ..."


def _cells(row: Item, preparation: Preparation) -> Mapping[str, str]:
    """The cells of the columns that the preparation reads (all, where it says nothing of columns)."""
    try:
        cells = as_names(row)
    except InputError:
        return {}
    read = [column.name for column in preparation.columns] if isinstance(preparation, RowPreparation) else list(cells)
    return {name: _cell(cells.get(name)) for name in read}


def _cell(cell: object) -> str:
    try:
        text = text_of(cell) or ""
    except CellProblem:
        return UNREADABLE
    number = number_of(text)
    if number is not None and len(text) > DIGITS + 2:
        text = f"{number:.{DIGITS}g}"
    return shortened(text, LONGEST_CELL)


def _without_text(name: str) -> str:
    """The name of a text is its beginning and where it stands; beside the text, the place is enough."""
    found = re.fullmatch(r"['\"].*['\"] \((.+)\)", name, re.DOTALL)
    return name if found is None else found[1]


def _curves(
    items: Sequence[Item], names: Sequence[str], preparation: Preparation
) -> list[tuple[int, Float[np.ndarray, "steps channels"]] | None]:
    """How many steps each sequence has, and its channels at no more than so many of them as can be drawn."""

    def read_one(item: Item) -> tuple[int, Float[np.ndarray, "steps channels"]]:
        values = preparation.read_one(item).numpy().astype(np.float64)
        kept = np.unique(np.linspace(0, len(values) - 1, min(MOST_STEPS, len(values))).round().astype(int))
        return len(values), values[kept]

    return read_all(items, names, read_one)[0]
