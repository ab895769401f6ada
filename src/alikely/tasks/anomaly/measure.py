"""What a detector asks of whatever says how far items are from normal: by their embeddings, or by their patches."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from alikely.contracts import Preparation
from alikely.tasks.anomaly.answers import Reason
from alikely.types import Item


@dataclass(frozen=True, eq=False)
class Far:
    """How far items are from what is remembered, row i for item i.

    deviation: what is judged: the distance where no anomalies are known, else
        distance * distance / mean distance to the nearest known anomalies.
        So an item near a known anomaly deviates more, and one that is far from everything still as much as its
        distance says.
    distance: the mean distance to the nearest normal items, or of the farthest patches of a picture.
    nearest: the position of the nearest normal item, where items are compared as a whole.
    maps: of pictures that are judged by their patches, how far each place is.
    """

    deviation: Float[np.ndarray, " items"]
    distance: Float[np.ndarray, " items"]
    nearest: Int[np.ndarray, " items"] | None = None
    maps: Float[np.ndarray, "items height width"] | None = None


@runtime_checkable
class Measure(Protocol):
    """How far items are from normal, and why."""

    @property
    def preparation(self) -> Preparation:
        """How items are read."""
        ...

    def far(self, batch: Tensor) -> Far:
        """How far the items of a batch that was read are."""
        ...

    def reasons(self, item: Item, read: Tensor, deviation: float, nearest: int) -> tuple[Reason, ...]:
        """Why one item deviates, the strongest reason first; none where its parts cannot be told."""
        ...

    def name_of(self, nearest: int) -> str:
        """What the normal item at this position is called."""
        ...

    def counts(self) -> dict[str, Any]:
        """What is remembered, in numbers."""
        ...
