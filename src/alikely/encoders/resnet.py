"""Pictures -> embeddings, by a residual network: for pictures of about 50 px and up, and for many identities."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from alikely.encoders.blocks import NORMS, Head, halve, make_convolution, make_norm
from alikely.encoders.bounds import check_choice, check_input, check_share, check_whole
from alikely.types import Kind

SMALLEST = 16


class Residual(nn.Module):
    """relu(x + norm(convolution(relu(norm(convolution(x)))))), 3x3 each; He et al. 2015, fig. 2.

    Where the number of channels changes, x passes through a 1x1 convolution and norm (their option B).
    """

    def __init__(self, taken: int, given: int, norm: str) -> None:
        super().__init__()
        self.first = nn.Sequential(make_convolution(taken, given, 3), make_norm(norm, given))
        self.second = nn.Sequential(make_convolution(given, given, 3), make_norm(norm, given))
        self.shortcut = (
            nn.Identity()
            if taken == given
            else nn.Sequential(make_convolution(taken, given, 1), make_norm(norm, given))
        )

    def forward(self, maps: Float[Tensor, "items taken height width"]) -> Float[Tensor, "items given height width"]:
        """Maps of the same height and width."""
        change = self.second(functional.relu(self.first(maps)))
        return functional.relu(self.shortcut(maps) + change)


class ResNet(nn.Module):
    """A strided stem, then per stage `blocks` residual blocks and a 2x2 maximum; a grid of cells -> embedding.

    Any number of channels; any height and width from 16 px. A map is halved as long as `grid` cells a side remain.
    For written characters at 56 px: `stages=(64, 128)`. For faces at 64 px: the defaults, `dropout=0.3`.

    channels: of the pictures: 1 grey, 3 RGB.
    dim: length of the embedding.
    stem, stem_kernel, stem_stride: channels, size (odd) and step of the first convolution.
    stages: channels of each stage.
    blocks: residual blocks in each stage.
    norm: "batch", or "group" where batches are small.
    grid: cells a side whose averages make the embedding; 1 is the global average.
    normalise: embeddings have length 1, so that euclidean distances lie in 0..2 and margins have a meaning.
    dropout: share of the averages left out in training.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("picture",)

    def __init__(
        self,
        channels: int = 1,
        dim: int = 256,
        stem: int = 32,
        stem_kernel: int = 5,
        stem_stride: int = 2,
        stages: Sequence[int] = (64, 128, 256),
        blocks: int = 1,
        norm: str = "batch",
        grid: int = 4,
        normalise: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_whole("resnet", "channels", channels, 1, 1024)
        check_whole("resnet", "dim", dim, 1, 65536)
        check_whole("resnet", "stem", stem, 1, 4096)
        check_choice("resnet", "stem_kernel", stem_kernel, (1, 3, 5, 7, 9, 11))
        check_whole("resnet", "stem_stride", stem_stride, 1, 4)
        check_whole("resnet", "number of stages", len(stages), 1, 8)
        for width in stages:
            check_whole("resnet", "stages", width, 1, 4096)
        check_whole("resnet", "blocks", blocks, 1, 64)
        check_whole("resnet", "grid", grid, 1, 8)
        check_choice("resnet", "norm", norm, NORMS)
        check_share("resnet", "dropout", dropout)
        self.channels = channels
        self.dim = dim
        self.stem_width = stem
        self.stem_kernel = stem_kernel
        self.stem_stride = stem_stride
        self.stage_widths = tuple(stages)
        self.blocks = blocks
        self.norm = norm
        self.grid = grid
        self.normalise = normalise
        self.dropout = dropout
        self.stem = nn.Sequential(make_convolution(channels, stem, stem_kernel, stem_stride), make_norm(norm, stem))
        self.stages = nn.ModuleList()
        taken = stem
        for width in stages:
            widths = [taken] + [width] * blocks
            self.stages.append(nn.Sequential(*(Residual(a, b, norm) for a, b in pairwise(widths))))
            taken = width
        self.head = Head(taken, dim, grid, norm, normalise, dropout)

    def forward(self, batch: Float[Tensor, "items channels height width"]) -> Float[Tensor, "items dim"]:
        """One embedding an item, same order. Raises SettingsError for pictures that do not fit."""
        check_input("resnet", tuple(batch.shape), self.channels, SMALLEST)
        maps = functional.relu(self.stem(batch))
        for stage in self.stages:
            maps = halve(stage(maps), self.grid)
        embeddings: Tensor = self.head(maps)
        return embeddings

    def settings(self) -> dict[str, Any]:
        """All arguments that make this network again (without its weights)."""
        same = ("channels", "dim", "stem_kernel", "stem_stride", "blocks", "norm", "grid", "normalise", "dropout")
        kept = {name: getattr(self, name) for name in same}
        return {**kept, "stem": self.stem_width, "stages": list(self.stage_widths)}
