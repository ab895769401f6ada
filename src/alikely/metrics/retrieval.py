"""Embeddings with labels in; how often the nearest ones carry the right label, out."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Shaped

from alikely.contracts import Distance
from alikely.errors import InputError, SettingsError, TooFewError
from alikely.metrics.pairs import as_tensor


def n_way_k_shot(
    supports: Float[np.ndarray, "supports dim"],
    support_labels: Shaped[np.ndarray, " supports"],
    queries: Float[np.ndarray, "queries dim"],
    query_labels: Shaped[np.ndarray, " queries"],
    distance: Distance,
    by: Literal["mean", "nearest"] = "mean",
) -> float:
    """The share of queries that are nearest to the supports of their own label. 0..1.

    N labels with K supports each make it N-way K-shot. By `mean`, a query is compared with the mean embedding of each
    label's supports (Snell, Swersky, Zemel 2017); by `nearest`, with each label's nearest support. At K = 1 they agree.
    Where m labels are equally near and the right one is among them, the query counts 1/m, as a guess would.
    Raises InputError where a query's label has no support.
    """
    names, numbers = np.unique(support_labels, return_inverse=True)
    unknown = np.setdiff1d(query_labels, names)
    if len(unknown):
        raise InputError(f"every query's label needs a support, got none for '{unknown[0]}'; add one or leave it out")
    right = np.searchsorted(names, query_labels)
    asked, known = as_tensor(queries, distance), as_tensor(supports, distance)
    of_label = [np.flatnonzero(numbers == label) for label in range(len(names))]
    with torch.no_grad():
        if by == "mean":
            table = distance.table(asked, torch.stack([known[rows].mean(dim=0) for rows in of_label]))
        else:
            every = distance.table(asked, known)
            table = torch.stack([every[:, rows].min(dim=1).values for rows in of_label], dim=1)
    distances = table.float().cpu().numpy()
    nearest = distances == distances.min(axis=1, keepdims=True)
    return float(np.mean(nearest[np.arange(len(right)), right] / nearest.sum(axis=1)))


def recall_at_k(
    embeddings: Float[np.ndarray, "items dim"],
    labels: Shaped[np.ndarray, " items"],
    distance: Distance,
    ks: Sequence[int] = (1, 5, 10),
    block: int = 512,
) -> dict[int, float]:
    """For each k, the share of items that have one of their own label among the k nearest other items. 0..1, exact.

    Items at equal distance count against: those of other labels are taken to stand first, so that an encoder that maps
    all items to one point is not praised. Items whose label nobody shares have nothing to find and are left out; raises
    TooFewError where that is all of them.
    """
    if min(ks) < 1:
        raise SettingsError(f"k must be 1 or more, got {min(ks)}")
    numbers = np.unique(labels, return_inverse=True)[1]
    seekers = np.flatnonzero(np.bincount(numbers)[numbers] > 1)
    if len(seekers) == 0:
        raise TooFewError("Recall@k needs two items with one label, got only single ones; add items to the labels")
    vectors = as_tensor(embeddings, distance)
    before = []
    for start in range(0, len(seekers), block):
        rows = seekers[start : start + block]
        with torch.no_grad():
            table = (
                torch.cat([distance.table(vectors[rows], part) for part in torch.split(vectors, block)], dim=1)
                .float()
                .cpu()
                .numpy()
            )
        alike = numbers[rows, None] == numbers[None, :]
        others = alike.copy()
        others[np.arange(len(rows)), rows] = False
        first = np.where(others, table, np.inf).min(axis=1, keepdims=True)
        before.append((~alike & (table <= first)).sum(axis=1))
    ranks = np.concatenate(before)
    return {k: float(np.mean(ranks < k)) for k in ks}
