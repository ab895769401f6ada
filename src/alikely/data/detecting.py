"""A picture -> the part of it that shows the face, or whatever else a function of the user's own finds."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Int, UInt8
from PIL import Image

from alikely.data.bounds import is_number
from alikely.errors import InputError, SettingsError
from alikely.own_code import imported, is_own

# left, top, right, bottom in pixels; right and bottom lie outside.
Box: TypeAlias = tuple[int, int, int, int]
Finder: TypeAlias = Callable[[Image.Image], Box | None]

FACE = "face"
CASCADE = "haarcascade_frontalface_alt2.xml"
# A face is looked for in a picture whose longer side has at most so many pixels; smaller ones than a twelfth of it are
# passed over: what is found there is more often none.
LOOKED_AT = 640
SMALLEST = 12
# The border goes on by this share of a side, so that faces that fill the picture are found too.
MARGIN = 0.25
STEP = 1.05  # each size that is looked for is so much larger than the one before
AGREEING = 3  # boxes that must lie nearly alike before they count as a face

_found = threading.local()  # the cascade: each thread needs its own


@dataclass(frozen=True)
class CropToFound:
    """Cropped to the box that a finder gives.

    finder: "face": the largest face, looked for from the front, by the cascade of boosted features that OpenCV brings
        (Viola and Jones 2001), for which the extra `alikely[faces]` must be installed. Or `module:function`, a function
        of your own: it gets the picture (Pillow, mode "L" or "RGB"), and gives the box (left, top, right, bottom) in
        pixels, right and bottom outside, or None where it finds nothing.
    frame: width and height of what is kept, relative to the box around its middle, 0.1 to 4. What lies outside of the
        picture repeats its border.
    lower: how far down the kept part is moved, in heights of the box, -1 to 1.

    Called with a picture in which nothing is found, it raises InputError. Raises SettingsError for values out of
    bounds, a function that cannot be imported or gives no box, and where OpenCV is missing.
    """

    finder: str = FACE
    frame: float = 1.0
    lower: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.finder, str) or not (self.finder == FACE or is_own(self.finder)):
            raise SettingsError(
                f"detect must be none, {FACE}, or module:function for a function of your own, got {self.finder!r}"
            )
        if not is_number(self.frame) or not 0.1 <= self.frame <= 4:
            raise SettingsError(f"frame must be a number from 0.1 to 4, got {self.frame!r}")
        if not is_number(self.lower) or not -1 <= self.lower <= 1:
            raise SettingsError(f"lower must be a number from -1 to 1, got {self.lower!r}")

    def __call__(self, picture: Image.Image) -> Image.Image:
        """The part of the picture that was found. Raises InputError where nothing is."""
        box = largest_face(picture) if self.finder == FACE else found_by(self.finder, picture)
        if box is None:
            what = "no face" if self.finder == FACE else f"nothing by {self.finder}"
            raise InputError(
                f"{what} is found in it; leave the picture out, or crop all pictures yourself and train "
                "with detect = none"
            )
        return cropped(picture, box, self.frame, self.lower)


def largest_face(picture: Image.Image) -> Box | None:
    """The box of the largest face that looks to the front; None where there is no face. It may reach over the border.

    Raises SettingsError where OpenCV is missing.
    """
    shrunk = max(1.0, max(picture.size) / LOOKED_AT)
    width, height = (max(1, round(side / shrunk)) for side in picture.size)
    pixels = np.asarray(picture.convert("L").resize((width, height), Image.Resampling.BILINEAR))
    margin = round(MARGIN * min(width, height))
    smallest = max(width, height) // SMALLEST
    boxes = _cascade().detectMultiScale(
        _equalised(np.pad(pixels, margin, mode="edge")), STEP, AGREEING, minSize=(smallest, smallest)
    )
    if len(boxes) == 0:
        return None
    # Of equally large ones always the same, in whatever order they were found.
    left, top, wide, tall = max((list(map(int, box)) for box in boxes), key=lambda box: (box[2] * box[3], *box))
    corners = (left - margin, top - margin, left - margin + wide, top - margin + tall)
    return tuple(round(corner * shrunk) for corner in corners)  # type: ignore[return-value]


def found_by(name: str, picture: Image.Image) -> Box | None:
    """What the user's function `module:function` gives for the picture, checked."""
    finder = _own(name)
    try:
        box = finder(picture)
    except Exception as error:  # the user's code may raise anything
        raise SettingsError(f"{name} fails: {type(error).__name__}: {error}") from error
    if box is None:
        return None
    values = tuple(box) if isinstance(box, tuple | list | np.ndarray) else ()
    if len(values) != 4 or not all(is_number(_plain(value)) for value in values):
        raise SettingsError(f"{name} gives {box!r}; it must give (left, top, right, bottom) in pixels, or None")
    left, top, right, bottom = (round(_plain(value)) for value in values)
    if right <= left or bottom <= top:
        raise SettingsError(f"{name} gives {box!r}, a box without any pixel; right and bottom must be the larger ones")
    return left, top, right, bottom


def cropped(picture: Image.Image, box: Box, frame: float, lower: float = 0.0) -> Image.Image:
    """What lies within the box, made `frame` times as wide and high and moved down by `lower` of its height.

    What lies outside of the picture repeats its border.
    """
    left, top, right, bottom = box
    down = round(lower * (bottom - top))
    columns = _within(left, right, frame, picture.width)
    rows = _within(top + down, bottom + down, frame, picture.height)
    return Image.fromarray(np.asarray(picture)[rows][:, columns])


def _within(start: int, end: int, frame: float, size: int) -> Int[np.ndarray, " places"]:
    length = max(1, round((end - start) * frame))
    first = round((start + end - length) / 2)
    places: Int[np.ndarray, " places"] = np.arange(first, first + length).clip(0, size - 1)
    return places


def _cascade() -> Any:
    """OpenCV's classifier of this thread."""
    if not hasattr(_found, "cascade"):
        try:
            import cv2
        except ImportError:
            raise SettingsError(
                "detect = face needs OpenCV; run: pip install alikely[faces] (or name a function of your own as "
                "detect = module:function, or crop the pictures before)"
            ) from None
        _found.cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / CASCADE))
    return _found.cascade


def _equalised(pixels: UInt8[np.ndarray, "height width"]) -> UInt8[np.ndarray, "height width"]:
    """Each grey as often as any other, as nearly as that can be."""
    counts = np.bincount(pixels.ravel(), minlength=256).cumsum()
    lowest = counts[counts > 0][0]
    shares = ((counts - lowest) / max(1, pixels.size - lowest)).clip(0, 1)
    equal: UInt8[np.ndarray, "height width"] = np.round(255 * shares).astype(np.uint8)[pixels]
    return equal


@cache
def _own(name: str) -> Finder:
    finder = imported(name, "function", "module:function, such as crops:find for function find in crops.py")
    if not callable(finder):
        raise SettingsError(f"{name} is no function; write def {name.rpartition(':')[2]}(picture)")
    return finder  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    """A number of numpy as one of Python."""
    return value.item() if isinstance(value, np.generic) else value
