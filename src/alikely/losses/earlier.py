"""Embeddings of earlier batches with their labels -> further columns of the tables of distances (cross-batch memory).

The encoder changes slowly once it has begun to learn, so what it said a few steps ago still serves as something to
compare with: many more negatives than a batch holds, for next to no time. Wang, Zhang, Huang, Scott 2020 (XBM).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class Earlier:
    """At most `limit` items of earlier batches, the latest of them; `items` are their numbers, `labels` as a batch's.

    Their embeddings stay as they were: nothing is learned through them.
    """

    limit: int
    embeddings: Float[Tensor, "earlier dim"]
    labels: Int[Tensor, " earlier"]
    items: Int[Tensor, " earlier"]

    @classmethod
    def none(cls, limit: int, like: Float[Tensor, "items dim"]) -> "Earlier":
        """Nothing yet, of embeddings that are as long as `like`, and where these are."""
        numbers = torch.zeros(0, dtype=torch.int64, device=like.device)
        return cls(limit, like.new_zeros(0, like.shape[1]), numbers, numbers)

    def with_batch(
        self, embeddings: Float[Tensor, "items dim"], labels: Int[Tensor, " items"], items: Int[Tensor, " items"]
    ) -> "Earlier":
        """The same with a batch put at its end, in place of what is oldest and of what was said of its items before."""
        kept = self.without(items)
        return Earlier(
            self.limit,
            torch.cat([kept.embeddings, embeddings.detach()])[-self.limit :],
            torch.cat([kept.labels, labels])[-self.limit :],
            torch.cat([kept.items, items])[-self.limit :],
        )

    def without(self, items: Int[Tensor, " items"]) -> "Earlier":
        """The same without these items: an item is no other than itself."""
        kept = ~torch.isin(self.items, items)
        return Earlier(self.limit, self.embeddings[kept], self.labels[kept], self.items[kept])
