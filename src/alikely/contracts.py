"""The parts that can be swapped, on one page. Meet a Protocol, add one line to its family's table: that is all.

item ── Preparation.read_one ── join ──▶ batch ── Augmentation ── Preparation.finish ──▶ Encoder ──▶ embeddings
                                                                                                        │
         loss ◀── PairLoss | TableLoss | ScoreLoss | ProxyLoss | KnownLoss | ViewLoss ◀── Distance ◀────┤
                                                                                                        ▼
                                                                              kept and found again: Store
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

from alikely.types import Item, Kind, Known, Nearest, Templates


@runtime_checkable
class Preparation(Protocol):
    """Raw items -> tensors. It is kept with the model, so that an item is always prepared alike.

    `rereads` says that `fitted` changes what `read_one` gives, so that items are read anew then.
    """

    kind: ClassVar[Kind]
    rereads: ClassVar[bool]

    def read_one(self, item: Item) -> Tensor:
        """Open, check and shape one item: the slow part, done once. Raises InputError naming it."""
        ...

    def join(self, read: Sequence[Tensor]) -> Shaped[Tensor, "items *shape"]:
        """Items that have been read -> one batch; shorter ones are padded at their end."""
        ...

    def fitted(self, items: Sequence[Item], read: Sequence[Tensor]) -> "Preparation":
        """The same, with what only training items may tell: mean and deviation, tokens, categories.

        `items` are all training items, `read` what `read_one` gave for some of them (for none, where it `rereads`).
        """
        ...

    def finish(self, batch: Shaped[Tensor, "items *shape"]) -> Shaped[Tensor, "items *finished"]:
        """What is done to a whole batch on its device, after augmentation and before the encoder."""
        ...

    def facts(self) -> dict[str, Any]:
        """What an encoder must know of the items: channels and size, the number of tokens ..., by its arguments."""
        ...

    def settings(self) -> dict[str, Any]:
        """What is needed, with `files`, to make this preparation again, as JSON can hold it."""
        ...

    def files(self) -> dict[str, bytes]:
        """What is too large for `settings`, by the name of a file."""
        ...


@runtime_checkable
class Augmentation(Protocol):
    """A batch -> the same items seen otherwise, before `Preparation.finish`; every draw comes from the generator."""

    def __call__(
        self, batch: Shaped[Tensor, "items *shape"], generator: torch.Generator
    ) -> Shaped[Tensor, "items *seen"]:
        """The batch changed; the same state of the generator gives the same batch, bit for bit."""
        ...


@runtime_checkable
class Encoder(Protocol):
    """Items -> embeddings, an `nn.Module`. Every item of a pair goes through the same one: that makes it Siamese.

    It gets what the preparation's `finish` gave: pictures (items channels height width), texts as numbers of tokens
    (items tokens) with -1 behind the end, rows (items columns), sequences (items steps channels) with NaN behind the
    end, embeddings (items dim).
    """

    dim: int

    def __call__(self, batch: Shaped[Tensor, "items *shape"]) -> Float[Tensor, "items dim"]:
        """One row per item, in the same order; in `eval()` mode no row depends on another, nor on the padding."""
        ...


@runtime_checkable
class Engine(Protocol):
    """What gives embeddings in the encoder's place: a network made for speed, or requests joined into batches."""

    def __call__(self, read: Shaped[Tensor, "items *shape"]) -> Float[np.ndarray, "items dim"]:
        """A float32 row for each item that was read and joined, in their order; several threads may call it at once."""
        ...


@runtime_checkable
class Starting(Protocol):
    """What an encoder may have beside: weights that it finds in the training items at once, before the first epoch."""

    def start(self, batch: Shaped[Tensor, "items *shape"], labels: Int[np.ndarray, " items"]) -> None:
        """Set the weights. `batch` are all training items as the encoder takes them, `labels` numbers of identities."""
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
        distances: Float[Tensor, "anchors items"],
        same: Bool[Tensor, "anchors items"],
        different: Bool[Tensor, "anchors items"],
    ) -> Float[Tensor, ""]:
        """One number; where there is nothing to learn from, 0 with a gradient of 0.

        Rows are anchors, columns what they are compared with: first the same items, then, maybe, earlier ones.
        """
        ...


