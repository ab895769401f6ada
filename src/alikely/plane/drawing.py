"""Items on a plane with what is known of them; found by name, looked at in groups, as a table and as CSV."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from alikely.errors import InputError, SettingsError
from alikely.plane.colours import Colours

LARGEST = 32767  # of the places as whole numbers of 16 bits
ROWS = 1000  # written at once


@dataclass(frozen=True)
class Spread:
    """A value of a field: how many items have it, where they lie in the middle, and how far they are spread.

    `spread` is the root mean square of their distances from that middle, over the same of all items: 1 is as wide as
    the whole plane.
    """

    value: str
    items: int
    middle: tuple[float, float]
    spread: float


@dataclass(frozen=True, eq=False)
class Drawing:
    """Items by number, from 0 up: their places (both coordinates in -1..1), names, and fields to colour them by.

    Where the items have labels, `label` names the field that holds them.
    """

    places: Float[np.ndarray, "items 2"]
    names: tuple[str, ...]
    fields: Mapping[str, Colours]
    label: str | None = None

    @classmethod
    def of(
        cls,
        places: Float[np.ndarray, "items 2"],
        names: Sequence[str],
        fields: Mapping[str, Colours],
        label: str | None = None,
    ) -> "Drawing":
        """From places in any unit: moved to the middle, and both coordinates shrunk or widened alike."""
        if len(places) == 0:
            return cls(places, tuple(names), fields, label)
        low, high = places.min(axis=0), places.max(axis=0)
        half = float((high - low).max()) / 2 or 1.0
        return cls((places - (low + high) / 2) / half, tuple(names), fields, label)

    def __len__(self) -> int:
        return len(self.names)

    def packed(self) -> bytes:
        """The places as int16 (x, y, x, y ...), little-endian, 32767 for 1."""
        return np.round(self.places * LARGEST).astype("<i2").tobytes()

    def field(self, name: str) -> Colours:
        """The field of this name. Raises SettingsError where there is none."""
        if name not in self.fields:
            there = f"there are {', '.join(self.fields)}" if self.fields else "these items have none"
            raise SettingsError(f"no field is called {name!r}: {there}")
        return self.fields[name]

    def numbers(self, said: Sequence[int]) -> Int[np.ndarray, " some"]:
        """Each of these numbers once, ascending. Raises InputError for one that no item has."""
        if any(not 0 <= number < len(self) for number in said):
            bad = next(number for number in said if not 0 <= number < len(self))
            raise InputError(f"there is no item {bad}: the map has items 0 to {len(self) - 1}")
        return np.unique(np.array(said, dtype=np.int64))

    def labels(self, numbers: Int[np.ndarray, " some"]) -> list[str | None]:
        """The labels of some items; None for those without one."""
        if self.label is None:
            return [None] * len(numbers)
        return [text or None for text in self.fields[self.label].texts(numbers)]

    def found(self, text: str, most: int) -> Int[np.ndarray, " found"]:
        """The first items whose name or label contains this text, in any letters; those that are it come first."""
        wanted = text.strip().casefold()
        if not wanted:
            return np.zeros(0, dtype=np.int64)
        of_label = self.fields[self.label] if self.label is not None else None
        # Far fewer labels than items, often: 2 where it is the text, 1 where it contains it.
        values = () if of_label is None else of_label.values
        meant = [(wanted == value.casefold()) + (wanted in value.casefold()) for value in values]
        exact: list[int] = []
        within: list[int] = []
        for number, name in enumerate(self.names):
            here = name.casefold()
            code = -1 if of_label is None else int(of_label.codes[number])
            fits = max((wanted == here) + (wanted in here), meant[code] if code >= 0 else 0)
            if fits:
                (within, exact)[fits - 1].append(number)
        return np.array([*exact, *within][:most], dtype=np.int64)

    def counts(self, numbers: Int[np.ndarray, " some"], field: str) -> list[tuple[str, int, int]]:
        """Of a field's values among some items: value, how many of these have it, how many of all; most first."""
        colours = self.field(field)
        if colours.kind == "number":
            return []
        codes = colours.codes[numbers]
        here = np.bincount(codes[codes >= 0], minlength=len(colours.values))
        order = np.argsort(-here, kind="stable")
        return [(colours.values[code], int(here[code]), int(colours.counts[code])) for code in order if here[code]]

    def spreads(self, field: str) -> list[Spread]:
        """All values of a field that is no number, the most frequent first. Raises SettingsError for numbers."""
        colours = self.field(field)
        if colours.kind == "number":
            raise SettingsError(f"{field} is a number: a table has a row for each category; choose another field")
        with_value = np.flatnonzero(colours.codes >= 0)
        codes, places = colours.codes[with_value], self.places[with_value]
        counts = colours.counts
        middles = np.stack([np.bincount(codes, places[:, axis], len(counts)) for axis in (0, 1)], axis=1)
        middles = middles / counts[:, None]
        off = np.bincount(codes, ((places - middles[codes]) ** 2).sum(axis=1), len(counts)) / counts
        whole = float(((self.places - self.places.mean(axis=0)) ** 2).sum(axis=1).mean()) if len(self) else 0.0
        spreads = np.sqrt(off / whole) if whole > 0 else np.zeros(len(counts))
        return [
            Spread(value, int(counts[code]), (float(middles[code, 0]), float(middles[code, 1])), float(spreads[code]))
            for code, value in enumerate(colours.values)
        ]

    def csv(self, numbers: Int[np.ndarray, " some"]) -> Iterator[str]:
        """Some items as lines of CSV: name, x, y and all fields; the first line names the columns."""
        yield _lines([["name", "x", "y", *self.fields]])
        for start in range(0, len(numbers), ROWS):
            some = numbers[start : start + ROWS]
            columns = [colours.texts(some) for colours in self.fields.values()]
            rows = zip(some, *columns, strict=True) if columns else ((number,) for number in some)
            yield _lines([self._row(int(row[0]), list(row[1:])) for row in rows])

    def described(self) -> dict[str, Any]:
        """For JSON: how many items, their fields, and which of these is the label."""
        return {"items": len(self), "label": self.label, "fields": [one.to_dict() for one in self.fields.values()]}

    def _row(self, number: int, values: list[str]) -> list[str]:
        x, y = self.places[number]
        return [self.names[number], f"{x:.5f}", f"{y:.5f}", *values]


def _lines(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
