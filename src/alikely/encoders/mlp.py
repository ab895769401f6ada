"""Rows, or embeddings made elsewhere -> embeddings, by fully connected layers; categories are embedded first."""

from collections.abc import Sequence
from math import sqrt
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from alikely.encoders.bounds import check_choice, check_share, check_whole
from alikely.errors import SettingsError
from alikely.types import Kind

NORMS = ("batch", "layer", "none")
# The embedding of a category is half as long as there are codes, at most this.
LONGEST = 16


class Mlp(nn.Module):
    """Numbers and embedded categories -> `depth` times (linear, norm, ReLU, dropout) -> linear -> embedding.

    numbers: columns of numbers; they come first.
    categories: for each column of codes (whole numbers as floats), how many codes there are. Code 0, a category that
        was never seen, is embedded as zeros.
    given: length of embeddings that were made elsewhere, in place of `numbers` and `categories`.
    dim: length of what is learned of the row.
    width, depth: units of a layer; number of layers. 0 layers: a linear map.
    norm: "batch", "layer" where batches are small, or "none".
    normalise: what is learned has length 1, so that euclidean distances lie in 0..2 and margins have a meaning.
    skip: the numbers themselves, divided by the square root of their count, are joined to the embedding behind what is
        learned. So the distance keeps the plain distance of the rows.
    dropout: share of the units of each layer left out in training.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("row", "embedding")

    def __init__(
        self,
        numbers: int = 0,
        categories: Sequence[int] = (),
        given: int = 0,
        dim: int = 128,
        width: int = 256,
        depth: int = 2,
        norm: str = "batch",
        normalise: bool = True,
        skip: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_whole("mlp", "numbers", numbers, 0, 65536)
        check_whole("mlp", "given", given, 0, 65536)
        for size in categories:
            check_whole("mlp", "each of categories", size, 1, 1_000_000)
        check_whole("mlp", "dim", dim, 1, 65536)
        check_whole("mlp", "width", width, 1, 65536)
        check_whole("mlp", "depth", depth, 0, 16)
        check_choice("mlp", "norm", norm, NORMS)
        check_share("mlp", "dropout", dropout)
        if bool(given) == bool(numbers or categories):
            raise SettingsError(
                "mlp: takes numbers and categories of rows, or the length of given embeddings, and one of both; "
                f"got numbers={numbers}, categories={list(categories)}, given={given}"
            )
        self.numbers = numbers
        self.categories = tuple(categories)
        self.given = given
        self.learned = dim
        self.width = width
        self.depth = depth
        self.norm = norm
        self.normalise = normalise
        self.skip = skip
        self.dropout = dropout
        self.plain = given or numbers
        self.dim = dim + (self.plain if skip else 0)
        self.embeddings = nn.ModuleList(nn.Embedding(size, _length(size), padding_idx=0) for size in self.categories)
        layers: list[nn.Module] = []
        taken = self.plain + sum(_length(size) for size in self.categories)
        for _ in range(depth):
            layers += [nn.Linear(taken, width), _norm(norm, width), nn.ReLU(), nn.Dropout(dropout)]
            taken = width
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(taken, dim)

    def forward(self, batch: Float[Tensor, "items columns"]) -> Float[Tensor, "items dim"]:
        """One embedding an item, same order. Raises SettingsError for columns that do not fit."""
        wanted = self.plain + len(self.categories)
        if batch.shape[1] != wanted:
            raise SettingsError(
                f"mlp was built for {wanted} columns, got {batch.shape[1]}; prepare the items as those it learned from"
            )
        plain = batch[:, : self.plain]
        parts = [plain]
        for place, embedding in enumerate(self.embeddings):
            parts.append(embedding(batch[:, self.plain + place].long()))
        learned: Tensor = self.head(self.layers(torch.cat(parts, dim=1))).to(self.head.weight.dtype)
        if self.normalise:
            learned = functional.normalize(learned, dim=1)
        return torch.cat([learned, plain / sqrt(max(self.plain, 1))], dim=1) if self.skip else learned

    def settings(self) -> dict[str, Any]:
        """All arguments that make this network again (without its weights)."""
        names = ("numbers", "given", "width", "depth", "norm", "normalise", "skip", "dropout")
        return {"categories": list(self.categories), "dim": self.learned} | {
            name: getattr(self, name) for name in names
        }


def _length(size: int) -> int:
    return min(LONGEST, (size + 1) // 2)


def _norm(norm: str, width: int) -> nn.Module:
    if norm == "none":
        return nn.Identity()
    return nn.BatchNorm1d(width) if norm == "batch" else nn.LayerNorm(width)
