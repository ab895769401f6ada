"""Texts and sequences of any length -> embeddings, by recurrent networks: `gru` and `lstm`."""

from typing import Any, ClassVar

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn
from torch.nn import functional

from alikely.encoders.bounds import check_choice, check_share, check_whole
from alikely.encoders.padded import POOLINGS, Front, Pooling, lengths_of, turned
from alikely.types import Kind


class Recurrence(nn.Module):
    """`layers` recurrent layers, each read from the front and, if `both_ways`, from the back as well.

    A layer runs over the padding too: an item's own steps do not see what comes after them, and the way back begins at
    its last step. Packed sequences would skip the padding, but run step by step, without torch's fast kernels.
    """

    def __init__(
        self, cell: type[nn.GRU] | type[nn.LSTM], taken: int, width: int, layers: int, both_ways: bool, dropout: float
    ) -> None:
        super().__init__()
        self.ways = 2 if both_ways else 1
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(
            cell(taken if layer == 0 else width * self.ways, width, batch_first=True)
            for layer in range(layers)
            for _ in range(self.ways)
        )

    def forward(
        self, steps: Float[Tensor, "items steps taken"], lengths: Int[Tensor, " items"]
    ) -> Float[Tensor, "items steps width"]:
        """What the last layer says at each step: the way to the end first, then the way back."""
        for first in range(0, len(self.layers), self.ways):
            taken = steps if first == 0 else self.dropout(steps)
            steps = self.layers[first](taken)[0]
            if self.ways == 2:
                back = self.layers[first + 1](turned(taken, lengths))[0]
                steps = torch.cat([steps, turned(back, lengths)], dim=2)
        return steps


class _Recurrent(nn.Module):
    """What `Gru` and `Lstm` share: all but the cell.

    Front (a table of tokens, or a linear layer over channels), recurrent layers, pooling, one linear layer. The answer
    does not depend on how far the batch is padded.
    """

    name: ClassVar[str]
    cell: ClassVar[type[nn.GRU] | type[nn.LSTM]]
    kinds: ClassVar[tuple[Kind, ...]] = ("text", "sequence")

    def __init__(
        self,
        tokens: int = 0,
        channels: int = 0,
        dim: int = 128,
        front: int = 128,
        width: int = 128,
        layers: int = 1,
        bidirectional: bool = True,
        pooling: str = "attention",
        dropout: float = 0.0,
        normalise: bool = True,
    ) -> None:
        super().__init__()
        check_whole(self.name, "tokens", tokens, 0, 10_000_000)
        check_whole(self.name, "channels", channels, 0, 65536)
        check_whole(self.name, "dim", dim, 1, 65536)
        check_whole(self.name, "front", front, 1, 65536)
        check_whole(self.name, "width", width, 1, 65536)
        check_whole(self.name, "layers", layers, 1, 16)
        check_choice(self.name, "pooling", pooling, POOLINGS)
        check_share(self.name, "dropout", dropout)
        self.tokens = tokens
        self.channels = channels
        self.dim = dim
        self.front = front
        self.width = width
        self.layers = layers
        self.bidirectional = bidirectional
        self.pooling = pooling
        self.dropout = dropout
        self.normalise = normalise
        self.first = Front(self.name, tokens, channels, front)
        self.recurrence = Recurrence(self.cell, front, width, layers, bidirectional, dropout)
        self.pool = Pooling(pooling, width * self.recurrence.ways, bidirectional)
        self.drop = nn.Dropout(dropout)
        self.linear = nn.Linear(width * self.recurrence.ways, dim)

    def forward(self, batch: Shaped[Tensor, "items steps *channels"]) -> Float[Tensor, "items dim"]:
        """One embedding an item, same order. Raises SettingsError for a batch that does not fit.

        batch: texts as whole numbers, padded with -1, or sequences as floats, padded with NaN. A NaN inside a sequence
            is read as 0, which is the mean of standardised channels.
        """
        lengths = lengths_of(batch)
        steps = self.recurrence(self.drop(self.first(batch)), lengths)
        pooled = self.pool(steps, lengths)
        embeddings: Tensor = self.linear(self.drop(pooled)).to(self.linear.weight.dtype)
        return functional.normalize(embeddings, dim=1) if self.normalise else embeddings

    def settings(self) -> dict[str, Any]:
        """All arguments that make this network again (without its weights)."""
        sizes = ("tokens", "channels", "dim", "front", "width", "layers")
        ways = ("bidirectional", "pooling", "dropout", "normalise")
        return {name: getattr(self, name) for name in (*sizes, *ways)}


class Gru(_Recurrent):
    """Gated recurrent units: Cho et al. 2014, in the form of `torch.nn.GRU`.

    tokens: of texts: how many there are; 0 for sequences.
    channels: of sequences: numbers a step; 0 for texts.
    dim: length of the embedding.
    front: length of what stands for a token, or for a step's channels, before the first recurrent layer.
    width: units of each recurrent layer, each way.
    layers: recurrent layers on top of one another.
    bidirectional: read from the front and from the back.
    pooling: what of all steps makes the embedding: "attention", "max", "mean" or "last".
    dropout: share of the numbers left out in training: after the front, between the layers, and before the last one.
    normalise: embeddings have length 1, so that euclidean distances lie in 0..2 and margins have a meaning.
    """

    name = "gru"
    cell = nn.GRU


class Lstm(_Recurrent):
    """Long short-term memory: Hochreiter, Schmidhuber 1997, in the form of `torch.nn.LSTM`.

    tokens: of texts: how many there are; 0 for sequences.
    channels: of sequences: numbers a step; 0 for texts.
    dim: length of the embedding.
    front: length of what stands for a token, or for a step's channels, before the first recurrent layer.
    width: units of each recurrent layer, each way.
    layers: recurrent layers on top of one another.
    bidirectional: read from the front and from the back.
    pooling: what of all steps makes the embedding: "attention", "max", "mean" or "last".
    dropout: share of the numbers left out in training: after the front, between the layers, and before the last one.
    normalise: embeddings have length 1, so that euclidean distances lie in 0..2 and margins have a meaning.
    """

    name = "lstm"
    cell = nn.LSTM
