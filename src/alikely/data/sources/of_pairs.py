"""A table whose rows are pairs or triplets -> Examples, or what it says of items that have ids."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Int

from alikely.data.sources.knowledge import Rows, Told, positives, same_or_different, scored, triplets
from alikely.data.sources.names import name_of_text, refuse_missing
from alikely.data.sources.values import resolved
from alikely.data.tables import Table
from alikely.data.texts.reading import cleaned
from alikely.errors import InputError
from alikely.types import Examples, Item, Kind

PAIR, TRIPLET = ("left", "right"), ("anchor", "positive", "negative")
_NUMBER = r"([+-]?\d+(?:\.\d+)?)"
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_SCORE = re.compile(rf"score(?:\s*\(?{_NUMBER}\s*\.\.\s*{_NUMBER}\)?)?")


def ends_in(table: Table) -> tuple[str, ...]:
    """The columns of a table of pairs or triplets that hold items; empty for any other table."""
    if table.has("path"):
        return ()
    return next((columns for columns in (TRIPLET, PAIR) if table.has(*columns)), ())


def examples_of_pairs(table: Table, kind: Kind) -> Examples:
    """Pairs or triplets whose cells are the texts, or the paths. The same text or file is one item.

    Raises InputError naming the row where a cell is empty, and where rows and embeddings have no ids.
    """
    if kind in ("row", "embedding"):
        raise InputError(
            f"{table.path}: pairs of {kind}s name them by their ids; write the {kind}s into a table items.csv beside "
            "it, with a column id"
        )
    columns = ends_in(table)
    places: dict[str | Path, int] = {}
    items: list[Item] = []
    names: list[str] = []
    ends = np.empty((len(table.places), len(columns)), dtype=np.int64)
    for row, cells in enumerate(zip(*(table.column(name) for name in columns), strict=True)):
        for end, cell in enumerate(cells):
            key = cleaned(cell) if kind == "text" else resolved(table, cell)
            ends[row, end] = places.setdefault(key, len(places))
            if len(names) < len(places):
                items.append(key if isinstance(key, Path) else cell)
                names.append(name_of_text(cell, table.places[row]) if kind == "text" else cell)
    keys = list(map(str, places)) if kind == "text" else names
    told = _told(table, ends, names, keys, with_itself=kind == "text")
    refuse_missing(f"{table.path}: ", items, names)
    return Examples(tuple(items), tuple(names), told.labels, pairs=told.pairs, notes=told.notes, kind=kind)


def with_pairs(examples: Examples, table: Table, ids: Mapping[str, int]) -> Examples:
    """The examples with what a table says of their items, whose cells are ids.

    Pairs of alike items only become labels where there are none. Raises InputError naming row and unknown id.
    """
    columns = ends_in(table)
    if not columns:
        raise InputError(
            f"{table.path}: has the columns {', '.join(table.found)}, but needs left,right,same or left,right,score or "
            "anchor,positive,negative or left,right"
        )
    ends = np.empty((len(table.places), len(columns)), dtype=np.int64)
    for row, cells in enumerate(zip(*(table.column(name) for name in columns), strict=True)):
        for end, cell in enumerate(cells):
            if cell not in ids:
                raise InputError(
                    f"{table.path}, {table.places[row]}: the column {columns[end]!r} names the item {cell!r}, which is "
                    "not among the ids; mend the id, or add the item"
                )
            ends[row, end] = ids[cell]
    keys = [cleaned(str(item)) for item in examples.items] if examples.kind == "text" else examples.names
    told = _told(table, ends, examples.names, keys, all_same=examples.labels is not None)
    labels = examples.labels if told.labels is None else told.labels
    return replace(examples, pairs=told.pairs, labels=labels, notes=(*examples.notes, *told.notes))


def _told(
    table: Table,
    ends: Int[np.ndarray, "rows ends"],
    called: tuple[str, ...] | list[str],
    keys: tuple[str, ...] | list[str],
    with_itself: bool = False,
    all_same: bool = False,
) -> Told:
    """What the rows say. `all_same`: rows that say no more than which items are alike become pairs, not labels."""
    column, bounds = (None, None) if ends.shape[1] == 3 or table.has("same") else _score_column(table)
    used = (*ends_in(table), "same" if table.has("same") else "", column)
    rows = Rows(
        ends=ends,
        where=lambda row: f"{table.path}, {table.places[row]}",
        called=called,
        columns={name: cells for name, cells in table.columns.items() if name not in used},
        with_itself=with_itself,
    )
    if ends.shape[1] == 3:
        return triplets(rows)
    if table.has("same"):
        return same_or_different(rows, [table.said_same(row) for row in range(len(ends))])
    if column is not None:
        return scored(rows, _numbers(table, column), bounds)
    if set(table.found) - set(PAIR):
        raise InputError(
            f"{table.path}: has the columns {', '.join(table.found)}, but needs left,right,same or left,right,score; "
            "where all pairs are alike, leave the other columns out: left,right alone say that"
        )
    if all_same:
        return same_or_different(rows, [True] * len(ends))
    return positives(rows, keys)


def _score_column(table: Table) -> tuple[str | None, tuple[float, float] | None]:
    """The column of scores, and the range that its name says; None where there is no such column."""
    found = {name: match for name in table.found if (match := _SCORE.fullmatch(name))}
    if len(found) > 1:
        raise InputError(f"{table.path}: has the columns {' and '.join(found)}; leave the one that counts")
    for name, match in found.items():
        if name not in table.columns:
            raise InputError(f"{table.path}: the column {name!r} holds neither text nor numbers; write numbers")
        return name, None if match[1] is None else (float(match[1]), float(match[2]))
    return None, None


def _numbers(table: Table, column: str) -> list[float]:
    numbers = []
    for row, cell in enumerate(table.column(column)):
        try:
            numbers.append(float(cell))
        except ValueError:
            comma = _DECIMAL_COMMA.fullmatch(cell.strip())
            wanted = f"with a decimal point, as {cell.strip().replace(',', '.')}" if comma else "as 0.25"
            raise InputError(
                f"{table.path}, {table.places[row]}: the score {cell!r} is no number; write it {wanted}"
            ) from None
    return numbers
