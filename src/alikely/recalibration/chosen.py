"""Labels of items in; the places of those items whose pairs all fit in memory, and what to say of the others, out."""

import math

import numpy as np
from jaxtyping import Int, Shaped

MOST_PAIRS = 20_000_000  # about 0.2 GB of distances, and as much again while they are counted
MOST_EACH = 100  # items of one identity, where there are too many in all: more of them tell little more


def chosen_items(labels: Shaped[np.ndarray, " items"], seed: int = 0) -> tuple[Int[np.ndarray, " chosen"], str | None]:
    """All places, in order, up to 20 million pairs; above that, a sample by the seed, and a sentence that says so.

    First, of each identity 100 items at the most are drawn; then, if that does not do, identities are. What is promised
    is promised over identities, so as many of them as possible are kept.
    """
    count = len(labels)
    if math.comb(count, 2) <= MOST_PAIRS:
        return np.arange(count), None
    generator = np.random.default_rng(seed)
    names, numbers = np.unique(labels, return_inverse=True)
    shuffled = generator.permutation(count)
    # By identity, in random order within each: the place in its identity says whether an item is among the first.
    by_identity = shuffled[np.argsort(numbers[shuffled], kind="stable")]
    starts = np.searchsorted(numbers[by_identity], np.arange(len(names)))
    place = np.arange(count) - starts[numbers[by_identity]]
    kept = by_identity[place < MOST_EACH]
    if math.comb(len(kept), 2) > MOST_PAIRS:
        order = generator.permutation(len(names))
        sizes = np.cumsum(np.bincount(numbers[kept], minlength=len(names))[order])
        some = order[sizes * (sizes - 1) // 2 <= MOST_PAIRS]
        kept = kept[np.isin(numbers[kept], some)]
    kept = np.sort(kept)
    identities = len(np.unique(numbers[kept]))
    return kept, (
        f"a sample was drawn (seed {seed}): {len(kept):,} of {count:,} items, {identities:,} of {len(names):,} "
        f"identities; the pairs of all would be {math.comb(count, 2):,}"
    )
