"""Sequences of any length -> embeddings, by residual convolutions over time: `conv1d`."""

from typing import Any, ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

from alikely.encoders.bounds import check_choice, check_share, check_whole
from alikely.encoders.padded import check_steps, inside, lengths_of
from alikely.types import Kind

NORMS = ("batch", "layer")
KERNELS = (1, 3, 5, 7, 9, 11)

Present = Bool[Tensor, "items steps"]
Maps = Float[Tensor, "items width steps"]


class StepNorm(nn.Module):
    """Each feature with mean 0 and deviation 1 over the steps that are no padding ("batch"), or each step ("layer")."""

    def __init__(self, norm: str, width: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width) if norm == "batch" else nn.LayerNorm(width)

    def forward(self, maps: Maps, present: Present) -> Maps:
        """The padding is 0 afterwards."""
        steps = maps.transpose(1, 2)
        if not self.training:  # the statistics are known: each step for itself
            known = self.norm(steps.flatten(0, 1)).unflatten(0, steps.shape[:2])
            return torch.where(present[:, :, None], known, 0.0).transpose(1, 2)
        normed: Tensor = torch.zeros_like(steps)
        # One gather and one scatter: the padding is neither measured nor changed.
        normed = normed.masked_scatter(present[:, :, None], self.norm(steps[present]).to(steps.dtype))
        return normed.transpose(1, 2)


class Block(nn.Module):
    """Two convolutions beside a shortcut; the second one looks `dilation` times as far. He et al. 2016, over time."""

    def __init__(self, taken: int, given: int, kernel: int, stride: int, dilation: int, norm: str) -> None:
        super().__init__()
        self.stride = stride
        self.first = _convolution(taken, given, kernel, stride, 1)
        self.first_norm = StepNorm(norm, given)
        self.second = _convolution(given, given, kernel, 1, dilation)
        self.second_norm = StepNorm(norm, given)
        plain = taken == given and stride == 1
        self.shortcut = None if plain else _convolution(taken, given, 1, stride, 1)

    def forward(
        self, maps: Float[Tensor, "items taken steps"], present: Present
    ) -> tuple[Float[Tensor, "items given left"], Bool[Tensor, "items left"]]:
        """The maps and what of them is no padding: where `stride` is 2, both are half as long, rounded up.

        The padding of the maps is 0 and stays 0: the shortcut has no bias.
        """
        short = maps if self.shortcut is None else self.shortcut(maps)
        present = present[:, :: self.stride]
        maps = functional.relu(self.first_norm(self.first(maps), present))
        maps = self.second_norm(self.second(maps), present)
        return functional.relu(maps + short), present


