"""Batches padded to their longest item -> how long each item is, its first layer, and one vector of all its steps.

Texts are whole numbers (items tokens), padded with -1 at the end; sequences are floats (items steps channels), padded
with NaN at the end. Nothing here lets the padding into an item's answer.
"""

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor, nn

from alikely.errors import SettingsError
from alikely.types import Kind

WITH_LENGTH: tuple[Kind, ...] = ("text", "sequence")
PADDING = -1
POOLINGS = ("attention", "max", "mean", "last")


def lengths_of(batch: Shaped[Tensor, "items steps *channels"]) -> Int[Tensor, " items"]:
    """How many steps each item has without its padding; 1 where it has none, so that it still has an answer."""
    present = batch != PADDING if not batch.is_floating_point() else ~batch.isnan().flatten(2).all(dim=2)
    steps = torch.arange(1, batch.shape[1] + 1, device=batch.device)
    return (present * steps).amax(dim=1).clamp(min=1)


def inside(lengths: Int[Tensor, " items"], steps: int) -> Bool[Tensor, "items steps"]:
    """Which of the `steps` belong to the item, and are not padding."""
    return torch.arange(steps, device=lengths.device) < lengths[:, None]


def turned(
    batch: Float[Tensor, "items steps width"], lengths: Int[Tensor, " items"]
) -> Float[Tensor, "items steps width"]:
    """Each item from its last step to its first; the padding stays where it is. Done twice, it is the same again."""
    steps = torch.arange(batch.shape[1], device=batch.device)
    # A permutation: no step is taken twice, so the gradient is one addition each, the same in every run.
    place = torch.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)
    return batch.gather(1, place[:, :, None].expand_as(batch))


def check_steps(owner: str, batch: Tensor, tokens: int, channels: int) -> None:
    """The batch is what the encoder was built for: texts of `tokens` kinds of tokens, or floats of `channels`.

    Raises SettingsError for any other.
    """
    if tokens and (batch.is_floating_point() or batch.dim() != 2):
        raise SettingsError(f"{owner} was built for texts of tokens, got {_in_words(batch)}; build it with channels")
    # In a graph that is exported nothing can depend on what the numbers are; a token too large is refused there, too.
    if tokens and not torch.compiler.is_compiling() and batch.numel() and int(batch.max()) >= tokens:
        raise SettingsError(
            f"{owner} was built for {tokens} tokens (0 to {tokens - 1}), got token {int(batch.max())}; "
            "use the preparation that it was trained with"
        )
    if not tokens and (not batch.is_floating_point() or batch.dim() != 3):
        raise SettingsError(f"{owner} was built for sequences of floats, got {_in_words(batch)}; build it with tokens")
    if not tokens and batch.shape[2] != channels:
        raise SettingsError(
            f"{owner} was built for sequences of {channels} channel{'' if channels == 1 else 's'}, "
            f"got {batch.shape[2]}; build it with channels={batch.shape[2]}"
        )


def _in_words(batch: Tensor) -> str:
    return f"{'floats' if batch.is_floating_point() else 'whole numbers'} of {batch.dim()} axes"


class Front(nn.Module):
    """The first layer: a table with one learned row a token, or one linear layer over the channels of each step."""

    def __init__(self, owner: str, tokens: int, channels: int, width: int) -> None:
        super().__init__()
        if (tokens > 0) == (channels > 0):
            raise SettingsError(
                f"{owner} takes texts (tokens of 1 and up) or sequences (channels of 1 and up), "
                f"got tokens={tokens} and channels={channels}; give one of them"
            )
        self.owner, self.tokens, self.channels = owner, tokens, channels
        self.layer = nn.Embedding(tokens, width) if tokens else nn.Linear(channels, width)
        if isinstance(self.layer, nn.Embedding):
            nn.init.normal_(self.layer.weight, 0.0, width**-0.5)

    def forward(self, batch: Shaped[Tensor, "items steps *channels"]) -> Float[Tensor, "items steps width"]:
        """What each step looks like to the next layer. Raises SettingsError for a batch that does not fit."""
        check_steps(self.owner, batch, self.tokens, self.channels)
        known = batch.clamp(min=0) if self.tokens else torch.where(batch.isnan(), 0.0, batch)
        features: Tensor = self.layer(known)
        return features


class Pooling(nn.Module):
    """All steps of an item -> one vector.

    attention: a mean with weights that the network learns to give: softmax(v tanh(W step)).
    max, mean: of each feature over the steps.
    last: the last step; of the features that ran the other way (the second half, if `both_ways`), the first.
    """

    def __init__(self, pooling: str, width: int, both_ways: bool) -> None:
        super().__init__()
        self.pooling, self.both_ways = pooling, both_ways
        if pooling == "attention":
            self.weigh = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1, bias=False))

    def forward(
        self, steps: Float[Tensor, "items steps width"], lengths: Int[Tensor, " items"]
    ) -> Float[Tensor, "items width"]:
        """One vector an item, of its own steps alone."""
        present = inside(lengths, steps.shape[1])[:, :, None]
        if self.pooling == "attention":
            weights: Tensor = self.weigh(steps).masked_fill(~present, -torch.inf).softmax(dim=1)
            return (weights * torch.where(present, steps, 0.0)).sum(dim=1)
        if self.pooling == "max":
            return steps.masked_fill(~present, -torch.inf).amax(dim=1)
        if self.pooling == "mean":
            return torch.where(present, steps, 0.0).sum(dim=1) / lengths[:, None]
        last = steps.gather(1, (lengths - 1)[:, None, None].expand(-1, 1, steps.shape[2]))[:, 0]
        if not self.both_ways:
            return last
        half = steps.shape[2] // 2
        return torch.cat([last[:, :half], steps[:, 0, half:]], dim=1)
