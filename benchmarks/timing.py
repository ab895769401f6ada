"""A step of work -> how long it takes, told in two ways, because other work may run on the same machine."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Times:
    """Seconds of one step.

    `wall` is the fastest of the runs on the clock, the one that other work disturbed least. `processor` is the median
    of the time that processors spent on it; waiting for other work is not in it.
    """

    wall: float
    processor: float


def time_step(step: Callable[[], object], repeats: int) -> Times:
    """Run `step` so often and time each run. Compare only what ran with as many threads, best one."""
    wall, processor = [], []
    for _ in range(repeats):
        clock, spent = time.perf_counter(), time.process_time()
        step()
        wall.append(time.perf_counter() - clock)
        processor.append(time.process_time() - spent)
    return Times(wall=min(wall), processor=statistics.median(processor))
