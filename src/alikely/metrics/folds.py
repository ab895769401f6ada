"""Distances of pairs in folds in; the accuracy of each fold with a threshold from the others, and their mean, out."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Shaped

from alikely.errors import InputError, TooFewError
from alikely.metrics.verification import Verification


@dataclass(frozen=True)
class FoldAccuracy:
    """How often "same if distance <= threshold" is right, over folds; no fold has a part in its own threshold.

    `accuracy` is the mean over the folds and `standard_error` its standard error: the standard deviation of the folds'
    accuracies (with n - 1) over the root of their number. `accuracies` and `thresholds` follow `folds`.
    """

    accuracy: float
    standard_error: float
    folds: tuple[str, ...]
    accuracies: tuple[float, ...]
    thresholds: tuple[float, ...]


def fold_accuracy(
    distances: Float[np.ndarray, " pairs"], same: Bool[np.ndarray, " pairs"], folds: Shaped[np.ndarray, " pairs"]
) -> FoldAccuracy:
    """Accuracy over folds, as LFW's official protocol has it (Huang et al. 2007, "View 2").

    For each fold, the threshold that is right most often on all other folds (`best_threshold`). Raises InputError for
    distances that are NaN, infinite or negative, TooFewError for fewer than two folds, or where the others of a fold
    hold no same or no different pair.
    """
    names = np.unique(folds)
    if len(names) < 2:
        raise TooFewError(f"a threshold from the other folds needs two folds or more, got {len(names)}")
    accuracies, thresholds = [], []
    for name in names:
        inside = folds == name
        threshold = best_threshold(distances[~inside], same[~inside])
        thresholds.append(threshold)
        accuracies.append(float(np.mean((distances[inside] <= np.float64(threshold)) == same[inside])))
    error = np.std(accuracies, ddof=1) / np.sqrt(len(names))
    return FoldAccuracy(
        float(np.mean(accuracies)),
        float(error),
        tuple(str(name) for name in names),
        tuple(accuracies),
        tuple(thresholds),
    )


def best_threshold(distances: Float[np.ndarray, " pairs"], same: Bool[np.ndarray, " pairs"]) -> float:
    """The threshold that is right for the most pairs: a distance that occurred, or -inf (accept nothing).

    Equal distances are accepted together or not at all. Of several equally good thresholds, the smallest, which lets
    the fewest different pairs through.
    """
    if distances.shape != same.shape:
        raise InputError(f"there must be one `same` for each distance, got {len(same)} for {len(distances)}")
    verification = Verification.from_distances(distances[same], distances[~same])
    roc = verification.roc_at_bends()
    right = (1 - roc.fnmr) * len(verification.same) + (1 - roc.fmr) * len(verification.different)
    # Counts, so that equally good ones are equal.
    return float(roc.thresholds[np.argmax(np.rint(right))])
