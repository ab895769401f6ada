"""explain: a model and two pictures in; which of their regions hold them together and which drive them apart out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from alikely.data.items import name_of
from alikely.data.preparation import PicturePreparation
from alikely.data.reading import read_batch
from alikely.decision import Decision
from alikely.errors import ModelError, SettingsError
from alikely.explaining.covers import random_covers, relevance
from alikely.explaining.drawing import coloured, drawn
from alikely.model import SiameseModel
from alikely.types import Item

# The nine regions, row by row.
REGIONS = (
    "upper left",
    "upper middle",
    "upper right",
    "middle left",
    "centre",
    "middle right",
    "lower left",
    "lower middle",
    "lower right",
)
# A region is named where it holds more than this share of all that its picture's map holds.
LEAST_SHARE = 0.05


@dataclass(frozen=True)
class ExplainedPicture:
    """One of the two pictures as the encoder sees it: cropped, resized, in grey or RGB; and what each pixel does.

    `name` is what messages call it. `pixels` are 0..255. `map` is in the units of the distance: summed over a region it
    is about how much the distance grows when that region is covered with the mean of the picture. Above 0 the region
    is alike in both (it holds them together), below 0 unlike (it drives them apart).
    """

    name: str
    pixels: UInt8[np.ndarray, "height width channels"]
    map: Float[np.ndarray, "height width"]

    def regions(self) -> dict[str, float]:
        """The sum of the map over each ninth of the picture, by its name ("upper left"), row by row."""
        sums = [
            part.sum(dtype=np.float64) for band in np.array_split(self.map, 3) for part in np.array_split(band, 3, 1)
        ]
        return {name: float(value) for name, value in zip(REGIONS, sums, strict=True)}

    def image(self) -> Image.Image:
        """The pixels as an RGB picture."""
        return Image.fromarray(self.pixels.squeeze(-1) if self.pixels.shape[-1] == 1 else self.pixels).convert("RGB")


@dataclass(frozen=True)
class Explanation:
    """Why two pictures are as close as they are. `decision` is None for a model without calibration."""

    left: ExplainedPicture
    right: ExplainedPicture
    distance: float
    decision: Decision | None

    def verdict(self) -> str:
        """What the model says of the two, in one line."""
        if self.decision is not None:
            return self.decision.sentence()
        return f"distance {self.distance:.3g} (the model has no calibration, so no verdict)"

    def sentence(self) -> str:
        """The regions that count most, in one line."""
        alike = [found for side in self._sides() if (found := _strongest(*side, sign=1))]
        unlike = [found for side in self._sides() if (found := _strongest(*side, sign=-1))]
        parts = [
            f"{word} most in the {' and the '.join(found)}"
            for word, found in (("alike", alike), ("unlike", unlike))
            if found
        ]
        return "; ".join(parts) or "no region counts more than another"

    def picture(self) -> Image.Image:
        """Both pictures, below them the same with their regions coloured, and the verdict in words: RGB."""
        return drawn(self._drawn_sides(), [self.verdict(), self.sentence()])

    def maps(self) -> tuple[Image.Image, Image.Image]:
        """The left and the right picture, faded, with their regions coloured (blue: alike, orange: unlike): RGB."""
        left, right = coloured(self._drawn_sides())
        return left, right

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the distance, the decision or null, and for each picture its name and its nine regions."""
        return {
            "distance": self.distance,
            "decision": None if self.decision is None else self.decision.to_dict(),
            **{title: {"name": side.name, "regions": side.regions()} for title, side in self._sides()},
        }

    def _drawn_sides(self) -> list[tuple[str, Image.Image, Float[np.ndarray, "height width"]]]:
        return [(title, side.image(), side.map) for title, side in self._sides()]

    def _sides(self) -> tuple[tuple[str, ExplainedPicture], ...]:
        return ("left", self.left), ("right", self.right)


def explain(model: SiameseModel, left: Item, right: Item, seed: int = 0) -> Explanation:
    """Which regions of two pictures make the model call them alike or unlike.

    Each picture is covered in 64 random ways (drawn by the seed) while the other one stays whole; see `relevance`. It
    explains the model, not the world: where a model looks at the background, so does its explanation.
    Equal seeds (0 and up) give equal explanations. Raises InputError naming a picture that cannot be read, ModelError
    for a model that takes no pictures or gives no gradient, SettingsError for another seed.
    """
    if not 0 <= seed < 2**63:
        raise SettingsError(f"seed must be a whole number from 0 to 2 ** 63 - 1, got {seed}")
    if not isinstance(model.preparation, PicturePreparation):
        raise ModelError(
            f"explain shows regions of pictures, and this model takes {model.preparation.kind}s; compare two of them "
            "to see their distance, or look at the hardest pairs in a report: evaluate with a report file"
        )
    decision = None if model.calibration is None else model.compare(left, right)
    distance = model.distance_of(left, right) if decision is None else decision.distance
    pictures = read_batch(model.preparation, [left, right])
    rows = model.embed_read(pictures)
    _, _, height, width = pictures.shape
    covers = random_covers(height, width, seed=seed)
    first, second = (
        ExplainedPicture(
            name=name_of(item, place),
            pixels=pictures[place].permute(1, 2, 0).numpy(),
            map=relevance(model, pictures[place], rows[1 - place], covers),
        )
        for place, item in enumerate((left, right))
    )
    return Explanation(first, second, distance, decision)


def _strongest(title: str, side: ExplainedPicture, sign: int) -> str | None:
    """The region that adds most to one of the two sides, in words; None where hardly any does."""
    sums = {name: sign * value for name, value in side.regions().items()}
    name = max(sums, key=lambda region: sums[region])
    return f"{name} of the {title} picture" if sums[name] > LEAST_SHARE * np.abs(side.map).sum() else None
