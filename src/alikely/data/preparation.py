"""Pictures as the user has them -> tensors as the encoder wants them, by named steps that are kept with the model.

item ── open_picture ──▶ picture ── item steps ──▶ 8 bit (channels size size)          once per picture
batch in 0..1, augmented or not ── batch steps ──▶ what the encoder gets               each time
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from alikely.data.detecting import CropToFound
from alikely.data.items import name_of
from alikely.data.light import LocalLight, TanTriggs
from alikely.data.pictures import MOST_PIXELS, open_picture
from alikely.data.steps import (
    BATCH_STEPS,
    COLOURS,
    ITEM_STEPS,
    BatchStep,
    Colour,
    CropToContent,
    Framing,
    ItemStep,
    Logarithm,
    Pad,
    Resize,
    Standardise,
)
from alikely.errors import InputError, ModelError, SettingsError
from alikely.types import Item, Kind

T = TypeVar("T")

# Pictures looked at to decide whether all are grey, and how far apart the channels of a grey pixel may lie (of 255).
LOOKED_AT = 64
GREY_WITHIN = 8

# Large JPEGs are decoded smaller, with this many times the wanted pixels still there: ink may fill a part of it only.
SPARE = 4
# Where a part of the picture has to be found first, the whole keeps so many pixels a side.
TO_SEARCH = 1024
# Pictures measured at once for mean and deviation.
MEASURED_AT_ONCE = 256


@dataclass(frozen=True)
class PicturePreparation:
    """Meets `contracts.Preparation` for pictures.

    item_steps: done to each opened picture, in this order; the first is Colour, the last makes a square of one size
        (Resize, Pad or CropToContent).
    batch_steps: done to floats in 0..1, in this order.
    most_pixels: a picture with more is refused; a bound of whoever reads, which is not kept with the model.

    Raises SettingsError for other item steps.
    """

    kind: ClassVar[Kind] = "picture"
    rereads: ClassVar[bool] = False

    item_steps: tuple[ItemStep, ...]
    batch_steps: tuple[BatchStep, ...] = ()
    most_pixels: int = MOST_PIXELS

    def __post_init__(self) -> None:
        framed = [isinstance(step, Framing) for step in self.item_steps]
        coloured = [isinstance(step, Colour) for step in self.item_steps]
        if framed.count(True) != 1 or not framed[-1] or coloured.count(True) != 1 or not coloured[0]:
            raise SettingsError(
                "a preparation begins with one colour step and ends with one of resize, pad and crop_to_content; got "
                + (", ".join(type(step).__name__ for step in self.item_steps) or "no step")
            )

    @property
    def channels(self) -> int:
        """1 for grey, 3 for RGB."""
        first = self.item_steps[0]
        return 3 if isinstance(first, Colour) and first.to == "rgb" else 1

    @property
    def size(self) -> int:
        """Height and width of a prepared picture in pixels."""
        last = self.item_steps[-1]
        assert isinstance(last, Framing)
        return last.size

    def read_one(self, item: Item) -> UInt8[Tensor, "channels size size"]:
        """One item opened, checked and shaped. Raises InputError naming it."""
        searched = any(isinstance(step, CropToFound) for step in self.item_steps)
        at_least = max(SPARE * self.size, TO_SEARCH if searched else 0)
        picture = open_picture(item, at_least=at_least, most_pixels=self.most_pixels)
        try:
            for step in self.item_steps:
                picture = step(picture)
        except InputError as error:
            raise InputError(f"{name_of(item)}: {error}") from None
        pixels = np.array(picture, dtype=np.uint8).reshape(self.size, self.size, self.channels)
        return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))

    def join(self, read: Sequence[Tensor]) -> UInt8[Tensor, "items channels size size"]:
        """Pictures that have been read as one batch."""
        return torch.stack(list(read))

    def fitted(self, items: Sequence[Item], read: Sequence[Tensor]) -> "PicturePreparation":  # noqa: ARG002
        """The same, standardised by the pictures that have been read."""
        return self.standardised(self.join(read))

    def finish(
        self, batch: Float[Tensor, "items channels height width"]
    ) -> Float[Tensor, "items channels height width"]:
        """The batch steps, on the device and in the precision of `batch`, whose pixels are in 0..1."""
        for step in self.batch_steps:
            batch = step(batch)
        return batch

    def standardised(self, pictures: UInt8[Tensor, "items channels size size"]) -> "PicturePreparation":
        """The same with a last step that gives `pictures` mean 0 and deviation 1 in each channel.

        Measured after the other batch steps. A channel without any deviation is only moved to 0. Without pictures:
        raises InputError.
        """
        if len(pictures) == 0:
            raise InputError("mean and deviation cannot be measured without pictures; give the training pictures")
        others = tuple(step for step in self.batch_steps if not isinstance(step, Standardise))
        plain = replace(self, batch_steps=others)
        means, squares = [], []
        for start in range(0, len(pictures), MEASURED_AT_ONCE):
            some = pictures[start : start + MEASURED_AT_ONCE]
            finished = plain.finish(some.float() / 255).double()
            means.append(finished.mean(dim=(2, 3)))
            squares.append(finished.square().mean(dim=(2, 3)))
        mean = torch.cat(means).mean(dim=0)
        deviation = (torch.cat(squares).mean(dim=0) - mean.square()).clamp(min=0).sqrt()
        deviation = torch.where(deviation < 1e-6, torch.ones_like(deviation), deviation)
        measured = Standardise(tuple(mean.tolist()), tuple(deviation.tolist()))
        return replace(self, batch_steps=(*others, measured))

    def facts(self) -> dict[str, Any]:
        """The channels and the size of the pictures."""
        return {"channels": self.channels, "size": self.size}

    def files(self) -> dict[str, bytes]:
        """None: the settings say it all."""
        return {}

    def settings(self) -> dict[str, Any]:
        """The steps with their names and settings, as JSON can hold them; `pictures_from` makes them again."""
        return {
            "item_steps": [_described(step, ITEM_STEPS) for step in self.item_steps],
            "batch_steps": [_described(step, BATCH_STEPS) for step in self.batch_steps],
        }


def draft_pictures(items: Sequence[Item], settings: Mapping[str, Any]) -> PicturePreparation:
    """`fit_preparation` with these settings. Raises SettingsError for one that it does not have."""
    allowed = ("size", "colour", "shape", "light", "detect", "frame", "lower")
    if unknown := sorted(set(settings) - set(allowed)):
        raise SettingsError(f"preparation: pictures have no setting {unknown[0]!r}; they have {', '.join(allowed)}")
    return fit_preparation(items, **settings)


def fit_preparation(
    items: Sequence[Item],
    size: int = 64,
    colour: str = "auto",
    shape: str = "resize",
    light: str = "none",
    detect: str = "none",
    frame: float = 1.0,
    lower: float = 0.0,
) -> PicturePreparation:
    """The preparation for these items, without mean and deviation (`standardised` adds them once all are read).

    colour: "grey", "rgb", or "auto": grey where up to 64 of the items, spread evenly, are all grey. Items that cannot
        be read are passed over: reading all of them names them.
    size: height and width in pixels, 8 to 1024.
    shape: "resize" stretches to a square, "pad" keeps the aspect, "content" crops to the ink first.
    light: "none"; "local": the light evened out over 9x9 pixels; "tan_triggs": evened out as Tan and Triggs do.
    detect: "none"; "face": cropped to the largest face; "module:function": to what a function of your own finds.
    frame, lower: width and height of that crop and how far down it lies, relative to what is found (`CropToFound`).

    Raises SettingsError for any other word or size.
    """
    framings: dict[str, type[Framing]] = {"resize": Resize, "pad": Pad, "content": CropToContent}
    lights: dict[str, tuple[tuple[ItemStep, ...], tuple[BatchStep, ...]]] = {
        "none": ((), ()),
        "local": ((Logarithm(),), (LocalLight(logarithm=False),)),
        "tan_triggs": ((), (TanTriggs(),)),
    }
    _check_word("colour", colour, ("auto", *COLOURS))
    _check_word("shape", shape, tuple(framings))
    _check_word("light", light, tuple(lights))
    framing = framings[shape](size)
    if colour == "auto":
        colour = "grey" if _all_grey(items) else "rgb"
    found = () if detect == "none" else (CropToFound(detect, frame, lower),)
    if (frame, lower) != (1.0, 0.0) and not found:
        raise SettingsError("frame and lower belong to detect, which is none; give detect too, or leave them out")
    early, late = lights[light]
    return PicturePreparation((Colour(colour), *found, *early, framing), late)


def pictures_from(settings: Mapping[str, Any], files: Mapping[str, bytes]) -> PicturePreparation:  # noqa: ARG001
    """The preparation that these settings (of `PicturePreparation.settings`) describe.

    Raises ModelError for unknown steps, unknown or missing settings of a step, and values that do not fit.
    """
    unknown = set(settings) - {"item_steps", "batch_steps"}
    if unknown:
        raise ModelError(f"preparation: unknown part {min(unknown)!r}; a newer version may have written this model")
    try:
        return PicturePreparation(
            tuple(_made(step, ITEM_STEPS) for step in _listed(settings, "item_steps")),
            tuple(_made(step, BATCH_STEPS) for step in _listed(settings, "batch_steps")),
        )
    except SettingsError as error:
        raise ModelError(f"preparation: {error}") from error


def _described(step: Any, table: Mapping[str, type]) -> dict[str, Any]:
    name = next(name for name, kind in table.items() if isinstance(step, kind))
    values = {field.name: getattr(step, field.name) for field in fields(step)}
    return {"step": name} | {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def _made(described: Any, table: Mapping[str, type[T]]) -> T:
    if not isinstance(described, Mapping) or described.get("step") not in table:
        raise ModelError(f"preparation: unknown step {described!r}; there are {', '.join(table)}")
    kind = table[described["step"]]
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in described.items()}
    del values["step"]
    try:
        return kind(**values)
    except TypeError as error:
        raise ModelError(f"preparation: the settings of {described['step']} do not fit: {described!r}") from error


def _listed(settings: Mapping[str, Any], part: str) -> list[Any]:
    steps = settings.get(part)
    if not isinstance(steps, list):
        raise ModelError(f"preparation: {part} must be a list of steps, got {steps!r}")
    return steps


def _all_grey(items: Sequence[Item]) -> bool:
    places = np.unique(np.linspace(0, len(items) - 1, min(LOOKED_AT, len(items))).astype(int))
    return all(_is_grey(items[place]) for place in places)


def _is_grey(item: Item) -> bool:
    try:
        picture = open_picture(item, at_least=LOOKED_AT)
    except InputError:
        return True
    if picture.mode == "L":
        return True
    picture.thumbnail((LOOKED_AT, LOOKED_AT))
    pixels = np.asarray(picture)
    return int((pixels.max(axis=2) - pixels.min(axis=2)).max()) <= GREY_WITHIN


def _check_word(setting: str, word: str, choices: tuple[str, ...]) -> None:
    if word not in choices:
        raise SettingsError(f"{setting} must be one of {', '.join(choices)}, got {word!r}")
