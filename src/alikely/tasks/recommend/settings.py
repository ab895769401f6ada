"""What decides how a recommender learns: settings with their bounds and defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from alikely.encoders import ENCODERS
from alikely.errors import SettingsError
from alikely.types import Kind

# For each number: the least and the most.
_BOUNDS: dict[str, tuple[float, float]] = {
    "dim": (2, 4096),
    "heads": (1, 64),
    "longest": (1, 10_000),
    "epochs": (0, 100_000),
    "people_per_batch": (1, 100_000),
    "candidates": (2, 10_000_000),
    "learning_rate": (1e-8, 10),
    "weight_decay": (0, 10),
    "id_dropout": (0, 1),
    "dropout": (0, 0.95),
    "hold_back": (0.05, 0.5),
    "neighbours": (1, 10_000),
    "seed": (0, 2**31 - 1),
}
LEAVE_OUT = "leave_out"
_KINDS = (*get_args(Kind), LEAVE_OUT)


@dataclass(frozen=True)
class RecommendSettings:
    """Everything that decides how a recommender is made. The defaults suit a few thousand items.

    columns: what a column of the items holds, where it is not plain: "text", "picture", "sequence", "embedding", "row"
        (a cell of the item's row), or "leave_out" (to filter by and to show, but not to learn from). By themselves
        `text`, `path` and `embedding` are what they are called, and all others are cells of the row.
    encoders, encoder_settings, preparation: by the kind of a characteristic, where it is not the usual one.
    ids: whether an item also has a learned vector of its own, beside what its characteristics say.
    liked: the least rating that is liking; None: each row of the histories is. What is rated lower was seen only.
    longest: how many liked items the attention looks at, the latest ones.
    dim, heads: length of the vectors of items and people; how many ways a person's items are weighed.
    id_dropout: share of the items whose own vector is left out in a step, so that characteristics learn to do alone.
    dropout: share of the numbers of a person's vector that are left out in a step.
    epochs, people_per_batch, learning_rate, weight_decay: as everywhere; 0 epochs: no network.
    candidates: where there are more items than this, so many are drawn in each step to rank the liked ones among.
    hold_back: share of each person's liked items, and of all items, that choose strengths and weights.
    ridge: the strengths of the penalty between items from which one is chosen.
    content_ridge: the same for what characteristics say.
    neighbours: for each item, so many others are remembered with their weight.
    seed: equal seeds give equal recommenders on the same machine.

    Raises SettingsError for a value out of its bounds.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    encoders: Mapping[Kind, str] = field(default_factory=dict)
    encoder_settings: Mapping[Kind, Mapping[str, Any]] = field(default_factory=dict)
    preparation: Mapping[Kind, Mapping[str, Any]] = field(default_factory=dict)
    ids: bool = True
    liked: float | None = None
    longest: int = 200
    dim: int = 64
    heads: int = 2
    id_dropout: float = 0.3
    dropout: float = 0.2
    epochs: int = 40
    people_per_batch: int = 128
    learning_rate: float = 5e-3
    weight_decay: float = 1e-4
    candidates: int = 2_000
    hold_back: float = 0.2
    ridge: tuple[float, ...] = (100.0, 200.0, 400.0)
    content_ridge: tuple[float, ...] = (100.0, 300.0)
    neighbours: int = 500
    seed: int = 0

    def __post_init__(self) -> None:
        for name, (least, most) in _BOUNDS.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
                raise SettingsError(f"{name} = {value!r}: must be a number from {least:g} to {most:g}")
        for name in ("ridge", "content_ridge"):
            if not getattr(self, name) or min(getattr(self, name)) <= 0:
                raise SettingsError(f"{name} = {getattr(self, name)!r}: must be one or more numbers above 0")
        for column, kind in self.columns.items():
            if kind not in _KINDS:
                raise SettingsError(f"columns: {column!r} is said to be {kind!r}; choose one of {', '.join(_KINDS)}")
        for name in self.encoders.values():
            if name not in ENCODERS:
                raise SettingsError(f"there is no encoder {name!r}; choose one of {', '.join(ENCODERS)}")

    def with_epochs(self, epochs: int | None) -> "RecommendSettings":
        """The same with so many epochs; None leaves them as they are."""
        return self if epochs is None else replace(self, epochs=epochs)
