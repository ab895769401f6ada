"""Pictures of which no two are alike, copies of them, and what was found of a kind."""

import io

import numpy as np
from PIL import Image

SIDE = 48


def pattern(seed):
    """A grey picture of smooth random blots."""
    coarse = np.random.default_rng(seed).integers(0, 256, (7, 7), dtype=np.uint8)
    return Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def patterns(count, first=0):
    return [np.asarray(pattern(first + i)) for i in range(count)]


def saved_again(picture, quality=60):
    text = io.BytesIO()
    picture.save(text, "JPEG", quality=quality)
    return Image.open(io.BytesIO(text.getvalue()))


# What people do to a picture and forget.
CHANGES = {
    "saved again": saved_again,
    "half": lambda picture: picture.resize((SIDE // 2, SIDE // 2), Image.Resampling.BILINEAR),
    "larger": lambda picture: picture.resize((SIDE * 2, SIDE + 10), Image.Resampling.BICUBIC),
    "brighter": lambda picture: picture.point(lambda grey: min(255, grey * 1.1 + 10)),
    "darker": lambda picture: picture.point(lambda grey: grey * 0.8),
    "as colour": lambda picture: picture.convert("RGB"),
}


def of(findings, check):
    return [finding for finding in findings if finding.check == check]


def serious(findings):
    """The names of the checks that found errors or warnings."""
    return [finding.check for finding in findings if finding.severity != "note"]
