"""Rows -> their columns: what each column holds, unless the user says so, and which columns are left out, and why."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from alikely.data.rows.cells import CellProblem, as_names, category_of, days_of, number_of, text_of
from alikely.data.rows.columns import BooleanColumn, CategoryColumn, Column, DateColumn, NumberColumn
from alikely.data.rows.scales import SCALES
from alikely.errors import InputError, SettingsError

# Rows looked at to infer the schema, spread evenly over all; every cell of every row is checked against it later.
LOOKED_AT = 10_000
# A column is numbers (or dates) where so many of its filled cells are; the others are then mistakes, and told.
MOSTLY = 0.9
# Words are categories, unless there are more than FEW different ones and they come again less than so many times each,
# or there are more than MANY.
FEW, COME_AGAIN, MANY = 20, 4, 1000

LEAVE_OUT = "leave_out"
KINDS = ("number", "boolean", "date", "category", LEAVE_OUT)
_BOOLEANS = frozenset({"true", "false", "yes", "no"})


def infer_columns(
    rows: Sequence[Any], said: Mapping[str, str], numbers: str
) -> tuple[tuple[Column, ...], dict[str, str]]:
    """The columns in the order in which the batch has them, and those left out with the reason of each.

    said: the kinds (KINDS) that the user says of columns; the others are inferred.
    numbers: the scale of numbers (SCALES).

    What does not fit, such as a row that is none, is passed over: `read_one` tells it. Raises SettingsError for a
    column that is not there, InputError where no column is left.
    """
    cells = _cells_of(rows)
    for name in said:
        if name not in cells:
            near = get_close_matches(name, cells, n=1)
            known = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(cells)}"
            raise SettingsError(f"preparation: the rows have no column {name!r}; {known}")
    columns: list[Column] = []
    left_out: dict[str, str] = {}
    for name, texts in cells.items():
        kind, why = (said[name], "as you said") if name in said else _kind_of(texts)
        if kind == LEAVE_OUT:
            left_out[name] = why
        else:
            columns.append(_column(kind, name, texts, numbers))
    if not columns:
        raise InputError(
            "no column of the rows can be used: " + "; ".join(f"{name}: {why}" for name, why in left_out.items())
            if left_out
            else "the rows have no columns; give mappings from columns to cells, such as {'age': 31}"
        )
    # As the batch has them: numbers, then dates, then categories.
    places = {"number": 0, "boolean": 0, "date": 1, "category": 2}
    return tuple(sorted(columns, key=lambda column: places[column.kind])), left_out


def _cells_of(rows: Sequence[Any]) -> dict[str, list[str]]:
    """The filled cells of each column, as text."""
    cells: dict[str, list[str]] = {}
    for place in np.unique(np.linspace(0, len(rows) - 1, min(LOOKED_AT, len(rows))).astype(int)):
        try:
            row = as_names(rows[place])
        except InputError:
            continue
        for name, cell in row.items():
            texts = cells.setdefault(name, [])
            try:
                text = text_of(cell)
            except CellProblem:
                continue
            if text is not None:
                texts.append(text)
    return cells


def _kind_of(texts: Sequence[str]) -> tuple[str, str]:
    """What the filled cells of a column are and, for one to leave out, why."""
    if not texts:
        return LEAVE_OUT, "has no filled cell"
    if all(text.lower() in _BOOLEANS for text in texts):
        return "boolean", ""
    for kind, understood in (("number", number_of), ("date", days_of)):
        if sum(understood(text) is not None for text in texts) >= MOSTLY * len(texts):
            return kind, ""
    different = len({category_of(text) for text in texts})
    if different > MANY or (different > FEW and different * COME_AGAIN > len(texts)):
        return LEAVE_OUT, f"{different} different texts in {len(texts)} rows, too many to be categories"
    return "category", ""


def _column(kind: str, name: str, texts: Sequence[str], numbers: str) -> Column:
    if kind == "date":
        return DateColumn(name)
    if kind == "category":
        return CategoryColumn(name, words=all(number_of(text) is None for text in texts))
    scale = SCALES[numbers].fitted(np.zeros(0))
    return NumberColumn(name, scale) if kind == "number" else BooleanColumn(name, scale)
