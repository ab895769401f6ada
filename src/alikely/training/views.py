"""Held-back items of which nothing is known -> two views of each, as items whose views are the same."""

from dataclasses import replace

import numpy as np
import torch

from alikely.contracts import Augmentation
from alikely.data.reading import Prepared
from alikely.model import as_floats
from alikely.types import Examples

MOST_WATCHED = 1000  # items, so twice as many views

NO_CALIBRATION = (
    "the model has no calibration, since nobody has said what is the same: it gives embeddings and distances, no "
    "verdicts; with some labels or pairs of your own: alikely calibrate MODEL SOURCE"
)
WATCHED = (
    "the EER after each epoch is that of telling two views of one held-back item from views of others, for information "
    "only"
)


def two_views(items: Prepared, augmentation: Augmentation, seed: int) -> Prepared:
    """Two views of each item, or of 1,000 of them; the two have one label. The same views for the same seed."""
    some = np.arange(len(items))
    if len(items) > MOST_WATCHED:
        some = np.sort(np.random.default_rng(seed).choice(len(items), MOST_WATCHED, replace=False))
    twice = np.tile(some, 2)
    seen = augmentation(as_floats(items.take(twice)), torch.Generator().manual_seed(seed))
    examples = items.examples
    named = Examples(
        items=tuple(examples.items[i] for i in twice),
        names=tuple(examples.names[i] for i in twice),
        labels=np.tile(np.arange(len(some)), 2),
        kind=examples.kind,
    )
    return replace(items, examples=named, stored=seen, rows=np.arange(len(twice)))
