"""Pictures in; how far their own copies come to lie, saved anew, at half the size, lighter, out.

Nobody has to say which items are copies for this: the copies are made here. A limit far below it would miss what
everybody calls a copy.
"""

import io
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image

from alikely.data.checks.pictures import LARGE_ENOUGH
from alikely.data.items import read_all
from alikely.data.pictures import open_picture
from alikely.tasks.duplicates.windows import ThroughWindows, thumbnail_of, views_of
from alikely.types import Examples, Item

SAMPLED = 40  # pictures
SHARE = 0.9  # of the copies lie within the distance that is told
QUALITY = 40  # of a JPEG
TIMES = 1.2  # as light


def distance_of_changed(examples: Examples, seed: int) -> float:
    """The distance within which nine tenths of the changed copies lie, each from its own picture; some are drawn.

    0 where no picture can be read.
    """
    drawn = np.random.default_rng(seed).permutation(len(examples))[:SAMPLED]
    some = examples.select(np.sort(drawn))
    found, _ = read_all(some.items, some.names, _thumbnails)
    families = [thumbnails for thumbnails in found if thumbnails is not None]
    if not families:
        return 0.0
    views = [torch.from_numpy(views_of(of_all)) for of_all in np.stack(families, axis=1)]
    distances = [ThroughWindows().between(views[0], changed).numpy() for changed in views[1:]]
    return float(np.quantile(np.concatenate(distances), SHARE))


def _thumbnails(item: Item) -> Float[np.ndarray, "made side side"]:
    """Of the picture, and of a copy of each kind."""
    grey = open_picture(item, at_least=LARGE_ENOUGH).convert("L")
    grey.thumbnail((LARGE_ENOUGH, LARGE_ENOUGH))
    return np.stack([thumbnail_of(np.asarray(made)) for made in (grey, *(change(grey) for change in CHANGES))])


def _saved_anew(grey: Image.Image) -> Image.Image:
    file = io.BytesIO()
    grey.save(file, "JPEG", quality=QUALITY)
    return Image.open(file)


def _halved(grey: Image.Image) -> Image.Image:
    return grey.resize((max(1, grey.width // 2), max(1, grey.height // 2)))


def _lighter(grey: Image.Image) -> Image.Image:
    return grey.point(lambda light: min(255, round(light * TIMES)))


CHANGES: tuple[Callable[[Image.Image], Image.Image], ...] = (_saved_anew, _halved, _lighter)
