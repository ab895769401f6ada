"""Values of items (labels, columns, fields) in; what points are coloured by, out: categories or numbers."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from alikely.data.rows.cells import number_of

NAMED = 12  # categories that are named, the most frequent ones
FEWEST_NUMBERS = 12  # with fewer different ones, numbers are categories too


@dataclass(frozen=True, eq=False)
class Colours:
    """A value for each item.

    kind "category": `codes` are positions in `values`, which stand with the most frequent first; -1 where an item has
    none. kind "number": `numbers`, NaN where an item has none.
    """

    name: str
    kind: Literal["category", "number"]
    codes: Int[np.ndarray, " items"]
    values: tuple[str, ...]
    counts: Int[np.ndarray, " values"]
    numbers: Float[np.ndarray, " items"]

    def texts(self, numbers: Int[np.ndarray, " some"]) -> list[str]:
        """The values of some items, as text; empty where an item has none."""
        if self.kind == "category":
            return [self.values[code] if code >= 0 else "" for code in self.codes[numbers]]
        return ["" if math.isnan(value) else f"{value:.10g}" for value in self.numbers[numbers]]

    def packed(self) -> bytes:
        """Codes as int32, numbers as float32, little-endian."""
        return (self.codes.astype("<i4") if self.kind == "category" else self.numbers.astype("<f4")).tobytes()

    def to_dict(self) -> dict[str, Any]:
        """For JSON: name, kind, how many items have no value; the frequent values, or the range of the numbers."""
        if self.kind == "category":
            named = list(zip(self.values[:NAMED], self.counts[:NAMED].tolist(), strict=True))
            missing = int((self.codes < 0).sum())
            return {"name": self.name, "kind": self.kind, "missing": missing, "of": len(self.values), "values": named}
        there = self.numbers[~np.isnan(self.numbers)]
        return {
            "name": self.name,
            "kind": self.kind,
            "missing": len(self.numbers) - len(there),
            "smallest": float(there.min()),
            "largest": float(there.max()),
        }


def colours_of(name: str, said: Sequence[Any], label: bool = False) -> Colours:
    """Numbers where all that is there is a finite number and there are many of them, else categories.

    None and empty texts are no value. A `label` is always a category.
    """
    texts = ["" if value is None else str(value).strip() for value in said]
    there = Counter(text for text in texts if text)
    read = {text: number_of(text) for text in there}
    finite = all(value is not None and math.isfinite(value) for value in read.values())
    if not label and finite and len(there) >= FEWEST_NUMBERS:
        numbers = np.array([read[text] if text else math.nan for text in texts], dtype=np.float64)
        none = np.full(len(texts), -1, dtype=np.int32)
        return Colours(name, "number", none, (), np.zeros(0, dtype=np.int64), numbers)
    ordered = sorted(there.items(), key=lambda one: (-one[1], one[0]))
    place = {text: number for number, (text, _) in enumerate(ordered)}
    codes = np.array([place.get(text, -1) for text in texts], dtype=np.int32)
    counts = np.array([count for _, count in ordered], dtype=np.int64)
    return Colours(name, "category", codes, tuple(text for text, _ in ordered), counts, np.full(len(texts), math.nan))
