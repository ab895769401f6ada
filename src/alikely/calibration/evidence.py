"""Which pairs are in error at each threshold, and whose they are, in; how high the rate may be on others, out.

Pairs that share an identity are not independent: one person whom the encoder takes for many others makes many errors at
once, and the next hundred people hold another such person, or two. So the bound asks two things of the identities:

- *How many independent pairs would say as much?* The jackknife leaves out one identity at a time, with all its pairs,
  and sees how far the rate moves: that is its variance V. The rate p of n independent pairs has the variance
  p (1 - p) / n, so n = p (1 - p) / V is the *effective* number of pairs (Korn and Graubard 1998, for surveys; the
  jackknife of such means of pairs errs to the safe side: Efron and Stein 1981). Here p is the hardest rate:
- *What if the hardest identity had a double among those never seen?* The *hardest* rate is the one with the identity
  that has most errors for its pairs counted twice. As Clopper and Pearson's bound counts one error more than was seen,
  this counts one identity more.

The bound at a confidence is then Clopper and Pearson's, of the hardest rate at the effective number of pairs.
`docs/decisions/0008-thresholds-with-a-promise.md` compares it with other rules.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

# With fewer errors than these, how they spread over identities is chance: the spread at the first threshold with so
# many stands for those with fewer. Two identities with many items each that look alike make many false matches at once,
# so there it is the pairs of identities that must be so many.
FEWEST_ERRORS = 10
FEWEST_ALIKE = 20
# Thresholds, counts and pairs looked at together, at most: they bound the memory.
BLOCK = 256
CELLS = 4_000_000
CHUNK = 4_000_000

# Below it, the inverse of the beta distribution is no number; as a confidence it says nothing.
SMALLEST = 1e-12


@dataclass(frozen=True, eq=False)
class Evidence:
    """What held-back pairs say of an error rate at each of several thresholds.

    `rate` is the share of the pairs that are in error (0..1), `hardest` the same with the hardest identity counted
    twice, `effective` the number of independent pairs that would tell as much (0: nothing can be told).
    """

    rate: Float[np.ndarray, " thresholds"]
    hardest: Float[np.ndarray, " thresholds"]
    effective: Float[np.ndarray, " thresholds"]

    def bound(self, confidence: float) -> Float[np.ndarray, " thresholds"]:
        """The rate on identities never seen is at most this, at each threshold, in a share `confidence` of all cases.

        0 gives the rates as they were found. Clopper and Pearson 1934, one-sided. Monotone wherever the rates are.
        """
        if confidence == 0:
            return self.rate
        from scipy.special import betaincinv

        errors = self.hardest * self.effective
        others = np.maximum(self.effective - errors, np.finfo(np.float64).tiny)
        bounds = np.where(self.hardest < 1, betaincinv(errors + 1, others, max(confidence, SMALLEST)), 1.0)
        bounds = np.where(self.effective > 0, bounds, 1.0)
        # A looser threshold cannot have fewer errors, so its bound is one for the stricter ones too, never the other
        # way round: the larger one holds for both.
        rising = self.rate[-1] >= self.rate[0]
        monotone = np.maximum.accumulate(bounds if rising else bounds[::-1])
        return monotone if rising else monotone[::-1]


def evidence_of(
    distances: Float[np.ndarray, " pairs"],
    sides: Int[np.ndarray, "pairs 2"],
    identities: int,
    thresholds: Float[np.ndarray, " thresholds"],
    error: Literal["accepted", "refused"],
) -> Evidence:
    """The evidence at each of the ascending `thresholds`; a pair at a threshold is accepted.

    `sides` are the identities (0 to `identities` - 1) that each pair joins. For different pairs the error is to be
    accepted, for same pairs to be refused. Takes memory for `identities` x 256 numbers beside the pairs, or fewer.
    """
    total, places = len(distances), np.searchsorted(thresholds, distances, side="left")
    accepted = np.cumsum(np.bincount(places, minlength=len(thresholds) + 1))[:-1]
    errors = accepted if error == "accepted" else total - accepted
    pairs_of = _by_identity(np.zeros(total, np.intp), sides, identities, 1)[:, 0]
    present = np.flatnonzero(pairs_of)
    pairs_of = pairs_of[present]
    hardest, variance = np.empty(len(thresholds)), np.empty(len(thresholds))
    own_before = np.zeros(len(present), np.int64)
    step = max(1, min(BLOCK, CELLS // identities))
    for start in range(0, len(thresholds), step):
        block = slice(start, min(start + step, len(thresholds)))
        inside = (places >= block.start) & (places < block.stop)
        new = _by_identity(places[inside] - start, sides[inside], identities, block.stop - start)[present]
        own_accepted = own_before[:, None] + np.cumsum(new, axis=1)
        own_before = own_accepted[:, -1]
        own = own_accepted if error == "accepted" else pairs_of[:, None] - own_accepted
        worst = np.argmax(own - pairs_of[:, None] * (errors[block] / total), axis=0)
        hardest[block] = (errors[block] + own[worst, np.arange(len(worst))]) / (total + pairs_of[worst])
        with np.errstate(divide="ignore", invalid="ignore"):  # no pair is left without an identity that is in all
            without = (errors[block] - own) / (total - pairs_of)[:, None]
            variance[block] = (len(present) - 1) * without.var(axis=0)
    rate = errors / total
    hardest = np.maximum(hardest, rate)
    if error == "accepted":
        seen, fewest = _alike(places, sides, identities, len(thresholds)), FEWEST_ALIKE
    else:
        seen, fewest = errors, FEWEST_ERRORS
    return Evidence(rate, hardest, _effective(errors, hardest, variance, seen, fewest, total, len(present)))


def _effective(
    errors: Int[np.ndarray, " thresholds"],
    hardest: Float[np.ndarray, " thresholds"],
    variance: Float[np.ndarray, " thresholds"],
    seen: Int[np.ndarray, " thresholds"],
    fewest: int,
    total: int,
    identities: int,
) -> Float[np.ndarray, " thresholds"]:
    """The effective number of pairs; 0 where an identity is in all pairs, so that no variance is known.

    How errors spread is known where of what was `seen` of them there are at least `fewest`.
    """
    if not np.isfinite(variance).all():
        return np.zeros(len(errors))
    known = np.flatnonzero((errors > 0) & (hardest < 1))
    if len(known) == 0:
        return np.full(len(errors), float(min(total, identities)))
    # How many of these pairs say as much as one independent pair: never less than one.
    design = np.ones(len(errors))
    design[known] = np.maximum(variance[known] * total / (hardest[known] * (1 - hardest[known])), 1)
    enough = known[seen[known] >= fewest]
    # The threshold with the fewest that are enough, or else with the most there are.
    first = enough[np.argmin(seen[enough])] if len(enough) else known[np.argmax(seen[known])]
    few = seen < fewest
    design[few] = np.maximum(design[few], design[first])
    return total / design


def _alike(
    places: Int[np.ndarray, " pairs"], sides: Int[np.ndarray, "pairs 2"], identities: int, thresholds: int
) -> Int[np.ndarray, " thresholds"]:
    """How many pairs of identities have a pair of items that is accepted, at each threshold."""
    pairs_of_identities = sides.min(axis=1).astype(np.int64) * identities + sides.max(axis=1)
    order = np.argsort(places, kind="stable")
    nearest = places[order][np.unique(pairs_of_identities[order], return_index=True)[1]]
    return np.cumsum(np.bincount(nearest, minlength=thresholds + 1))[:-1]


def _by_identity(
    places: Int[np.ndarray, " pairs"], sides: Int[np.ndarray, "pairs 2"], identities: int, width: int
) -> Int[np.ndarray, "identities width"]:
    """How many pairs each identity has at each place; a pair counts for both of its identities, if they are two."""
    counts = np.zeros(identities * width, np.int64)
    for start in range(0, len(places), CHUNK):
        here = places[start : start + CHUNK]
        left, right = sides[start : start + CHUNK].T.astype(np.intp)
        counts += np.bincount(left * width + here, minlength=len(counts))
        two = left != right
        counts += np.bincount(right[two] * width + here[two], minlength=len(counts))
    return counts.reshape(identities, width)
