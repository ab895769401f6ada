"""Embeddings in; the items as points in a plane, by the model's own distances, with what they hold, out."""

import numpy as np
from jaxtyping import Float, Int

from alikely.contracts import Distance, Preparation
from alikely.plane import plane_of
from alikely.report.content import EmbeddingMap
from alikely.report.items import shown_items
from alikely.report.sampling import SEED
from alikely.report.thumbnails import SHEET_COLUMNS, SHEET_SIDE, sheet
from alikely.types import Examples

MOST_POINTS = 500
MOST_OF_AN_IDENTITY = 20  # or more, where there are too few identities to fill the map
FEWEST_POINTS = 8


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
    shown = examples.select(places)
    pictures = shown.kind == "picture"
    labels = None if shown.labels is None else tuple(str(label) for label in shown.labels)
    return EmbeddingMap(
        points=plane_of(embeddings[places], distance, SEED),
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
