"""A CSV, JSONL or Parquet file, or records -> columns, also as text, and for messages the place of each row."""

import codecs
import csv
import io
import json
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from alikely.data.items import counted
from alikely.errors import InputError, SettingsError

_CSV_ENDINGS = frozenset({".csv", ".tsv", ".txt"})
_JSONL_ENDINGS = frozenset({".jsonl", ".ndjson"})
_PARQUET_ENDINGS = frozenset({".parquet", ".pq"})
TABLE_ENDINGS = _CSV_ENDINGS | _JSONL_ENDINGS | _PARQUET_ENDINGS

_DELIMITERS = ",;\t"
LONGEST_CELL = 2**31 - 1  # in characters: the most that Python's reader of CSV can be told on any machine

_SAME = {"1": True, "true": True, "yes": True, "same": True, "1.0": True}
_DIFFERENT = {"0": False, "false": False, "no": False, "different": False, "0.0": False}


@dataclass(frozen=True)
class Table:
    """The columns of one file, as text. A missing cell is the empty text.

    `found` are the names of all columns in the file, in small letters and without blanks around them; `columns` has
    those that are text or numbers. `cells` are the columns as the file has them, numbers as numbers.
    `places[i]` says where row i stands, as messages say it: "line 7". `path` is "records" where there is no file.
    """

    path: Path
    found: tuple[str, ...]
    columns: dict[str, list[str]]
    places: list[str]
    cells: dict[str, list[Any]]

    def has(self, *names: str) -> bool:
        """Whether all these columns are there."""
        return all(name in self.columns for name in names)

    def column(self, name: str) -> list[str]:
        """A column of which no cell may be empty. Raises InputError naming the first row where one is."""
        cells = self.columns[name]
        empty = [row for row, cell in enumerate(cells) if not cell.strip()]
        if empty:
            more = f" (and in {len(empty) - 1} more rows)" if len(empty) > 1 else ""
            raise InputError(
                f"{self.path}, {self.places[empty[0]]}: the cell of column {name!r} is empty{more}; "
                "fill it, or remove the row"
            )
        return cells

    def said_same(self, row: int) -> bool:
        """What a row's cell of the column `same` says. Raises InputError where it says neither."""
        said = self.columns["same"][row]
        same = (_SAME | _DIFFERENT).get(said.strip().lower())
        if same is None:
            raise InputError(
                f"{self.path}, {self.places[row]}: the column 'same' says {said!r}; "
                "write 1 or 0, true or false, yes or no, same or different"
            )
        return same


def read_table(path: Path, known: Collection[str], lists: Collection[str] = ()) -> Table:
    """Read a table. The columns `known` (small letters) must hold text or numbers; others that do not are left out.

    `lists` are columns that are kept in `cells` where they hold lists.
    CSV: with a line of names (numbers only where they are whole and grow: 0, 1, 2 or years); comma, semicolon or tab;
    UTF-8 with or without byte-order mark, or UTF-16 with one.
    JSONL: one object a line. Parquet: needs pyarrow.

    Raises InputError for a file that cannot be read as such a table, SettingsError where pyarrow is missing.
    """
    if path.suffix.lower() in _PARQUET_ENDINGS:
        return _from_parquet(path, known, lists)
    text = _text_of(path)
    if path.suffix.lower() in _JSONL_ENDINGS:
        return _from_jsonl(path, text, known)
    return _from_csv(path, text)


def table_of_records(records: Iterable[Any], known: Collection[str]) -> Table:
    """Records (mappings from columns to cells) as a table. Raises InputError for what are none."""
    path = Path("records")
    if not isinstance(records, Iterable):
        raise InputError(f"{path}: are a {type(records).__name__}; give a list of mappings from columns to cells")
    named: list[dict[str, Any]] = []
    for number, record in enumerate(records, start=1):
        if not isinstance(record, Mapping):
            raise InputError(
                f"{path}, record {number}: is a {type(record).__name__}; give mappings from columns to cells, such as "
                '{"text": "hello", "label": "greeting"} (of a Hugging Face DatasetDict one part: dataset["train"])'
            )
        named.append(dict(zip(_names(path, map(str, record)), record.values(), strict=True)))
    return _from_records(path, named, [f"record {number}" for number in range(1, len(named) + 1)], known)


