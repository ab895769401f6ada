"""What a detector says of one item: how rare it is among normal ones, whether that is an anomaly, and why."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

MOST_TOLD = 3  # reasons in a line


@dataclass(frozen=True)
class Reason:
    """One part of an item that makes it deviate.

    where: the part: a column; of a sequence its length, level, size, or steps; or that no single part does.
    share: how much of the deviation goes where this part is as in the nearest normal item; at most 1, below 0 where
        the item then deviates more.
    found: what the item has there, normal: what the nearest normal item has; empty where that is no short text.
    """

    where: str
    share: float
    found: str = ""
    normal: str = ""

    def sentence(self) -> str:
        """In words: amount 912.5 (nearest normal: 20.1)."""
        if not self.found and not self.normal:
            return self.where
        return f"{self.where} {self.found or 'empty'} (nearest normal: {self.normal or 'empty'})"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"where": self.where, "share": self.share, "found": self.found, "normal": self.normal}


@dataclass(frozen=True, eq=False)
class Answer:
    """What is said of one item.

    name: what messages call it.
    anomalous: whether its deviation is above the threshold.
    p_value: the chance that a new normal item deviates as much or more, above 0 to 1.
    deviation: how far it is from normal; 0 and up, compared with `threshold`.
    distance: to the nearest normal items, on average; without known anomalies it is the deviation.
    nearest: the name of the nearest normal item; None where a picture is judged by its patches.
    reasons: the parts that make it deviate, the strongest first.
    map: of a picture, how far each place is from normal.
    """

    name: str
    anomalous: bool
    p_value: float
    deviation: float
    threshold: float
    distance: float
    nearest: str | None = None
    reasons: tuple[Reason, ...] = ()
    map: Float[np.ndarray, "height width"] | None = None

    def why(self) -> str:
        """The strongest reasons, in one line."""
        return "; ".join(reason.sentence() for reason in self.reasons[:MOST_TOLD])

    def to_dict(self) -> dict[str, Any]:
        """For JSON; without the map."""
        return {
            "item": self.name,
            "anomalous": self.anomalous,
            "p_value": self.p_value,
            "deviation": self.deviation,
            "threshold": self.threshold,
            "distance": self.distance,
            "nearest": self.nearest,
            "reasons": [reason.to_dict() for reason in self.reasons],
        }
