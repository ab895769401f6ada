"""The distances of the rarer kind of pairs, then those of the other kind in chunks, in; the exact ROC of all out."""

import numpy as np
from jaxtyping import Float

from alikely.metrics.verification import Roc


class Corners:
    """At each distance of the `few`: how many of the `many` lie below it, how many at most there, and the one before.

    The ROC of all pairs turns only at a distance of the few and at the largest of the many below it.
    """

    def __init__(self, few: Float[np.ndarray, " few"]) -> None:
        self.few = np.sort(few)
        self.corners = np.unique(few)
        self.below = np.zeros(len(self.corners), dtype=np.int64)
        self.at = np.zeros(len(self.corners), dtype=np.int64)
        self.before = np.full(len(self.corners), -np.inf, dtype=few.dtype)
        self.many, self.largest = 0, -np.inf

    def count(self, ascending: Float[np.ndarray, " chunk"]) -> None:
        """Go on with some of the many, sorted."""
        below = np.searchsorted(ascending, self.corners, side="left")
        equal = np.flatnonzero(ascending[np.minimum(below, len(ascending) - 1)] == self.corners)
        self.below += below
        self.at[equal] += np.searchsorted(ascending, self.corners[equal], side="right") - below[equal]
        found = below > 0
        self.before[found] = np.maximum(self.before[found], ascending[below[found] - 1])
        self.many += len(ascending)
        self.largest = max(self.largest, float(ascending[-1]))

    def roc(self, few_are_same: bool) -> Roc:
        """The points of `Verification.roc_at_bends()` for all that was counted; there are pairs of both kinds."""
        found = self.before > -np.inf
        ends = np.array([-np.inf, self.largest], dtype=self.few.dtype)
        thresholds = np.concatenate([ends, self.corners, self.before[found]])
        many = np.concatenate([np.array([0, self.many]), self.below + self.at, self.below[found]])
        thresholds, first = np.unique(thresholds, return_index=True)
        few = np.searchsorted(self.few, thresholds, side="right")
        same, different = (few, many[first]) if few_are_same else (many[first], few)
        all_same, all_different = (len(self.few), self.many) if few_are_same else (self.many, len(self.few))
        return Roc(thresholds, different / all_different, (all_same - same) / all_same)
