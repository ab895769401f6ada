"""Pictures in; what each of their patches looks like, as directions and strengths of its edges, out: nothing learned.

The pictures' light is evened out first, so that one taken with another exposure looks the same.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from alikely.errors import SettingsError

QUIET = 0.01  # of full brightness: where pixels differ by less, there is only noise, which is not blown up
SHARP = 4  # an edge counts for a direction with the cosine of the angle between them to this power


@dataclass(frozen=True)
class Gradients:
    """Histograms of the directions of edges in windows around each cell of a grid, as in HOG (Dalal, Triggs 2005).

    Unlike there, directions are of 0 to 360 degrees, a window is not normalised by itself (where nothing is to be seen,
    that is what it says), and the square root of each entry is taken, so that a few strong edges do not outshout
    the texture.

    step: pixels from the centre of one patch to that of the next.
    windows: sides of the windows around each centre, in pixels; each is a whole number of times `step`.
    directions: of the edges.
    evened: side in pixels of the neighbourhood by whose mean and deviation the light is evened out.
    """

    name: ClassVar[str] = "gradients"

    step: int = 8
    windows: tuple[int, ...] = (8, 16, 32)
    directions: int = 8
    evened: int = 33

    def __post_init__(self) -> None:
        if not 2 <= self.step <= 256:
            raise SettingsError(f"step must be 2 to 256 pixels, got {self.step}")
        if not self.windows or any(side < self.step or side % self.step for side in self.windows):
            raise SettingsError(f"windows must be 1, 2, 3 ... times the step of {self.step}, got {self.windows}")
        if not 2 <= self.directions <= 64:
            raise SettingsError(f"directions must be 2 to 64, got {self.directions}")
        if self.evened < 3 or self.evened % 2 == 0:
            raise SettingsError(f"evened must be an odd number of pixels, 3 or more, got {self.evened}")

    def describe(
        self, pictures: Float[Tensor, "items channels height width"]
    ) -> Float[Tensor, "items rows columns dim"]:
        """A vector for each cell of `step` x `step` pixels; what remains at the right and below belongs to none.

        Pixels lie in 0..1. Raises SettingsError for pictures with no whole cell.
        """
        if min(pictures.shape[2:]) < self.step:
            size = " x ".join(str(side) for side in pictures.shape[2:])
            raise SettingsError(f"pictures of {size} pixels have no patch of {self.step}; make the step smaller")
        edges = self._edges(_evened(pictures, self.evened))
        cells = functional.avg_pool2d(edges, self.step)
        parts = [_around(cells, side // self.step).clamp(min=0).sqrt() for side in self.windows]
        return torch.cat(parts, dim=1).permute(0, 2, 3, 1)

    def _edges(
        self, pictures: Float[Tensor, "items channels height width"]
    ) -> Float[Tensor, "items features height width"]:
        """How strong the edges in each direction are at each pixel; all directions of a channel stand together."""
        padded = functional.pad(pictures, (1, 1, 1, 1), mode="replicate")
        across = padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]
        down = padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]
        strength = torch.hypot(across, down)
        parts = []
        for turn in range(self.directions):
            angle = 2 * math.pi * turn / self.directions
            along = (across * math.cos(angle) + down * math.sin(angle)).clamp(min=0)
            parts.append(along * (along / strength.clamp(min=1e-12)) ** (SHARP - 1))
        return torch.stack(parts, dim=2).flatten(1, 2)


def _evened(
    pictures: Float[Tensor, "items channels height width"], side: int
) -> Float[Tensor, "items channels height width"]:
    """Each pixel less the mean of its neighbourhood, by the deviation there."""
    mean = _around(pictures, side)
    spread = (_around(pictures.square(), side) - mean.square()).clamp(min=0).sqrt()
    return (pictures - mean) / (spread + QUIET)


def _around(
    maps: Float[Tensor, "items channels height width"], side: int
) -> Float[Tensor, "items channels height width"]:
    """The mean over `side` x `side` around each place that lies inside; an even side reaches farther up and left."""
    before, after = side // 2, (side - 1) // 2
    for dim, size in ((2, maps.shape[2]), (3, maps.shape[3])):
        places = torch.arange(size, device=maps.device)
        first, last = (places - before).clamp(min=0), (places + after + 1).clamp(max=size)
        sums = functional.pad(maps.double().cumsum(dim), (0, 0, 1, 0) if dim == 2 else (1, 0))
        shape = (-1, 1) if dim == 2 else (-1,)
        maps = ((sums.index_select(dim, last) - sums.index_select(dim, first)) / (last - first).view(shape)).float()
    return maps
