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
from alikely.data.sequences import SequencePreparation
from alikely.types import Item

WINDOWS = 16  # that a sequence is looked at in, beside its length, level and size
RUNS = (1, 2, 4)  # of them together


@dataclass(frozen=True, eq=False)
class Part:
    """A part of an item, and the item, as it was read, with this part as the nearest normal item has it.

    found: what the item has there, normal: what the nearest normal item has, as text.
    steps: of a part in time, its first step and that after its last, from 0.
    """

    where: str
    read: Tensor
    found: str = ""
    normal: str = ""
    steps: tuple[int, int] = (0, 0)

    def overlaps(self, other: "Part") -> bool:
        """Whether both are parts in time and share a step."""
        return max(self.steps[0], other.steps[0]) < min(self.steps[1], other.steps[1])


def columns_of(
    row: Float[Tensor, " columns"],
    normal: Float[Tensor, " columns"],
    preparation: RowPreparation,
    found: Mapping[str, str],
    usual: Mapping[str, str],
) -> list[Part]:
    """The columns in which a row differs from the normal one; `found` and `usual` are the cells of both."""
    parts = []
    for place, column in enumerate(preparation.columns):
        one, other = row[place], normal[place]
        if one == other or (one.isnan() and other.isnan()):
            continue
        made = row.clone()
        made[place] = other
        parts.append(Part(column.name, made, found.get(column.name, ""), usual.get(column.name, "")))
    return parts


def parts_of(
    sequence: Float[Tensor, "steps channels"],
    normal: Float[Tensor, "others channels"],
    preparation: SequencePreparation,
) -> list[Part]:
    """What of a sequence differs from the normal one: its length, the level and size of each channel, steps."""
    other = _at_length(normal, len(sequence))
    parts = _as_a_whole(sequence, normal, other, preparation) + _windows(sequence, other, preparation)
    return [part for part in parts if not torch.equal(part.read, sequence)]


def cells_of(row: Item, preparation: RowPreparation) -> Mapping[str, str]:
    """The cells of a row that was read without a mistake, as text, by the columns of the preparation."""
    named = as_names(row)
    return {column.name: text_of(named[column.name]) or "" for column in preparation.columns}


def _as_a_whole(
    sequence: Float[Tensor, "steps channels"],
    normal: Float[Tensor, "others channels"],
    other: Float[Tensor, "steps channels"],
    preparation: SequencePreparation,
) -> list[Part]:
    parts = [Part("length", _at_length(sequence, len(normal)), str(len(sequence)), str(len(normal)))]
    for channel in range(sequence.shape[1]):
        own, its, usual = sequence[:, channel], other[:, channel], normal[:, channel]
        level, size = float(own.mean()), float(own.std(correction=0))
        normal_level, normal_size = float(usual.mean()), float(usual.std(correction=0))
        # What does not move has no course that could be stretched.
        course = (own - level) * (normal_size / size) if size > 0 else its - its.mean()
        for what, made, found, wanted in (
            ("level", own - level + normal_level, level, normal_level),
            ("size", level + course, size, normal_size),
        ):
            changed = sequence.clone()
            changed[:, channel] = made
            parts.append(Part(what + _of(channel, preparation), changed, f"{found:.4g}", f"{wanted:.4g}"))
    return parts


def _windows(
    sequence: Float[Tensor, "steps channels"], other: Float[Tensor, "steps channels"], preparation: SequencePreparation
) -> list[Part]:
    """Parts in time, told by the mean of the channel that differs most there, by how much it moves as a whole."""
    steps = len(sequence)
    edges = np.unique(np.linspace(0, steps, min(WINDOWS, steps) + 1).round().astype(int))
    usual = sequence.new_tensor(preparation.sizes) if preparation.sizes else torch.ones_like(sequence[0])
    parts = []
    for start, end in [pair for run in RUNS for pair in zip(edges[:-run].tolist(), edges[run:].tolist(), strict=True)]:
        made = sequence.clone()
        made[start:end] = other[start:end]
        own, its = sequence[start:end].mean(dim=0), other[start:end].mean(dim=0)
        channel = int(((own - its).abs() / usual).argmax())
        mean = f"mean{_of(channel, preparation)}"
        found, wanted = f"{mean} {float(own[channel]):.4g}", f"{mean} {float(its[channel]):.4g}"
        parts.append(Part(f"steps {start + 1} to {end}", made, found, wanted, (start, end)))
    return parts


def _of(channel: int, preparation: SequencePreparation) -> str:
    """Which channel, where there are several."""
    if preparation.count == 1:
        return ""
    return f" of {preparation.channels[channel]}" if preparation.channels else f" of channel {channel + 1}"


def _at_length(sequence: Float[Tensor, "steps channels"], steps: int) -> Float[Tensor, "wanted channels"]:
    """At so many even times from the first step to the last, by linear interpolation."""
    if len(sequence) == steps:
        return sequence
    return functional.interpolate(sequence.T[None], size=steps, mode="linear", align_corners=True)[0].T
