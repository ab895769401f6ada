"""An item in; a hash of what it holds, the key of its template, and its own name as an identity, out."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from alikely.data.rows.cells import CellProblem, as_names, text_of
from alikely.data.texts.reading import cleaned
from alikely.errors import InputError
from alikely.types import Item

CONTENT, IDENTITY = 32, 16  # characters of a key that stand for the content, and for the identity
LONGEST_IDENTITY = 120
# What items without a name of their own are called: by their place, which another list has too.
_BY_PLACE = re.compile(r"(line|row|record|picture|text|sequence|embedding|array) [\d,]+")


def content_of(item: Item) -> str:
    """A hash (hexadecimal, 32 characters) of what an item holds; equal for items that hold the same.

    Of a file its bytes, which may be given as such, of a text its form after reading, of a row its cells as a CSV file
    would hold them, in any order, of an array its numbers and shape. Raises InputError for a file that cannot be opened
    and a row that is none.
    """
    digest = hashlib.sha256()
    if isinstance(item, Path):
        try:
            with item.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256")
        except OSError as problem:
            raise InputError(f"{item}: cannot be opened ({problem.strerror}); check the path and the rights") from None
    elif isinstance(item, bytes):
        digest.update(item)
    elif isinstance(item, str):
        digest.update(b"text " + cleaned(item).encode("utf-8", "surrogatepass"))
    elif isinstance(item, Mapping):
        digest.update(b"row " + json.dumps(_cells(item), sort_keys=True).encode())
    else:
        array = np.asarray(item)
        mode = item.mode if isinstance(item, Image.Image) else ""
        digest.update(f"array {mode} {array.dtype.str} {array.shape} ".encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:CONTENT]


def key_of(content: str, identity: str) -> str:
    """The key of the template of an item with this content under this identity: each pair of the two has one key."""
    return f"{content}-{hashlib.sha256(identity.encode('utf-8', 'surrogatepass')).hexdigest()[:IDENTITY]}"


def content_in(key: str) -> str:
    """The content that a key stands for."""
    return key[:CONTENT]


def own_name(item: Item, name: str, content: str) -> str:
    """What an item without a label is enrolled as: a file by its path, a text by itself, anything else by its name.

    Where that would be long, or only the item's place in a list, a part of its content's hash tells it from others.
    """
    if isinstance(item, Path):
        return str(item)
    said = " ".join(cleaned(item).split()) if isinstance(item, str) else name
    if _BY_PLACE.fullmatch(said) and not isinstance(item, str):
        return f"{said.split()[0]} {content[:12]}"
    if len(said) > LONGEST_IDENTITY:
        return f"{said[:LONGEST_IDENTITY].rstrip()}... {content[:12]}"
    return said


def _cells(row: Mapping) -> dict[str, str | None]:
    cells = {}
    for name, cell in as_names(row).items():
        try:
            cells[name] = text_of(cell)
        except CellProblem as problem:
            raise InputError(f"the row: the cell of column {name!r} {problem}") from None
    return cells
