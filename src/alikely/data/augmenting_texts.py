"""A batch of texts as numbers of tokens -> the same texts with some of their tokens left out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from alikely.data.strengths import check_strength, chosen_from

LARGEST = {"drop": 0.9}


@dataclass(frozen=True)
class TextAugmentation:
    """How strongly each text is changed; by itself not at all.

    drop: probability with which each token is left out, drawn anew for each; the others close up, in their order. Of a
        text that would lose all its tokens, one is kept.

    Raises SettingsError for a probability outside of 0 to 0.9.
    """

    drop: float = 0.0

    def __post_init__(self) -> None:
        check_strength("drop", self.drop, LARGEST["drop"])

    def __call__(self, batch: Int[Tensor, "items tokens"], generator: torch.Generator) -> Int[Tensor, "items tokens"]:
        """The batch with fewer tokens, padded with -1 as before. Where `drop` is 0: the batch itself."""
        if not self.drop:
            return batch
        drawn = torch.rand(batch.shape, generator=generator, device=generator.device).to(batch.device)
        drawn = drawn.masked_fill(batch < 0, -1.0)
        # The token with the largest draw stays, whatever it is.
        kept = (drawn >= self.drop) | (drawn == drawn.amax(dim=1, keepdim=True))
        kept &= batch >= 0
        order = (~kept).to(torch.uint8).argsort(dim=1, stable=True)
        return batch.masked_fill(~kept, -1).gather(1, order)

    def settings(self) -> dict[str, float]:
        """The strengths by name; `build_text_augmentation` makes the same augmentation of them."""
        return asdict(self)


TEXT_AUGMENTATIONS = {
    "none": TextAugmentation(),
    "light": TextAugmentation(drop=0.1),
    "strong": TextAugmentation(drop=0.3),
}


def build_text_augmentation(chosen: str | Mapping[str, Any]) -> TextAugmentation:
    """The preset of that name (none, light, strong), or the strengths given by name, all others 0.

    Raises SettingsError for an unknown preset or strength, and for one out of bounds; it lists the choices.
    """
    return chosen_from(TEXT_AUGMENTATIONS, LARGEST, TextAugmentation, chosen)
