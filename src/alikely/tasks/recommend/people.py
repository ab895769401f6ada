"""Vectors of the items that people liked -> one vector a person, by attention; and what each item adds to a match."""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


class PersonEncoder(nn.Module):
    """start + the sum over heads of the mean of value(item), weighted by softmax(query . key(item) / sqrt(dim)).

    Attention as Vaswani et al. 2017, eq. 1, with one learned query a head, so that the order of the items does not
    matter. `start` is what a person has of whom nothing is known: what is liked by most. What is added to it is linear
    in the items' values, so that each item's share of a match is known exactly.
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.dim = dim
        self.heads = heads
        self.start = nn.Parameter(torch.randn(dim) * 0.3)
        self.queries = nn.Parameter(torch.randn(heads, dim) * 0.3)
        self.key = nn.Linear(dim, dim, bias=False)
        self.value = nn.Linear(dim, heads * dim, bias=False)

    def forward(
        self, liked: Float[Tensor, "people longest dim"], present: Bool[Tensor, "people longest"]
    ) -> Float[Tensor, "people dim"]:
        """One vector a person. Where `present` is False there is only padding, which changes nothing."""
        return self.start + self.added(liked, present).sum(dim=1)

    def added(
        self, liked: Float[Tensor, "people longest dim"], present: Bool[Tensor, "people longest"]
    ) -> Float[Tensor, "people longest dim"]:
        """What each liked item adds to the person's vector; zeros for padding."""
        strength = self.key(liked) @ self.queries.T / self.dim**0.5  # people longest heads
        strength = strength.masked_fill(~present[:, :, None], torch.finfo(strength.dtype).min)
        # Of a person without items all weights are alike; they are left out below.
        weights = torch.softmax(strength, dim=1).masked_fill(~present[:, :, None], 0.0)
        values = self.value(liked).unflatten(2, (self.heads, self.dim)) / self.heads
        added: Tensor = (weights[..., None] * values).sum(dim=2)
        return added

    def settings(self) -> dict[str, Any]:
        """All arguments that make this encoder again (without its weights)."""
        return {"dim": self.dim, "heads": self.heads}
