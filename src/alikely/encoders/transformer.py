"""Texts -> embeddings, by a small transformer: every token looks at every other; for more data than a `gru` needs."""

import math
from typing import Any, ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from alikely.encoders.bounds import check_choice, check_share, check_whole
from alikely.encoders.padded import Front, Pooling, inside, lengths_of
from alikely.errors import SettingsError
from alikely.types import Kind

SLOWEST = 10_000.0  # the longest wave of the positions is 2 pi times this many tokens
POOLINGS = ("attention", "max", "mean")


class Transformer(nn.Module):
    """Vaswani et al. 2017, section 3.1 and 3.5: attention and a full layer, `layers` times; norms before each.

    Positions are waves, so that a text may be of any length; the padding is neither looked at nor pooled.

    tokens: how many kinds of tokens there are.
    dim: length of the embedding.
    width: numbers that stand for a token in every layer; a multiple of `heads`, and even.
    layers: how many.
    heads: parts of the width that look each for themselves.
    pooling: what of all tokens makes the embedding: "attention", "max" or "mean".
    dropout: share of the numbers left out in training.
    normalise: embeddings have length 1, so that euclidean distances lie in 0..2 and margins have a meaning.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("text",)

    def __init__(
        self,
        tokens: int = 1,
        dim: int = 128,
        width: int = 128,
        layers: int = 2,
        heads: int = 4,
        pooling: str = "mean",
        dropout: float = 0.1,
        normalise: bool = True,
    ) -> None:
        super().__init__()
        check_whole("transformer", "tokens", tokens, 1, 10_000_000)
        check_whole("transformer", "dim", dim, 1, 65536)
        check_whole("transformer", "width", width, 2, 65536)
        check_whole("transformer", "layers", layers, 1, 64)
        check_whole("transformer", "heads", heads, 1, 1024)
        check_choice("transformer", "pooling", pooling, POOLINGS)
        check_share("transformer", "dropout", dropout)
        if width % heads or width % 2:
            raise SettingsError(f"transformer: width must be even and a multiple of heads ({heads}), got {width}")
        self.tokens = tokens
        self.dim = dim
        self.width = width
        self.layers = layers
        self.heads = heads
        self.pooling = pooling
        self.dropout = dropout
        self.normalise = normalise
        self.first = Front("transformer", tokens, 0, width)
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, heads, 4 * width, dropout, activation="gelu", batch_first=True, norm_first=True
            )
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width)
        self.pool = Pooling(pooling, width, both_ways=False)
        self.linear = nn.Linear(width, dim)

    def forward(self, batch: Int[Tensor, "items tokens"]) -> Float[Tensor, "items dim"]:
        """One embedding an item, same order. Raises SettingsError for a batch that does not fit."""
        lengths = lengths_of(batch)
        padding = ~inside(lengths, batch.shape[1])
        steps = self.first(batch)
        # The table's rows have a length of about 1: as long as the waves with the root of the width.
        steps = self.drop(steps * math.sqrt(self.width) + waves(batch.shape[1], steps))
        for block in self.blocks:
            steps = block(steps, src_key_padding_mask=padding)
        pooled = self.pool(self.norm(steps), lengths)
        embeddings: Tensor = self.linear(pooled).to(self.linear.weight.dtype)
        return functional.normalize(embeddings, dim=1) if self.normalise else embeddings

    def settings(self) -> dict[str, Any]:
        """All arguments that make this network again (without its weights)."""
        names = ("tokens", "dim", "width", "layers", "heads", "pooling", "dropout", "normalise")
        return {name: getattr(self, name) for name in names}


def waves(steps: int, like: Tensor) -> Float[Tensor, "steps width"]:
    """Where a token stands, as sines and cosines of its place, from fast to slow waves: section 3.5."""
    width = like.shape[-1]
    place = torch.arange(steps, device=like.device, dtype=like.dtype)[:, None]
    speed = SLOWEST ** (-torch.arange(0, width, 2, device=like.device, dtype=like.dtype) / width)
    return torch.cat([(place * speed).sin(), (place * speed).cos()], dim=1)
