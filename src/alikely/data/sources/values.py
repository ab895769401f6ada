"""A value from Python or a cell of a table -> an item of its kind, or an error that says where it stands."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from alikely.data.tables import Table
from alikely.errors import InputError
from alikely.types import Item, Kind

_WANTED: dict[Kind, str] = {
    "picture": "a path, the bytes of a file, a PIL image or an array",
    "text": "a str",
    "row": "a mapping from columns to cells, such as {'age': 31}",
    "sequence": "a path, or numbers (steps) or (steps channels)",
    "embedding": "a list or array of numbers",
}

_TYPES: dict[Kind, tuple[Any, ...]] = {
    "picture": (Path, bytes, np.ndarray, Image.Image),
    "text": (str,),
    "row": (Mapping,),
    "sequence": (Path, np.ndarray),
    "embedding": (np.ndarray,),
}


def item_of(value: Any, kind: Kind, where: str) -> Item:
    """The value as an item: lists of numbers as arrays, paths as Path. Raises InputError that begins with `where`."""
    if kind in ("picture", "sequence") and isinstance(value, str):
        return Path(value)
    if isinstance(value, _TYPES[kind]):
        return value  # type: ignore[no-any-return]
    if kind in ("sequence", "embedding") and isinstance(value, list | tuple):
        try:
            return np.array(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError(f"{where} holds something else than numbers, or rows that differ in length") from None
    raise InputError(f"{where} is a {type(value).__name__}; give {_WANTED[kind]}")


def resolved(table: Table, cell: str) -> Path:
    """The file that a cell names: its path starts at the folder of the table."""
    return Path(os.path.normpath(table.path.parent / cell))
