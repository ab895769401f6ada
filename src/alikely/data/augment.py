"""A batch of prepared pictures in 0..1 -> the same pictures seen otherwise, in 0..1: whole-batch tensor code.

All that moves pixels (turning, scaling, bending ...) is one sampling of the batch; each picture has its own draw. Every
draw comes from the generator: the same generator state gives the same batch, bit for bit.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import pi
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from alikely.data.strengths import check_strength, chosen_from

# The largest value of each strength that still makes sense.
LARGEST = {
    "rotate": 180.0,
    "scale": 1.0,
    "shear": 1.0,
    "shift": 0.5,
    "perspective": 0.45,
    "elastic": 0.2,
    "flip": 1.0,
    "crop": 0.9,
    "brightness": 1.0,
    "contrast": 2.0,
    "gamma": 2.0,
    "light_ramp": 1.0,
    "blur": 1.0,
    "erase": 0.9,
}

# Knots a side of the field by which `elastic` bends: enough to bend a stroke, too few to tear it.
KNOTS = 5


@dataclass(frozen=True)
class Augmentation:
    """How strongly each picture is changed; 0 leaves that change out, and the default changes nothing.

    "Uniform" and "drawn" mean: anew for each picture. `side` is the side of the frame. What comes from outside of the
    frame repeats the pixel at its border.

    rotate: degrees; the angle is uniform within plus and minus this.
    scale: width and height are each multiplied by e ** u, u uniform within plus and minus this.
    shear: each row is moved sideways by u times its height above the middle, u uniform within plus and minus this.
    shift: share of the side; right and down each uniform within plus and minus this.
    perspective: the plane is tilted: the size at the border of the frame is divided by 1 + u, to the right and down
        each, u uniform within plus and minus this.
    elastic: share of the side; the knots of a 5x5 grid are moved by a normal draw of this deviation, smooth between.
    flip: probability of a left-right mirror. 0 in all presets: signatures and characters do not flip; faces may.
    crop: share of the side; a window smaller by up to this, uniform in size and place, fills the frame.
    brightness: u is added, uniform within plus and minus this.
    contrast: differences from the picture's mean are multiplied by e ** u, u uniform within plus and minus this.
    gamma: pixels are raised to e ** u, u uniform within plus and minus this.
    light_ramp: a linear light of random direction is added: from -u on one side of the frame to +u on the other,
        u uniform in 0 to this.
    blur: share of the picture smoothed over 5x5 pixels (binomial weights) that is mixed in, uniform in 0 to this.
    erase: share of the side; a rectangle with sides uniform in 0 to this, anywhere, is filled with the picture's mean.

    Raises SettingsError for a strength that is negative or larger than LARGEST says.
    """

    rotate: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    perspective: float = 0.0
    elastic: float = 0.0
    flip: float = 0.0
    crop: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    gamma: float = 0.0
    light_ramp: float = 0.0
    blur: float = 0.0
    erase: float = 0.0

    def __post_init__(self) -> None:
        for name, largest in LARGEST.items():
            check_strength(name, getattr(self, name), largest)

    def __call__(
        self, batch: Float[Tensor, "items channels height width"], generator: torch.Generator
    ) -> Float[Tensor, "items channels height width"]:
        """The batch changed; pixels in 0..1 before and after. Where all strengths are 0: the batch itself."""
        draw = Draw(generator, batch)
        return self._lit(self._moved(batch, draw), draw)

    def settings(self) -> dict[str, float]:
        """The strengths by name; `build_augmentation` makes the same augmentation of them."""
        return asdict(self)

    def _moved(self, batch: Tensor, draw: "Draw") -> Tensor:
        """All that moves pixels, in one sampling."""
        moves = ("rotate", "scale", "shear", "shift", "perspective", "flip", "crop")
        if not self.elastic and not any(getattr(self, name) for name in moves):
            return batch
        bends = draw.normal(2, KNOTS, KNOTS) * (2 * self.elastic) if self.elastic else None
        return warp(batch, self._maps(batch, draw), bends)

    def _maps(self, batch: Tensor, draw: "Draw") -> Tensor:
        """Per item the 3x3 map from where a pixel is shown to where it is taken from; the frame is -1..1 both ways."""
        height, width = batch.shape[-2:]
        angle = draw.around(self.rotate * pi / 180)
        zeros, ones = torch.zeros_like(angle), torch.ones_like(angle)
        # Turned in pixels, not in shares of the frame, so that a picture that is not square keeps its angles.
        aspect = height / width
        turn = [
            [angle.cos(), -angle.sin() * aspect, zeros],
            [angle.sin() / aspect, angle.cos(), zeros],
            [zeros, zeros, ones],
        ]
        skew = [[ones, draw.around(self.shear) * aspect, zeros], [zeros, ones, zeros], [zeros, zeros, ones]]
        wide, tall = draw.around(self.scale).exp(), draw.around(self.scale).exp()
        tilt = [draw.around(self.perspective), draw.around(self.perspective), ones]
        size = [[wide, zeros, zeros], [zeros, tall, zeros], tilt]
        cut = draw.upto(self.crop)
        mirror = 1 - 2 * (draw.upto(1.0) < self.flip).to(cut.dtype)
        across = cut * draw.around(1.0) + draw.around(2 * self.shift)
        down = cut * draw.around(1.0) + draw.around(2 * self.shift)
        window = [[(1 - cut) * mirror, zeros, across], [zeros, 1 - cut, down], [zeros, zeros, ones]]
        return _matrices(window) @ _matrices(turn) @ _matrices(skew) @ _matrices(size)

    def _lit(self, batch: Tensor, draw: "Draw") -> Tensor:
        """All that changes pixels in their place."""
        if self.blur:
            batch = torch.lerp(batch, smoothed(batch), _per_item(draw.upto(self.blur)))
        if self.gamma:
            batch = batch.clamp(0, 1) ** _per_item(draw.around(self.gamma).exp())
        if self.contrast:
            mean = batch.mean(dim=(1, 2, 3), keepdim=True)
            batch = torch.lerp(mean, batch, _per_item(draw.around(self.contrast).exp()))
        if self.brightness:
            batch = batch + _per_item(draw.around(self.brightness))
        if self.light_ramp:
            batch = batch + ramps(batch, draw.upto(self.light_ramp), draw.upto(2 * pi))
        if self.erase:
            batch = self._erased(batch, draw)
        return batch.clamp(0, 1) if self != Augmentation() else batch

    def _erased(self, batch: Tensor, draw: "Draw") -> Tensor:
        inside = torch.ones(1, dtype=torch.bool, device=batch.device)
        for axis in (2, 3):
            length = draw.upto(self.erase)
            start = draw.upto(1.0) * (1 - length)
            size = batch.shape[axis]
            place = (torch.arange(size, device=batch.device, dtype=batch.dtype) + 0.5) / size
            row = (place >= start[:, None]) & (place < (start + length)[:, None])
            inside = inside & (row[:, None, :, None] if axis == 2 else row[:, None, None, :])
        return torch.where(inside, batch.mean(dim=(2, 3), keepdim=True), batch)


@dataclass(frozen=True)
class Draw:
    """Random numbers, one a picture of `batch`, on its device and in its precision; all of them from `generator`."""

    generator: torch.Generator
    batch: Tensor

    def upto(self, largest: float) -> Float[Tensor, " items"]:
        """Uniform in 0 to `largest`."""
        drawn = torch.rand(len(self.batch), generator=self.generator, device=self.generator.device)
        return drawn.to(self.batch) * largest

    def around(self, strength: float) -> Float[Tensor, " items"]:
        """Uniform within plus and minus `strength`."""
        return (2 * self.upto(1.0) - 1) * strength

    def normal(self, *shape: int) -> Float[Tensor, "items *shape"]:
        """Normal with deviation 1."""
        drawn = torch.randn(len(self.batch), *shape, generator=self.generator, device=self.generator.device)
        return drawn.to(self.batch)


def warp(
    batch: Float[Tensor, "items channels height width"],
    maps: Float[Tensor, "items 3 3"],
    bends: Float[Tensor, "items 2 knots knots"] | None,
) -> Float[Tensor, "items channels height width"]:
    """Each picture sampled (bilinear) where its map says.

    The frame is -1..1 to the right and down. Pixel (x, y) is taken from (a / c, b / c), (a, b, c) = map @ (x, y, 1).
    `bends` are added to that: right and down at the knots of a grid over the frame, smooth (bicubic) between.
    Outside of the frame: its border pixel.
    """
    height, width = batch.shape[-2:]
    x = _middles(width, batch)
    y = _middles(height, batch)
    frame = torch.stack([x.repeat(height), y.repeat_interleave(width), torch.ones_like(x).repeat(height)])
    taken = maps @ frame
    taken = taken[:, :2] / taken[:, 2:]
    if bends is not None:
        down, across = _between_knots(height, bends), _between_knots(width, bends)
        taken = taken + (down @ bends @ across.T).flatten(2)
    grid = taken.transpose(1, 2).reshape(len(batch), height, width, 2)
    return functional.grid_sample(batch, grid, mode="bilinear", padding_mode="border", align_corners=False)


def smoothed(
    batch: Float[Tensor, "items channels height width"],
) -> Float[Tensor, "items channels height width"]:
    """Averages over 5x5 pixels with binomial weights (1 4 6 4 1) / 16 both ways; the border pixel repeats."""
    # Sums of shifted views: ten times as fast on the CPU as a convolution with one channel.
    maps = functional.pad(batch, (2, 2, 2, 2), mode="replicate")
    for axis in (2, 3):
        size = batch.shape[axis]
        parts = [maps.narrow(axis, start, size) for start in range(5)]
        maps = parts[2] * 0.375 + (parts[1] + parts[3]) * 0.25 + (parts[0] + parts[4]) * 0.0625
    return maps


def ramps(
    batch: Float[Tensor, "items channels height width"],
    heights: Float[Tensor, " items"],
    angles: Float[Tensor, " items"],
) -> Float[Tensor, "items 1 height width"]:
    """Linear light over the frame, 0 in its middle, rising by `heights` a half side in direction `angles` (radians)."""
    x = _middles(batch.shape[3], batch)[None, None, None, :]
    y = _middles(batch.shape[2], batch)[None, None, :, None]
    return _per_item(heights * angles.cos()) * x + _per_item(heights * angles.sin()) * y


AUGMENTATIONS = {
    "none": Augmentation(),
    "light": Augmentation(rotate=5.0, scale=0.05, shear=0.05, shift=0.04, brightness=0.05, contrast=0.1),
    "strong": Augmentation(
        rotate=12.0,
        scale=0.15,
        shear=0.2,
        shift=0.08,
        elastic=0.025,
        brightness=0.1,
        contrast=0.2,
        gamma=0.2,
        light_ramp=0.1,
        blur=0.5,
        erase=0.2,
    ),
}


def build_augmentation(chosen: str | Mapping[str, Any]) -> Augmentation:
    """The preset of that name (none, light, strong), or the strengths given by name, all others 0.

    Raises SettingsError for an unknown preset or strength, and for one out of bounds; it lists the choices.
    """
    return chosen_from(AUGMENTATIONS, LARGEST, Augmentation, chosen)


def _middles(size: int, like: Tensor) -> Tensor:
    """Where the middles of `size` pixels lie in a frame from -1 to 1."""
    return (torch.arange(size, device=like.device, dtype=like.dtype) * 2 + 1) / size - 1


def _between_knots(size: int, bends: Tensor) -> Tensor:
    """Weights (size knots) that make values at `size` pixels of values at the knots; bicubic."""
    knots = bends.shape[-1]
    corners = torch.eye(knots, device=bends.device, dtype=bends.dtype)[None, None]
    return functional.interpolate(corners, size=(size, knots), mode="bicubic", align_corners=True)[0, 0]


def _matrices(rows: list[list[Tensor]]) -> Tensor:
    """3x3 lists of numbers per item -> (items 3 3)."""
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)


def _per_item(numbers: Tensor) -> Tensor:
    return numbers[:, None, None, None]
