"""What is served and two thresholds in; the pairs of its items that change sides between them, for JSON, out."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Int

from alikely.evaluation import known_labels
from alikely.report.thumbnails import short_names
from alikely.server.held import Served
from alikely.server.problems import RefusedError
from alikely.server.shown import shown_of
from alikely.thresholds import ChangingKind, ChangingPairs, changing_pairs
from alikely.types import Examples


def changes_told(served: Served, before: float, after: float, shown: int) -> dict[str, Any]:
    """The pairs of the items that are looked at that change sides, and what is shown of each of their items.

    Items with labels that the model learned from are left out, unless all pairs would go with them. Raises RefusedError
    (404) where no items are served.
    """
    model, looked = served.require_model(), served.looked
    if looked is None:
        raise RefusedError(
            404,
            "no_items",
            "there are no items to look at; whoever runs the service can start it with labelled ones (alikely "
            "serve MODEL --items SOURCE)",
        )
    examples = looked.examples
    learned = known_labels(model, examples, ("train", "validate"))
    places = _unlearned(examples, learned)
    part = changing_pairs(examples.select(places), looked.embeddings[places], model.distance, before, after, shown)
    found = replace(part, same=_among_all(part.same, places), different=_among_all(part.different, places))
    numbers = _numbers(found)
    content = shown_of(examples, numbers, model.preparation)
    names, labels = short_names(examples.names), examples.labels
    told = {
        number: {"name": names[number], "label": None if labels is None else str(labels[number]), **content[number]}
        for number in numbers
    }
    return {
        **found.to_dict(),
        "labels": 0 if labels is None else len(set(labels.tolist())),
        "learned": len(learned),
        "left_out": len(places) < len(examples),
        "shown": told,
    }


def _unlearned(examples: Examples, learned: Sequence[str]) -> Int[np.ndarray, " kept"]:
    """Items with labels that the model has not learned from; all, where these have no same or no different pairs."""
    everything = np.arange(len(examples))
    if examples.labels is None or not learned:
        return everything
    others = np.flatnonzero(~np.isin(examples.labels.astype(str), list(learned)))
    _, counts = np.unique(examples.labels[others].astype(str), return_counts=True)
    return others if len(counts) > 1 and counts.max() > 1 else everything


def _among_all(kind: ChangingKind, places: Int[np.ndarray, " kept"]) -> ChangingKind:
    """The same pairs, by the numbers that their items have among all."""
    nearest = (replace(one, left=int(places[one.left]), right=int(places[one.right])) for one in kind.nearest)
    return replace(kind, nearest=tuple(nearest))


def _numbers(found: ChangingPairs) -> list[int]:
    pairs = (*found.same.nearest, *found.different.nearest)
    return sorted({number for pair in pairs for number in (pair.left, pair.right)})
