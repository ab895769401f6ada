"""One item as it is said on a command line -> the item."""

import json
from pathlib import Path

from alikely.data.sources.values import item_of
from alikely.errors import InputError
from alikely.types import Item, Kind


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
        raise InputError(f"{said[:60]}: is not JSON ({problem}); write the {kind} as {example}") from None
    return item_of(value, kind, said[:60])