@runtime_checkable
class ScoreLoss(Protocol):
    """Learns from pairs of which it is known how alike they are."""

    takes: ClassVar[Literal["scores"]]

    def __call__(
        self,
        left: Float[Tensor, "pairs dim"],
        right: Float[Tensor, "pairs dim"],
        distances: Float[Tensor, " pairs"],
        scores: Float[Tensor, " pairs"],
    ) -> Float[Tensor, ""]:
        """One number; `left` and `right` are the embeddings, `scores` lie in 0 (not alike) to 1 (fully alike)."""
        ...


@runtime_checkable
class KnownLoss(Protocol):
    """Learns from the embeddings themselves, by a distance of its own, and all that is known of them."""

    takes: ClassVar[Literal["known"]]

    def __call__(self, embeddings: Float[Tensor, "items dim"], known: Known) -> Float[Tensor, ""]:
        """One number. Raises SettingsError where it cannot learn from what is known."""
        ...


@runtime_checkable
class ProxyLoss(Protocol):
    """Learns from labels, with one learned vector (proxy) per label; an `nn.Module`."""

    takes: ClassVar[Literal["labels"]]

    def __call__(self, embeddings: Float[Tensor, "items dim"], labels: Int[Tensor, " items"]) -> Float[Tensor, ""]:
        """`labels` are numbers from 0 to the number of classes - 1."""
        ...


@runtime_checkable
class ViewLoss(Protocol):
    """Learns from two views of each item, with no label; an `nn.Module`, for what it learns beside the encoder."""

    takes: ClassVar[Literal["views"]]

    def __call__(self, left: Float[Tensor, "items dim"], right: Float[Tensor, "items dim"]) -> Float[Tensor, ""]:
        """One number, 0 or more; row i of `left` and row i of `right` are the embeddings of two views of one item."""
        ...


# How a store measures. Every distance of ours is one of these, or grows with one, or is one after a change of scale.
Metric = Literal["euclidean", "cosine", "manhattan"]


@runtime_checkable
class Store(Protocol):
    """Templates kept and found again. What a method has returned from is kept, whatever happens next.

    `where` is a condition on the user's fields, such as `shop = 'B' and price < 20` (stores/filters.py says what is
    allowed); None is no condition. `about` is what its maker wrote down when the store was made, as JSON can hold it.
    Raises GalleryError where the store is damaged beyond mending or another writes too long, SettingsError for a
    condition that is none, StorageError where the disk is full.
    """

    dim: int
    metric: Metric
    about: Mapping[str, Any]

    def put(self, templates: Templates) -> int:
        """Keep these; a key that is there is replaced. Gives how many keys were new."""
        ...

    def remove(self, keys: Collection[str] = (), identities: Collection[str] = ()) -> int:
        """Remove the templates with these keys, and those of these identities. Gives how many there were."""
        ...

    def search(
        self, queries: Float[np.ndarray, "queries dim"], k: int, where: str | None = None, with_fields: bool = False
    ) -> Nearest:
        """For each query its `k` nearest templates, as many as there are that meet the condition."""
        ...

    def read(
        self,
        keys: Collection[str] | None = None,
        identities: Collection[str] | None = None,
        where: str | None = None,
    ) -> Iterator[Templates]:
        """The templates that meet all that is given, in the order of their enrolment, in pieces that fit in memory."""
        ...

    def has(self, keys: Collection[str]) -> set[str]:
        """Those of the keys that are there."""
        ...

    def beginning(self, beginnings: Collection[str]) -> dict[str, str]:
        """The keys that begin with one of these texts, and the identity of each."""
        ...

    def count(self, where: str | None = None) -> int:
        """How many templates there are that meet the condition."""
        ...

    def identities(self, where: str | None = None) -> dict[str, int]:
        """All identities in alphabetical order, and how many templates each has."""
        ...

    def stamp(self) -> str:
        """Another text after each change, whoever made it; cheap to ask for."""
        ...

    def close(self) -> None:
        """Let go of files and connections; afterwards nothing else may be called."""
        ...
