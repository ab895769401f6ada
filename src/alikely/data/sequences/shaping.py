"""A sequence -> the same at other points of time, by linear interpolation."""

import numpy as np
from jaxtyping import Float

from alikely.errors import InputError

MOST_MADE = 10_000_000


def evened(
    values: Float[np.ndarray, "steps channels"], times: Float[np.ndarray, " steps"] | None, step: float
) -> Float[np.ndarray, "made channels"]:
    """The sequence at its first time, and every `step` after it, up to its last time; without times, these count steps.

    Of several steps at one time, the mean counts. Raises InputError for times that are missing or go backwards, and
    where that makes one step only, or millions.
    """
    if times is None:
        times = np.arange(len(values), dtype=np.float64)
    missing, back = np.flatnonzero(~np.isfinite(times)), np.flatnonzero(np.diff(times) < 0)
    if len(missing):
        raise InputError(f"has no time at step {missing[0] + 1}; fill it, or leave the column of times out")
    if len(back):
        raise InputError(
            f"time goes backwards from {times[back[0]]:g} at step {back[0] + 1} to {times[back[0] + 1]:g}; sort the "
            "steps by time, cut the sequence there, or take the steps as they are: leave step out of the preparation"
        )
    if (np.diff(times) == 0).any():
        times, places, counts = np.unique(times, return_inverse=True, return_counts=True)
        values = np.stack([np.bincount(places, column) / counts for column in values.T], axis=1)
    # A last step that rounding would lose is kept.
    made = int((times[-1] - times[0]) / step * (1 + 1e-9)) + 1
    if not 2 <= made <= MOST_MADE:
        raise InputError(
            f"its times go from {times[0]:g} to {times[-1]:g}, which step = {step:g} makes {made} steps; "
            "choose another step, or leave the sequence out"
        )
    wanted = np.minimum(times[0] + np.arange(made) * step, times[-1])
    return np.stack([np.interp(wanted, times, column) for column in values.T], axis=1)


def shortened(values: Float[np.ndarray, "steps channels"], longest: int) -> Float[np.ndarray, "kept channels"]:
    """At most `longest` steps: a longer sequence at so many even points from its first step to its last."""
    steps = len(values)
    if steps <= longest:
        return values
    wanted = np.linspace(0, steps - 1, longest)
    return np.stack([np.interp(wanted, np.arange(steps), column) for column in values.T], axis=1)
