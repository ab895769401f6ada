"""A picture, however it comes -> a small copy as a WebP file: its pixels and nothing else of it."""

from io import BytesIO

import numpy as np
from PIL import Image

from alikely.data.pictures import open_picture
from alikely.types import Item

SIDE = 256  # pixels of the longer side, at most
MEDIA_TYPE = "image/webp"
QUALITY = 88


def small_copy(item: Item, side: int = SIDE) -> bytes:
    """The picture with at most `side` pixels on its longer side, never made larger, as the bytes of a WebP file.

    Nothing that a camera writes beside the pixels (place, time, owner) is in it. Raises InputError for what is no
    picture.
    """
    picture = open_picture(item, at_least=side)
    factor = side / max(picture.size)
    if factor < 1:
        size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    return as_webp(picture)


def as_webp(picture: Image.Image) -> bytes:
    """A grey or RGB picture as the bytes of a WebP file."""
    # From the pixels alone, whatever else of a file (EXIF, colour profile, comments) Pillow may hand on.
    bare = Image.fromarray(np.asarray(picture.convert("RGB")))
    buffer = BytesIO()
    # Small ones, such as handwritten digits, would be blurred.
    bare.save(buffer, "WEBP", quality=QUALITY, lossless=max(bare.size) <= SIDE // 4)
    return buffer.getvalue()
