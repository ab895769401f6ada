"""A table of items, or records -> the catalogue: their ids, their cells, and what users may filter by."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alikely.data.rows.cells import number_of
from alikely.data.sources.names import shortened
from alikely.data.tables import Table, as_text, read_table, table_of_records
from alikely.errors import InputError
from alikely.types import Field

ID = "id"
TITLES = ("title", "name")
FILE = "path"  # the column of files of pictures
LISTS = ("embedding", "sequence")


@dataclass(frozen=True)
class Catalogue:
    """Items by their place. `ids` are what they are called; `cells` all that the table says of each, by column.

    `fields` are the cells that are texts, numbers or truths, numbers as numbers: what is shown and filtered by.
    `folder` is where paths in cells start.
    """

    ids: tuple[str, ...]
    cells: tuple[Mapping[str, Any], ...]
    fields: tuple[Mapping[str, Field], ...]
    folder: Path = Path()

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns beside the id, in the order of the table."""
        return tuple(dict.fromkeys(name for cells in self.cells for name in cells))

    @property
    def shown(self) -> tuple[str, ...]:
        """The columns of the fields, in the order of the table: what can be filtered by."""
        return tuple(dict.fromkeys(name for fields in self.fields for name in fields))

    def titles(self) -> tuple[str, ...]:
        """What to call each item beside its id: the cell of the column title or name, else of the first column that
        holds texts alone, else all its fields, but never where its picture lies; "" where nothing is there."""
        shown = [name for name in self.shown if name.lower() != FILE]
        of_text = [name for name in shown if all(isinstance(fields.get(name, ""), str) for fields in self.fields)]
        named = [name for title in TITLES for name in self.shown if name.lower() == title]
        first = next(iter([*named, *of_text]), None)
        if first is not None:
            return tuple(shortened(str(fields.get(first, ""))) for fields in self.fields)
        each = [[f"{name} {one[name]}" for name in shown if name in one] for one in self.fields]
        return tuple(shortened(", ".join(said)) for said in each)

    def places(self) -> dict[str, int]:
        """The place of each id."""
        return {name: place for place, name in enumerate(self.ids)}

    def select(self, keep: Sequence[int]) -> "Catalogue":
        """The items at these places, in that order."""
        return Catalogue(
            tuple(self.ids[i] for i in keep),
            tuple(self.cells[i] for i in keep),
            tuple(self.fields[i] for i in keep),
            self.folder,
        )

    def path(self, cell: str) -> Path:
        """The file that a cell names."""
        return Path(cell) if Path(cell).is_absolute() else self.folder / cell


def read_catalogue(source: str | Path | Iterable[Mapping[str, Any]]) -> Catalogue:
    """The items of a table (CSV, JSONL, Parquet) or of records; the column `id` names each.

    Raises InputError where there is no column `id`, an id is empty or stands there twice, or there are no items.
    """
    table = table_of(source, (ID,))
    if not table.has(ID):
        raise InputError(f"{table.path}: has the columns {', '.join(table.found)}, but needs one called id")
    ids = [name.strip() for name in table.column(ID)]
    if not ids:
        raise InputError(f"{table.path}: has no items; give a row for each")
    first: dict[str, int] = {}
    for row, name in enumerate(ids):
        if first.setdefault(name, row) != row:
            raise InputError(
                f"{table.path}, {table.places[row]}: the id {name!r} stands in {table.places[first[name]]} already; "
                "give each item its own, in one row"
            )
    columns = [name for name in table.cells if name and name != ID]
    cells = tuple({name: table.cells[name][row] for name in columns} for row in range(len(ids)))
    folder = Path() if table.path == Path("records") else table.path.parent
    return Catalogue(tuple(ids), cells, tuple(fields_of(row) for row in cells), folder)


def fields_of(cells: Mapping[str, Any]) -> dict[str, Field]:
    """Those cells that are texts, numbers or truths; a text that is a number becomes one; empty cells are left out."""
    fields: dict[str, Field] = {}
    for name, cell in cells.items():
        if isinstance(cell, bool):
            fields[name] = cell
            continue
        text = (as_text(cell) or "").strip()
        if text:
            fields[name] = _number(text)
    return fields


def table_of(source: str | Path | Iterable[Mapping[str, Any]], known: Sequence[str]) -> Table:
    """A file or records as a table."""
    if isinstance(source, str | Path):
        path = Path(source)
        if not path.is_file():
            raise InputError(
                f"{path}: no such file; name a table (CSV, JSONL, Parquet) with the columns {', '.join(known)}"
            )
        return read_table(path, known, LISTS)
    return table_of_records(source, known)


def _number(text: str) -> Field:
    number = number_of(text)
    # 007 is a code, not a number.
    if (
        number is None
        or math.isinf(number)
        or (text.lstrip("-").startswith("0") and not text.lstrip("-").startswith("0.") and text != "0")
    ):
        return text
    return int(number) if number.is_integer() and "." not in text and "e" not in text.lower() else number
