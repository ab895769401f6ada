"""Rows to compare, of items that may hold copies, in; how often different items come so near by chance, out.

Nobody has said which of the items are copies. But copies are few among all pairs, and lie nearer than most: so the
nearest tenth and the nearest hundredth of all pairs tell of different items. Below these, the share of pairs within a
distance d falls as a power of it, as it does for points that fill a space: share = 0.01 (d / d_0.01)^m, with
m = 1 / log10(d_0.1 / d_0.01), the dimension of that space (Grassberger, Procaccia 1983). This is an estimate, beyond
what can be counted, and promises nothing; `python -m benchmarks.duplicates` holds it against what is found wrongly.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from alikely.contracts import Distance
from alikely.neighbours import Limit

SAMPLED = 1000  # items: half a million pairs
FEWEST = 20  # items, for the nearest hundredth of their pairs to mean anything
NEAR, NEARER = 0.1, 0.01  # shares of all pairs
STRIP = 64
WRONG = 0.05  # share of the pairs found that may be wrong
LARGEST = 0.001  # rate up to which pairs are looked for
ENOUGH = 10_000  # pairs: of fewer, that rate is of less than ten


@dataclass(frozen=True)
class Chance:
    """The share of different pairs within a distance: `NEARER` at the distance `at`, a power `dimension` below it."""

    at: float
    dimension: float

    def rate(self, distance: float) -> float:
        """The share of different pairs within a distance of at most `at`."""
        return float(NEARER * (distance / self.at) ** self.dimension)

    def distance(self, rate: float) -> float:
        """The distance that so large a share of different pairs (at most `NEARER`) is within."""
        return float(self.at * (rate / NEARER) ** (1 / self.dimension))

    def limit(self, distances: Float[np.ndarray, " found"], pairs: int, copies: float) -> Limit:
        """Of the ascending distances of all pairs found, the largest up to which few of them are there by chance.

        At most a share `WRONG` of those found up to there is expected to be different: Benjamini and Hochberg 1995,
        with the rate as p-value and all `pairs` compared as tests. Of few pairs that share is far less than one: so
        the limit goes on to where `copies` lie, as long as no more than one pair in all is expected to be different.
        """
        rates = NEARER * (distances.astype(np.float64) / self.at) ** self.dimension
        kept = np.flatnonzero((rates * pairs <= WRONG * np.arange(1, len(distances) + 1)) & (rates <= LARGEST))
        # Where nothing is found, a single pair would have to be as near as this.
        found = int(kept[-1]) + 1 if len(kept) else 1
        rate = min(WRONG * found / max(pairs, 1), LARGEST)
        last = float(distances[found - 1]) if len(kept) else 0.0
        limit = max(self.distance(rate), last)
        wider = min(copies, self.distance(min(1 / max(pairs, 1), NEARER)))
        return Limit(limit, rate, 0.0, pairs) if limit >= wider else Limit(wider, self.rate(wider), 0.0, pairs)


def widest_rate(pairs: int) -> float:
    """The rate up to which, of so many pairs, near ones are looked for."""
    return LARGEST if pairs >= ENOUGH else NEARER


def chance_of(rows: Float[np.ndarray, "items dim"], distance: Distance, seed: int) -> Chance | None:
    """How often different ones of these come near; None for fewer than 20, or where too many are alike to tell."""
    if len(rows) < FEWEST:
        return None
    chosen = np.sort(np.random.default_rng(seed).permutation(len(rows))[:SAMPLED])
    vectors = torch.from_numpy(rows[chosen])
    with torch.inference_mode():
        strips = [distance.table(vectors[start : start + STRIP], vectors) for start in range(0, len(chosen), STRIP)]
    table = torch.cat(strips).numpy()
    near, nearer = np.quantile(table[np.triu_indices(len(chosen), k=1)], [NEAR, NEARER])
    if not 0 < nearer < near:
        return None
    return Chance(float(nearer), 1 / math.log10(near / nearer))
