"""Embeddings with labels in; how often a query is nearest to the supports of its own label, out."""

from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int, Shaped

from alikely.contracts import Distance
from alikely.errors import InputError, SettingsError, TooFewError
from alikely.metrics.intervals import Estimate, mean_over_identities
from alikely.metrics.pairs import as_tensor

TRIALS = 400


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
    return float(np.mean(shot_credits(supports, support_labels, queries, query_labels, distance, by)))


def shot_credits(
    supports: Float[np.ndarray, "supports dim"],
    support_labels: Shaped[np.ndarray, " supports"],
    queries: Float[np.ndarray, "queries dim"],
    query_labels: Shaped[np.ndarray, " queries"],
    distance: Distance,
    by: Literal["mean", "nearest"] = "mean",
) -> Float[np.ndarray, " queries"]:
    """What each query counts in `n_way_k_shot`: 1 right, 0 wrong, 1/m a tie. For `mean_over_identities`."""
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
    counted: Float[np.ndarray, " queries"] = nearest[np.arange(len(right)), right] / nearest.sum(axis=1)
    return counted


def few_shot_accuracy(
    embeddings: Float[np.ndarray, "items dim"],
    labels: Shaped[np.ndarray, " items"],
    distance: Distance,
    ways: int = 5,
    shots: int = 1,
    trials: int = TRIALS,
    by: Literal["mean", "nearest"] = "mean",
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """N-way K-shot accuracy over random trials, with its interval by drawing the identities of the queries anew.

    Each trial draws `ways` identities, of each `shots` supports and one query. Chance is 1 / `ways`. Raises
    SettingsError for counts below 1 (`ways` below 2), TooFewError where fewer than `ways` identities have
    `shots` + 1 items.
    """
    if ways < 2 or shots < 1 or trials < 1:
        raise SettingsError(f"it takes 2 ways, 1 shot and 1 trial at least, got {ways}, {shots} and {trials}")
    names, numbers = np.unique(labels, return_inverse=True)
    items_of = [np.flatnonzero(numbers == number) for number in range(len(names))]
    able = [number for number, items in enumerate(items_of) if len(items) > shots]
    if len(able) < ways:
        raise TooFewError(
            f"{ways}-way {shots}-shot needs {ways} identities with {shots + 1} items each, got {len(able)}; "
            "ask for fewer ways or shots"
        )
    generator = np.random.default_rng(seed)
    counted, asked = [], []
    for _ in range(trials):
        chosen: Int[np.ndarray, " ways"] = generator.choice(able, ways, replace=False)
        drawn = np.stack([generator.choice(items_of[number], shots + 1, replace=False) for number in chosen])
        supports, queries = drawn[:, 1:].ravel(), drawn[:, 0]
        counted.append(
            shot_credits(embeddings[supports], numbers[supports], embeddings[queries], numbers[queries], distance, by)
        )
        asked.append(chosen)
    return mean_over_identities(np.concatenate(counted), np.concatenate(asked), confidence, seed=seed)
