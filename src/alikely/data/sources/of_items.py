"""A table with an item in each row -> Examples: texts, paths, embeddings, rows, or the steps of sequences."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from alikely.data.sequences import is_long_table, read_long_table
from alikely.data.sources.kinds import OF_ROWS, PART_COLUMNS, item_column
from alikely.data.sources.names import name_of_text, refuse_missing
from alikely.data.sources.values import item_of, resolved
from alikely.data.tables import Table
from alikely.data.texts.reading import cleaned
from alikely.errors import InputError
from alikely.types import Examples, Item, Kind

NAME = "name"  # what embeddings are called, as `alikely embed` writes it


@dataclass(frozen=True, eq=False)
class Listed:
    """The items of a table, and which of them each row is about."""

    examples: Examples
    places: Sequence[int]


def items_of_table(table: Table, kind: Kind, labelled: bool, wanted: str) -> Listed:
    """The items of a table, each once, with their labels, groups and further columns.

    Raises InputError where a column is missing (`wanted` says which there should be), and where a text or file has two
    labels or two groups.
    """
    column = item_column(table, kind)
    lacks_label = labelled and not table.has("label")
    if kind == "row" and not lacks_label:
        return _rows(table)
    if kind == "sequence" and column is None and is_long_table(table.found):
        return _of_steps(table)
    if column is None or lacks_label:
        unlabelled = f"; or learn from {kind}s without labels: --loss vicreg" if column and kind != "embedding" else ""
        raise InputError(f"{table.path}: has the columns {', '.join(table.found)}, but needs {wanted}{unlabelled}")
    return _cells(table, kind, column)


def ids_of(table: Table, listed: Listed) -> dict[str, int]:
    """The item that each id names. Raises InputError where two items have one id, or a row has none."""
    if listed.examples.kind == "sequence" and item_column(table, "sequence") is None:
        return {name: place for place, name in enumerate(listed.examples.names)}
    ids: dict[str, int] = {}
    for row, (said, place) in enumerate(zip(table.column("id"), listed.places, strict=True)):
        if ids.setdefault(said, place) != place:
            raise InputError(
                f"{table.path}, {table.places[row]}: the id {said!r} stands there for a second item; give each its own"
            )
    return ids


def _cells(table: Table, kind: Kind, column: str) -> Listed:
    # Files and texts have cells of text, unless records hold the items themselves.
    texts = table.column(column) if column in table.columns and kind != "embedding" else None
    names = table.column(NAME) if kind == "embedding" and NAME in table.columns else None
    rows: dict[Hashable, int] = {}
    places: list[int] = []
    items: list[Item] = []
    called: list[str] = []
    marks = _marks(table)
    beside = {
        name: cells for name, cells in table.columns.items() if name not in (column, *marks, NAME if names else "")
    }
    told: list[int] = []  # the row whose cells beside it each item keeps
    for row, cell in enumerate(texts or table.cells[column]):
        where = f"{table.path}, {table.places[row]}: the cell of column {column!r}"
        value = resolved(table, cell) if kind != "text" and texts is not None else cell
        item = item_of(value, kind, where)
        key: Hashable = cleaned(item) if isinstance(item, str) else item if isinstance(item, Path) else row
        if key not in rows:
            items.append(item)
            called.append(_name(table, kind, row, cell if texts is not None else None, names))
            told.append(row)
        first = rows.setdefault(key, row)
        places.append(len(items) - 1 if first == row else places[first])
        if any(cells[row].strip() for cells in beside.values()):
            told[places[row]] = row
        for what, cells in marks.items():
            if cells[row] != cells[first]:
                raise InputError(
                    f"{table.path}: {cell if kind != 'text' else called[places[first]]} has the {what} "
                    f"{cells[first]!r} in {table.places[first]} and {cells[row]!r} in {table.places[row]}; "
                    "keep the right row"
                )
    refuse_missing(f"{table.path}: ", items, called)
    kept = list(rows.values())
    repeats = len(table.places) - len(kept)
    examples = Examples(
        items=tuple(items),
        names=tuple(called),
        labels=_at(marks, "label", kept),
        groups=_at(marks, "group", kept),
        notes=(f"rows that repeat another and were taken once: {repeats}",) if repeats else (),
        columns={name: np.array([cells[row] for row in told], dtype=str) for name, cells in beside.items()},
        kind=kind,
        repeats=repeats,
    )
    return Listed(examples, places)


def _name(table: Table, kind: Kind, row: int, cell: str | None, names: Sequence[str] | None) -> str:
    if kind == "text":
        return name_of_text(cell or "", table.places[row])
    if cell is not None:
        return cell
    return names[row] if names is not None else table.places[row]


def _marks(table: Table) -> dict[str, list[str]]:
    return {name: table.column(name) for name in ("label", "group") if name in table.columns}


def _at(marks: Mapping[str, Sequence[str]], name: str, rows: Sequence[int]) -> Shaped[np.ndarray, " items"] | None:
    return np.array([marks[name][row] for row in rows]) if name in marks else None


def _rows(table: Table) -> Listed:
    """Each row is an item, in whatever it may repeat another."""
    names = [name for name in table.columns if name not in OF_ROWS]
    odd = [name for name in table.found if name and name not in table.columns]
    every = range(len(table.places))
    marks = _marks(table)
    notes = [f"each row is an item, of the columns {', '.join(names)}"]
    if odd:
        notes.append(f"left out columns that are neither text nor numbers: {', '.join(odd)}")
    examples = Examples(
        items=tuple({name: table.cells[name][row] for name in names} for row in every),
        names=tuple(table.columns.get("id", table.places)),
        labels=_at(marks, "label", every),
        groups=_at(marks, "group", every),
        notes=tuple(notes),
        columns={name: np.array(table.columns[name], dtype=str) for name in PART_COLUMNS if name in table.columns},
        kind="row",
    )
    return Listed(examples, every)


def _of_steps(table: Table) -> Listed:
    """Each row is a step of the sequence whose id it has."""
    read = read_long_table(table.path)
    place = {name: place for place, name in enumerate(read.names)}
    examples = Examples(items=read.arrays, names=read.names, labels=read.labels, groups=read.groups, kind="sequence")
    return Listed(examples, [place[said] for said in table.columns["id"]])
