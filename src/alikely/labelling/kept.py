"""An item <-> what is kept of it beside the answers, so that a table of pairs can be written without its source."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alikely.data.rows.cells import as_names, text_of
from alikely.errors import InputError
from alikely.types import Item, Kind


@dataclass(frozen=True)
class KeptItem:
    """An item by its `id` (a hash of what it says), its kind, and what it says.

    `identity` is the one that its source says it shows; None where that is not known.

    said: {"path": ...}, {"text": ...}, {"sequence": numbers}, or the cells of a row by their columns.
    """

    id: str
    kind: Kind
    said: Mapping[str, Any]
    identity: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        known = {} if self.identity is None else {"identity": self.identity}
        return {"id": self.id, "kind": self.kind, "said": dict(self.said), **known}


def kept_item(item: Item, kind: Kind, name: str, identity: str | None = None) -> KeptItem:
    """What is kept of an item. Raises InputError that begins with its name for one that no table can hold."""
    said = _said(item, kind, name)
    text = json.dumps([kind, said], sort_keys=True, ensure_ascii=True)
    return KeptItem(hashlib.sha256(text.encode()).hexdigest()[:16], kind, said, identity)


def kept_from(described: Mapping[str, Any]) -> KeptItem:
    """What `KeptItem.to_dict` wrote. Raises KeyError or TypeError for anything else."""
    return KeptItem(described["id"], described["kind"], dict(described["said"]), described.get("identity"))


def _said(item: Item, kind: Kind, name: str) -> dict[str, Any]:
    if kind == "text":
        return {"text": str(item)}
    if isinstance(item, Path):
        return {"path": str(item.absolute())}
    if kind == "row":
        return {column: text_of(cell) for column, cell in as_names(item).items()}
    if kind == "sequence" and isinstance(item, np.ndarray):
        values = np.stack([item[field] for field in item.dtype.names], axis=-1) if item.dtype.names else item
        return {"sequence": values.astype(np.float64).tolist()}
    if kind == "embedding":
        raise InputError(f"{name}: nobody can judge embeddings by looking at them; label the items that they are of")
    raise InputError(f"{name}: is a {kind} in memory, and labels are kept by its path; give items that are files")
