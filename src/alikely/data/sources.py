"""A folder, a table or a Python list -> Examples: the items, and what is known of them, checked."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Shaped
from PIL import Image

from alikely.data.items import PICTURE_ENDINGS, name_of
from alikely.data.tables import TABLE_ENDINGS, Table, as_text, read_table
from alikely.data.walk import maybe_too_high, only_folder, pictures_of, table_of
from alikely.errors import InputError
from alikely.types import Examples, Item, Kind, Pairs

MOST_SHOWN = 20

_OF_ITEMS = ("path", "label", "group")
_OF_PAIRS = ("left", "right", "same")
_WANTED = "path,label (and group where there is one), or left,right,same"


def read_source(source: str | Path, items: Kind | Literal["auto"] = "auto") -> Examples:
    """Everything that is known in a folder or table.

    - A folder: one folder inside it for each identity. All pictures below `source/LABEL/`, however deep, show the
      identity LABEL. Names that begin with a dot and files without a picture's ending are left out, and said in
      `notes`; so are pictures that lie beside the identity folders. A link that leads back up is not followed. Where a
      table `items.csv` (or another ending) lies in the folder, the table is read instead.
    - A table `.csv`, `.tsv`, `.txt`, `.jsonl`, `.ndjson`, `.parquet`, `.pq` with the columns path,label[,group]: one
      row for each picture.
    - Such a table with the columns left,right,same: one row for each pair of pictures; same is 1 or 0, true or false,
      yes or no, same or different. Each file is one item, in however many pairs it stands.

    Paths in a table are relative to the folder that the table lies in, or absolute. Columns of other names are kept as
    text in `columns` (of the pairs, in a table of pairs). Rows that say the same thing again are taken once: the first
    of them, with its other columns.

    Raises InputError that names the file, row or column. The pictures are not opened.
    """
    path = Path(source)
    if not path.is_dir():
        return _from_table(path, labelled=True)
    if table := table_of(path):
        return _from_table_in(table, labelled=True)
    pictures, notes = pictures_of(path)
    if inner := only_folder(path, pictures):
        raise InputError(
            f"{path}: all pictures lie in {inner.name}, and one identity is not enough; "
            f"if the folders in it are the identities, name {inner}"
        )
    sorted_in = [picture for picture in pictures if picture.parent != path]
    loose = len(pictures) - len(sorted_in)
    if not sorted_in:
        raise InputError(
            f"{path}: {loose} pictures lie directly in the folder, so nobody knows which show the same identity; "
            f"make a folder for each identity, such as {path / 'anna' / '1.jpg'}, or give a table"
        )
    if loose:
        notes += (f"left out pictures beside the identity folders: {loose}",)
    notes += maybe_too_high(path, sorted_in)
    return _from_files(path, sorted_in, labelled=True, notes=notes)


def read_items(source: str | Path, items: Kind | Literal["auto"] = "auto") -> Examples:
    """The items of one picture, a folder of pictures or a table, whether or not anything is known of them.

    As `read_source`, but a folder may have pictures directly in it (then there are no labels), and a table need have no
    more than the column path.
    """
    path = Path(source)
    if path.is_dir() and (table := table_of(path)):
        return _from_table_in(table, labelled=False)
    if path.is_dir():
        pictures, notes = pictures_of(path)
        return _from_files(path, pictures, labelled=all(picture.parent != path for picture in pictures), notes=notes)
    if path.suffix.lower() in PICTURE_ENDINGS:
        return examples_from([path])
    return _from_table(path, labelled=False)


def examples_from(
    items: Iterable[Any],
    labels: Iterable[Any] | None = None,
    groups: Iterable[Any] | None = None,
    pairs: Pairs | Iterable[Any] | None = None,
    columns: Mapping[str, Iterable[Any]] | None = None,
) -> Examples:
    """Examples from Python: pictures as paths, PIL images or arrays, and what is known of them.

    `labels` and `groups` have one name or whole number for each item. `pairs` are (left, right, same), where left and
    right are positions in `items`, counted from 0; pairs that repeat another are taken once. `columns` are what else is
    known of each item, by name: texts or numbers, kept as text; None and NaN become the empty text.

    Raises InputError where they do not fit each other, or a file is not there. The pictures are not opened.
    """
    if isinstance(items, str | Path):
        raise InputError(f"{items}: is one path, not a list of items; read a folder or a table with read_source")
    found = tuple(_item(item, position) for position, item in enumerate(items))
    if not found:
        raise InputError("there are no items; give at least one picture")
    names = tuple(name_of(item, position) for position, item in enumerate(found))
    _refuse_missing("", found, names)
    return Examples(
        items=found,
        names=names,
        labels=None if labels is None else _marks("label", labels, names),
        groups=None if groups is None else _marks("group", groups, names),
        pairs=None if pairs is None else _known_pairs(pairs, len(found)),
        columns=_columns(columns or {}, len(found)),
    )


def _item(item: object, position: int) -> Item:
    if isinstance(item, str):
        return Path(item)
    if isinstance(item, Path | Image.Image | np.ndarray):
        return item
    raise InputError(f"item {position + 1} is a {type(item).__name__}; give a path, a PIL image or an array")


def _marks(what: str, marks: Iterable[Any], names: Sequence[str]) -> Shaped[np.ndarray, " items"]:
    values = marks.tolist() if isinstance(marks, np.ndarray) else list(marks)
    if len(values) != len(names):
        raise InputError(f"there are {len(names)} items but {len(values)} {what}s; give one {what} for each item")
    values = [int(value) if isinstance(value, np.integer) else value for value in values]
    kind = str if values and isinstance(values[0], str) else int
    for name, value in zip(names, values, strict=True):
        if not isinstance(value, kind) or isinstance(value, bool) or (isinstance(value, str) and not value.strip()):
            raise InputError(
                f"the {what} of {name} is {value!r}; all {what}s must be texts that are not empty, or all whole numbers"
            )
    return np.array(values)


def _columns(columns: Mapping[str, Iterable[Any]], count: int) -> dict[str, Shaped[np.ndarray, " items"]]:
    kept = {}
    for name, given in columns.items():
        cells = given.tolist() if isinstance(given, np.ndarray) else list(given)
        texts = [as_text(cell.item() if isinstance(cell, np.generic) else cell) for cell in cells]
        if len(texts) != count or None in texts:
            odd = f"{cells[texts.index(None)]!r}" if None in texts else f"{len(texts)} cells for {count} items"
            raise InputError(f"the column {name!r} has {odd}; give one text or number for each item")
        kept[str(name).strip().lower()] = np.array(texts, dtype=str)
    return kept


def _known_pairs(pairs: Pairs | Iterable[Any], count: int) -> Pairs:
    rows = zip(pairs.left, pairs.right, pairs.same, strict=True) if isinstance(pairs, Pairs) else pairs
    checked: dict[tuple[int, int, bool], int] = {}
    for row, (left, right, same) in enumerate(rows):
        if not (0 <= left < count and 0 <= right < count) or left == right:
            raise InputError(
                f"pair {row + 1} is of items {left} and {right}; give two different positions from 0 to {count - 1}"
            )
        if same not in (True, False):
            raise InputError(f"pair {row + 1} says same = {same!r}; say True or False")
        checked.setdefault((int(left), int(right), bool(same)), row)
    if isinstance(pairs, Pairs):
        return pairs.select(np.array(list(checked.values()), dtype=np.int64))
    return _pairs_of(checked, {})


def _pairs_of(rows: Iterable[tuple[int, int, bool]], columns: Mapping[str, Shaped[np.ndarray, " pairs"]]) -> Pairs:
    table = np.array(list(rows), dtype=np.int64).reshape(-1, 3)
    return Pairs(table[:, 0], table[:, 1], table[:, 2].astype(bool), columns)


def _from_files(folder: Path, pictures: Sequence[Path], labelled: bool, notes: tuple[str, ...]) -> Examples:
    labels = np.array([picture.relative_to(folder).parts[0] for picture in pictures]) if labelled else None
    return Examples(tuple(pictures), tuple(map(str, pictures)), labels, notes=notes)


def _from_table(path: Path, labelled: bool) -> Examples:
    if path.suffix.lower() not in TABLE_ENDINGS:
        what = "is neither a folder nor a table" if path.exists() else "is not there"
        raise InputError(f"{path}: {what}; give a folder, or a table that ends in {', '.join(sorted(TABLE_ENDINGS))}")
    table = read_table(path, {*_OF_ITEMS, *_OF_PAIRS})
    if not table.places:
        raise InputError(f"{path}: has no rows; it needs one for each picture or pair")
    if table.has("left", "right", "same") and not table.has("path"):
        return _from_pairs(table)
    if table.has("path", "label") or (table.has("path") and not labelled):
        return _from_labels(table)
    raise InputError(
        f"{path}: has the columns {', '.join(table.found)}, but needs {_WANTED}; rename or add the columns"
    )


def _from_table_in(path: Path, labelled: bool) -> Examples:
    examples = _from_table(path, labelled)
    return replace(examples, notes=(*examples.notes, f"read {path}, the table that says what lies in its folder"))


def _from_labels(table: Table) -> Examples:
    paths = table.column("path")
    labels = table.column("label") if table.has("label") else None
    groups = table.column("group") if table.has("group") else None
    rows: dict[Path, int] = {}
    for row, text in enumerate(paths):
        first = rows.setdefault(_resolved(table, text), row)
        for what, marks in (("label", labels), ("group", groups)):
            if marks is not None and marks[row] != marks[first]:
                raise InputError(
                    f"{table.path}: {text} has the {what} {marks[first]!r} in {table.places[first]} "
                    f"and {marks[row]!r} in {table.places[row]}; keep the right row"
                )
    kept = list(rows.values())
    names = tuple(paths[row] for row in kept)
    _refuse_missing(f"{table.path}: ", tuple(rows), names)
    return Examples(
        items=tuple(rows),
        names=names,
        labels=None if labels is None else np.array([labels[row] for row in kept]),
        groups=None if groups is None else np.array([groups[row] for row in kept]),
        notes=_repeats(len(paths) - len(kept)),
        columns=_further(table, _OF_ITEMS, kept),
    )


def _from_pairs(table: Table) -> Examples:
    places: dict[Path, int] = {}
    names: list[str] = []
    rows: dict[tuple[int, int, bool], int] = {}
    columns = (table.column("left"), table.column("right"), table.column("same"))
    for row, (left, right, _) in enumerate(zip(*columns, strict=True)):
        ends = []
        for text in (left, right):
            ends.append(places.setdefault(_resolved(table, text), len(places)))
            if len(names) < len(places):
                names.append(text)
        if ends[0] == ends[1]:
            raise InputError(
                f"{table.path}, {table.places[row]}: left and right are the same file, {left}; "
                "name two files, or remove the row"
            )
        same = table.said_same(row)
        if (ends[1], ends[0], same) not in rows:
            rows.setdefault((ends[0], ends[1], same), row)
    _refuse_missing(f"{table.path}: ", tuple(places), names)
    repeats = _repeats(len(table.places) - len(rows))
    pairs = _pairs_of(rows, _further(table, _OF_PAIRS, list(rows.values())))
    return Examples(tuple(places), tuple(names), pairs=pairs, notes=repeats)


def _further(table: Table, used: Sequence[str], rows: Sequence[int]) -> dict[str, Shaped[np.ndarray, " kept"]]:
    """The columns that are not `used`, in these rows."""
    return {
        name: np.array([cells[row] for row in rows], dtype=str)
        for name, cells in table.columns.items()
        if name not in used
    }


def _resolved(table: Table, text: str) -> Path:
    return Path(os.path.normpath(table.path.parent / text))


def _repeats(count: int) -> tuple[str, ...]:
    return (f"rows that repeat another and were taken once: {count}",) if count else ()


def _refuse_missing(where: str, items: Sequence[Item], names: Sequence[str]) -> None:
    missing = [name for item, name in zip(items, names, strict=True) if isinstance(item, Path) and not item.exists()]
    if missing:
        shown = "".join(f"\n  {name}" for name in missing[:MOST_SHOWN])
        more = f"\n  ... and {len(missing) - MOST_SHOWN} more" if len(missing) > MOST_SHOWN else ""
        raise InputError(
            f"{where}{len(missing)} of {len(items)} files are not there:{shown}{more}\n"
            "Paths in a table start at the table's folder, others at the folder you are in; mend the paths."
        )
