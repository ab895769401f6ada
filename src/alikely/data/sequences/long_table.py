"""A table with a row for each step of many sequences (id, t, channels ...) -> the sequences and what is known."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from alikely.data.sequences.opening import TIMES, columns_to_numbers
from alikely.data.tables import Table, read_table
from alikely.errors import InputError

ID = "id"
KNOWN = ("label", "group")


@dataclass(frozen=True)
class LongTable:
    """The sequences of a long table in the order in which their ids first stand there.

    `arrays` are structured: their fields are the column of times and the channels by their names in small letters.
    Each is sorted by its times; `names` are the ids. `labels` and `groups` are as text, None where there is no such
    column.
    """

    arrays: tuple[Shaped[np.ndarray, " _"], ...]
    names: tuple[str, ...]
    labels: Shaped[np.ndarray, " items"] | None
    groups: Shaped[np.ndarray, " items"] | None


def is_long_table(columns: tuple[str, ...]) -> bool:
    """Whether a table with these columns (in small letters) is one: it has an id, a column of times, and a channel."""
    channels = set(columns) - {ID, *TIMES, *KNOWN} - {"path", "left", "right"}
    return ID in columns and not set(TIMES).isdisjoint(columns) and bool(channels)


def read_long_table(path: Path) -> LongTable:
    """Read a long table (CSV, TSV, JSONL, Parquet): columns id, t (or time, timestamp), channels, maybe label, group.

    Raises InputError for a table without these columns, for a cell of time or channel that is no number, for a missing
    time, for two rows with one id and one time, and for an id with two labels or two groups. A gap in a channel is NaN:
    `SequencePreparation` names it.
    """
    table = read_table(path, known=(ID, *TIMES, *KNOWN))
    if not is_long_table(table.found):
        raise InputError(
            f"{path}: has the columns {', '.join(table.found)}; a table of sequences needs id, t, and a column "
            "for each channel"
        )
    time = next(name for name in TIMES if name in table.columns)
    channels = tuple(name for name in table.columns if name not in (ID, *TIMES, *KNOWN))
    times = columns_to_numbers(table, str(path), (time,))[:, 0]
    missing = np.flatnonzero(~np.isfinite(times))
    if len(missing):
        raise InputError(f"{path}, {table.places[missing[0]]}: has no time in the column {time!r}; fill it")
    steps = np.empty(len(times), dtype=[(name, np.float64) for name in (time, *channels)])
    for name in channels:
        steps[name] = columns_to_numbers(table, str(path), (name,))[:, 0]
    steps[time] = times
    ids = np.array(table.column(ID))
    # Rows of one sequence need not stand together.
    _, firsts, numbers = np.unique(ids, return_index=True, return_inverse=True)
    order = np.lexsort((np.arange(len(ids)), times, numbers))
    _refuse_one_time_twice(table, time, order, numbers, times)
    rows = np.split(order, np.cumsum(np.bincount(numbers))[:-1])
    ranked = np.argsort(firsts)
    starts = firsts[ranked]
    labels, groups = (_one_each(table, column, numbers, firsts, starts) for column in KNOWN)
    return LongTable(
        arrays=tuple(steps[rows[rank]] for rank in ranked),
        names=tuple(str(ids[start]) for start in starts),
        labels=labels,
        groups=groups,
    )


def _refuse_one_time_twice(table: Table, time: str, order: np.ndarray, numbers: np.ndarray, times: np.ndarray) -> None:
    twice = np.flatnonzero((np.diff(numbers[order]) == 0) & (np.diff(times[order]) == 0))
    if len(twice):
        first, second = (int(row) for row in order[twice[0] : twice[0] + 2])
        raise InputError(
            f"{table.path}, {table.places[second]}: the sequence {table.columns[ID][second]!r} has the {time} "
            f"{times[second]:g} here and at {table.places[first]} already; keep the right row, or mend the id or the "
            "time"
        )


def _one_each(
    table: Table, column: str, numbers: np.ndarray, firsts: np.ndarray, starts: np.ndarray
) -> Shaped[np.ndarray, " items"] | None:
    if column not in table.columns:
        return None
    cells = np.array(table.column(column))
    odd = np.flatnonzero(cells != cells[firsts[numbers]])
    if len(odd):
        row = int(odd[0])
        first = int(firsts[numbers[row]])
        raise InputError(
            f"{table.path}, {table.places[row]}: the sequence {table.columns[ID][row]!r} has the {column} "
            f"{str(cells[row])!r} here and {str(cells[first])!r} at {table.places[first]}; give each one {column}"
        )
    return np.asarray(cells[starts])
