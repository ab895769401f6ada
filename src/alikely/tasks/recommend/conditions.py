"""A condition as text and the columns there are in; what it means out, or an error that names the columns."""

from collections.abc import Collection, Iterator

from alikely.errors import SettingsError
from alikely.stores.conditions import Condition, Either, Every, Filter
from alikely.stores.filters import parse_filter


def condition_on(where: str, columns: Collection[str]) -> Filter:
    """Read a condition on items. Raises SettingsError for one that is none, or that asks for a column not there."""
    condition = parse_filter(where)
    for name in _names(condition.condition):
        if name not in columns:
            raise SettingsError(f"the items have no column {name!r}; there are: {', '.join(columns) or 'ids alone'}")
    return condition


def _names(condition: Condition) -> Iterator[str]:
    if isinstance(condition, Every | Either):
        for part in condition.parts:
            yield from _names(part)
    else:
        yield condition.name
