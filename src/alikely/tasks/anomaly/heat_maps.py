"""Judged pictures in; the same to look at, with what deviates coloured, out."""

from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image

from alikely.contracts import Preparation
from alikely.data.pictures import open_picture
from alikely.data.preparation import PicturePreparation
from alikely.data.steps import Colour, Resize
from alikely.errors import SettingsError
from alikely.explaining.drawing import colours
from alikely.folders import whole_file
from alikely.tasks.anomaly.answers import Answer
from alikely.tasks.anomaly.detector import Detector, Judged
from alikely.tasks.anomaly.pictured import Pictured
from alikely.types import Item


def has_maps(detector: Detector) -> bool:
    """Whether it judges pictures patch by patch, so that a map says where they deviate."""
    return isinstance(detector.measure, Pictured)


def require_maps(detector: Detector, stream: bool = False) -> None:
    """Raise SettingsError where a detector has no maps to write, or its items come as a stream."""
    if stream or not has_maps(detector):
        found = "a stream" if stream else f"{detector.kind}s compared as a whole"
        raise SettingsError(
            f"maps are written of folders and tables of pictures that are judged patch by patch, and this is {found}; "
            "leave the folder for them out"
        )


def write_heat_maps(detector: Detector, judged: Judged, folder: Path) -> list[Path]:
    """One PNG for each picture, called after its place in the list and its own name: 0001-scratch.png.

    Each has the proportions and pixels of its picture; where the preparation pads or crops pictures, it is what that
    makes of it. Raises StorageError where the folder cannot be written, InputError for a picture that cannot be read
    any more.
    """
    written = []
    for place, (item, answer) in enumerate(zip(judged.items, judged.answers, strict=True), start=1):
        coloured = map_of(detector, item, answer)
        if coloured is not None:
            path = folder / f"{place:04d}-{Path(answer.name).stem}.png"
            with whole_file(path) as partial:
                coloured.save(partial, "PNG")
            written.append(path)
    return written


def map_of(detector: Detector, item: Item, answer: Answer, longest: int | None = None) -> Image.Image | None:
    """The picture with what deviates coloured, its sides at most `longest` pixels; None where there is no map.

    Raises InputError for a picture that cannot be read any more.
    """
    if answer.map is None:
        return None
    picture = _seen(item, detector.preparation)
    if longest is not None:
        picture.thumbnail((longest, longest))
    return heat_map(picture, answer.map, answer.anomalous)


def heat_map(picture: Image.Image, distances: Float[np.ndarray, "height width"], anomalous: bool) -> Image.Image:
    """The picture in grey; the farther a place is from normal, the more it is coloured. RGB, as large as the picture.

    The oddest place has the full colour, half of all places have none. The colour is orange where the picture is
    anomalous; else blue: its oddest places are not above the threshold.
    """
    usual, most = float(np.median(distances)), float(distances.max())
    strength = ((distances - usual) / max(most - usual, 1e-12)).clip(0, 1)
    stretched = Image.fromarray(strength.astype(np.float32)).resize(picture.size, Image.Resampling.BILINEAR)
    sign = -1 if anomalous else 1
    # Squared: what is a little odd must not hide the picture.
    coloured = Image.fromarray(colours(sign * np.square(np.asarray(stretched))), "RGBA")
    grey = picture.convert("L").convert("RGBA")
    return Image.alpha_composite(grey, coloured).convert("RGB")


def _seen(item: Item, preparation: Preparation) -> Image.Image:
    """The picture itself, where the preparation only stretches it; else what the preparation makes of it."""
    assert isinstance(preparation, PicturePreparation)
    if all(isinstance(step, Colour | Resize) for step in preparation.item_steps):
        return open_picture(item)
    pixels = preparation.read_one(item).permute(1, 2, 0).numpy()
    return Image.fromarray(pixels.mean(axis=2).astype(np.uint8), "L")
