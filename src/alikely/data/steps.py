"""The steps that a preparation is made of: one opened picture -> a picture of the wanted size; a batch -> a batch.

An item step takes and gives a Pillow picture of mode "L" or "RGB"; the last one gives a square of `size` pixels a side.
A batch step takes and gives floats (items channels height width). To add one: a frozen dataclass that can be called,
its checks in `__post_init__`, and a line in its table.
"""

from dataclasses import dataclass
from math import log, log1p
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from alikely.data.bounds import check_size, is_number
from alikely.data.detecting import CropToFound
from alikely.data.light import LocalLight, TanTriggs
from alikely.errors import SettingsError

COLOURS = {"grey": "L", "rgb": "RGB"}

# Where nothing differs from the background by more than this (of 255), there is no ink: faint noise stays below.
LEAST_INK = 24


@runtime_checkable
class ItemStep(Protocol):
    """One opened picture -> a picture."""

    def __call__(self, picture: Image.Image) -> Image.Image:
        """The picture changed; the one given stays as it is."""
        ...


@runtime_checkable
class BatchStep(Protocol):
    """A batch -> a batch of the same shape."""

    def __call__(
        self, batch: Float[Tensor, "items channels height width"]
    ) -> Float[Tensor, "items channels height width"]:
        """The batch changed; no picture depends on another."""
        ...


@dataclass(frozen=True)
class Colour:
    """Every picture grey (one channel, ITU-R 601 weights) or RGB (three; grey ones three times the same).

    to: "grey" or "rgb".
    """

    to: str = "grey"

    def __post_init__(self) -> None:
        if self.to not in COLOURS:
            raise SettingsError(f"colour must be one of {', '.join(COLOURS)}, got {self.to!r}")

    def __call__(self, picture: Image.Image) -> Image.Image:
        """The picture in this colour."""
        return picture if picture.mode == COLOURS[self.to] else picture.convert(COLOURS[self.to])


@dataclass(frozen=True)
class Logarithm:
    """Each value v of 0..255 as 255 log(1 + v) / log 256: a light that multiplies adds then.

    Before a picture shrinks: what is dark has few of the 256 values, and the means of it would be rounded to these.
    """

    def __call__(self, picture: Image.Image) -> Image.Image:
        """The picture in the same colours, its dark parts apart."""
        values = [round(255 * log1p(value) / log(256)) for value in range(256)]
        return picture.point(values * len(picture.getbands()))


@dataclass(frozen=True)
class Resize:
    """Stretched to size x size pixels, whatever its aspect; smoothed where it shrinks (bilinear over all pixels).

    size: 8 to 1024 pixels.
    """

    size: int

    def __post_init__(self) -> None:
        check_size(self.size)

    def __call__(self, picture: Image.Image) -> Image.Image:
        """The picture, size x size."""
        return _resized(picture, self.size, self.size)


@dataclass(frozen=True)
class Pad:
    """Fitted into size x size pixels with its aspect kept, in the middle; the rest is the median of its border.

    size: 8 to 1024 pixels.
    """

    size: int

    def __post_init__(self) -> None:
        check_size(self.size)

    def __call__(self, picture: Image.Image) -> Image.Image:
        """The picture, size x size."""
        return _centred(picture, self.size, self.size, background_of(picture))


@dataclass(frozen=True)
class CropToContent:
    """Cropped to its ink, which is put in the middle of size x size pixels so that its longer side fills `fill` of it.

    Dark ink on light or light on dark: the background is the median of the border's pixels, a pixel's difference is the
    largest of its channels, and ink is what differs by more than `threshold` of the largest difference in the picture.
    The aspect is kept, the rest is background. A picture without ink (nothing differs by more than 24 of 255) is left
    whole, as `Pad` does it. Every speck counts as ink: pictures with dust should be cleaned first.

    size: 8 to 1024 pixels. fill: more than 0, at most 1. threshold: at least 0, less than 1.
    """

    size: int
    fill: float = 0.78
    threshold: float = 0.35

    def __post_init__(self) -> None:
        check_size(self.size)
        if not is_number(self.fill) or not 0 < self.fill <= 1:
            raise SettingsError(f"fill must be more than 0 and at most 1, got {self.fill!r}")
        if not is_number(self.threshold) or not 0 <= self.threshold < 1:
            raise SettingsError(f"threshold must be at least 0 and less than 1, got {self.threshold!r}")

    def __call__(self, picture: Image.Image) -> Image.Image:
        """The picture, size x size."""
        background = background_of(picture)
        box = content_box(picture, background, self.threshold)
        if box is None:
            return _centred(picture, self.size, self.size, background)
        return _centred(picture.crop(box), max(1, round(self.fill * self.size)), self.size, background)


