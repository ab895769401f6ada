"""Embeddings in; the different pairs that lie closest and the same pairs that lie farthest apart, out."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int, Shaped

from alikely.contracts import Distance, Preparation
from alikely.metrics.pairs import as_tensor
from alikely.report.content import WorstPairs
from alikely.report.items import shown_pairs
from alikely.report.sampling import some_items
from alikely.types import Examples

SHOWN = 8
TILE = 512
KEPT = 1000  # worst of either kind that are kept from each row of tiles, to choose from
MOST_ALIKE = 2  # pairs with one item, or of one couple of identities: or these would fill the page


@dataclass(frozen=True, eq=False)
class Candidates:
    """Pairs by the positions of their items, and their distances."""

    left: Int[np.ndarray, " pairs"]
    right: Int[np.ndarray, " pairs"]
    distance: Float[np.ndarray, " pairs"]


def worst_pairs(
    examples: Examples, embeddings: Float[np.ndarray, "items dim"], distance: Distance, preparation: Preparation
) -> WorstPairs:
    """The worst pairs of either kind; of more than 3,000 items with labels, among those of a seeded sample."""
    searched = len(examples)
    if examples.labels is not None:
        places = some_items(searched)
        searched = len(places)
        different, same = _among_all(examples.labels, places, embeddings, distance)
    else:
        different, same = _among_known(examples, embeddings, distance)
    chosen = _choose(different, examples, closest=True), _choose(same, examples, closest=False)
    shown = [
        shown_pairs(examples, [(left, right) for left, right, _ in rows], [value for *_, value in rows], preparation)
        for rows in chosen
    ]
    return WorstPairs(different=shown[0], same=shown[1], searched=searched, items=len(examples))


def _among_all(
    labels: Shaped[np.ndarray, " items"],
    places: Int[np.ndarray, " sampled"],
    embeddings: Float[np.ndarray, "items dim"],
    distance: Distance,
) -> tuple[Candidates, Candidates]:
    vectors = as_tensor(embeddings[places], distance)
    numbers = np.unique(labels[places], return_inverse=True)[1]
    found: tuple[list[Candidates], list[Candidates]] = ([], [])
    for start in range(0, len(places), TILE):
        with torch.no_grad():
            table = distance.table(vectors[start : start + TILE], vectors[start:]).float().cpu().numpy()
        once = np.arange(table.shape[1])[None, :] > np.arange(table.shape[0])[:, None]
        equal = numbers[start : start + TILE, None] == numbers[None, start:]
        for kind, wanted, sign in ((0, once & ~equal, 1), (1, once & equal, -1)):
            row, column = np.nonzero(wanted)
            values = table[row, column]
            kept = _first(sign * values)
            found[kind].append(Candidates(places[start + row[kept]], places[start + column[kept]], values[kept]))
    return _joined(found[0]), _joined(found[1])


def _among_known(
    examples: Examples, embeddings: Float[np.ndarray, "items dim"], distance: Distance
) -> tuple[Candidates, Candidates]:
    pairs = examples.pairs
    assert pairs is not None  # examples that have distances have labels or pairs
    vectors = as_tensor(embeddings, distance)
    left, right = pairs.left.astype(np.int64), pairs.right.astype(np.int64)
    with torch.no_grad():
        values = distance.between(vectors[left], vectors[right]).float().cpu().numpy()
    kinds = (np.flatnonzero(~pairs.same), 1), (np.flatnonzero(pairs.same), -1)
    kept = [rows[_first(sign * values[rows])] for rows, sign in kinds]
    return Candidates(left[kept[0]], right[kept[0]], values[kept[0]]), Candidates(
        left[kept[1]], right[kept[1]], values[kept[1]]
    )


def _first(values: Float[np.ndarray, " pairs"]) -> Int[np.ndarray, " kept"]:
    """The places of the smallest values."""
    return np.arange(len(values)) if len(values) <= KEPT else np.argpartition(values, KEPT)[:KEPT]


def _joined(parts: list[Candidates]) -> Candidates:
    return Candidates(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("left", "right", "distance"))
    )


def _choose(pairs: Candidates, examples: Examples, closest: bool) -> list[tuple[int, int, float]]:
    """The worst first; no item and no couple of identities stands in more than two of them."""
    used: Counter[object] = Counter()
    chosen: list[tuple[int, int, float]] = []
    for place in np.argsort(pairs.distance if closest else -pairs.distance, kind="stable"):
        ends = int(pairs.left[place]), int(pairs.right[place])
        alike: list[object] = list(ends)
        if examples.labels is not None:
            alike.append(frozenset(str(examples.labels[end]) for end in ends))
        if len(chosen) < SHOWN and all(used[one] < MOST_ALIKE for one in alike):
            chosen.append((*ends, float(pairs.distance[place])))
            used.update(alike)
    return chosen
