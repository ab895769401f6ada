"""Requests that come at the same time -> one batch for the network, in a bounded queue."""

import asyncio
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float
from torch import Tensor

from alikely.model import SiameseModel
from alikely.types import Item


class Batching:
    """Meets `Engine`: whoever asks at the same time is answered out of one batch.

    Not yet: each call is a batch of its own.
    """

    def __init__(self, model: SiameseModel, batch: int, wait_ms: float, told: Callable[[int], None]) -> None:
        self.model, self.batch, self.wait_ms, self.told = model, batch, wait_ms, told

    def __call__(self, read: Tensor) -> Float[np.ndarray, "items dim"]:
        """The embeddings of items that were read; waits until they are there."""
        self.told(len(read))
        return self.model.embed_read(read)

    async def embed(self, items: Sequence[Item]) -> Float[np.ndarray, "items dim"]:
        """The same for items, without a thread that waits. Raises InputError for one that cannot be read."""
        return await asyncio.to_thread(self.model.embed, items)

    def close(self) -> None:
        """Answer what is waiting, then end."""