def _text_of(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise InputError(f"{path}: cannot be opened ({problem.strerror}); check the path and the rights") from problem
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise InputError(
            f"{path}, line {line}: is not {encoding.removesuffix('-sig').upper()} (byte {data[problem.start]:#04x}); "
            'save the table as UTF-8 (in Excel: "CSV UTF-8")'
        ) from None
    if "\0" in text:
        raise InputError(f"{path}: holds zero bytes, so it is no plain text; save the table as UTF-8")
    if not text.strip():
        raise InputError(f"{path}: is empty; it needs a line with the names of the columns, and a line for each row")
    return text


def _from_csv(path: Path, text: str) -> Table:
    first = next(line for line in text.splitlines() if line.strip())
    delimiter = max(_DELIMITERS, key=first.count)
    # Blanks after the delimiter are how people write by hand.
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    rows: list[list[str]] = []
    places: list[str] = []
    # One limit for the whole process, always the same, as files are read in several threads.
    csv.field_size_limit(LONGEST_CELL)
    try:
        head = next(cells for cells in lines if any(cell.strip() for cell in cells))
        _refuse_numbers(path, lines.line_num, head)
        names = _names(path, head)
        before = lines.line_num
        for cells in lines:
            # A cell in quotes may go over several lines: the first counts.
            line, before = before + 1, lines.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(names):
                raise InputError(
                    f"{path}, line {line}: has {len(cells)} cells for {counted(len(names), 'column', 'columns')}; "
                    "put a cell that holds the delimiter in double quotes"
                )
            rows.append(cells + [""] * (len(names) - len(cells)))
            places.append(f"line {line}")
    except csv.Error as problem:
        raise InputError(f"{path}, line {lines.line_num}: cannot be read as CSV ({problem}); mend the line") from None
    columns = {name: [cells[i] for cells in rows] for i, name in enumerate(names) if name}
    return Table(path, tuple(names), columns, places, dict(columns))


def _from_jsonl(path: Path, text: str, known: Collection[str]) -> Table:
    records: list[dict[str, Any]] = []
    places: list[str] = []
    # Not `splitlines`: it would also cut at signs that may stand inside a JSON text.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as problem:
            raise InputError(f"{path}, line {number}: is not JSON ({problem}); mend the line") from None
        if not isinstance(record, dict):
            raise InputError(
                f'{path}, line {number}: is not a JSON object; each line must be one, like {{"path": "a.png"}}'
            )
        names = _names(path, record)
        records.append(dict(zip(names, record.values(), strict=True)))
        places.append(f"line {number}")
    return _from_records(path, records, places, known)


def _from_records(path: Path, records: list[dict[str, Any]], places: list[str], known: Collection[str]) -> Table:
    found = tuple(dict.fromkeys(name for record in records for name in record))
    cells = {name: [record.get(name) for record in records] for name in found}
    return Table(path, found, _as_texts(path, cells, places, known), places, cells)


def _from_parquet(path: Path, known: Collection[str], lists: Collection[str]) -> Table:
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise SettingsError(
            f"{path}: reading Parquet needs pyarrow; run: pip install alikely[parquet] (or save the table as CSV)"
        ) from None
    try:
        with parquet.ParquetFile(path) as file:
            spelled = file.schema_arrow.names
            names = _names(path, spelled)
            kinds = [field.type for field in file.schema_arrow]
            # What is neither text nor a number, such as the bytes of pictures, is not even read.
            wanted = {
                name: as_in_file
                for as_in_file, name, kind in zip(spelled, names, kinds, strict=True)
                if name in (*known, *lists) or not (arrow.types.is_nested(kind) or "binary" in str(kind))
            }
            content = file.read(columns=list(wanted.values()))
            count = file.metadata.num_rows
    except (arrow.ArrowException, OSError) as problem:
        raise InputError(f"{path}: cannot be read as Parquet ({problem}); write it again") from problem
    places = [f"row {number}" for number in range(1, count + 1)]
    cells = {name: _cells(path, name, content.column(as_in_file)) for name, as_in_file in wanted.items()}
    return Table(path, tuple(names), _as_texts(path, cells, places, known), places, cells)


def _cells(path: Path, name: str, column: Any) -> list[Any]:
    """A column of a Parquet file. Raises InputError naming the row whose text is no UTF-8."""
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:
        row = next(row for row, cell in enumerate(column, start=1) if not _is_readable(cell))
        raise InputError(
            f"{path}, row {row}: the cell of column {name!r} is not UTF-8; write the file again from texts"
        ) from None


def _is_readable(cell: Any) -> bool:
    try:
        cell.as_py()
    except UnicodeDecodeError:
        return False
    return True


def _refuse_numbers(path: Path, line: int, head: list[str]) -> None:
    """Raise InputError where a first line holds numbers that are no names, so that no item is lost as their line.

    Whole numbers that grow may be names: programs number columns so, and years are such.
    """
    cells = [cell.strip() for cell in head if cell.strip()]
    if not all(map(is_number, cells)):
        return
    if not all(cell.isdecimal() for cell in cells) or any(int(a) >= int(b) for a, b in pairwise(cells)):
        raise InputError(
            f"{path}, line {line}: holds numbers and no names, so it is an item and not the line of names; "
            "write the names of the columns above it"
        )


def is_number(text: str) -> bool:
    """Whether a text is a number as Python reads it."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _names(path: Path, spelled: Iterable[str]) -> list[str]:
    names = [name.strip().lower() for name in spelled]
    twice = {name for name in names if name and names.count(name) > 1}
    if twice:
        raise InputError(f"{path}: the column {min(twice)!r} stands there twice; remove or rename one")
    return names


def _as_texts(
    path: Path, columns: Mapping[str, list[Any]], places: list[str], known: Collection[str]
) -> dict[str, list[str]]:
    """The columns whose cells are all text or numbers, as text; InputError where a known one is not."""
    texts: dict[str, list[str]] = {}
    for name, cells in columns.items():
        column = [as_text(cell) for cell in cells]
        whole = [cell for cell in column if cell is not None]
        if len(whole) == len(column) and name:
            texts[name] = whole
        elif name in known:
            row = column.index(None)
            raise InputError(
                f"{path}, {places[row]}: the cell of column {name!r} is neither text nor a number: {cells[row]!r}"
            )
    return texts


def as_text(cell: Any) -> str | None:
    """A cell as text, empty for None and NaN; None for what is neither text nor a number nor a time."""
    # Not-a-number is how tables of numbers write an empty cell.
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    return str(cell) if isinstance(cell, str | int | float | Decimal | date | time) else None
