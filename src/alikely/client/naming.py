"""What the service calls an item -> what its user calls it: a file by its path, anything else by its place."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

# What the service calls items of a request: picture 3, or 'the beginning of a text' (item 3).
_PLACED = re.compile(r"((?:picture|text|row|sequence|embedding) |.*\(item )(\d+)(\)?)", re.DOTALL)
ONE = "1"  # the place of an item that is asked about alone


def path_of(item: object) -> str | None:
    """The path of an item that is or was a file; None for others."""
    if isinstance(item, Path):
        return str(item)
    if isinstance(item, Image.Image):
        return str(getattr(item, "filename", "")) or None
    return None


def file_name(item: object) -> str | None:
    """The last part of that path, as any service can hold it: in which folder it lies here is nobody's business."""
    path = path_of(item)
    return None if path is None else Path(path).name.encode("utf-8", "replace").decode()


def placed(said: str, places: Sequence[int], paths: Sequence[str | None]) -> str:
    """The user's name of what the service calls `said` in a request that holds the items of these places, from 0."""
    found = _PLACED.fullmatch(said)
    if found is None or not 1 <= int(found[2]) <= len(places):
        return said
    row = int(found[2]) - 1
    return paths[row] or f"{found[1]}{places[row] + 1}{found[3]}"


def alone(said: str, items: Mapping[str, object]) -> str:
    """The same in a request that names its items by fields, such as `left`; `item` is called by its place, too."""
    found = _PLACED.fullmatch(said)
    field = "item" if found is not None and found[2] == ONE else said
    return path_of(items.get(field)) or said
