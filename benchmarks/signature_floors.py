"""Pairs of online signatures -> how far apart they are by simple means: time warping, duration, a regression on both.

Time warping: x and y, each with mean 0 and deviation 1 over the signature, every second point, without a window; the
root of the sum of squares along the best way (dtaidistance), not divided by its length. The regression is logistic, on
that distance and its logarithm, and on the absolute differences of log duration (points, and by the clock), log width
and height, mean and deviation of the pressure; fitted on pairs of the training writers, each kind with equal weight.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

EVERY = 2
# Columns of a signature's array.
X, Y, TIME, PRESSURE = range(4)


@dataclass(frozen=True)
class Kinds:
    """Pairs (left, right) of positions: two genuine ones of a writer; a genuine and a forged one; two writers' own."""

    genuine: Int[np.ndarray, "genuine 2"]
    skilled: Int[np.ndarray, "skilled 2"]
    random: Int[np.ndarray, "random 2"]

    def each(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.genuine, self.skilled, self.random


class Floors:
    """What is simple to measure of signatures (steps channels), with channels x, y, t, pressure ..., and of pairs."""

    def __init__(self, signatures: Sequence[Float[np.ndarray, "_ channels"]]) -> None:
        self.facts = np.array([facts(signature) for signature in signatures])
        self.drawings = [drawing(signature) for signature in signatures]

    def duration(self, pairs: Int[np.ndarray, "pairs 2"]) -> Float[np.ndarray, " pairs"]:
        """The difference of the logarithms of the numbers of points."""
        length = self.facts[:, 0]
        apart: Float[np.ndarray, " pairs"] = np.abs(length[pairs[:, 0]] - length[pairs[:, 1]])
        return apart

    def warping(self, pairs: Int[np.ndarray, "pairs 2"]) -> Float[np.ndarray, " pairs"]:
        from dtaidistance import dtw_ndim

        drawings = self.drawings
        return np.array([dtw_ndim.distance_fast(drawings[left], drawings[right]) for left, right in pairs])

    def features(self, pairs: Int[np.ndarray, "pairs 2"]) -> Float[np.ndarray, "pairs features"]:
        """What the regression sees of each pair."""
        warping = self.warping(pairs)
        apart = np.abs(self.facts[pairs[:, 0]] - self.facts[pairs[:, 1]])
        return np.column_stack([warping, np.log(warping + 1e-3), apart])


def facts(signature: Float[np.ndarray, "steps channels"]) -> Float[np.ndarray, " facts"]:
    clock = signature[-1, TIME] - signature[0, TIME]
    deviations = np.log(signature[:, [X, Y]].std(axis=0) + 1)
    pressure = signature[:, PRESSURE]
    return np.array([np.log(len(signature)), np.log(max(clock, 1)), *deviations, pressure.mean(), pressure.std()])


def drawing(signature: Float[np.ndarray, "steps channels"]) -> Float[np.ndarray, "points 2"]:
    points = signature[::EVERY, [X, Y]]
    return np.ascontiguousarray((points - points.mean(axis=0)) / (points.std(axis=0) + 1e-9))


def regression(
    learned: tuple[np.ndarray, np.ndarray, np.ndarray], asked: tuple[np.ndarray, ...], negatives: Sequence[int] = (1, 2)
) -> list[Float[np.ndarray, " pairs"]]:
    """Features of pairs by kind -> their distances, after a fit to `learned`; `negatives`: the kinds that differ."""
    kinds = [0, *negatives]
    rows = np.concatenate([learned[kind] for kind in kinds])
    different = np.concatenate([np.full(len(learned[kind]), kind > 0) for kind in kinds])
    weight = np.concatenate(
        [np.full(len(learned[kind]), (1 if kind == 0 else 1 / len(negatives)) / len(learned[kind])) for kind in kinds]
    )
    fit = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    fit.fit(rows, different, logisticregression__sample_weight=weight * len(rows) / 2)
    # A distance is never negative; this grows with the odds, and does not saturate as a probability does.
    return [np.logaddexp(0, fit.decision_function(features)) for features in asked]
