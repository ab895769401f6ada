"""Items judged as a whole: by a model's embeddings, the nearest normal ones, and the parts in which they differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from alikely.contracts import Preparation
from alikely.data.rows import RowPreparation
from alikely.model import SiameseModel
from alikely.tasks.anomaly.answers import Reason
from alikely.tasks.anomaly.measure import Far
from alikely.tasks.anomaly.neighbours import Neighbours
from alikely.tasks.anomaly.parts import cells_of, columns_of, windows_of
from alikely.types import Item

LEAST_SHARE = 0.05  # of the deviation; what takes less away is no reason


@dataclass(frozen=True, eq=False)
class Remembered:
    """The normal items that others are compared with, by position.

    names: what messages call them.
    read: of rows and sequences, the items as the preparation reads them; empty for other kinds.
    cells: of rows, their cells by column, as text; empty for other kinds.
    """

    names: tuple[str, ...]
    read: tuple[Tensor, ...] = ()
    cells: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class Vectors:
    """Meets `Measure`: how far the embedding of an item is from those of normal ones, and which parts make it so."""

    model: SiameseModel
    neighbours: Neighbours
    remembered: Remembered

    @property
    def preparation(self) -> Preparation:
        """That of the model."""
        return self.model.preparation

    def name_of(self, nearest: int) -> str:
        """What the normal item at this position is called."""
        return self.remembered.names[nearest]

    def counts(self) -> dict[str, Any]:
        """Normal items, and known anomalies."""
        return {"remembered": len(self.neighbours.normal), "anomalies": len(self.neighbours.anomalies)}

    def far(self, batch: Tensor) -> Far:
        """How far the items of a batch that was read are."""
        return self.neighbours.far(self.model.embed_read(batch))

    def reasons(self, item: Item, read: Tensor, deviation: float, nearest: int) -> tuple[Reason, ...]:
        """Why one item deviates, the strongest reason first: columns of a row, steps of a sequence; else none.

        Each part in turn is made as in the nearest normal item; what that takes from the deviation is its share.
        """
        if not self.remembered.read or deviation <= 0:
            return ()
        normal, preparation = self.remembered.read[nearest], self.model.preparation
        found: Mapping[str, str] = {}
        usual: Mapping[str, str] = {}
        if isinstance(preparation, RowPreparation):
            parts = columns_of(read, normal, preparation)
            found, usual = cells_of(item, preparation), self.remembered.cells[nearest]
        else:
            # In a batch it is padded behind its end.
            parts = windows_of(read[~read[:, 0].isnan()], normal)
        if not parts:
            return ()
        shares: Float[np.ndarray, " parts"] = (
            1 - self.far(preparation.join([part.read for part in parts])).deviation / deviation
        )
        told = [
            Reason(part.where, share, found.get(part.where, ""), usual.get(part.where, ""))
            for part, share in zip(parts, shares.tolist(), strict=True)
            if share >= LEAST_SHARE
        ]
        return tuple(sorted(told, key=lambda reason: -reason.share))