class Conv1d(nn.Module):
    """A first convolution, `stages` of residual blocks, then means and maximum over time -> embedding.

    Every stage but the first halves the number of steps; inside a stage, each block looks twice as far as the one
    before. Any length from 1 step; the answer does not depend on how far the batch is padded.

    channels: numbers a step.
    dim: length of the embedding.
    stages: the width of each stage.
    blocks: residual blocks in each stage.
    kernel: steps that a convolution sees: odd, 1 to 11.
    norm: "batch", or "layer" where batches are small.
    cells: equal parts of the time whose means make the embedding; 1 is the global mean, which forgets when things were.
    statistics: the means of the channels themselves and their deviation over time go to the last layer too, past all
        convolutions.
    dropout: share of what the last layer sees that is left out in training.
    normalise: embeddings have length 1, so that euclidean distances lie in 0..2 and margins have a meaning.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("sequence",)

    def __init__(
        self,
        channels: int = 1,
        dim: int = 128,
        stages: tuple[int, ...] = (64, 128, 128),
        blocks: int = 2,
        kernel: int = 5,
        norm: str = "batch",
        cells: int = 1,
        statistics: bool = True,
        dropout: float = 0.0,
        normalise: bool = True,
    ) -> None:
        super().__init__()
        check_whole("conv1d", "channels", channels, 1, 65536)
        check_whole("conv1d", "dim", dim, 1, 65536)
        check_whole("conv1d", "number of stages", len(stages), 1, 12)
        for width in stages:
            check_whole("conv1d", "stages", width, 1, 4096)
        check_whole("conv1d", "blocks", blocks, 1, 12)
        check_choice("conv1d", "kernel", kernel, KERNELS)
        check_choice("conv1d", "norm", norm, NORMS)
        check_whole("conv1d", "cells", cells, 1, 256)
        check_share("conv1d", "dropout", dropout)
        self.channels = channels
        self.dim = dim
        self.stages = tuple(stages)
        self.blocks = blocks
        self.kernel = kernel
        self.norm = norm
        self.cells = cells
        self.statistics = statistics
        self.dropout = dropout
        self.normalise = normalise
        self.stem = _convolution(channels, stages[0], kernel, 1, 1)
        self.stem_norm = StepNorm(norm, stages[0])
        layers = []
        taken = stages[0]
        for stage, width in enumerate(stages):
            for block in range(blocks):
                stride = 2 if stage and not block else 1
                layers.append(Block(taken, width, kernel, stride, 2**block, norm))
                taken = width
        self.layers = nn.ModuleList(layers)
        self.drop = nn.Dropout(dropout)
        pooled = taken + channels if statistics else taken
        self.linear = nn.Linear(pooled * (cells + 1), dim)

    def forward(self, batch: Float[Tensor, "items steps channels"]) -> Float[Tensor, "items dim"]:
        """One embedding an item, same order; padded with NaN at the end. Raises SettingsError where it does not fit.

        A NaN inside a sequence is read as 0, which is the mean of standardised channels.
        """
        check_steps("conv1d", batch, 0, self.channels)
        present = inside(lengths_of(batch), batch.shape[1])
        known = batch.nan_to_num(nan=0.0).transpose(1, 2)
        still = present
        maps = functional.relu(self.stem_norm(self.stem(known), still))
        for layer in self.layers:
            maps, still = layer(maps, still)
        pooled = [_means(maps, still, self.cells), maps.masked_fill(~still[:, None, :], -torch.inf).amax(dim=2)]
        if self.statistics:
            apart = known - _means(known, present, 1)[:, :, None]
            # The root of 0 has no gradient.
            pooled += [_means(known, present, self.cells), (_means(apart.square(), present, 1) + 1e-6).sqrt()]
        embeddings: Tensor = self.linear(self.drop(torch.cat(pooled, dim=1))).to(self.linear.weight.dtype)
        return functional.normalize(embeddings, dim=1) if self.normalise else embeddings

    def settings(self) -> dict[str, Any]:
        """All arguments that make this network again (without its weights)."""
        sizes = ("channels", "dim", "stages", "blocks", "kernel")
        ways = ("norm", "cells", "statistics", "dropout", "normalise")
        return {name: getattr(self, name) for name in (*sizes, *ways)} | {"stages": list(self.stages)}


def _convolution(taken: int, given: int, kernel: int, stride: int, dilation: int) -> nn.Conv1d:
    """Without bias (a norm follows), weights drawn as by He et al. 2015, eq. 10 with fan-out."""
    reach = dilation * (kernel // 2)
    convolution = nn.Conv1d(taken, given, kernel, stride, padding=reach, dilation=dilation, bias=False)
    nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
    return convolution


def _means(maps: Maps, present: Present, cells: int) -> Float[Tensor, "items pooled"]:
    """Of each feature, over the steps that each of `cells` equal parts of the sequence touches; padding is none."""
    lengths = present.sum(dim=1)[:, None, None]
    steps = torch.arange(present.shape[1], device=maps.device)[None, None, :]
    parts = torch.arange(cells, device=maps.device)[None, :, None]
    touched = ((steps + 1) * cells > parts * lengths) & (steps * cells < (parts + 1) * lengths)
    weights = (touched / touched.sum(dim=2, keepdim=True)).to(maps.dtype)
    return (maps @ weights.transpose(1, 2)).flatten(1)
