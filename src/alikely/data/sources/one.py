"""One item as it is said on a command line -> the item; a source or one item -> the items in it."""

import json
import os
from pathlib import Path

from alikely.data.sources.lists import examples_from
from alikely.data.sources.of_arrays import ARRAY_ENDINGS
from alikely.data.sources.reading import read_items
from alikely.data.sources.values import item_of
from alikely.data.tables import TABLE_ENDINGS
from alikely.errors import InputError
from alikely.types import Examples, Item, Kind


def parse_item(said: str, kind: Kind) -> Item:
    """A text as it is; a picture or sequence as the path of its file; a row as a JSON object; an embedding as a list.

    Raises InputError for JSON that is none, and for a row that is no object. Files are not opened.
    """
    if kind == "text":
        return said
    if kind in ("picture", "sequence"):
        return Path(said)
    example = '{"age": 31, "city": "Bern"}' if kind == "row" else "[0.1, 0.2]"
    try:
        value = json.loads(said)
    except ValueError as problem:
        raise InputError(
            f"{said[:60]}: is not JSON ({problem}); write the {kind} as {example}; no such file exists either"
        ) from None
    return item_of(value, kind, said[:60])


def read_said(said: str, kind: Kind) -> Examples:
    """The items of a folder, table or file; or where there is none of this name, the one item that `parse_item` reads.

    A name that ends as a table does is always one of a table, and not a text. Raises InputError as `read_items` and
    `parse_item` do.
    """
    if kind in ("picture", "sequence") or os.path.exists(said) or _ends_as_source(said):
        return read_items(said, kind)
    return examples_from([parse_item(said, kind)], kind=kind)


def _ends_as_source(said: str) -> bool:
    ending = os.path.splitext(said)[1].lower()
    return ending in TABLE_ENDINGS | ARRAY_ENDINGS
