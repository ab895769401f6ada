"""Embeddings of all training items, and their labels -> what each is mistaken for, put into its batches.

What is hard to tell apart seldom meets by chance in a batch of a large corpus. So before each epoch all items are
embedded, and each batch also gets some of the items that its own are now mistaken for.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from alikely.contracts import Distance
from alikely.distances import Cosine
from alikely.types import Batch

NEIGHBOURS = 64  # what is not among so many nearest is not hard
EXACT = 50_000  # so many items are compared all by all; more by way of cells
CELLS_LOOKED_INTO = 16
CHUNK = 256


def find_hard_negatives(
    embeddings: Float[Tensor, "items dim"],
    labels: Int[np.ndarray, " items"],
    distance: Distance,
    at_most: int,
    guard: float | None,
    exact: int = EXACT,
) -> Int[np.ndarray, "items at_most"]:
    """The positions of the `at_most` nearest items of other labels, nearest first, of each item; -1 where none is left.

    FAISS finds the 64 nearest of each by the straight line (for the cosine distance: between directions), all of them
    up to `exact` items, by way of cells beyond; `distance` then ranks them. `guard` (None: off) leaves out those that
    may well be the same: nearer than the item's nearest positive by more than the guard. Where no positive is among
    the 64, all of them count as nearer. An item without positives keeps all its negatives.
    """
    near = _nearest(embeddings.cpu().numpy(), isinstance(distance, Cosine), min(NEIGHBOURS + 1, len(labels)), exact)
    far = _distances(embeddings, near, distance)
    itself = near == np.arange(len(near))[:, None]
    found = (near >= 0) & ~itself
    positive = found & (labels[near] == labels[:, None])
    negative = found & ~positive
    if guard is not None:
        reach = np.where(found, far, -np.inf).max(axis=1)
        nearest_positive = np.where(positive, far, reach[:, None]).min(axis=1, where=found, initial=np.inf)
        has_positive = np.bincount(labels)[labels] > 1
        suspect = has_positive[:, None] & (far < nearest_positive[:, None] - guard)
        negative &= ~suspect
    order = np.lexsort((near, np.where(negative, far, np.inf)))[:, :at_most]
    chosen = np.where(np.take_along_axis(negative, order, axis=1), np.take_along_axis(near, order, axis=1), -1)
    return np.pad(chosen, ((0, 0), (0, at_most - chosen.shape[1])), constant_values=-1)


def with_hard_negatives(
    batches: Iterator[Batch],
    hard: Int[np.ndarray, "items found"],
    labels: Int[np.ndarray, " turned"],
    groups: Int[np.ndarray, " turned"] | None,
    per_label: int,
    rng: np.random.Generator,
) -> Iterator[Batch]:
    """The batches, each with up to `per_label` more items for each of its labels, drawn from what is hard for these.

    `hard` is what `find_hard_negatives` gave. `labels` and `groups` are those of all that the batches draw from: item i
    in its k-th symmetry stands there at k * items + i, and what is hard for it is taken in the same symmetry.
    """
    for batch in batches:
        assert batch.labels is not None  # hard negatives are for labels only
        turn, place = np.divmod(batch.items, len(hard))
        candidates = np.where(hard[place] < 0, -1, hard[place] + turn[:, None] * len(hard))
        inside = set(batch.items.tolist())
        added: list[int] = []
        for label in dict.fromkeys(batch.labels.tolist()):
            fresh = [item for item in np.unique(candidates[batch.labels == label]).tolist() if item >= 0]
            fresh = [item for item in fresh if item not in inside]
            chosen = rng.permutation(fresh)[:per_label].astype(np.int64).tolist()
            inside.update(chosen)
            added += chosen
        items = np.concatenate([batch.items, np.array(added, dtype=batch.items.dtype)])
        yield Batch(items, labels[items], None if groups is None else groups[items])


def _nearest(
    embeddings: Float[np.ndarray, "items dim"], directions: bool, count: int, exact: int
) -> Int[np.ndarray, "items near"]:
    """The positions of the nearest of each item, itself mostly among them; -1 where cells gave too few."""
    import faiss

    points = np.ascontiguousarray(embeddings, dtype=np.float32)
    if directions:
        points = points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12)
    flat = faiss.IndexFlatL2(points.shape[1])
    index: Any = flat
    if len(points) > exact:
        index = faiss.IndexIVFFlat(flat, points.shape[1], int(len(points) ** 0.5))
        index.nprobe = CELLS_LOOKED_INTO
        index.train(points)
    index.add(points)
    near: np.ndarray = index.search(points, count)[1]
    return near


@torch.no_grad()
def _distances(
    embeddings: Float[Tensor, "items dim"], near: Int[np.ndarray, "items near"], distance: Distance
) -> Float[np.ndarray, "items near"]:
    rows = []
    for start in range(0, len(near), CHUNK):
        columns = torch.from_numpy(near[start : start + CHUNK]).clamp(min=0).to(embeddings.device)
        left = embeddings[start : start + CHUNK].repeat_interleave(columns.shape[1], dim=0)
        rows.append(distance.between(left, embeddings[columns.flatten()]).reshape(columns.shape).cpu().numpy())
    return np.concatenate(rows)
