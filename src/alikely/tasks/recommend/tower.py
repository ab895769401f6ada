"""Items as batches of their characteristics, and their numbers -> one vector an item: the same for all who like it."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from alikely.encoders import build_encoder, default_settings
from alikely.model import finished
from alikely.tasks.recommend.characteristics import Part, encoder_of
from alikely.tasks.recommend.settings import RecommendSettings
from alikely.types import Kind

SMALL = 0.05  # deviation of the vectors of items before they learn
ALONE = 4096  # items encoded at once, where nothing learns


class ItemTower(nn.Module):
    """The sum of a vector for each characteristic, by its encoder and a linear map, and one of the item's own.

    The items that somebody liked and those to recommend go through this one tower: that makes it Siamese. An item
    without a vector of its own (new, or left out in training) is what its characteristics say.

    parts: (kind, encoder, settings) of each characteristic. items: how many vectors of their own there are; may be 0.
    """

    def __init__(self, parts: Sequence[tuple[Kind, str, Mapping[str, Any]]], items: int, dim: int) -> None:
        super().__init__()
        self.described = tuple(parts)
        self.count = items
        self.dim = dim
        self.encoders = nn.ModuleList(build_encoder(name, settings) for _, name, settings in parts)
        self.maps = nn.ModuleList(nn.Linear(int(encoder.dim), dim, bias=False) for encoder in self.encoders)  # type: ignore[arg-type]
        self.own = nn.Parameter(torch.randn(items, dim) * SMALL)

    def forward(
        self, batches: Sequence[Tensor], places: Int[Tensor, " items"], with_own: Bool[Tensor, " items"]
    ) -> Float[Tensor, "items dim"]:
        """One vector an item, same order.

        `batches` hold what each encoder takes of these items; `places` which vector of their own they have, counted
        only where `with_own`.
        """
        vectors = torch.zeros(len(places), self.dim)
        if self.count:
            vectors = self.own[places.clamp(0, self.count - 1)] * with_own[:, None]
        for encoder, linear, batch in zip(self.encoders, self.maps, batches, strict=True):
            vectors = vectors + linear(encoder(batch))
        return vectors

    def settings(self) -> dict[str, Any]:
        """All arguments that make this tower again (without its weights)."""
        parts = [[kind, name, dict(settings)] for kind, name, settings in self.described]
        return {"parts": parts, "items": self.count, "dim": self.dim}


def make_tower(parts: Sequence[Part], items: int, settings: RecommendSettings) -> ItemTower:
    """A new tower for these characteristics. Raises SettingsError where an encoder does not take them."""
    described = []
    for part in parts:
        name = encoder_of(part.kind, settings)
        usual: dict[str, Any] = {"dim": 256, "normalise": True} if name == "bag" else {}
        if name == "mlp":
            usual = {"dim": settings.dim, "depth": 1, "norm": "none", "width": 2 * settings.dim, "normalise": False}
        chosen = {**default_settings(name, part.preparation.facts()), **usual}
        described.append((part.kind, name, {**chosen, **settings.encoder_settings.get(part.kind, {})}))
    return ItemTower(described, items if settings.ids else 0, settings.dim)


def finished_parts(parts: Sequence[Part], batches: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """What each encoder takes, of batches that have been read."""
    return tuple(finished(part.preparation, batch) for part, batch in zip(parts, batches, strict=True))


def vectors_of(
    tower: ItemTower, parts: Sequence[Part], batches: Sequence[Tensor], own: Int[Tensor, " items"]
) -> Float[Tensor, "items dim"]:
    """The vectors of many items, with nothing learning; `own` is -1 for an item without a vector of its own."""
    rows = []
    tower.eval()
    with torch.no_grad():
        for start in range(0, len(own), ALONE):
            some = slice(start, start + ALONE)
            taken = finished_parts(parts, [batch[some] for batch in batches])
            rows.append(tower(taken, own[some], own[some] >= 0))
    return torch.cat(rows)
