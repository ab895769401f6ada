"""Ways to do one thing -> the seconds of each, taken in turns, and how many times as fast one is as another."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

FEWEST, MOST = 7, 300  # turns


@dataclass(frozen=True)
class Speedup:
    """How many times as fast one way is as another: the median over turns, and between what half of the turns lie."""

    times: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """For JSON."""
        return {"times": self.times, "low": self.low, "high": self.high}


def in_turns(ways: Mapping[str, Callable[[], object]], seconds: float = 1.0) -> dict[str, Float[np.ndarray, " turns"]]:
    """The seconds that each way takes, in each of some turns of about `seconds` together.

    One after another in each turn, so that other work on the machine slows all of them; a first turn does not count.
    """
    for way in ways.values():
        way()
    taken: dict[str, list[float]] = {name: [] for name in ways}
    begin = time.perf_counter()
    turns = 0
    while turns < FEWEST or (turns < MOST and time.perf_counter() - begin < seconds):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            taken[name].append(time.perf_counter() - start)
        turns += 1
    return {name: np.array(each) for name, each in taken.items()}


def speedup(slow: Float[np.ndarray, " turns"], fast: Float[np.ndarray, " turns"]) -> Speedup:
    """Of the way `fast` over the way `slow`, by what each took in the same turns."""
    low, median, high = np.quantile(slow / fast, [0.25, 0.5, 0.75])
    return Speedup(float(median), float(low), float(high))
