"""Pictures in any light -> the same as if the light came evenly from all sides: batch steps of a preparation."""

from dataclasses import dataclass
from math import ceil, log

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from alikely.data.bounds import is_number, is_whole
from alikely.errors import SettingsError

# What keeps a picture without any contrast from a division by 0; far below one step of 255.
FAINT = 1e-6
# The exponent and the cut of Tan and Triggs.
FLATTENED, EXTREME = 0.1, 10.0


@dataclass(frozen=True)
class LocalLight:
    """Evens out the light: each pixel less the mean of the window around it, over the deviation in that window.

    With `logarithm`, the picture is first made log(1 + 255 x) / log 256, so that a light that multiplies adds. `floor`
    is added to the deviation, so that flat parts do not become noise. At the border the window goes on with the border
    pixel. In the manner of Tan and Triggs 2010 (gamma or log, then local contrast evened out), with a local mean in
    place of their difference of Gaussians.

    window: odd, 3 to 255 pixels. floor: more than 0, at most 1.
    """

    window: int = 9
    logarithm: bool = True
    floor: float = 0.02

    def __post_init__(self) -> None:
        if not is_whole(self.window) or not 3 <= self.window <= 255 or self.window % 2 == 0:
            raise SettingsError(f"window must be an odd number of pixels from 3 to 255, got {self.window!r}")
        if not isinstance(self.logarithm, bool):
            raise SettingsError(f"logarithm must be true or false, got {self.logarithm!r}")
        if not is_number(self.floor) or not 0 < self.floor <= 1:
            raise SettingsError(f"floor must be more than 0 and at most 1, got {self.floor!r}")

    def __call__(
        self, batch: Float[Tensor, "items channels height width"]
    ) -> Float[Tensor, "items channels height width"]:
        """The batch with mean about 0 and deviation about 1 in every window that is not flat."""
        if self.logarithm:
            batch = torch.log1p(255 * batch) / log(256)
        apart = batch - self._mean(batch)
        deviation = self._mean(apart.square()).sqrt()
        return apart / (deviation + self.floor)

    def _mean(self, batch: Tensor) -> Tensor:
        margin = self.window // 2
        rows = functional.pad(batch, (margin, margin, margin, margin), mode="replicate")
        # One axis after the other: 2 x window sums a pixel in place of window x window.
        return functional.avg_pool2d(functional.avg_pool2d(rows, (1, self.window), 1), (self.window, 1), 1)


@dataclass(frozen=True)
class TanTriggs:
    """Evens out the light as Tan and Triggs do: gamma, a difference of Gaussians, contrast equalised, extremes bent in.

    x ** gamma, so that a light that multiplies weighs less; less what is smoother than `inner` and than `outer` pixels;
    over the picture's mean of |x| ** 0.1, to the power 10, at first of all x and then of x cut off at 10; at last
    10 tanh(x / 10). Tan and Triggs 2010, equations 2 to 5, without their mask. Each channel by itself; at the border
    the picture goes on with the border pixel.

    gamma: more than 0, at most 1. inner, outer: deviations in pixels, more than 0, inner less than outer, at most 64.
    """

    gamma: float = 0.2
    inner: float = 1.0
    outer: float = 2.0

    def __post_init__(self) -> None:
        if not is_number(self.gamma) or not 0 < self.gamma <= 1:
            raise SettingsError(f"gamma must be more than 0 and at most 1, got {self.gamma!r}")
        if not is_number(self.inner) or not is_number(self.outer) or not 0 < self.inner < self.outer <= 64:
            raise SettingsError(
                "inner and outer must be pixels, more than 0 and at most 64, inner the smaller; "
                f"got {self.inner!r} and {self.outer!r}"
            )

    def __call__(
        self, batch: Float[Tensor, "items channels height width"]
    ) -> Float[Tensor, "items channels height width"]:
        """The batch with all values within -10..10, most of them within -1..1."""
        lifted = batch.clamp(min=0) ** self.gamma
        apart = _smooth(lifted, self.inner) - _smooth(lifted, self.outer)
        apart = apart / _mean_strength(apart.abs())
        apart = apart / _mean_strength(apart.abs().clamp(max=EXTREME))
        return EXTREME * torch.tanh(apart / EXTREME)


def _mean_strength(strengths: Tensor) -> Tensor:
    """mean(strength ** 0.1) ** 10 of each channel of each picture, so that extremes weigh little."""
    mean: Tensor = (strengths**FLATTENED).mean(dim=(2, 3), keepdim=True) ** (1 / FLATTENED)
    return mean.clamp(min=FAINT)


def _smooth(batch: Tensor, deviation: float) -> Tensor:
    """Averages with the weights of a Gaussian, cut off after 3 deviations."""
    margin = ceil(3 * deviation)
    places = torch.arange(-margin, margin + 1, device=batch.device, dtype=batch.dtype)
    weights = torch.exp(-0.5 * (places / deviation) ** 2)
    weights = weights / weights.sum()
    rows = functional.pad(batch, (margin, margin, margin, margin), mode="replicate")
    flat = rows.flatten(0, 1)[:, None]
    across = functional.conv2d(flat, weights[None, None, None, :])
    return functional.conv2d(across, weights[None, None, :, None]).reshape(batch.shape)
