"""Pictures -> small ones inside the page: one data URL each, or one sheet with many."""

import base64
import io
from collections.abc import Sequence

from PIL import Image

from alikely.data.items import read_all
from alikely.data.pictures import open_picture
from alikely.types import Item

SIDE = 112  # of a picture in a pair, in pixels: sharp at 96 px
SHEET_SIDE = 56  # of a picture in a sheet
SHEET_COLUMNS = 25
QUALITY = 78
EMPTY = (128, 128, 128)


def pictures_of(items: Sequence[Item], names: Sequence[str], side: int = SIDE) -> list[str | None]:
    """A picture of each item, its longer side of so many pixels; None where it can no longer be read."""
    small, _ = read_all(items, names, lambda item: _small(item, side))
    return [None if picture is None else _data_url(picture) for picture in small]


def short_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names without the folder that all of them lie in: what tells them apart, and nothing of the machine."""
    folders = [name.split("/")[:-1] for name in names]
    shared = 0
    for step in zip(*folders, strict=False):  # as deep as the shallowest of them
        if len(set(step)) > 1:
            break
        shared += 1
    return tuple("/".join(name.split("/")[shared:]) for name in names)


def sheet(items: Sequence[Item], names: Sequence[str]) -> str:
    """All of these as one picture, row by row, `SHEET_COLUMNS` in a row: a data URL."""
    small, _ = read_all(items, names, lambda item: _small(item, SHEET_SIDE))
    rows = -(-len(items) // SHEET_COLUMNS)
    whole = Image.new("RGB", (SHEET_COLUMNS * SHEET_SIDE, rows * SHEET_SIDE), EMPTY)
    for number, picture in enumerate(small):
        if picture is not None:
            row, column = divmod(number, SHEET_COLUMNS)
            left = column * SHEET_SIDE + (SHEET_SIDE - picture.width) // 2
            whole.paste(picture, (left, row * SHEET_SIDE + (SHEET_SIDE - picture.height) // 2))
    return _data_url(whole)


def _small(item: Item, side: int) -> Image.Image:
    picture = open_picture(item, at_least=side)
    factor = side / max(picture.size)
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    # Tiny pictures are made larger here, pixel by pixel, as a browser would blur them.
    return picture.resize(size, Image.Resampling.BOX if factor > 1 else Image.Resampling.LANCZOS)


def _data_url(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
