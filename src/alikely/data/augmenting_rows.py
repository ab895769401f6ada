"""A batch of rows -> the same rows with some cells taken from other rows of the batch: whole-batch tensor code."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from alikely.data.strengths import check_strength, chosen_from

LARGEST = {"corrupt": 1.0}


@dataclass(frozen=True)
class RowAugmentation:
    """Each cell becomes, with the probability `corrupt`, that of another row of the batch, drawn anew for each cell.

    So every column keeps its own distribution, and what depends on several columns is blurred. It is done to rows as
    `RowPreparation.read_one` gives them, one number a cell, so that a missing cell, a date or a category moves whole.
    Bahri et al. 2022 (SCARF), section 3, where a fixed share of the cells is taken; here each is drawn by itself.

    Raises SettingsError for a probability outside of 0..1.
    """

    corrupt: float = 0.0

    def __post_init__(self) -> None:
        check_strength("corrupt", self.corrupt, LARGEST["corrupt"])

    def __call__(
        self, batch: Float[Tensor, "items columns"], generator: torch.Generator
    ) -> Float[Tensor, "items columns"]:
        """The batch with corrupted cells; a batch of one row, and every batch where `corrupt` is 0, as it is."""
        count = len(batch)
        if count < 2 or not self.corrupt:
            return batch
        device = generator.device
        steps = torch.randint(1, count, batch.shape, generator=generator, device=device)
        others = (torch.arange(count, device=device)[:, None] + steps) % count
        corrupted = torch.rand(batch.shape, generator=generator, device=device) < self.corrupt
        return torch.where(corrupted.to(batch.device), batch.gather(0, others.to(batch.device)), batch)

    def settings(self) -> dict[str, float]:
        """The strengths by name; `build_row_augmentation` makes the same augmentation of them."""
        return asdict(self)


ROW_AUGMENTATIONS = {
    "none": RowAugmentation(),
    "light": RowAugmentation(corrupt=0.1),
    # Two such views agree in 0.63² = 0.4 of their cells, as do a row and the corrupted one of it in the paper.
    "strong": RowAugmentation(corrupt=0.37),
}


def build_row_augmentation(chosen: str | Mapping[str, Any]) -> RowAugmentation:
    """The preset of that name (none, light, strong), or the strengths given by name.

    Raises SettingsError for an unknown preset or strength, and for one out of bounds; it lists the choices.
    """
    return chosen_from(ROW_AUGMENTATIONS, LARGEST, RowAugmentation, chosen)
