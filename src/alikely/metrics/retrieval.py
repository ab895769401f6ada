"""Embeddings with labels in; how well each item finds the others of its label, in figures with intervals, out.

All items are searched by every item whose label another one shares. **Ties count against:** of items at equal distance,
those of other labels are taken to stand first, so that an encoder that maps all items to one point is not praised, and
no figure depends on the order of the items.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped

from alikely.contracts import Distance
from alikely.errors import SettingsError, TooFewError
from alikely.metrics.estimates import row
from alikely.metrics.intervals import Estimate, mean_over_identities
from alikely.metrics.pairs import as_tensor, distance_table, strip_rows

KS = (1, 5, 10)


@dataclass(frozen=True)
class RetrievalReport:
    """Means over the queries, 0..1, each with its interval by drawing the identities of the queries anew.

    `recall` and `precision` hold one figure for each k. `queries` is the number of items that have something to find.
    """

    recall: Mapping[int, Estimate]
    precision: Mapping[int, Estimate]
    r_precision: Estimate
    map_at_r: Estimate
    queries: int

    def to_dict(self) -> dict[str, Any]:
        """For JSON: `recall_at_1`, ..., `precision_at_1`, ..., `r_precision`, `map_at_r`, intervals, `queries`."""
        figures: dict[str, Any] = {}
        for name, by_k in (("recall", self.recall), ("precision", self.precision)):
            for k, estimate in by_k.items():
                figures |= estimate.to_dict(f"{name}_at_{k}")
        return (
            figures
            | self.r_precision.to_dict("r_precision")
            | self.map_at_r.to_dict("map_at_r")
            | {"queries": self.queries}
        )

    def rows(self) -> list[tuple[str, str, str]]:
        """For printing: (name, value, interval). Precision at k is left to JSON: few items have k others to find."""
        recall = [row(f"Recall@{k}", estimate) for k, estimate in self.recall.items()]
        return [*recall, row("R-precision", self.r_precision), row("MAP@R", self.map_at_r)]


@dataclass(frozen=True, eq=False)
class Found:
    """What each query finds. `queries` are their items; `ranks[i]` the places (1 is nearest) of what query i seeks.

    Ascending, and exact up to the largest k and the number of what is sought; beyond that, they are only larger.
    """

    queries: Int[np.ndarray, " queries"]
    ranks: tuple[Int[np.ndarray, "_"], ...]

    def recall(self, k: int) -> Float[np.ndarray, " queries"]:
        """1 where at least one of those sought is among the k nearest, else 0."""
        return np.array([float(ranks[0] <= k) for ranks in self.ranks])

    def precision(self, k: int) -> Float[np.ndarray, " queries"]:
        """The share of the k nearest that are sought."""
        return np.array([np.searchsorted(ranks, k, side="right") / k for ranks in self.ranks])

    def r_precision(self) -> Float[np.ndarray, " queries"]:
        """Precision at R, where R is the number of those sought."""
        return np.array([np.searchsorted(ranks, len(ranks), side="right") / len(ranks) for ranks in self.ranks])

    def average_precision_at_r(self) -> Float[np.ndarray, " queries"]:
        """The mean over i = 1..R of the precision at i where the i-th nearest is sought, else 0. Its mean is MAP@R.

        Musgrave, Belongie, Lim 2020, "A metric learning reality check", section 4.2.
        """
        values = []
        for ranks in self.ranks:
            early = ranks[ranks <= len(ranks)]
            values.append(np.sum(np.arange(1, len(early) + 1) / early) / len(ranks))
        return np.array(values)


def retrieval(
    embeddings: Float[np.ndarray, "items dim"],
    labels: Shaped[np.ndarray, " items"],
    distance: Distance,
    ks: Sequence[int] = KS,
    confidence: float = 0.95,
    seed: int = 0,
) -> RetrievalReport:
    """Recall@k, precision@k, R-precision and MAP@R of every item among all others, with intervals.

    Raises TooFewError where no label has two items, SettingsError for a k below 1, InputError naming the items whose
    embedding is not finite.
    """
    found = search(embeddings, labels, distance, ks)
    identities = labels[found.queries]

    def mean(values: Float[np.ndarray, " queries"]) -> Estimate:
        return mean_over_identities(values, identities, confidence, seed=seed)

    return RetrievalReport(
        recall={k: mean(found.recall(k)) for k in ks},
        precision={k: mean(found.precision(k)) for k in ks},
        r_precision=mean(found.r_precision()),
        map_at_r=mean(found.average_precision_at_r()),
        queries=len(found.queries),
    )


def recall_at_k(
    embeddings: Float[np.ndarray, "items dim"],
    labels: Shaped[np.ndarray, " items"],
    distance: Distance,
    ks: Sequence[int] = KS,
    block: int = 512,
) -> dict[int, float]:
    """For each k, the share of items that have one of their own label among the k nearest other items. 0..1, exact.

    Items whose label nobody shares have nothing to find and are left out; raises TooFewError where that is all of them.
    """
    found = search(embeddings, labels, distance, ks, block)
    return {k: float(np.mean(found.recall(k))) for k in ks}


def search(
    embeddings: Float[np.ndarray, "items dim"],
    labels: Shaped[np.ndarray, " items"],
    distance: Distance,
    ks: Sequence[int] = KS,
    block: int = 512,
) -> Found:
    """Where each item finds the others of its label, in strips of at most `block` queries by all items."""
    if min(ks) < 1:
        raise SettingsError(f"k must be 1 or more, got {min(ks)}")
    numbers = np.unique(labels, return_inverse=True)[1]
    counts = np.bincount(numbers)
    queries = np.flatnonzero(counts[numbers] > 1)
    if len(queries) == 0:
        raise TooFewError("retrieval needs two items with one label, got only single ones; add items to the labels")
    vectors = as_tensor(embeddings, distance)
    of_label = np.split(np.argsort(numbers, kind="stable"), np.cumsum(counts)[:-1])
    ranks = []
    step = strip_rows(len(numbers), block)
    for start in range(0, len(queries), step):
        rows = queries[start : start + step]
        for query, distances in zip(rows, distance_table(vectors[rows], vectors, distance), strict=True):
            alike = of_label[numbers[query]]
            sought = np.sort(distances[alike[alike != query]])
            ranks.append(_ranks(sought, np.delete(distances, alike), max(len(sought), *ks)))
    return Found(queries, tuple(ranks))


def _ranks(
    sought: Float[np.ndarray, " sought"], others: Float[np.ndarray, " others"], deepest: int
) -> Int[np.ndarray, " sought"]:
    """The places of those sought (ascending) among all; places beyond `deepest` come out as some larger one."""
    if len(others) > deepest:
        others = np.partition(others, deepest - 1)[:deepest]
    return np.searchsorted(np.sort(others), sought, side="right") + np.arange(1, len(sought) + 1)
