"""What stands where in rankings, and what is sought -> nDCG@k and Recall@k."""

import numpy as np
from jaxtyping import Bool, Float, Int

from alikely.errors import SettingsError


def ndcg_at_k(
    hits: Bool[np.ndarray, "rankings k"], sought: Int[np.ndarray, " rankings"]
) -> Float[np.ndarray, " rankings"]:
    """Normalised discounted cumulative gain of each ranking, 0..1; a thing that is sought counts 1, others 0.

    `hits[i, r]` says whether what stands at place r (from 0) of ranking i is sought; `sought[i]`, 1 or more, how much
    there is to find in all. DCG is the sum of hits / log2(place + 2); it is divided by that of the best ranking, which
    has min(sought, k) hits in front (Jarvelin, Kekalainen 2002). Raises SettingsError where nothing is sought.
    """
    _require_sought(sought)
    discounts = 1 / np.log2(np.arange(2, hits.shape[1] + 2))
    best = np.concatenate([[0.0], np.cumsum(discounts)])
    return np.asarray((hits * discounts).sum(axis=1) / best[np.minimum(sought, hits.shape[1])])


def found_at_k(
    hits: Bool[np.ndarray, "rankings k"], sought: Int[np.ndarray, " rankings"]
) -> Float[np.ndarray, " rankings"]:
    """Recall@k of each ranking, 0..1: hits among the first k, divided by min(sought, k), the most that can be there."""
    _require_sought(sought)
    return np.asarray(hits.sum(axis=1) / np.minimum(sought, hits.shape[1]))


def _require_sought(sought: Int[np.ndarray, " rankings"]) -> None:
    if (sought < 1).any():
        raise SettingsError("a ranking has nothing to find; leave out those without")
