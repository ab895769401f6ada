"""Rows and how they are read in; which columns are looked at and which are not, in words, out."""

from collections.abc import Mapping, Sequence

from alikely.contracts import Preparation
from alikely.data.rows import RowPreparation
from alikely.data.rows.cells import as_names
from alikely.errors import InputError
from alikely.types import Item


def require_columns(items: Sequence[Item], preparation: Preparation) -> None:
    """Raise InputError with all columns that no row has; one row has all others, or is told by itself."""
    if not isinstance(preparation, RowPreparation):
        return
    wanted = [column.name for column in preparation.columns]
    missing, found = set(wanted), dict[str, None]()
    for item in items:
        try:
            cells = as_names(item)
        except InputError:
            continue
        missing -= set(cells)
        found |= dict.fromkeys(cells)
        if not missing:
            return
    if found:
        named = ", ".join(repr(name) for name in wanted if name in missing)
        many = "s" if len(missing) > 1 else ""
        raise InputError(
            f"the rows lack the column{many} {named}; they have {', '.join(found)}. Rename or add what is missing, "
            "with empty cells where the value is not known"
        )


def used(preparation: Preparation) -> dict[str, str]:
    """The kind of each column that is looked at, by name; nothing for items that are no rows."""
    if not isinstance(preparation, RowPreparation):
        return {}
    return {column.name: column.kind for column in preparation.columns}


def left_out(preparation: Preparation) -> Mapping[str, str]:
    """Why each other column is not, by name."""
    return preparation.left_out if isinstance(preparation, RowPreparation) else {}
