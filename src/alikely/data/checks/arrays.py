"""A sequence, or an embedding made elsewhere -> its look: how long it is, and where its channels lie."""

import numpy as np

from alikely.data.checks.looks import Look, digest_of_file_or_array
from alikely.data.sequences.opening import Opened, open_sequence
from alikely.types import Item

MOST_CHANNELS = 32  # that are told of by themselves


def look_at_sequence(item: Item, channels: tuple[str, ...] | None) -> Look:
    """It is empty where no channel ever changes; of named channels only `channels` are looked at (None: all).

    steps: how many. duration: from the first time to the last, where there are times. mean_X, deviation_X: of channel
    X, by its name or its number from 1. Raises InputError where it cannot be read.
    """
    opened = open_sequence(item, channels)
    names = opened.channels or tuple(str(place + 1) for place in range(opened.values.shape[1]))
    means, deviations = opened.values.mean(axis=0), opened.values.std(axis=0)
    told = {"steps": float(len(opened.values)), **_duration(opened)}
    for name, mean, deviation in list(zip(names, means, deviations, strict=True))[:MOST_CHANNELS]:
        told |= {f"mean_{name}": float(mean), f"deviation_{name}": float(deviation)}
    return Look(digest_of_file_or_array(item), empty=not deviations.any(), statistics=told)


def look_at_embedding(item: Item) -> Look:
    """It is empty where all its numbers are 0."""
    return Look(digest_of_file_or_array(item), empty=isinstance(item, np.ndarray) and not item.any())


def _duration(opened: Opened) -> dict[str, float]:
    if opened.times is None or not np.isfinite(opened.times[[0, -1]]).all():
        return {}
    return {"duration": float(opened.times[-1] - opened.times[0])}
