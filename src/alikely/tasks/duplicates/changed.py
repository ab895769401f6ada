"""A picture and a generator in; the picture as somebody may have saved it again, changed at random, out."""

import io

import numpy as np
from PIL import Image

CUT = 0.85  # of each side, at least so much stays
SMALLER = 0.5  # both sides are brought to at least this share
BRIGHTER = 0.2  # light is multiplied by 1 minus to 1 plus this
QUALITY = (40, 90)  # of the JPEG file


def changed(picture: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Cut, mirrored or not, made smaller, brighter or darker, and saved as JPEG: each by a strength drawn at random."""
    cut = _cut(picture, generator)
    if generator.random() < 0.5:
        cut = cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    share = generator.uniform(SMALLER, 1)
    size = (max(1, round(cut.width * share)), max(1, round(cut.height * share)))
    light = generator.uniform(1 - BRIGHTER, 1 + BRIGHTER)
    lit = cut.resize(size, Image.Resampling.BILINEAR).point(lambda value: min(255, round(value * light)))
    file = io.BytesIO()
    lit.save(file, "JPEG", quality=int(generator.integers(*QUALITY)))
    return Image.open(file)


def _cut(picture: Image.Image, generator: np.random.Generator) -> Image.Image:
    share = generator.uniform(CUT, 1)
    width, height = (max(1, round(side * share)) for side in picture.size)
    left, top = generator.integers(0, picture.width - width + 1), generator.integers(0, picture.height - height + 1)
    return picture.crop((int(left), int(top), int(left) + width, int(top) + height))
