"""How slow this machine is -> the factor by which bounds on seconds of the processor grow on it."""

import time
from collections.abc import Callable

import numpy as np

# Seconds of the processor that `_known` takes on the machine for which the bounds were written.
USUAL = 0.04


def slower(clock: Callable[[], float] = time.process_time) -> float:
    """How many times as long as usual this processor takes now for work that never changes; 1 where it is faster.

    For bounds that are there to find work that grows beyond all measure, such as with the square of what is given:
    `time.process_time()` does not count what other programs do meanwhile, and this what a slow processor makes of it.
    With `time.perf_counter` it counts both, for what is measured so, as the work of another process.
    """
    seconds = []
    for _ in range(3):
        begun = clock()
        _known()
        seconds.append(clock() - begun)
    return max(1.0, min(seconds) / USUAL)


def _known() -> None:
    """Some of what programs do: a loop, texts, arrays."""
    words = {}
    for number in range(60_000):
        word = f"{number % 997} {number}"
        words[word] = len(word) + words.get(word[:3], 0)
    np.sort(np.random.default_rng(0).normal(size=300_000))
