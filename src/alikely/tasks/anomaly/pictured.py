"""Pictures judged by their patches: how far a picture is from normal, and at which of its places."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from alikely.data.preparation import PicturePreparation
from alikely.tasks.anomaly.answers import Reason
from alikely.tasks.anomaly.measure import Far
from alikely.tasks.anomaly.patches import PatchMemory
from alikely.types import Item


@dataclass(frozen=True, eq=False)
class Pictured:
    """Meets `Measure`: the deviation of a picture is the mean distance of its farthest patches from normal ones.

    pictures: how many normal ones the memory was made of.
    """

    preparation: PicturePreparation
    memory: PatchMemory
    pictures: int

    def far(self, batch: Tensor) -> Far:
        """How far the pictures of a batch that was read are, and each of their places."""
        found = self.memory.measure(batch)
        distances = found.distances.astype("float64")
        return Far(distances, distances, maps=found.maps)

    def reasons(self, item: Item, read: Tensor, deviation: float, nearest: int) -> tuple[Reason, ...]:  # noqa: ARG002
        """None in words: the map says where."""
        return ()

    def name_of(self, nearest: int) -> str:  # noqa: ARG002
        """No picture is the nearest one: patches come from all of them."""
        return ""

    def counts(self) -> dict[str, Any]:
        """Pictures and patches."""
        return {"remembered": self.pictures, "patches": len(self.memory.patches), "anomalies": 0}
