"""Texts -> embeddings, as a bag of tokens with one learned weight each: little to learn, for little data."""

from typing import Any, ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from alikely.encoders.bounds import check_whole
from alikely.encoders.padded import check_steps
from alikely.errors import SettingsError
from alikely.types import Kind

MIX = (0x7FEB352D, 0x846CA68B)  # odd numbers without a pattern


class Bag(nn.Module):
    """Each token of a text adds its weight, with a sign of its own, to one of `dim` places: a count sketch.

    Charikar, Chen, Farach-Colton 2002: products of such embeddings are, on average over the signs, those of the vectors
    with a place for every token. Token t stands at place t modulo `dim`: where tokens are numbered by how frequent they
    are, as n-grams are, the `dim` most frequent ones share no place among themselves. The order of the tokens does not
    matter. Made for `tokens = "ngrams"`; takes any.

    tokens: how many kinds of tokens there are.
    dim: length of the embedding.
    rarity: where the weights start, as runs of (value, how many tokens) in the order of the tokens: n-grams give their
        inverse document frequencies. Where it is empty, every weight starts at 1.
    normalise: embeddings have length 1, so that euclidean distances lie in 0..2 and margins have a meaning.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("text",)
    preferred: ClassVar[dict[str, Any]] = {"tokens": "ngrams"}

    def __init__(
        self,
        tokens: int = 1,
        dim: int = 1024,
        rarity: tuple[tuple[float, int], ...] = (),
        normalise: bool = True,
    ) -> None:
        super().__init__()
        check_whole("bag", "tokens", tokens, 1, 10_000_000)
        check_whole("bag", "dim", dim, 1, 65536)
        starts = [(float(value), int(count)) for value, count in rarity] or [(1.0, tokens)]
        if sum(count for _, count in starts) != tokens:
            found = sum(count for _, count in starts)
            raise SettingsError(
                f"bag: rarity must tell of all {tokens} tokens, got {found}; leave it out for weights of 1"
            )
        self.tokens = tokens
        self.dim = dim
        self.rarity = rarity
        self.normalise = normalise
        values, counts = zip(*starts, strict=True)
        self.weights = nn.Parameter(torch.tensor(values).repeat_interleave(torch.tensor(counts)))

    def forward(self, batch: Int[Tensor, "items tokens"]) -> Float[Tensor, "items dim"]:
        """One embedding an item, same order. Raises SettingsError for a batch that does not fit."""
        check_steps("bag", batch, self.tokens, 0)
        present = batch >= 0
        token = batch.clamp(min=0)
        added = functional.embedding(token, self.weights[:, None])[:, :, 0] * (signs(token) * present)
        embeddings = added.new_zeros(len(batch), self.dim).scatter_add(1, token % self.dim, added)
        return functional.normalize(embeddings, dim=1) if self.normalise else embeddings

    def settings(self) -> dict[str, Any]:
        """All arguments that make this network again (without its weights)."""
        rarity = [[value, count] for value, count in self.rarity]
        return {"tokens": self.tokens, "dim": self.dim, "rarity": rarity, "normalise": self.normalise}


def signs(token: Int[Tensor, "items tokens"]) -> Int[Tensor, "items tokens"]:
    """-1 or 1, the same for a token always, and without a pattern over the tokens."""
    mixed = token
    for factor in MIX:
        mixed = (mixed ^ mixed >> 16) * factor & 0xFFFFFFFF
    return 1 - 2 * (mixed >> 31)
