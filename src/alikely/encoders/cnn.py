"""Pictures -> embeddings, by a small convolutional network: the one to begin with, for pictures of 8 px and up."""

from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from alikely.encoders.blocks import NORMS, Head, halve, make_convolution, make_norm
from alikely.encoders.bounds import check_choice, check_input, check_share, check_whole
from alikely.types import Kind

SMALLEST = 8


class Cnn(nn.Module):
    """`depth` times (3x3 convolution, 2x2 maximum, norm, ReLU), then the averages of a grid of cells -> embedding.

    Any number of channels; any height and width from 8 px. A map is halved as long as `grid` cells a side remain.

    channels: of the pictures: 1 grey, 3 RGB.
    dim: length of the embedding.
    width: channels of every convolution.
    depth: number of convolutions.
    norm: "batch", or "group" where batches are small.
    grid: cells a side whose averages make the embedding; 1 is the global average.
    normalise: embeddings have length 1, so that euclidean distances lie in 0..2 and margins have a meaning.
    dropout: share of the averages left out in training.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("picture",)

    def __init__(
        self,
        channels: int = 1,
        dim: int = 128,
        width: int = 64,
        depth: int = 4,
        norm: str = "batch",
        grid: int = 4,
        normalise: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_whole("cnn", "channels", channels, 1, 1024)
        check_whole("cnn", "dim", dim, 1, 65536)
        check_whole("cnn", "width", width, 1, 4096)
        check_whole("cnn", "depth", depth, 1, 16)
        check_whole("cnn", "grid", grid, 1, SMALLEST)
        check_choice("cnn", "norm", norm, NORMS)
        check_share("cnn", "dropout", dropout)
        self.channels = channels
        self.dim = dim
        self.width = width
        self.depth = depth
        self.norm = norm
        self.grid = grid
        self.normalise = normalise
        self.dropout = dropout
        self.convolutions = nn.ModuleList(
            make_convolution(channels if step == 0 else width, width, 3) for step in range(depth)
        )
        self.norms = nn.ModuleList(make_norm(norm, width) for _ in range(depth))
        self.head = Head(width, dim, grid, norm, normalise, dropout)

    def forward(self, batch: Float[Tensor, "items channels height width"]) -> Float[Tensor, "items dim"]:
        """One embedding an item, same order. Raises SettingsError for pictures that do not fit."""
        check_input("cnn", tuple(batch.shape), self.channels, SMALLEST)
        maps = batch
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            # The maximum before the norm: on a quarter of the pixels, norm and ReLU cost a quarter.
            maps = functional.relu(norm(halve(convolution(maps), self.grid)))
        embeddings: Tensor = self.head(maps)
        return embeddings

    def settings(self) -> dict[str, Any]:
        """All arguments that make this network again (without its weights)."""
        names = ("channels", "dim", "width", "depth", "norm", "grid", "normalise", "dropout")
        return {name: getattr(self, name) for name in names}
