"""A picture as a camera would write it, as the bytes of a JPEG."""

import io

import numpy as np
from PIL import Image


def photo(seed: int = 0, width: int = 640, height: int = 480, **kept) -> bytes:
    """A JPEG file of a soft pattern."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    content = io.BytesIO()
    Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC).save(content, "JPEG", **kept)
    return content.getvalue()
