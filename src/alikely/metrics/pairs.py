"""Embeddings and what is known of them in; distances of same and of different pairs, with their identities, out."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor, nn

from alikely.contracts import Distance
from alikely.errors import InputError
from alikely.types import Pairs

BLOCK = 512  # rows of a table of distances that are computed at once, at most
CELLS = 4_000_000  # and so many distances, at most: 16 MB


@dataclass(frozen=True, eq=False)
class PairDistances:
    """Distances of pairs of known relation, and which identities each pair joins.

    Row i of `same_identities` holds the identity numbers (0 to `identities` - 1) of the two sides of `same[i]`;
    `different_identities` likewise. The identities are what an interval draws anew: in most data the two sides of a
    same pair are one identity, and those of a different pair two. `items` is the number of items behind the pairs,
    where that is known. Memory: 8 bytes a pair up to 32,767 identities (87 million pairs: 0.7 GB), else 12.
    """

    same: Float[np.ndarray, " same"]
    different: Float[np.ndarray, " different"]
    same_identities: Int[np.ndarray, "same 2"]
    different_identities: Int[np.ndarray, "different 2"]
    identities: int
    items: int | None = None

    @classmethod
    def from_table(
        cls,
        distances: Float[np.ndarray, " pairs"],
        same: Bool[np.ndarray, " pairs"],
        left_identity: Shaped[np.ndarray, " pairs"],
        right_identity: Shaped[np.ndarray, " pairs"],
        items: int | None = None,
    ) -> "PairDistances":
        """From one row per pair, as a table of scores made elsewhere has it. Identities may be names or numbers."""
        names, numbers = np.unique(np.stack([left_identity, right_identity], axis=1), return_inverse=True)
        sides = numbers.reshape(-1, 2).astype(_narrowest(len(names)))
        return cls(
            same=distances[same],
            different=distances[~same],
            same_identities=sides[same],
            different_identities=sides[~same],
            identities=len(names),
            items=items,
        )


def all_pairs(
    embeddings: Float[np.ndarray, "items dim"],
    labels: Shaped[np.ndarray, " items"],
    distance: Distance,
    block: int = BLOCK,
) -> PairDistances:
    """The distances (float32) of all pairs of two items, each pair once: same where the labels are equal.

    Computed in strips of `block` items by all, on the device of the distance's weights where it has some; besides the
    result, memory grows with `block` x items. Pairs stand in the order (0, 1), (0, 2), ..., (1, 2), ... within either
    kind. Raises InputError naming the items whose embedding is not finite. For more pairs than memory holds see
    `ErrorRates.from_embeddings`.
    """
    vectors = as_tensor(embeddings, distance)
    names, numbers = np.unique(labels, return_inverse=True)
    numbers = numbers.astype(_narrowest(len(names)))
    count = len(numbers)
    sizes = np.bincount(numbers, minlength=len(names))
    same_count = int((sizes * (sizes - 1) // 2).sum())
    different_count = count * (count - 1) // 2 - same_count
    found = {True: np.empty(same_count, np.float32), False: np.empty(different_count, np.float32)}
    sides = {kind: np.empty((len(row), 2), numbers.dtype) for kind, row in found.items()}
    filled = {True: 0, False: 0}
    for start, table in upper_strips(vectors, distance, block):
        once = np.arange(table.shape[1])[None, :] > np.arange(table.shape[0])[:, None]
        equal = numbers[start : start + len(table), None] == numbers[None, start:]
        for kind in (True, False):
            row, column = np.nonzero(once & (equal == kind))
            place = slice(filled[kind], filled[kind] + len(row))
            found[kind][place] = table[row, column]
            sides[kind][place, 0] = numbers[start + row]
            sides[kind][place, 1] = numbers[start + column]
            filled[kind] += len(row)
    return PairDistances(found[True], found[False], sides[True], sides[False], identities=len(names), items=count)


def known_pairs(
    embeddings: Float[np.ndarray, "items dim"],
    pairs: Pairs,
    labels: Shaped[np.ndarray, " items"] | None,
    distance: Distance,
    block: int = 65536,
) -> PairDistances:
    """The distances (float32) of the given pairs only. `pairs.same` decides, also where the labels say otherwise.

    The labels say which identities the pairs join. Without labels, items joined by same pairs, directly or through
    others, count as one identity. Raises InputError naming the items whose embedding is not finite.
    """
    if labels is None:
        numbers = joined(len(embeddings), pairs.select(np.flatnonzero(pairs.same)))
    else:
        numbers = np.unique(labels, return_inverse=True)[1]
    return PairDistances.from_table(
        known_distances(embeddings, pairs, distance, block),
        pairs.same,
        numbers[pairs.left],
        numbers[pairs.right],
        items=len(np.union1d(pairs.left, pairs.right)),
    )


def known_distances(
    embeddings: Float[np.ndarray, "items dim"], pairs: Pairs, distance: Distance, block: int = 65536
) -> Float[np.ndarray, " pairs"]:
    """The distance (float32) of each of the given pairs, in their order.

    Raises InputError naming the items whose embedding is not finite.
    """
    vectors = as_tensor(embeddings, distance)
    parts = [np.empty(0, np.float32)]
    for start in range(0, len(pairs), block):
        left, right = (vectors[side[start : start + block].astype(np.int64)] for side in (pairs.left, pairs.right))
        with torch.no_grad():
            parts.append(distance.between(left, right).float().cpu().numpy())
    return np.concatenate(parts)


def joined(items: int, pairs: Pairs) -> Int[np.ndarray, " items"]:
    """For each item a number: the same one for items that pairs join, directly or through others."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(pairs), dtype=bool), (pairs.left, pairs.right)), shape=(items, items))
    numbers: Int[np.ndarray, " items"] = connected_components(links, directed=False)[1]
    return numbers


