"""Distances of same and of different pairs in; how much any distance speaks for "same", out."""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float

from alikely.errors import SettingsError
from alikely.metrics import Verification

# Isotonic regression follows any shape, but needs many pairs of both kinds to tell shape from noise.
ISOTONIC_PAIRS = 1000
ISOTONIC_BINS = 500

Method: TypeAlias = Literal["logistic", "isotonic"]


@dataclass(frozen=True, eq=False)
class ProbabilityMap:
    """The log likelihood ratio of "same" to "different" as a falling line through knots.

    `log_ratios[i]` is ln(p(distance | same) / p(distance | different)) at `distances[i]` (ascending); between knots it
    is interpolated linearly, beyond them it stays as at the last one. No prior is in it, so any can be put to it.
    `method` says how the knots were found.
    """

    method: Method
    distances: Float[np.ndarray, " knots"]
    log_ratios: Float[np.ndarray, " knots"]

    def probabilities(self, distances: Float[np.ndarray, " pairs"], prior: float = 0.5) -> Float[np.ndarray, " pairs"]:
        """The chance that a pair at each distance is the same; never quite 0 or 1.

        `prior` is the share of same pairs among all that will be compared. Raises SettingsError unless 0 < prior < 1.
        """
        if not 0 < prior < 1:
            raise SettingsError(f"the prior must lie between 0 and 1, both excluded, got {prior}")
        from scipy.special import expit, logit

        log_odds = logit(prior) + np.interp(distances, self.distances, self.log_ratios)
        chances: Float[np.ndarray, " pairs"] = np.clip(expit(log_odds), np.nextafter(0, 1), np.nextafter(1, 0))
        return chances


def fit_probability(verification: Verification, method: Method | None = None) -> ProbabilityMap:
    """By `method`; without one isotonic from 1,000 pairs of each kind on, logistic below that.

    Either kind of pair weighs as much in total as the other, so that the log odds are the log likelihood ratio. No
    ratio is put further than the counts can bear: about twice the number of different pairs for "same", of same pairs
    against.
    """
    if method is None:
        many = min(len(verification.same), len(verification.different)) >= ISOTONIC_PAIRS
        method = "isotonic" if many else "logistic"
    return _isotonic(verification) if method == "isotonic" else _logistic(verification)


def _logistic(verification: Verification) -> ProbabilityMap:
    """A line in the distance, kept within what the counts bear.

    The targets are a little inside 0 and 1 (Platt 1999, section 2.2), so that kinds that do not overlap still give a
    finite slope. A distance that is larger for same pairs tells nothing: the slope is never above 0.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    same, different = verification.same.astype(np.float64), verification.different.astype(np.float64)
    centre = (same.mean() + different.mean()) / 2
    spread = np.concatenate([same, different]).std() or 1.0
    same_target = (len(same) + 1) / (len(same) + 2)
    different_target = 1 / (len(different) + 2)
    sides = [((same - centre) / spread, same_target), ((different - centre) / spread, different_target)]

    def loss(line: np.ndarray) -> tuple[float, np.ndarray]:
        height, fall = line
        total, slope = 0.0, np.zeros(2)
        for places, target in sides:
            log_odds = height - fall * places
            total += float(np.mean(np.logaddexp(0, log_odds) - target * log_odds))
            error = expit(log_odds) - target
            slope += np.array([error.mean(), -(error * places).mean()])
        return total, slope

    height, fall = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(None, None), (0, None)]).x
    most, least = math.log(2 * (len(different) + 1)), -math.log(2 * (len(same) + 1))
    if fall == 0:
        return ProbabilityMap("logistic", np.array([centre]), np.array([min(max(float(height), least), most)]))
    log_ratios = np.array([most, least])
    return ProbabilityMap("logistic", centre + spread * (height - log_ratios) / fall, log_ratios)


def _isotonic(verification: Verification) -> ProbabilityMap:
    """The best falling steps (pool adjacent violators; Zadrozny and Elkan 2002), joined by lines from middle to middle.

    The distances are first put into at most 2 * 500 bins, at quantiles of either kind. Half a pair is added to either
    kind in each step, so that a step with one kind only still has a ratio.
    """
    from sklearn.isotonic import isotonic_regression

    edges = _bin_edges(verification)
    same = np.diff(np.searchsorted(verification.same, edges, side="right"), prepend=0)
    different = np.diff(np.searchsorted(verification.different, edges, side="right"), prepend=0)
    same_share, different_share = same / same.sum(), different / different.sum()
    weights = same_share + different_share
    level = isotonic_regression(same_share / weights, sample_weight=weights, increasing=False)
    steps = np.concatenate([[0], np.flatnonzero(np.diff(level)) + 1])
    starts = np.concatenate([[min(verification.same[0], verification.different[0])], edges[:-1]])
    bin_middles = (starts + edges.astype(np.float64)) / 2
    middles = np.add.reduceat(weights * bin_middles, steps) / np.add.reduceat(weights, steps)
    same_rate = (np.add.reduceat(same, steps) + 0.5) / (same.sum() + 1)
    different_rate = (np.add.reduceat(different, steps) + 0.5) / (different.sum() + 1)
    # The added halves may lift a small step a little above the one before it.
    log_ratios = np.minimum.accumulate(np.log(same_rate / different_rate))
    return ProbabilityMap("isotonic", middles, log_ratios)


def _bin_edges(verification: Verification) -> Float[np.ndarray, " bins"]:
    """Upper ends of the bins: distances that occurred, so that equal distances share a bin; none is empty."""
    ends = []
    for ordered in (verification.same, verification.different):
        ranks = np.linspace(0, len(ordered) - 1, ISOTONIC_BINS).astype(np.intp)
        ends.append(ordered[ranks])
    return np.unique(np.concatenate(ends))
