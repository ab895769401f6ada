"""An item and the nearest normal one in; the item with one part at a time made normal, out: what its reasons are of."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from alikely.data.rows import RowPreparation
from alikely.data.rows.cells import as_names, text_of
from alikely.types import Item

WINDOWS = 16  # that a sequence is looked at in


@dataclass(frozen=True, eq=False)
class Part:
    """A part of an item, and the item, as it was read, with this part as the nearest normal item has it."""

    where: str
    read: Tensor


def columns_of(
    row: Float[Tensor, " columns"], normal: Float[Tensor, " columns"], preparation: RowPreparation
) -> list[Part]:
    """The columns in which a row differs from the normal one."""
    parts = []
    for place, column in enumerate(preparation.columns):
        one, other = row[place], normal[place]
        if one == other or (one.isnan() and other.isnan()):
            continue
        made = row.clone()
        made[place] = other
        parts.append(Part(column.name, made))
    return parts


def windows_of(sequence: Float[Tensor, "steps channels"], normal: Float[Tensor, "others channels"]) -> list[Part]:
    """Parts of a sequence in time, each with what the normal one does in the same part of its own time."""
    steps = len(sequence)
    other = functional.interpolate(normal.T[None], size=steps, mode="linear", align_corners=True)[0].T
    edges = np.unique(np.linspace(0, steps, min(WINDOWS, steps) + 1).round().astype(int))
    parts = []
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        made = sequence.clone()
        made[start:end] = other[start:end]
        if not torch.equal(made, sequence):
            parts.append(Part(f"steps {start + 1} to {end}", made))
    return parts


def cells_of(row: Item, preparation: RowPreparation) -> Mapping[str, str]:
    """The cells of a row that was read without a mistake, as text, by the columns of the preparation."""
    named = as_names(row)
    return {column.name: text_of(named[column.name]) or "" for column in preparation.columns}
