"""Pictures in; a calibration of how near copies of them come, and how near different ones do, out.

There may be copies among the pictures, and nobody has said which they are. So what counts as a copy is said by changes
that are made here: two of the pictures as near to each other as half of the changed copies come to their originals are
taken for copies too, whatever they show, and all others for different. Were all pairs counted as different, the limit
would fall below the copies that are looked for: the more of them, the fewer would be found.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8

from alikely.calibration import Calibration, calibrate
from alikely.data.checks.pictures import look_at_picture
from alikely.data.pictures import open_picture
from alikely.metrics import PairDistances
from alikely.tasks.duplicates.changed import changed
from alikely.tasks.duplicates.windows import ThroughWindows, views_of
from alikely.types import Item

SAMPLED = 1000  # pictures: half a million pairs
COPIES = 2  # of each, changed at random
FEWEST = 20  # pictures, for a limit to mean anything
AS_COPIES = 0.5  # share of the changed copies
STRIP = 64


def calibration_of_looks(
    items: Sequence[Item], thumbnails: UInt8[np.ndarray, "items side side"], seed: int
) -> Calibration | None:
    """Same: a picture and a copy of it that was changed at random. Different: two of the pictures, if not as near.

    None for fewer than 20 pictures. The identities of the calibration are the pictures.
    """
    if len(items) < FEWEST:
        return None
    generator = np.random.default_rng(seed)
    chosen = np.sort(generator.permutation(len(items))[:SAMPLED])
    own = torch.from_numpy(views_of(thumbnails[chosen]))
    thumbnails_of_copies = []
    for number in chosen:
        picture = open_picture(items[number])
        looks = [look_at_picture(changed(picture, generator)) for _ in range(COPIES)]
        thumbnails_of_copies += [look.thumbnail for look in looks if look.thumbnail is not None]
    whose = np.repeat(np.arange(len(chosen)), COPIES)
    with torch.inference_mode():
        copies = torch.from_numpy(views_of(np.stack(thumbnails_of_copies)))
        near = ThroughWindows().between(own[torch.from_numpy(whose)], copies).numpy()
    different, sides = _farther(own, float(np.quantile(near, AS_COPIES)))
    pairs = PairDistances(
        same=near,
        different=different,
        same_identities=np.stack([whose, whose], axis=1),
        different_identities=sides,
        identities=len(chosen),
        items=len(chosen),
    )
    return calibrate(pairs, "through_windows", None)


def _farther(
    own: Float[torch.Tensor, "items numbers"], least: float
) -> tuple[Float[np.ndarray, " pairs"], Int[np.ndarray, "pairs 2"]]:
    """The distances of all pairs that are farther apart than `least`, and which they are."""
    with torch.inference_mode():
        strips = [ThroughWindows().table(own[start : start + STRIP], own) for start in range(0, len(own), STRIP)]
    table = torch.cat(strips).numpy()
    row, column = np.nonzero(np.triu(table > least, k=1))
    return table[row, column], np.stack([row, column], axis=1)
