"""Embeddings that have been computed already -> batches of them, checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from alikely.errors import InputError, ModelError, SettingsError
from alikely.types import Item, Kind

LONGEST = 65536


@dataclass(frozen=True)
class EmbeddingPreparation:
    """Meets `contracts.Preparation` for embeddings: each is an array of `dim` finite numbers."""

    kind: ClassVar[Kind] = "embedding"
    rereads: ClassVar[bool] = False

    dim: int

    def __post_init__(self) -> None:
        if not isinstance(self.dim, int) or isinstance(self.dim, bool) or not 1 <= self.dim <= LONGEST:
            raise SettingsError(f"embeddings have 1 to {LONGEST} numbers, got {self.dim!r}")

    def read_one(self, item: Item) -> Float[Tensor, " dim"]:
        """One embedding, float32. Raises InputError for what is none, for another length, and for NaN or infinity."""
        row = _as_row(item)
        if len(row) != self.dim:
            raise InputError(
                f"an embedding of {len(row)} numbers, where the others have {self.dim}; embed all items alike"
            )
        return torch.from_numpy(row)

    def join(self, read: Sequence[Tensor]) -> Float[Tensor, "items dim"]:
        """Embeddings that have been read as one batch."""
        return torch.stack(list(read))

    def fitted(self, items: Sequence[Item], read: Sequence[Tensor]) -> "EmbeddingPreparation":  # noqa: ARG002
        """The same: embeddings stay as they are."""
        return self

    def finish(self, batch: Float[Tensor, "items dim"]) -> Float[Tensor, "items dim"]:
        """The batch as it is."""
        return batch

    def facts(self) -> dict[str, Any]:
        """How many numbers the encoder is given."""
        return {"given": self.dim}

    def settings(self) -> dict[str, Any]:
        """The length; `embeddings_from` makes the preparation again."""
        return {"dim": self.dim}

    def files(self) -> dict[str, bytes]:
        """None: the settings say it all."""
        return {}


def draft_embeddings(items: Sequence[Item], settings: Mapping[str, Any]) -> EmbeddingPreparation:
    """The preparation for these embeddings: as long as most of the first hundred that can be read.

    Raises SettingsError for any setting: there is none. Without one embedding that can be read: InputError.
    """
    if settings:
        raise SettingsError(f"preparation: embeddings have no setting {min(settings)!r}; they have none")
    lengths, problem = [], "there are none"
    for item in items[:100]:
        try:
            lengths.append(len(_as_row(item)))
        except InputError as error:
            problem = str(error)
    if not lengths:
        raise InputError(f"no embedding can be read: {problem}")
    return EmbeddingPreparation(max(sorted(set(lengths)), key=lengths.count))


def embeddings_from(settings: Mapping[str, Any], files: Mapping[str, bytes]) -> EmbeddingPreparation:  # noqa: ARG001
    """The preparation that these settings describe. Raises ModelError where they do not fit."""
    if set(settings) != {"dim"}:
        raise ModelError(
            f"preparation: of embeddings it holds dim, and nothing else; got {', '.join(settings) or 'nothing'}"
        )
    try:
        return EmbeddingPreparation(settings["dim"])
    except SettingsError as error:
        raise ModelError(f"preparation: {error}") from None


def _as_row(item: Item) -> Float[np.ndarray, " dim"]:
    if not isinstance(item, np.ndarray):
        raise InputError(f"an embedding is an array of numbers, got {type(item).__name__}")
    if item.ndim != 1 or len(item) == 0 or item.dtype.kind not in "fiu":
        raise InputError(f"an embedding is one row of numbers, got shape {item.shape} of {item.dtype}")
    with np.errstate(over="ignore"):
        row = item.astype(np.float32)
    wrong = np.flatnonzero(~np.isfinite(row))
    if len(wrong):
        raise InputError(f"number {wrong[0] + 1} of the embedding is {item[wrong[0]]}, but all must be finite")
    return row
