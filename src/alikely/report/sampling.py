"""How many items there are -> the places of those that a report looks at."""

import numpy as np
from jaxtyping import Int

MOST_ITEMS = 3000  # all pairs of so many are looked at: 4.5 million
SEED = 0


def some_items(count: int) -> Int[np.ndarray, " sampled"]:
    """All places up to 3,000; above that, so many of them, drawn with a fixed seed, in order."""
    if count <= MOST_ITEMS:
        return np.arange(count)
    return np.sort(np.random.default_rng(SEED).choice(count, MOST_ITEMS, replace=False))
