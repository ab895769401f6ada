"""The pieces that convolutional encoders share: maps of features -> normed maps, halved maps, one embedding an item."""

from math import gcd

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

NORMS = ("batch", "group")


def make_norm(norm: str, width: int) -> nn.Module:
    """Batch norm, or group norm (of up to 8 groups), which needs no large batches; over `width` channels."""
    return nn.BatchNorm2d(width) if norm == "batch" else nn.GroupNorm(gcd(width, 8), width)


def make_convolution(taken: int, given: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """A convolution without bias (a norm layer follows), weights drawn as by He et al. 2015, eq. 10 with fan-out."""
    convolution = nn.Conv2d(taken, given, kernel, stride, padding=kernel // 2, bias=False)
    nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
    return convolution


def halve(
    maps: Float[Tensor, "items width height_in width_in"], least: int
) -> Float[Tensor, "items width height_out width_out"]:
    """Maximum over 2x2 pixels, as long as at least `least` (and 2) pixels a side remain; else the maps as they are."""
    if min(maps.shape[-2:]) // 2 < max(least, 2):
        return maps
    return functional.max_pool2d(maps, 2)


def cell_weights(size: int, grid: int, like: Tensor) -> Float[Tensor, "grid size"]:
    """Row i averages the pixels that cell i touches: those between i * size / grid and (i + 1) * size / grid."""
    cells = torch.arange(grid, device=like.device)[:, None]
    pixels = torch.arange(size, device=like.device)[None, :]
    inside = ((pixels + 1) * grid > cells * size) & (pixels * grid < (cells + 1) * size)
    return (inside / inside.sum(dim=1, keepdim=True)).to(like.dtype)


class Head(nn.Module):
    """The last maps -> embeddings: averages over `grid` x `grid` cells, one linear layer, norm, length 1.

    `grid=1` is the global average, which forgets where a stroke was; `grid=4` keeps a coarse layout, which tells more
    where items are aligned. Written as a product with fixed weights, so that the gradient is the same in every run on a
    GPU too (adaptive pooling promises that on the CPU only).
    """

    def __init__(self, width: int, dim: int, grid: int, norm: str, normalise: bool, dropout: float) -> None:
        super().__init__()
        self.grid = grid
        self.normalise = normalise
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(width * grid * grid, dim, bias=norm != "batch")
        self.norm = nn.BatchNorm1d(dim) if norm == "batch" else nn.Identity()

    def forward(self, maps: Float[Tensor, "items width height width_in"]) -> Float[Tensor, "items dim"]:
        """Embeddings in the precision of the head's own weights, whatever autocast made of the maps."""
        height, width = maps.shape[-2:]
        cells = torch.kron(cell_weights(height, self.grid, maps), cell_weights(width, self.grid, maps))
        layout = maps.flatten(2) @ cells.T
        embeddings: Tensor = self.linear(self.dropout(layout.flatten(1))).to(self.linear.weight.dtype)
        embeddings = self.norm(embeddings)
        return functional.normalize(embeddings, dim=1) if self.normalise else embeddings
