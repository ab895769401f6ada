"""Pictures and a trained model in; the embeddings of crops all over each picture, out: patches as it sees them."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from alikely.data.preparation import PicturePreparation
from alikely.errors import SettingsError
from alikely.model import SiameseModel


@dataclass(frozen=True, eq=False)
class Crops:
    """Patches are square crops, each embedded by a model of pictures: one of yours, or one pretrained elsewhere.

    A crop is enlarged or shrunk to the size that the model compares pictures at, and prepared as it prepares them.

    side: of the crops, in pixels.
    step: pixels from one crop to the next; what remains at the right and below is in no crop.
    """

    name: ClassVar[str] = "crops"

    model: SiameseModel
    side: int = 32
    step: int = 8

    def __post_init__(self) -> None:
        if not isinstance(self.model.preparation, PicturePreparation):
            raise SettingsError(
                f"crops are embedded by a model of pictures, and this one takes {self.model.preparation.kind}s"
            )
        if not 4 <= self.side <= 1024 or not 1 <= self.step <= self.side:
            raise SettingsError(
                f"crops must have a side of 4 to 1024 pixels and a step of 1 to that, got {self.side} and {self.step}"
            )

    def describe(
        self, pictures: Float[Tensor, "items channels height width"]
    ) -> Float[Tensor, "items rows columns dim"]:
        """An embedding for each crop; pixels lie in 0..1. Raises SettingsError for pictures smaller than a crop."""
        preparation = self.model.preparation
        assert isinstance(preparation, PicturePreparation)
        items, channels, height, width = pictures.shape
        if min(height, width) < self.side:
            raise SettingsError(f"pictures of {height} x {width} pixels have no crop of {self.side}; make it smaller")
        if channels != preparation.channels:
            raise SettingsError(f"the model takes pictures with {preparation.channels} channels, got {channels}")
        crops = pictures.unfold(2, self.side, self.step).unfold(3, self.side, self.step)
        rows, columns = crops.shape[2:4]
        flat = crops.permute(0, 2, 3, 1, 4, 5).reshape(-1, channels, self.side, self.side)
        size = (preparation.size, preparation.size)
        sized = functional.interpolate(flat, size, mode="bilinear", antialias=True).clamp(0, 1)
        embedded = torch.from_numpy(self.model.embed_read(sized))
        return embedded.view(items, rows, columns, -1)
