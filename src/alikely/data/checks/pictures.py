"""A picture -> its look: a thumbnail, how its file is stored, and how its light lies."""

from pathlib import Path

import numpy as np
from PIL import Image

from alikely.data.checks.looks import Look, digest_of_file_or_array, hashed
from alikely.data.pictures import open_picture, stored_as
from alikely.errors import InputError
from alikely.types import Item

SIDE = 32  # of a thumbnail, in pixels
LARGE_ENOUGH = 256  # a large JPEG is decoded smaller, with sides of at least this many pixels

# What is told of a picture.
STATISTICS = (
    "width",
    "height",
    "aspect",
    "bytes_per_pixel",
    "mean_grey",
    "background_grey",
    "border_grey",
    "darkest_pixel",
    "lightest_pixel",
    "contrast",
    "format",
    "colour_mode",
)


def look_at_picture(item: Item) -> Look:
    """Its thumbnail is grey, the whole picture stretched to a square; it is empty where it has one colour only.

    width, height (pixels), aspect (width / height), bytes_per_pixel, format, colour_mode: as the file is stored.
    mean_grey, darkest_pixel, lightest_pixel (0 black to 255 white), contrast (their standard deviation).
    background_grey: the most frequent grey. border_grey: the median grey of the outermost pixels.
    """
    digest = None
    try:
        digest = _digest(item)
        picture = open_picture(item, at_least=LARGE_ENOUGH)
        stored = _stored(item, picture)
    except (InputError, OSError) as problem:
        return Look(digest, problem=str(problem))
    grey = picture.convert("L")
    thumbnail = np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BOX))
    light = _light(grey)
    return Look(digest, empty=light["contrast"] == 0, thumbnail=thumbnail, statistics={**stored, **light})


def _digest(item: Item) -> bytes | None:
    if isinstance(item, Image.Image):
        return hashed(f"picture {item.mode} {item.size}", open_picture(item).tobytes())
    return digest_of_file_or_array(item)


def _stored(item: Item, picture: Image.Image) -> dict[str, float | str]:
    if isinstance(item, Path | str):
        kind, mode, width, height = stored_as(Path(item))
        of_file: dict[str, float | str] = {
            "format": kind,
            "bytes_per_pixel": Path(item).stat().st_size / (width * height),
        }
    else:
        mode, (width, height), of_file = picture.mode, picture.size, {}
    return {"colour_mode": mode, "width": width, "height": height, "aspect": width / height, **of_file}


def _light(grey: Image.Image) -> dict[str, float]:
    counts = np.array(grey.histogram())
    levels = np.arange(len(counts))
    mean = counts @ levels / counts.sum()
    there = np.flatnonzero(counts)
    pixels = np.asarray(grey)
    border = np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])
    return {
        "mean_grey": float(mean),
        "background_grey": float(counts.argmax()),
        "border_grey": float(np.median(border)),
        "darkest_pixel": float(there[0]),
        "lightest_pixel": float(there[-1]),
        "contrast": float(np.sqrt(counts @ (levels - mean) ** 2 / counts.sum())),
    }
