"""Python lists -> Examples: items of any kind, and what is known of them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from alikely.data.items import counted
from alikely.data.sources import knowledge
from alikely.data.sources.knowledge import Rows, Told
from alikely.data.sources.names import name_of_item, refuse_missing
from alikely.data.sources.values import item_of
from alikely.data.tables import as_text
from alikely.data.texts.reading import cleaned
from alikely.errors import InputError
from alikely.types import Examples, Kind, Pairs

# What else may say which items are alike, and what one row of it holds.
_ROWS = {
    "pairs": "(left, right, same)",
    "scores": "(left, right, score)",
    "triplets": "(anchor, positive, negative)",
    "positives": "(left, right)",
}


def examples_from(
    items: Iterable[Any],
    labels: Iterable[Any] | None = None,
    groups: Iterable[Any] | None = None,
    pairs: Pairs | Iterable[Any] | None = None,
    columns: Mapping[str, Iterable[Any]] | None = None,
    *,
    kind: Kind = "picture",
    scores: Iterable[Any] | None = None,
    score_range: tuple[float | int, float | int] | None = None,
    triplets: Iterable[Any] | None = None,
    positives: Iterable[Any] | None = None,
) -> Examples:
    """Examples from Python: items of one kind, and what is known of them.

    Pictures are paths, PIL images or arrays; texts are str; rows are mappings from columns to cells; sequences are
    paths or numbers (steps) or (steps channels); embeddings are numbers.

    `labels` and `groups` have one name or whole number for each item. `columns` are what else is known of each item, by
    name: texts or numbers, kept as text; None and NaN become the empty text. At most one of these, whose rows hold
    positions in `items`, counted from 0:

    - `pairs`: (left, right, same), or Pairs.
    - `scores`: (left, right, score). The smallest score found counts as 0, the largest as 1, unless `score_range` says
      the two.
    - `triplets`: (anchor, positive, negative).
    - `positives`: (left, right), alike; what they join, directly or through others, is one label. Not with `labels`.

    Rows that repeat another are taken once. Raises InputError where these do not fit each other, or a file is not
    there. Items are not opened.
    """
    if isinstance(items, str | Path):
        raise InputError(f"{items}: is one path, not a list of items; read a folder or a table with read_source")
    found = tuple(item_of(item, kind, f"item {place}") for place, item in enumerate(items, start=1))
    if not found:
        raise InputError(f"there are no items; give at least one {kind}")
    names = tuple(name_of_item(item, kind, position) for position, item in enumerate(found))
    keys = tuple(cleaned(str(item)) for item in found) if kind == "text" else names
    refuse_missing("", found, names, ' If the items are texts, say kind="text".' if kind == "picture" else "")
    rows = {"pairs": pairs, "scores": scores, "triplets": triplets, "positives": positives}
    given = [name for name, value in rows.items() if value is not None]
    if len(given) > 1 or (labels is not None and positives is not None):
        said = " and ".join((["labels"] if positives is not None and labels is not None else []) + given)
        raise InputError(f"give {said} not together: one of them says what is alike")
    told = _told(given[0], rows[given[0]], score_range, names, keys) if given else Told()
    return Examples(
        items=found,
        names=names,
        labels=told.labels if labels is None else _marks("label", labels, names),
        groups=None if groups is None else _marks("group", groups, names),
        pairs=told.pairs,
        notes=told.notes,
        columns=_columns(columns or {}, len(found)),
        kind=kind,
    )


def _told(
    name: str,
    given: Any,
    score_range: tuple[float | int, float | int] | None,
    names: Sequence[str],
    keys: Sequence[str],
) -> Told:
    """What the rows say; `keys` are what labels are named after."""
    if isinstance(given, Pairs):
        return _told_again(given, names)
    listed = [tuple(row) for row in given]
    if not listed:
        raise InputError(f"there are no {name}; leave {name} out, or give at least one {_ROWS[name]}")
    width = _ROWS[name].count(",") + 1
    ends = width if name == "triplets" else 2
    for place, row in enumerate(listed, start=1):
        if len(row) != width:
            raise InputError(f"row {place} of {name} is {row!r}; give {_ROWS[name]}")
        _require_positions(name, place, row[:ends], len(names))
    rows = Rows(
        ends=np.array([row[:ends] for row in listed], dtype=np.int64),
        where=lambda row: f"{name}, row {row + 1}",
        called=names,
    )
    if name == "triplets":
        return knowledge.triplets(rows)
    if name == "positives":
        return knowledge.positives(rows, keys)
    last = [row[2] for row in listed]
    if name == "scores":
        return knowledge.scored(rows, [_number(value, place) for place, value in enumerate(last, start=1)], score_range)
    for place, same in enumerate(last, start=1):
        if same not in (True, False):
            raise InputError(f"pair {place} says same = {same!r}; say True or False")
    return knowledge.same_or_different(rows, [bool(same) for same in last])


def _told_again(pairs: Pairs, names: Sequence[str]) -> Told:
    """Pairs that are ready; of those without score or unit, repetitions are taken once."""
    for place, ends in enumerate(zip(pairs.left, pairs.right, strict=True), start=1):
        _require_positions("pairs", place, ends, len(names))
    if pairs.score is not None and not ((pairs.score >= 0) & (pairs.score <= 1)).all():
        raise InputError("the scores of Pairs are from 0 to 1; give others as scores=[(left, right, score), ...]")
    if pairs.score is not None or pairs.units is not None:
        return Told(pairs)
    rows = Rows(
        ends=np.stack([pairs.left, pairs.right], axis=1),
        where=lambda row: f"pairs, row {row + 1}",
        called=names,
        columns={name: cells.tolist() for name, cells in pairs.columns.items()},
    )
    return knowledge.same_or_different(rows, pairs.same.tolist())


def _require_positions(name: str, place: int, ends: Iterable[Any], count: int) -> None:
    ends = list(ends)
    whole = all(isinstance(end, int | np.integer) and not isinstance(end, bool) and 0 <= end < count for end in ends)
    if not whole or (name != "triplets" and ends[0] == ends[1]):
        said = " and ".join(map(str, ends))
        wanted = f"give {'three' if name == 'triplets' else 'two'} different positions from 0 to {count - 1}"
        raise InputError(f"{name.removesuffix('s')} {place} is of items {said}; {wanted}")


def _number(value: Any, place: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise InputError(f"score {place} is {value!r}; give a number")
    return float(value)


def _marks(what: str, marks: Iterable[Any], names: Sequence[str]) -> Shaped[np.ndarray, " items"]:
    values = marks.tolist() if isinstance(marks, np.ndarray) else list(marks)
    if len(values) != len(names):
        raise InputError(
            f"found {counted(len(names), 'item', 'items')} but {counted(len(values), what, f'{what}s')}; "
            f"give one {what} for each item"
        )
    values = [int(value) if isinstance(value, np.integer) else value for value in values]
    kind = str if values and isinstance(values[0], str) else int
    for name, value in zip(names, values, strict=True):
        if not isinstance(value, kind) or isinstance(value, bool) or (isinstance(value, str) and not value.strip()):
            raise InputError(
                f"the {what} of {name} is {value!r}; all {what}s must be texts that are not empty, or all whole numbers"
            )
    return np.array(values)


def _columns(columns: Mapping[str, Iterable[Any]], count: int) -> dict[str, Shaped[np.ndarray, " items"]]:
    kept = {}
    for name, given in columns.items():
        cells = given.tolist() if isinstance(given, np.ndarray) else list(given)
        texts = [as_text(cell.item() if isinstance(cell, np.generic) else cell) for cell in cells]
        if len(texts) != count or None in texts:
            odd = (
                f"{cells[texts.index(None)]!r}"
                if None in texts
                else f"{counted(len(texts), 'cell', 'cells')} for {counted(count, 'item', 'items')}"
            )
            raise InputError(f"the column {name!r} has {odd}; give one text or number for each item")
        kept[str(name).strip().lower()] = np.array(texts, dtype=str)
    return kept
