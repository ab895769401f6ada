"""Embeddings and a distance in; places on a plane where the alike lie near, out: some by t-SNE, the others by these."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import cKDTree

from alikely.contracts import Distance
from alikely.metrics.pairs import as_tensor, distance_table
from alikely.plane.landmarks import flattened

LANDMARKS = 3000
NEAREST = 10  # landmarks that say where an item lies
FAR = 4.0  # times the usual distance between landmarks: no longer one neighbourhood
SPREAD = 0.5  # of that distance: items do not hide each other
STRIP = 1000


def plane_of(
    embeddings: Float[np.ndarray, "items dim"],
    distance: Distance,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    landmarks: int = LANDMARKS,
) -> Float[np.ndarray, "items 2"]:
    """A place for each item, in no unit: what lies near has a small distance; how far the far is says little.

    Up to 3,000 items by t-SNE; of more, a sample of that many lies so, and each other item among the ten of them that
    are nearest to it by the distance itself. The same embeddings and seed give the same places.
    `progress(done, total)` counts items. Raises InputError naming the items whose embedding is not finite.
    """
    vectors = as_tensor(embeddings, distance)
    count = len(vectors)
    draw = np.random.default_rng(seed)
    sample = np.sort(draw.permutation(count)[:landmarks])
    if len(sample) == 0:
        return np.zeros((0, 2))
    marks = vectors[sample]
    table = np.concatenate(
        [distance_table(marks[start : start + STRIP], marks, distance) for start in range(0, len(sample), STRIP)]
    )
    places = np.zeros((count, 2))
    places[sample] = known = flattened(table, seed)
    done = len(sample)
    if progress:
        progress(done, count)
    others = np.setdiff1d(np.arange(count), sample)
    usual = _usual(known) if len(sample) > 1 else 0.0
    for start in range(0, len(others), STRIP):
        strip = others[start : start + STRIP]
        places[strip] = _among(distance_table(vectors[strip], marks, distance), known, usual)
        places[strip] += draw.normal(scale=SPREAD * usual, size=(len(strip), 2))
        if progress:
            progress(done + start + len(strip), count)
    return places


def _among(
    table: Float[np.ndarray, "items landmarks"], places: Float[np.ndarray, "landmarks 2"], usual: float
) -> Float[np.ndarray, "items 2"]:
    """The mean place of an item's nearest landmarks, the nearest most; without those that lie in other parts."""
    nearest = _smallest(table, min(NEAREST, table.shape[1]))
    far = np.take_along_axis(table, nearest, axis=1)
    there = places[nearest]
    nearer = (far - far[:, :1]) / np.maximum(far[:, -1:] - far[:, :1], np.finfo(np.float32).tiny)
    weights = np.exp(-3 * nearer) * (np.linalg.norm(there - there[:, :1], axis=2) <= FAR * usual)
    mean: Float[np.ndarray, "items 2"] = (weights[:, :, None] * there).sum(axis=1) / weights.sum(axis=1)[:, None]
    return mean


def _smallest(table: Float[np.ndarray, "items landmarks"], count: int) -> Int[np.ndarray, "items nearest"]:
    """The columns of each row's smallest cells, the smallest first."""
    columns = np.argpartition(table, count - 1, axis=1)[:, :count]
    order = np.argsort(np.take_along_axis(table, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)


def _usual(places: Float[np.ndarray, "landmarks 2"]) -> float:
    """How far landmarks lie from their neighbours on the plane, in the middle of all."""
    return float(np.median(cKDTree(places).query(places, k=2)[0][:, 1]))
