"""Embeddings of normal items, and of anomalies where some are known; how far others are from them, out."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from alikely.contracts import Distance

ROWS = 1024  # compared at once: a table of so many rows by all that is remembered fits in memory


# A known anomaly that is met again lies nearer than that to itself.
NEAREST = 1e-6


@dataclass(frozen=True, eq=False)
class Far:
    """How far items are from what is remembered, row i for item i.

    deviation: what is judged: the distance where no anomalies are known, else
        distance * distance / distance to the nearest known anomaly.
        So an item near a known anomaly deviates more, and one that is far from everything still as much as its
        distance says.
    distance: the mean distance to the nearest normal items.
    nearest: the position of the nearest normal item.
    """

    deviation: Float[np.ndarray, " items"]
    distance: Float[np.ndarray, " items"]
    nearest: Int[np.ndarray, " items"]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Embeddings that are remembered, and the distance that compares others with them.

    anomalies: those that are known; there may be none.
    count: how many of the nearest normal ones are asked; where fewer are remembered, all are.
    """

    distance: Distance
    normal: Float[np.ndarray, "normal dim"]
    anomalies: Float[np.ndarray, "anomalies dim"]
    count: int

    def far(self, rows: Float[np.ndarray, "items dim"]) -> Far:
        """How far each of these embeddings is."""
        normal, anomalies = torch.from_numpy(self.normal), torch.from_numpy(self.anomalies)
        deviation, distance, nearest = [np.zeros(0)], [np.zeros(0)], [np.zeros(0, np.int64)]
        with torch.inference_mode():
            for start in range(0, len(rows), ROWS):
                some = torch.from_numpy(rows[start : start + ROWS])
                table = self.distance.table(some, normal)
                near, places = table.topk(min(self.count, len(normal)), largest=False)
                far = near.double().mean(dim=1)
                distance.append(far.numpy())
                nearest.append(places[:, 0].numpy())
                if len(anomalies):
                    known = self.distance.table(some, anomalies).double().amin(dim=1)
                    far = far * (far / known.clamp(min=NEAREST))
                deviation.append(far.numpy())
        return Far(np.concatenate(deviation), np.concatenate(distance), np.concatenate(nearest))