@dataclass(frozen=True)
class Standardise:
    """(x - mean) / deviation, one of each per channel.

    mean, deviation: as many as the pictures have channels; every deviation more than 0.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def __post_init__(self) -> None:
        for name in ("mean", "deviation"):
            values = getattr(self, name)
            if not isinstance(values, tuple) or not values or not all(is_number(value) for value in values):
                raise SettingsError(f"{name} must be one number a channel, got {values!r}")
        if len(self.mean) != len(self.deviation) or min(self.deviation) <= 0:
            raise SettingsError(
                f"as many deviations as means are needed, all more than 0; got {self.mean!r} and {self.deviation!r}"
            )

    def __call__(
        self, batch: Float[Tensor, "items channels height width"]
    ) -> Float[Tensor, "items channels height width"]:
        """The batch standardised."""
        mean, deviation = batch.new_tensor(self.mean), batch.new_tensor(self.deviation)
        return (batch - mean[:, None, None]) / deviation[:, None, None]


# What can stand last among the item steps: it makes a square of `size` pixels a side.
Framing: TypeAlias = Resize | Pad | CropToContent

ITEM_STEPS: dict[str, type[ItemStep]] = {
    "colour": Colour,
    "crop_to_found": CropToFound,
    "logarithm": Logarithm,
    "resize": Resize,
    "pad": Pad,
    "crop_to_content": CropToContent,
}
BATCH_STEPS: dict[str, type[BatchStep]] = {
    "local_light": LocalLight,
    "tan_triggs": TanTriggs,
    "standardise": Standardise,
}


def background_of(picture: Image.Image) -> tuple[int, ...]:
    """The median of the pixels at the border, for each channel, in 0..255."""
    width, height = picture.size
    edges = [(0, 0, width, 1), (0, height - 1, width, height), (0, 0, 1, height), (width - 1, 0, width, height)]
    channels = len(picture.getbands())
    border = np.concatenate([np.asarray(picture.crop(edge)).reshape(-1, channels) for edge in edges])
    return tuple(int(value) for value in np.median(border, axis=0))


def content_box(
    picture: Image.Image, background: tuple[int, ...], threshold: float
) -> tuple[int, int, int, int] | None:
    """The smallest box (left, top, right, bottom; right and bottom outside) around all ink; None without any ink.

    Ink is what differs from `background` by more than `threshold` of the largest difference in the picture.
    """
    pixels = np.asarray(picture)
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    level = np.array(background, dtype=np.uint8)
    # In 8 bits throughout, for the sake of very large pictures.
    difference = (np.maximum(pixels, level) - np.minimum(pixels, level)).max(axis=2)
    largest = int(difference.max())
    if largest <= LEAST_INK:
        return None
    ink = difference > threshold * largest
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _resized(picture: Image.Image, width: int, height: int) -> Image.Image:
    if picture.size == (width, height):
        return picture
    # The gap lets Pillow average whole blocks first where a picture is several times too large.
    return picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=3.0)


def _centred(picture: Image.Image, longer: int, size: int, background: tuple[int, ...]) -> Image.Image:
    """The picture with its longer side made `longer` pixels, in the middle of a square of `size` of the background."""
    share = longer / max(picture.size)
    width, height = (max(1, round(side * share)) for side in picture.size)
    colour = background[0] if len(background) == 1 else background
    frame = Image.new(picture.mode, (size, size), colour)
    frame.paste(_resized(picture, width, height), ((size - width) // 2, (size - height) // 2))
    return frame
