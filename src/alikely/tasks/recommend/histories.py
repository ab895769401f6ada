"""A table of who liked what -> each person's liked items in the order of time, and what they have seen besides."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from alikely.data.items import counted
from alikely.data.rows.cells import days_of, number_of
from alikely.data.tables import Table
from alikely.errors import InputError
from alikely.tasks.recommend.catalogue import table_of

NAMED = 5  # unknown items that a note names

__all__ = ["Histories", "read_histories"]


@dataclass(frozen=True)
class Histories:
    """`liked[i]` are the places of the items that `people[i]` liked, the latest last; `seen[i]` of the others they saw.

    `notes` say what was left out or taken once.
    """

    people: tuple[str, ...]
    liked: tuple[Int[np.ndarray, "_"], ...]
    seen: tuple[Int[np.ndarray, "_"], ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.people)

    def counts(self, items: int) -> Int[np.ndarray, " items"]:
        """How many people liked each item."""
        return np.bincount(np.concatenate([*self.liked, np.zeros(0, np.int64)]), minlength=items)


def read_histories(
    source: str | Path | Iterable[Mapping[str, Any]], ids: Sequence[str], liked: float | None, skip_bad: bool = False
) -> Histories:
    """Histories from a table or records: columns person,item and, where there are such, rating and time.

    Rows of items that are not among `ids` are left out and named in `notes`, with `skip_bad` those without a person or
    an item too; of rows that repeat person and item, the latest counts. Times are numbers or ISO dates; without them,
    the order of the rows is that of time.

    Raises InputError where a column is missing, a rating or time cannot be read, or no row is left.
    """
    table = table_of(source, ("person", "item", "rating", "time"))
    for name in ("person", "item"):
        if not table.has(name):
            raise InputError(
                f"{table.path}: has the columns {', '.join(table.found)}, but needs person and item (and rating, time "
                "where they are known)"
            )
    if liked is not None and not table.has("rating"):
        raise InputError(f"{table.path}: has no column rating, so that liked = {liked:g} means nothing; leave it out")
    place = {name: number for number, name in enumerate(ids)}
    told = table.columns.__getitem__ if skip_bad else table.column
    people, items = ([cell.strip() for cell in told(name)] for name in ("person", "item"))
    empty = [row for row in range(len(people)) if not (people[row] and items[row])]
    ratings = _numbers(table, "rating") if liked is not None else [0.0] * len(people)
    times = _times(table) if table.has("time") else [0.0] * len(people)
    said: dict[str, dict[int, bool]] = {}
    unknown: dict[str, int] = {}
    repeats = 0
    for row in sorted(range(len(people)), key=times.__getitem__):
        person, item = people[row], items[row]
        if not (person and item):
            continue
        if item not in place:
            unknown[item] = unknown.get(item, 0) + 1
            continue
        of_person = said.setdefault(person, {})
        repeats += of_person.pop(place[item], None) is not None
        of_person[place[item]] = liked is None or ratings[row] >= liked
    notes = _notes(unknown, repeats, [table.places[row] for row in empty])
    if not said:
        why = notes[0] if notes else "it has no rows"
        raise InputError(f"{table.path}: no history is left: {why}; give histories of the items in the catalogue")
    order = sorted(said)
    return Histories(
        tuple(order),
        tuple(np.array([item for item, good in said[name].items() if good], dtype=np.int64) for name in order),
        tuple(np.array([item for item, good in said[name].items() if not good], dtype=np.int64) for name in order),
        notes,
    )


def _notes(unknown: Mapping[str, int], repeats: int, empty: Sequence[str]) -> tuple[str, ...]:
    notes = []
    if empty:
        some = ", ".join(empty[:NAMED]) + (" ..." if len(empty) > NAMED else "")
        notes.append(f"{counted(len(empty), 'row', 'rows')} without a person or an item left out: {some}")
    if unknown:
        some = ", ".join(list(unknown)[:NAMED]) + (" ..." if len(unknown) > NAMED else "")
        rows = counted(sum(unknown.values()), "row", "rows")
        notes.append(f"{rows} of {counted(len(unknown), 'item', 'items')} not in the catalogue left out: {some}")
    if repeats:
        notes.append(f"rows that repeat a person and an item, of which the latest was taken: {repeats:,}")
    return tuple(notes)


def _numbers(table: Table, name: str) -> list[float]:
    numbers = [number_of(cell.strip()) for cell in table.column(name)]
    for row, number in enumerate(numbers):
        if number is None or not np.isfinite(number):
            raise InputError(
                f"{table.path}, {table.places[row]}: the {name} {table.columns[name][row]!r} is no finite number; "
                "correct it, or remove the row"
            )
    return [float(number) for number in numbers if number is not None]


def _times(table: Table) -> list[float]:
    """Numbers as they are, dates as seconds since 1970."""
    start = datetime(1970, 1, 1, tzinfo=UTC).toordinal()
    found = []
    for row, cell in enumerate(table.column("time")):
        number, days = number_of(cell.strip()), days_of(cell.strip())
        if number is None and days is None:
            raise InputError(
                f"{table.path}, {table.places[row]}: the time {cell!r} is neither a number nor a date such as "
                "2026-05-31T14:30; correct it"
            )
        found.append(number if number is not None else ((days or 0.0) - start) * 86_400)
    return found
