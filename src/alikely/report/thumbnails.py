"""Items -> small pictures inside the page: one data URL each, or one sheet with many."""

import base64
import io
from collections.abc import Sequence

from PIL import Image

from alikely.data.items import open_picture, read_all
from alikely.report.content import Thumbnail
from alikely.types import Examples, Item

SIDE = 112  # of a picture in a pair, in pixels: sharp at 96 px
SHEET_SIDE = 56  # of a picture in a sheet
SHEET_COLUMNS = 25
QUALITY = 78
EMPTY = (128, 128, 128)


def thumbnails(examples: Examples, positions: Sequence[int]) -> dict[int, Thumbnail]:
    """A small picture of each of these items, by position; without a picture where it can no longer be read."""
    wanted = sorted(set(positions))
    names = [examples.names[place] for place in wanted]
    small, _ = read_all([examples.items[place] for place in wanted], names, lambda item: _small(item, SIDE))
    return {
        place: Thumbnail(
            url=None if picture is None else _data_url(picture),
            name=examples.names[place],
            label=None if examples.labels is None else str(examples.labels[place]),
        )
        for place, picture in zip(wanted, small, strict=True)
    }


def thumbnails_of(items: Sequence[Item], names: Sequence[str]) -> list[Thumbnail]:
    """The same for items by themselves."""
    small, _ = read_all(items, names, lambda item: _small(item, SIDE))
    return [
        Thumbnail(None if picture is None else _data_url(picture), name)
        for picture, name in zip(small, names, strict=True)
    ]


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
