"""The parts that can be swapped, on one page. Meet a Protocol, add one line to its family's table: that is all.

items ── Preparation.read ──▶ pictures ── augment ──▶ Preparation.finish ──▶ Encoder ──▶ embeddings
                                                                                │
                          loss ◀── PairLoss | TableLoss | ProxyLoss ◀── Distance ◀──┘
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

from alikely.types import Item


@runtime_checkable
class Preparation(Protocol):
    """Raw items -> tensors. Its settings are kept with the model, so that an item is always prepared alike."""

    def read(self, items: Sequence[Item]) -> Shaped[Tensor, "items *shape"]:
        """Open, check and shape the items: the slow part, done once per item. Raises InputError naming the item."""
        ...

    def finish(self, batch: Shaped[Tensor, "items *shape"]) -> Float[Tensor, "items *shape"]:
        """What is done to a whole batch on its device, after augmentation and before the encoder."""
        ...

    def settings(self) -> dict[str, Any]:
        """All that is needed to make this preparation again, as JSON can hold it."""
        ...


@runtime_checkable
class Encoder(Protocol):
    """Items -> embeddings, an `nn.Module`. Every item of a pair goes through the same one: that makes it Siamese."""

    dim: int

    def __call__(self, batch: Float[Tensor, "items *shape"]) -> Float[Tensor, "items dim"]:
        """One row per item, in the same order; in `eval()` mode no row depends on another."""
        ...


@runtime_checkable
class Distance(Protocol):
    """Embeddings -> distances: 0 is alike, larger is less alike; symmetric; never negative."""

    def between(self, left: Float[Tensor, "pairs dim"], right: Float[Tensor, "pairs dim"]) -> Float[Tensor, " pairs"]:
        """Row by row."""
        ...

    def table(
        self, left: Float[Tensor, "rows dim"], right: Float[Tensor, "columns dim"]
    ) -> Float[Tensor, "rows columns"]:
        """All by all."""
        ...


@runtime_checkable
class PairLoss(Protocol):
    """Learns from pairs of which it is known whether they are the same."""

    takes: ClassVar[Literal["pairs"]]

    def __call__(self, distances: Float[Tensor, " pairs"], same: Bool[Tensor, " pairs"]) -> Float[Tensor, ""]:
        """One number, 0 or more where the loss has that bound."""
        ...


@runtime_checkable
class TableLoss(Protocol):
    """Learns from all distances of a batch at once: triplets, and one against many."""

    takes: ClassVar[Literal["table"]]

    def __call__(
        self,
        distances: Float[Tensor, "items items"],
        same: Bool[Tensor, "items items"],
        different: Bool[Tensor, "items items"],
    ) -> Float[Tensor, ""]:
        """One number; where the batch holds nothing to learn from, 0 with a gradient of 0."""
        ...


@runtime_checkable
class ProxyLoss(Protocol):
    """Learns from labels, with one learned vector (proxy) per label; an `nn.Module`."""

    takes: ClassVar[Literal["labels"]]

    def __call__(self, embeddings: Float[Tensor, "items dim"], labels: Int[Tensor, " items"]) -> Float[Tensor, ""]:
        """`labels` are numbers from 0 to the number of classes - 1."""
        ...
