"""A batch of sequences padded with NaN -> the same sequences seen otherwise: whole-batch tensor code.

All that changes times (stretching, warping, cutting) is one sampling of the batch; each sequence has its own draw.
Every draw comes from the generator: the same generator state gives the same batch, bit for bit.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import pi
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from alikely.data.augment import Draw
from alikely.data.strengths import check_strength, chosen_from

# The largest value of each strength that still makes sense.
LARGEST = {
    "jitter": 2.0,
    "scale": 1.0,
    "scale_each": 1.0,
    "rotate": 180.0,
    "stretch": 1.0,
    "warp": 0.9,
    "crop": 0.9,
    "drop_channel": 0.9,
}
FEWEST_STEPS = 2
# Waves of the warp of time: slow ones, so that times still rise.
WAVES = 3


@dataclass(frozen=True)
class SequenceAugmentation:
    """How strongly each sequence is changed; 0 leaves that change out, and the default changes nothing.

    "Uniform" and "drawn" mean: anew for each sequence. Sizes and noise are in shares of the deviation of that channel
    over that sequence; what is scaled or turned keeps its mean.

    jitter: a normal draw of this deviation is added at each step of each channel.
    scale: all channels are multiplied by e ** u, u uniform within plus and minus this.
    scale_each: the same with a draw for each channel.
    rotate: degrees; the first two channels (x and y of a pen, of a hand) are turned by an angle uniform within plus and
        minus this.
    stretch: the number of steps is multiplied by e ** u, u uniform within plus and minus this.
    warp: faster here and slower there: the speed differs from the even one by up to this share, in slow waves.
    crop: share of the steps; a window shorter by up to this, uniform in length and place, is what is left.
    drop_channel: probability of a channel to be replaced by its mean; one channel stays always.

    Raises SettingsError for a strength that is negative or larger than LARGEST says.
    """

    jitter: float = 0.0
    scale: float = 0.0
    scale_each: float = 0.0
    rotate: float = 0.0
    stretch: float = 0.0
    warp: float = 0.0
    crop: float = 0.0
    drop_channel: float = 0.0

    def __post_init__(self) -> None:
        for name, largest in LARGEST.items():
            check_strength(name, getattr(self, name), largest)

    def __call__(
        self, batch: Float[Tensor, "items steps channels"], generator: torch.Generator
    ) -> Float[Tensor, "items seen channels"]:
        """The batch changed, padded with NaN at the end as before. Where all strengths are 0: the batch itself."""
        if self == SequenceAugmentation():
            return batch
        draw = Draw(generator, batch)
        return self._changed(self._moved(batch, draw), draw)

    def settings(self) -> dict[str, float]:
        """The strengths by name; `build_sequence_augmentation` makes the same augmentation of them."""
        return asdict(self)

    def _moved(self, batch: Tensor, draw: Draw) -> Tensor:
        """All that changes times, in one sampling."""
        if not (self.stretch or self.warp or self.crop):
            return batch
        lengths = _held(batch).sum(dim=1).to(batch.dtype)
        cut = draw.upto(self.crop)
        start = draw.upto(1.0) * cut
        made = (lengths * (1 - cut) * draw.around(self.stretch).exp()).round().clamp(min=FEWEST_STEPS)
        places = torch.arange(int(made.max()), device=batch.device, dtype=batch.dtype)
        share = places / (made[:, None] - 1)
        if self.warp:
            share = share + self._waves(share, draw)
        taken = (start[:, None] + share * (1 - cut)[:, None]) * (lengths[:, None] - 1)
        sampled = sample(batch, taken.clamp(min=0).minimum(lengths[:, None] - 1))
        return sampled.where((places < made[:, None])[:, :, None], torch.nan)

    def _waves(self, share: Float[Tensor, "items seen"], draw: Draw) -> Float[Tensor, "items seen"]:
        """How far each share of the time is moved: 0 at both ends, with slopes of at most `warp` in all."""
        moved = torch.zeros_like(share)
        for wave in range(1, WAVES + 1):
            height = draw.around(self.warp) / (WAVES * wave * pi)
            moved = moved + height[:, None] * torch.sin(wave * pi * share)
        return moved

    def _changed(self, batch: Tensor, draw: Draw) -> Tensor:
        """All that changes numbers at their step."""
        held = _held(batch)[:, :, None]
        steps = held.sum(dim=1, keepdim=True)
        mean = batch.where(held, 0.0).sum(dim=1, keepdim=True) / steps
        apart = batch - mean
        deviation = (apart.square().where(held, 0.0).sum(dim=1, keepdim=True) / steps).sqrt()
        channels = batch.shape[2]
        if self.rotate and channels > 1:
            angle = draw.around(self.rotate * pi / 180)
            turn = torch.stack([angle.cos(), angle.sin(), -angle.sin(), angle.cos()], dim=1).reshape(-1, 2, 2)
            apart = torch.cat([apart[:, :, :2] @ turn, apart[:, :, 2:]], dim=2)
        if self.scale:
            apart = apart * draw.around(self.scale).exp()[:, None, None]
        if self.scale_each:
            apart = apart * torch.stack([draw.around(self.scale_each).exp() for _ in range(channels)], dim=1)[:, None]
        if self.drop_channel:
            chances = torch.stack([draw.upto(1.0) for _ in range(channels)], dim=1)
            kept = (chances >= self.drop_channel) | (chances == chances.amax(dim=1, keepdim=True))
            apart = apart * kept[:, None, :]
        if self.jitter:
            apart = apart + draw.normal(*batch.shape[1:]) * self.jitter * deviation
        return mean + apart


def sample(
    batch: Float[Tensor, "items steps channels"], places: Float[Tensor, "items seen"]
) -> Float[Tensor, "items seen channels"]:
    """Each sequence at these places (0: its first step), linear between its steps."""
    before = places.floor().long()
    after = (before + 1).clamp(max=batch.shape[1] - 1)
    share = (places - before)[:, :, None]
    left, right = (batch.take_along_dim(place[:, :, None], dim=1) for place in (before, after))
    # Where a place is a step, what comes after it may be padding.
    return torch.where(share > 0, left + (right - left) * share, left)


AUGMENTATIONS = {
    "none": SequenceAugmentation(),
    "light": SequenceAugmentation(jitter=0.02, scale=0.05, stretch=0.05, warp=0.1),
    "strong": SequenceAugmentation(jitter=0.05, scale=0.2, scale_each=0.1, stretch=0.15, warp=0.4, crop=0.15),
}


def build_sequence_augmentation(chosen: str | Mapping[str, Any]) -> SequenceAugmentation:
    """The preset of that name (none, light, strong), or the strengths given by name, all others 0.

    Raises SettingsError for an unknown preset or strength, and for one out of bounds; it lists the choices.
    """
    return chosen_from(AUGMENTATIONS, LARGEST, SequenceAugmentation, chosen)


def _held(batch: Float[Tensor, "items steps channels"]) -> Bool[Tensor, "items steps"]:
    return ~batch[:, :, 0].isnan()