def upper_strips(
    vectors: Float[Tensor, "items dim"], distance: Distance, block: int = BLOCK
) -> Iterator[tuple[int, Float[np.ndarray, "rows columns"]]]:
    """The table of all distances (float32) on and above its diagonal, from the top: each strip with its first item.

    Row i and column j of a strip that starts at item s hold the distance of the items s + i and s + j.
    """
    starts = [0]
    while starts[-1] < len(vectors):
        starts.append(starts[-1] + strip_rows(len(vectors) - starts[-1], block))
    places = list(pairwise(starts))

    def strip(place: tuple[int, int]) -> Float[np.ndarray, "rows columns"]:
        start, end = place
        return distance_table(vectors[start:end], vectors[start:], distance)

    # The next strip is computed while this one is used.
    with ThreadPoolExecutor(1) as ahead:
        coming = [ahead.submit(strip, place) for place in places[:1]]
        for number, (start, _) in enumerate(places, start=1):
            table = coming.pop().result()
            coming = [ahead.submit(strip, place) for place in places[number : number + 1]]
            yield start, table


def strip_rows(columns: int, block: int = BLOCK) -> int:
    """How many rows of a table with so many columns are computed at once."""
    return max(1, min(block, CELLS // columns))


def distance_table(
    rows: Float[Tensor, "rows dim"], columns: Float[Tensor, "columns dim"], distance: Distance
) -> Float[np.ndarray, "rows columns"]:
    """All distances (float32) of some items to others, without gradients, as NumPy has them."""
    with torch.no_grad():
        table: Float[np.ndarray, "rows columns"] = distance.table(rows, columns).float().cpu().numpy()
    return table


def as_tensor(embeddings: Float[np.ndarray, "items dim"], distance: Distance) -> Float[Tensor, "items dim"]:
    """The embeddings where the distance can take them. Raises InputError naming the items that are not finite."""
    bad = np.flatnonzero(~np.isfinite(embeddings).all(axis=1))
    if len(bad):
        shown = ", ".join(str(item) for item in bad[:5])
        raise InputError(
            f"embeddings must be finite, got NaN or infinity for {len(bad)} of {len(embeddings)} items (at {shown}"
            f"{', ...' if len(bad) > 5 else ''}); look at those items, or train again with a smaller learning rate"
        )
    weights = distance.parameters() if isinstance(distance, nn.Module) else iter(())
    device = next((weight.device for weight in weights), torch.device("cpu"))
    return torch.from_numpy(embeddings).to(device)


def _narrowest(count: int) -> type[np.signedinteger]:
    return np.int16 if count <= np.iinfo(np.int16).max else np.int32
