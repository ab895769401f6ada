"""What a transformer says of each token, or each place of a picture -> one row an item."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from alikely.errors import SettingsError

POOLINGS = ("mean", "cls", "max", "last", "mean_sqrt", "pooled")


def require_pooling(pooling: str) -> None:
    """Raise SettingsError unless it is one of POOLINGS, or several joined by "+"."""
    for part in pooling.split("+"):
        if part not in POOLINGS:
            raise SettingsError(
                f"pretrained: pooling must be one of {', '.join(POOLINGS)}, or several of them such as mean+max; "
                f"got {pooling!r}"
            )


def pool(
    pooling: str,
    states: Float[Tensor, "items places width"],
    present: Bool[Tensor, "items places"],
    pooled: Float[Tensor, "items pooled_width"] | None,
) -> Float[Tensor, "items rows_width"]:
    """One row an item, from the places that are present. Several poolings stand side by side in it.

    mean, max: over the places; mean_sqrt: their sum over the root of their number; cls: the first place; last: the last
    one present; pooled: what the network itself makes of them (`pooled`). Padding has no part in any of them.
    """
    return torch.cat([_one(part, states, present, pooled) for part in pooling.split("+")], dim=1)


def _one(pooling: str, states: Tensor, present: Tensor, pooled: Tensor | None) -> Tensor:
    if pooling == "pooled":
        if pooled is None:
            raise SettingsError("pretrained: this network pools nothing itself; choose pooling = mean or cls")
        return pooled
    if pooling == "cls":
        return states[:, 0]
    if pooling == "last":
        places = torch.arange(states.shape[1], device=states.device)
        last = torch.where(present, places, -1).amax(dim=1).clamp(min=0)
        return states[torch.arange(len(states), device=states.device), last]
    if pooling == "max":
        return states.masked_fill(~present[..., None], -torch.inf).amax(dim=1)
    weight = present[..., None].to(states.dtype)
    count = weight.sum(dim=1).clamp(min=1)
    total = (states * weight).sum(dim=1)
    return total / (count.sqrt() if pooling == "mean_sqrt" else count)
