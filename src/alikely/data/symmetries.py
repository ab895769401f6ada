"""Square pictures and a number each -> the same pictures turned or mirrored: the eight symmetries of the square."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from alikely.errors import InputError, SettingsError

SYMMETRIES = {"none": (0,), "mirrored": (0, 4), "turned": (0, 1, 2, 3), "both": (0, 1, 2, 3, 4, 5, 6, 7)}


def turn(
    batch: Float[Tensor, "items channels height width"], symmetries: Int[Tensor, " items"]
) -> Float[Tensor, "items channels height width"]:
    """Each item turned or mirrored by its number, without any loss: one of the eight symmetries of the square.

    0: as it is. 1, 2, 3: that many quarter turns against the clock. 4: mirrored left-right. 5, 6, 7: mirrored
    left-right, then one, two, three quarter turns against the clock.
    Raises InputError for pictures that are not square and numbers outside of 0..7.
    """
    if batch.shape[-1] != batch.shape[-2]:
        raise InputError(
            f"only square pictures can be turned, got {batch.shape[-1]}x{batch.shape[-2]}; "
            "prepare them square, or leave turned classes out"
        )
    if len(symmetries) and not 0 <= int(symmetries.min()) <= int(symmetries.max()) <= 7:
        raise InputError(f"symmetries are numbers from 0 to 7, got {int(symmetries.min())} to {int(symmetries.max())}")
    turned = batch.clone()
    for number in range(1, 8):
        chosen = symmetries == number
        items = batch[chosen]
        if number >= 4:
            items = items.flip(-1)
        turned[chosen] = torch.rot90(items, number % 4, dims=(-2, -1))
    return turned


def symmetries_of(new_classes: str) -> tuple[int, ...]:
    """The symmetries (numbers for `turn`) by which every class is shown as a new one: none, mirrored, turned or both.

    none: (0,). mirrored: (0, 4). turned: (0, 1, 2, 3). both: 0 to 7. Raises SettingsError for another word.
    """
    if new_classes not in SYMMETRIES:
        raise SettingsError(f"new_classes must be one of {', '.join(SYMMETRIES)}, got {new_classes!r}")
    return SYMMETRIES[new_classes]
