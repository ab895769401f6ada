"""Items judged as a whole: by a model's embeddings, the nearest normal ones, and the parts in which they differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from alikely.contracts import Preparation
from alikely.data.rows import RowPreparation
from alikely.data.sequences import SequencePreparation
from alikely.model import SiameseModel
from alikely.tasks.anomaly.answers import Reason
from alikely.tasks.anomaly.measure import Far
from alikely.tasks.anomaly.neighbours import Neighbours
from alikely.tasks.anomaly.parts import Part, cells_of, columns_of, parts_of
from alikely.types import Item

LEAST_SHARE = 0.05  # of the deviation; what takes less away is no reason
# Where no part does.
THE_WHOLE = "the whole of it, no single part"


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
        """Why one item deviates, the strongest reason first.

        Parts are the columns of a row; of a sequence its length, the level and size of its channels, and steps. Each in
        turn is made as in the nearest normal item; what that takes from the deviation is its share. Where no part
        takes LEAST_SHARE, the whole is named. Other kinds have no parts, and no reasons.
        """
        if not self.remembered.read or deviation <= 0:
            return ()
        normal, preparation = self.remembered.read[nearest], self.model.preparation
        if isinstance(preparation, RowPreparation):
            cells = cells_of(item, preparation)
            parts = columns_of(read, normal, preparation, cells, self.remembered.cells[nearest])
        elif isinstance(preparation, SequencePreparation):
            # In a batch it is padded behind its end.
            read = read[~read[:, 0].isnan()]
            parts = parts_of(read, normal, preparation)
        else:
            return ()
        parts.append(Part(THE_WHOLE, normal))
        shares: Float[np.ndarray, " parts"] = (
            1 - self.far(preparation.join([part.read for part in parts])).deviation / deviation
        )

        def least(part: Part) -> float:
            # Steps that take away no more than their share of the time stand out by nothing.
            return max(LEAST_SHARE, (part.steps[1] - part.steps[0]) / len(read))

        told: list[tuple[Part, float]] = []
        for part, share in sorted(zip(parts, shares.tolist(), strict=True), key=lambda pair: -pair[1]):
            if part.where != THE_WHOLE and share >= least(part) and not any(part.overlaps(one) for one, _ in told):
                told.append((part, share))
        told = told or [(parts[-1], float(shares[-1]))]
        return tuple(Reason(part.where, share, part.found, part.normal) for part, share in told)
