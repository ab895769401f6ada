"""Embeddings of normal items, and of anomalies where some are known; how far others are from them, out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Int

from alikely.contracts import Distance
from alikely.distances import SHORTEST, Cosine, Euclidean, SquaredEuclidean
from alikely.tasks.anomaly.measure import Far

ROWS = 1024  # compared at once: a table of so many rows by all that is remembered fits in memory


# A known anomaly that is met again lies nearer than that to itself.
NEAREST = 1e-6

Search = Callable[[np.ndarray, int], np.ndarray]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Embeddings that are remembered, and the distance that compares others with them.

    anomalies: those that are known; there may be none.
    count: how many of the nearest are asked, of the normal ones and of the anomalies; where there are fewer, all are.
    """

    distance: Distance
    normal: Float[np.ndarray, "normal dim"]
    anomalies: Float[np.ndarray, "anomalies dim"]
    count: int

    def far(self, rows: Float[np.ndarray, "items dim"]) -> Far:
        """How far each of these embeddings is."""
        near, places = self._among_normal.nearest(rows, self.count)
        distance = near.mean(axis=1)
        deviation = distance
        if len(self.anomalies):
            known = self._among_anomalies.nearest(rows, self.count)[0].mean(axis=1)
            deviation = distance * (distance / np.maximum(known, NEAREST))
        return Far(deviation, distance, places[:, 0])

    # Made when first needed, then kept: a stream asks them line by line.
    @cached_property
    def _among_normal(self) -> "Among":
        return Among(self.distance, self.normal)

    @cached_property
    def _among_anomalies(self) -> "Among":
        return Among(self.distance, self.anomalies)


class Among:
    """Embeddings, made ready to be searched.

    FAISS finds the nearest where the distance is a straight line or an angle; they are then measured by the distance
    itself, as FAISS rounds what lies near.
    """

    def __init__(self, distance: Distance, remembered: Float[np.ndarray, "remembered dim"]) -> None:
        self.distance = distance
        self.remembered = torch.from_numpy(remembered)
        self.search = _search(distance, remembered)

    def nearest(
        self, rows: Float[np.ndarray, "items dim"], count: int
    ) -> tuple[Float[np.ndarray, "items found"], Int[np.ndarray, "items found"]]:
        """The distances of each row to the `count` nearest (to all, if they are fewer), rising, and their places."""
        count = min(count, len(self.remembered))
        found, places = [np.zeros((0, count))], [np.zeros((0, count), np.int64)]
        with torch.inference_mode():
            for start in range(0, len(rows), ROWS):
                some = rows[start : start + ROWS]
                given = torch.from_numpy(some)
                if self.search is None:
                    table = self.distance.table(given, self.remembered)
                    at = table.topk(count, largest=False).indices.numpy()
                else:
                    at = self.search(some, count)
                left = given.repeat_interleave(count, dim=0)
                far = self.distance.between(left, self.remembered[torch.from_numpy(at.reshape(-1))])
                measured = far.double().numpy().reshape(-1, count)
                order = np.argsort(measured, axis=1, kind="stable")
                found.append(np.take_along_axis(measured, order, axis=1))
                places.append(np.take_along_axis(at, order, axis=1))
        return np.concatenate(found), np.concatenate(places)


def _search(distance: Distance, remembered: Float[np.ndarray, "remembered dim"]) -> Search | None:
    """The places of the nearest, found by FAISS; None for a distance that it does not have."""
    if not isinstance(distance, Euclidean | SquaredEuclidean | Cosine):
        return None
    import faiss

    turned = isinstance(distance, Cosine)
    index = faiss.IndexFlatL2(remembered.shape[1])
    index.add(_directions(remembered) if turned else np.ascontiguousarray(remembered))

    def search(rows: Float[np.ndarray, "items dim"], count: int) -> Int[np.ndarray, "items found"]:
        asked = _directions(rows) if turned else np.ascontiguousarray(rows)
        return np.asarray(index.search(asked, count)[1])

    return search


def _directions(rows: Float[np.ndarray, "items dim"]) -> Float[np.ndarray, "items dim"]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.ascontiguousarray(rows / np.maximum(lengths, SHORTEST), dtype=np.float32)
