"""Pictures of one level with blocks of another on them, and where these are afterwards."""

import numpy as np
import torch

from alikely.data.preparation import PicturePreparation
from alikely.data.steps import (
    Colour,
    CropToContent,
)


def plain(height: int, width: int, level: int = 255) -> np.ndarray:
    return np.full((height, width), level, dtype=np.uint8)


def with_block(picture: np.ndarray, top: int, left: int, height: int, width: int, level: int) -> np.ndarray:
    changed = picture.copy()
    changed[top : top + height, left : left + width] = level
    return changed


def ink_box(picture: torch.Tensor, background: int) -> tuple[int, int, int, int]:
    """Top, left, height and width of what is not background."""
    ink = (picture[0].int() - background).abs() > 60
    rows, columns = ink.any(dim=1).nonzero(), ink.any(dim=0).nonzero()
    top, left = int(rows[0]), int(columns[0])
    return top, left, int(rows[-1]) + 1 - top, int(columns[-1]) + 1 - left


def content(size: int = 50, fill: float = 0.8) -> PicturePreparation:
    return PicturePreparation((Colour("grey"), CropToContent(size, fill)))
