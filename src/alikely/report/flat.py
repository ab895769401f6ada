"""Embeddings in; the items as points in a plane, by the model's own distances, with what they hold, out."""

import numpy as np
import torch
from jaxtyping import Float, Int

from alikely.contracts import Distance, Preparation
from alikely.metrics.pairs import as_tensor
from alikely.report.content import EmbeddingMap
from alikely.report.items import shown_items
from alikely.report.sampling import SEED
from alikely.report.thumbnails import SHEET_COLUMNS, SHEET_SIDE, sheet
from alikely.types import Examples

MOST_POINTS = 500
MOST_OF_AN_IDENTITY = 20  # or more, where there are too few identities to fill the map
FEWEST_POINTS = 8
PERPLEXITY = 30.0  # the usual one: about so many neighbours count


def embedding_map(
    examples: Examples, embeddings: Float[np.ndarray, "items dim"], distance: Distance, preparation: Preparation
) -> EmbeddingMap | None:
    """t-SNE (van der Maaten and Hinton 2008) of at most 500 items; None for fewer than 8.

    With labels, identities are drawn, with 20 items of each or a fair share of the 500: so it shows whether they hold
    together.
    """
    places = _sample(examples)
    if len(places) < FEWEST_POINTS:
        return None
    vectors = as_tensor(embeddings[places], distance)
    with torch.no_grad():
        table = distance.table(vectors, vectors).double().cpu().numpy()
    shown = examples.select(places)
    pictures = shown.kind == "picture"
    labels = None if shown.labels is None else tuple(str(label) for label in shown.labels)
    return EmbeddingMap(
        points=_flattened(table),
        names=shown.names,
        labels=labels,
        identities=None if labels is None else np.unique(labels, return_inverse=True)[1],
        sprite=sheet(shown.items, shown.names) if pictures else None,
        shown=() if pictures else tuple(shown_items(shown, range(len(shown)), preparation).values()),
        columns=SHEET_COLUMNS,
        side=SHEET_SIDE,
        items=len(examples),
    )


def _sample(examples: Examples) -> Int[np.ndarray, " sampled"]:
    draw = np.random.default_rng(SEED)
    if examples.labels is None:
        return np.sort(draw.permutation(len(examples))[:MOST_POINTS])
    _, numbers = np.unique(examples.labels, return_inverse=True)
    by_identity = np.split(np.argsort(numbers, kind="stable"), np.cumsum(np.bincount(numbers))[:-1])
    most = max(MOST_OF_AN_IDENTITY, MOST_POINTS // len(by_identity))
    chosen: list[int] = []
    for number in draw.permutation(len(by_identity)):
        chosen += draw.permutation(by_identity[number])[:most].tolist()
        if len(chosen) >= MOST_POINTS:
            break
    return np.sort(np.array(chosen[:MOST_POINTS], dtype=np.int64))


def _flattened(table: Float[np.ndarray, "items items"]) -> Float[np.ndarray, "items 2"]:
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    # Both triangles alike, and nothing left over on the diagonal, which rounding may do.
    even = (table + table.T) / 2
    np.fill_diagonal(even, 0)
    perplexity = min(PERPLEXITY, (len(table) - 1) / 3)
    method = TSNE(metric="precomputed", init="random", perplexity=perplexity, random_state=SEED, max_iter=500)
    # With several threads it is no faster for so few points, and slower by far on a busy machine.
    with threadpool_limits(1):
        points: Float[np.ndarray, "items 2"] = method.fit_transform(even).astype(np.float64)
    return points
