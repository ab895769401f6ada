"""Items as Python has them -> as a request carries them: pictures as the bytes of files, all else as JSON has it."""

import base64
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from alikely.client.naming import file_name
from alikely.errors import InputError

SEQUENCES = frozenset({".npy", ".npz", ".csv", ".tsv"})
# A file is read here, on the client's side, and never by the service.
Item = Path | bytes | Image.Image | np.ndarray | str | Mapping[str, Any] | Sequence[Any]
ITEM = (
    "a path, the bytes of a picture file, a PIL image or an array of whole numbers (pictures), a str (text), a mapping "
    "(row), a list or an array of numbers (sequence, embedding)"
)


@dataclass(frozen=True)
class File:
    """A picture as a form carries it; the service calls it by its name."""

    content: bytes
    name: str = "picture"


def said(item: object) -> Any:
    """One item for a request: a File is a picture, anything else is JSON.

    A path is a picture, or with one of the endings of NumPy and CSV a sequence, whose channels are sent in their order.
    An array of whole numbers or truths with 2 or 3 dimensions is a picture, any other array numbers. Raises InputError
    for a file that cannot be read and for what is no item.
    """
    if isinstance(item, Path):
        return _sequence(item) if item.suffix.lower() in SEQUENCES else _file(item, _content(item))
    if isinstance(item, bytes):
        return File(item)
    if isinstance(item, Image.Image):
        return _file(item, _png(item))
    if isinstance(item, np.ndarray):
        picture = item.ndim in (2, 3) and item.dtype.kind in "bu"
        return File(_png(_pictured(item))) if picture else _numbers(item)
    if isinstance(item, str):
        return item
    if isinstance(item, Mapping):
        return {str(name): _cell(name, cell) for name, cell in item.items()}
    if isinstance(item, Sequence):
        return _numbers(_as_array(item))
    raise InputError(f"{item!r} is no item; give {ITEM}")


def in_json(item: object) -> Any:
    """The same as JSON alone has it: the content of a picture in base64."""
    one = said(item)
    return base64.b64encode(one.content).decode() if isinstance(one, File) else one


def refuse_one(items: object) -> None:
    """Raise InputError where one item is given in place of several."""
    if isinstance(items, str | bytes | Path | Mapping | Image.Image):
        raise InputError("give a list of items; put the one item in a list")


def _file(item: object, content: bytes) -> File:
    return File(content, file_name(item) or File.name)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise InputError(f"{path}: cannot be opened ({problem.strerror}); check the path and the rights") from None


def _sequence(path: Path) -> Any:
    from alikely.data.sequences.opening import open_sequence

    return _numbers(open_sequence(path).values)


def _png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    try:
        picture.save(content, "PNG", exif=picture.getexif())
    except (OSError, ValueError) as problem:
        raise InputError(f"the picture cannot be sent ({problem}); convert it: picture.convert('RGB')") from None
    return content.getvalue()


def _pictured(array: np.ndarray) -> Image.Image:
    plain = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    try:
        return Image.fromarray(plain)
    except (TypeError, ValueError) as problem:
        raise InputError(
            f"an array {array.shape} of {array.dtype} is no picture ({problem}); give (height width) or "
            "(height width channels) of uint8"
        ) from None


def _as_array(values: Sequence[Any]) -> np.ndarray:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("a list holds something else than numbers, or rows that differ in length") from None


def _numbers(array: np.ndarray) -> Any:
    if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
        raise InputError("an array holds something else than finite numbers, which is all that can be sent")
    return array.tolist()


def _cell(name: Any, cell: Any) -> Any:
    plain = cell.item() if isinstance(cell, np.generic) else cell
    if plain is None or (isinstance(plain, float) and math.isnan(plain)):
        return None
    if isinstance(plain, date | Decimal):
        return str(plain)
    if isinstance(plain, str | int | float | bool):
        return plain
    raise InputError(f"the row: the cell of column {name!r} is a {type(cell).__name__}; give a text or a number")
