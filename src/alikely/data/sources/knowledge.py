"""What rows say of items, by their positions -> pairs, or the labels that pairs of alike items make; and notes."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Int, Shaped

from alikely.data.items import counted
from alikely.data.joining import joined
from alikely.data.sources.names import shortened
from alikely.errors import InputError
from alikely.types import Pairs

# A label that pairs of alike items make, and that holds more than this share of all items, is told.
LARGE, FEWEST_TOLD = 0.1, 10


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of positions in a list of items: the two of a pair, or anchor, positive and negative of a triplet.

    `where(row)` says in messages where a row stands, `called` what the items are called. `columns` are what else is
    said of each row. Where `with_itself`, a pair may be of one item, such as a text that stands in both cells: it is
    left out, unless it is called different.
    """

    ends: Int[np.ndarray, "rows ends"]
    where: Callable[[int], str]
    called: Sequence[str]
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    with_itself: bool = False


@dataclass(frozen=True, eq=False)
class Told:
    """What the rows say: pairs, or labels (one for each item); and notes on them."""

    pairs: Pairs | None = None
    labels: Shaped[np.ndarray, " items"] | None = None
    notes: tuple[str, ...] = ()


def same_or_different(rows: Rows, same: Sequence[bool]) -> Told:
    """Pairs that are the same or different; a pair that says again what one before says is taken once."""
    told = np.array(same, dtype=bool)
    kept, notes = _kept_pairs(rows, told, same)
    left, right = rows.ends[kept].T
    return Told(Pairs(left, right, told[kept], _columns(rows, kept)), notes=notes)


def scored(rows: Rows, scores: Sequence[float], bounds: tuple[float | int, float | int] | None = None) -> Told:
    """Pairs with scores, `bounds` (by themselves the smallest and the largest score) brought to 0 and 1.

    Raises InputError for a score that is no finite number or outside the bounds, and where all are equal.
    """
    values = np.array(scores, dtype=np.float64)
    _refuse(rows, ~np.isfinite(values), lambda row: f"the score is {values[row]}; it must be a finite number")
    low, high = bounds or (float(values.min()), float(values.max()))
    outside = (values < low) | (values > high)
    _refuse(rows, outside, lambda row: f"the score {values[row]:g} is outside the range {low:g} to {high:g}; mend it")
    if not low < high:
        raise InputError(
            f"{rows.where(0)}: the scores go from {low:g} to {high:g}, so none says more than another; give scores "
            "that differ, or name the range that they can have: score 0..5"
        )
    mapped = np.clip((values - low) / (high - low), 0, 1)
    kept, notes = _kept_pairs(rows, mapped >= 0.5, mapped.tolist())
    found = "" if bounds else ", the smallest and the largest found,"
    note = f"scores {low:g} and {high:g}{found} count as 0 (not alike) and 1 (fully alike)"
    left, right = rows.ends[kept].T
    pairs = Pairs(left, right, mapped[kept] >= 0.5, _columns(rows, kept), mapped[kept])
    return Told(pairs, notes=(note, *notes))


def triplets(rows: Rows) -> Told:
    """Two pairs of each triplet: anchor and positive the same, anchor and negative different; both have one unit."""
    for one, other in combinations(range(3), 2):
        equal = rows.ends[:, one] == rows.ends[:, other]
        _refuse(rows, equal, partial(_equal_in_triplet, rows, one, other))
    kept = np.array(sorted(np.unique(rows.ends, axis=0, return_index=True)[1]), dtype=np.int64)
    anchor, positive, negative = rows.ends[kept].T
    return Told(
        Pairs(
            left=np.repeat(anchor, 2),
            right=np.stack([positive, negative], axis=1).ravel(),
            same=np.tile([True, False], len(kept)),
            columns=_columns(rows, np.repeat(kept, 2)),
            units=np.repeat(np.arange(len(kept)), 2),
        ),
        notes=_repeats(len(rows.ends) - len(kept)),
    )


def positives(rows: Rows, keys: Sequence[str]) -> Told:
    """Labels: what rows of alike items join, directly or through others, is one; an item in no row is one by itself.

    A label is named after the first of its `keys` (one for each item), as they are sorted, so that it is the same
    whatever the order of the rows.
    """
    kept, notes = _kept_pairs(rows, np.ones(len(rows.ends), dtype=bool), [True] * len(rows.ends))
    left, right = rows.ends[kept].T
    number = joined(len(keys), left, right)
    first: dict[int, str] = {}
    for place in sorted(range(len(keys)), key=keys.__getitem__):
        first.setdefault(int(number[place]), keys[place])
    names: dict[int, str] = {}
    spelled: dict[str, int] = defaultdict(int)
    for label, key in first.items():
        said = shortened(key)
        spelled[said] += 1
        names[label] = said if spelled[said] == 1 else f"{said} ({spelled[said]})"
    counts = np.bincount(number)
    pairs = counted(len(kept), "pair of alike items joins", "pairs of alike items join")
    told = [f"{pairs} {counted(len(keys), 'item', 'items')} to {counted(len(counts), 'label', 'labels')}"]
    largest = int(counts.argmax())
    if counts[largest] > max(LARGE * len(keys), FEWEST_TOLD):
        told.append(
            f"{counts[largest]} of {len(keys)} items are one label, {names[largest]}, as pairs of alike items join "
            "them one to the next: look whether a few of these pairs are wrong, or join what is only similar"
        )
    return Told(labels=np.array([names[one] for one in number.tolist()]), notes=(*told, *notes))


def _kept_pairs(
    rows: Rows, same: Bool[np.ndarray, " rows"], said: Sequence[Hashable]
) -> tuple[Int[np.ndarray, " kept"], tuple[str, ...]]:
    """The rows that say something new, and notes on the others."""
    itself = rows.ends[:, 0] == rows.ends[:, 1]
    _refuse(rows, itself & ~(rows.with_itself & same), lambda row: _twice(rows, row))
    kept: dict[Hashable, int] = {}
    for row in np.flatnonzero(~itself).tolist():
        left, right = rows.ends[row].tolist()
        if (right, left, said[row]) not in kept:
            kept.setdefault((left, right, said[row]), row)
    notes = _repeats(len(itself) - int(itself.sum()) - len(kept))
    if itself.any():
        notes += (f"rows whose two items are one and the same, left out: {int(itself.sum())}",)
    return np.array(list(kept.values()), dtype=np.int64), notes


def _equal_in_triplet(rows: Rows, one: int, other: int, row: int) -> str:
    names = ("anchor", "positive", "negative")
    return f"the {names[other]} is the {names[one]}, {rows.called[rows.ends[row, one]]}; mend the row, or remove it"


def _twice(rows: Rows, row: int) -> str:
    name = rows.called[rows.ends[row, 0]]
    if rows.with_itself:
        return f"left and right are the same, {name}, but are called different; remove the row"
    return f"left and right are the same item, {name}; name two, or remove the row"


def _refuse(rows: Rows, wrong: Bool[np.ndarray, " rows"], problem: Callable[[int], str]) -> None:
    """Raise InputError for the first row that is wrong."""
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(f"{rows.where(row)}: {problem(row)}")


def _columns(rows: Rows, kept: Int[np.ndarray, " kept"]) -> dict[str, Shaped[np.ndarray, " kept"]]:
    return {name: np.array([cells[row] for row in kept], dtype=str) for name, cells in rows.columns.items()}


def _repeats(count: int) -> tuple[str, ...]:
    return (f"rows that repeat another and were taken once: {count}",) if count else ()
