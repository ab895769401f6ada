"""One cell of a row, however the user has it -> its text; and a text -> a number, a truth or a moment, or None.

A row is the same row whether it comes from a CSV file (all cells are text), from JSON or from Python: every cell first
becomes the text that a CSV file would hold.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from alikely.errors import InputError

# What tables of numbers and of times write into an empty cell.
_EMPTY = frozenset({"", "nan", "NaN", "NaT"})
_WHOLE = re.compile(r"(-?(?:0|[1-9]\d*))\.0+", re.ASCII)
_TRUTHS = {"true": True, "yes": True, "1": True, "1.0": True, "false": False, "no": False, "0": False, "0.0": False}

_DAY = 86_400.0  # seconds

INFINITE = "is infinite; give a finite number, or leave the cell empty"


class CellProblem(Exception):
    """What is wrong with one cell and what to do, without the names of row and column."""


def as_names(row: Any) -> dict[str, Any]:
    """The cells of a row by the names of their columns, as tables write them: small letters, no blanks around.

    Raises InputError for what is no row, a name that is no text, and two names that become one.
    """
    if not isinstance(row, Mapping):
        raise InputError(f"{row!r} is no row; give a mapping from columns to cells, such as {{'age': 31}}")
    cells = {}
    for name, cell in row.items():
        if not isinstance(name, str):
            raise InputError(f"the column {name!r} has no text as its name; name columns by text")
        plain = name.strip().lower()
        if plain in cells:
            raise InputError(f"the column {plain!r} stands there twice; remove or rename one")
        cells[plain] = cell
    return cells


def text_of(cell: Any) -> str | None:
    """The cell as a text without blanks around it; None where it is missing: None, NaN, NaT or an empty text.

    Raises CellProblem for what is no text, number, truth or time.
    """
    if isinstance(cell, str):
        text = cell.strip()
        return None if text in _EMPTY else text
    if isinstance(cell, np.datetime64):
        cell = cell.astype("datetime64[us]").item()
    elif isinstance(cell, np.generic):
        cell = cell.item()
    if cell is None:
        return None
    if isinstance(cell, float | Decimal):
        if math.isinf(cell):
            raise CellProblem(INFINITE)
        return None if math.isnan(cell) else str(cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int):
        return _digits(cell)
    if isinstance(cell, date):
        text = cell.isoformat()
        return None if text in _EMPTY else text
    raise CellProblem(f"is a {type(cell).__name__}; give a text, a number, true or false, a date, or None")


def number_of(text: str) -> float | None:
    """The number that the text says with digits and a decimal point; infinity for one too large; None for a word."""
    try:
        number = float(text)
    except ValueError:
        return None
    # Python also takes 1_000, other scripts' digits, and more spellings of "no number" than tables have.
    return None if math.isnan(number) or "_" in text or not text.isascii() else number


def truth_of(text: str) -> bool | None:
    """true, yes and 1, or false, no and 0, in any letters; None for anything else."""
    return _TRUTHS.get(text.lower())


def days_of(text: str) -> float | None:
    """Days since the year 1 (`date.toordinal`) of a date or a date with its time, as ISO 8601 writes them, or None.

    A time with a zone is turned into UTC; one without is taken as it stands. A plain number is no date.
    """
    if number_of(text) is not None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    seconds = (moment - datetime.combine(moment, datetime.min.time())).total_seconds()
    return moment.toordinal() + seconds / _DAY


def category_of(text: str) -> str:
    """The text by which a category is known: 1.0 is 1, True is true; anything else, such as 007, is as it stands."""
    whole = _WHOLE.fullmatch(text)
    if whole:
        return whole[1]
    return text.lower() if text.lower() in ("true", "false") else text


def _digits(number: int) -> str:
    try:
        return str(number)
    except ValueError:  # Python does not write out whole numbers of thousands of digits
        return "inf" if number > 0 else "-inf"
