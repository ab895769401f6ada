"""A condition on fields -> the rows of an SQLite database that meet it; every name and value is a bound parameter.

Each comparison is one small query, and the rows that they give are joined here: its parser bears little depth.
It asks two tables: `templates (row)`, and `fields (name, kind, value, row)` with a line for each field.
"""

from collections.abc import Callable
from functools import reduce
from typing import TypeAlias

import numpy as np
from jaxtyping import Int

from alikely.stores.conditions import Among, Compared, Condition, Either, Every, Missing
from alikely.stores.values import kind_of
from alikely.types import Field

SIGNS = {"=": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

# A query and its parameters -> the rows that it selects.
Ask: TypeAlias = Callable[[str, list[Field]], Int[np.ndarray, " rows"]]


def rows_that_meet(condition: Condition, ask: Ask) -> Int[np.ndarray, " rows"]:
    """The rows in ascending order, each once."""
    match condition:
        case Every(parts):
            return reduce(np.intersect1d, [rows_that_meet(part, ask) for part in parts])
        case Either(parts):
            return reduce(np.union1d, [rows_that_meet(part, ask) for part in parts])
        case Missing(name, missing):
            there = np.unique(ask("SELECT row FROM fields WHERE name = ?", [name]))
            return np.setdiff1d(ask("SELECT row FROM templates", []), there) if missing else there
        case _:
            return np.unique(ask(*_comparison(condition)))


def _comparison(condition: Compared | Among) -> tuple[str, list[Field]]:
    if isinstance(condition, Compared) and condition.sign == "!=":
        condition = Among(condition.name, (condition.value,), inside=False)
    if isinstance(condition, Compared):
        # The sign is one of a table of ours, never the user's text.
        sql = f"SELECT row FROM fields WHERE name = ? AND kind = ? AND value {SIGNS[condition.sign]} ?"
        return sql, [condition.name, kind_of(condition.value), condition.value]
    # Each kind apart, so that the index on (name, kind, value) finds them.
    kinds: dict[str, list[Field]] = {}
    for value in condition.values:
        kinds.setdefault(kind_of(value), []).append(value)
    said = " OR ".join(f"(kind = ? AND value IN ({', '.join('?' * len(alike))}))" for alike in kinds.values())
    sql = f"SELECT row FROM fields WHERE name = ? AND {'' if condition.inside else 'NOT '}({said})"
    return sql, [condition.name, *(parameter for kind, alike in kinds.items() for parameter in (kind, *alike))]
