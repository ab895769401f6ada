"""Rows of a table -> tensors: one number a column, then standardised numbers, flags of what is missing, categories.

row ── read_one ──▶ (columns)                   numbers on their scale, days, codes of categories; NaN is missing
batch ── finish ──▶ (items numbers+categories)  what the encoder gets
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import nan
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from pydantic import TypeAdapter
from torch import Tensor

from alikely.data.items import name_of
from alikely.data.rows.cells import CellProblem, as_names, text_of
from alikely.data.rows.columns import MISSING, BooleanColumn, CategoryColumn, Column, DateColumn, NumberColumn
from alikely.data.rows.scales import SCALES
from alikely.data.rows.schema import KINDS, infer_columns
from alikely.errors import InputError, ModelError, SettingsError
from alikely.types import Item, Kind


@dataclass(frozen=True)
class RowPreparation:
    """Meets `contracts.Preparation` for rows.

    columns: those that are read: numbers and booleans, then dates, then categories.
    numbers: the scale of numbers and booleans: "standard" (deviations from the mean) or "quantile" (to a normal
        distribution).
    left_out: the columns that are not read, with the reason of each.

    A row may have further columns: they are not looked at. A misspelt name is not hidden by that, as the right one is
    then missing, which is an error.
    """

    kind: ClassVar[Kind] = "row"
    rereads: ClassVar[bool] = True

    columns: tuple[Column, ...]
    numbers: str = "standard"
    left_out: Mapping[str, str] = field(default_factory=dict)

    def read_one(self, item: Item) -> Float[Tensor, " columns"]:
        """One number a column; NaN for a missing number, truth or date. Raises InputError naming row and column."""
        try:
            cells = as_names(item)
            return torch.tensor([_read(column, cells) for column in self.columns], dtype=torch.float32)
        except InputError as problem:
            raise InputError(f"{name_of(item)}: {problem}") from None

    def join(self, read: Sequence[Tensor]) -> Float[Tensor, "items columns"]:
        """One row an item."""
        return torch.stack(list(read))

    def fitted(self, items: Sequence[Item], read: Sequence[Tensor]) -> "RowPreparation":  # noqa: ARG002
        """The same columns, with scales and categories of these rows."""
        rows = [as_names(item) for item in items]
        columns = tuple(column.fitted(_filled(column.name, rows)) for column in self.columns)
        return RowPreparation(columns, self.numbers, self.left_out)

    def finish(self, batch: Float[Tensor, "items columns"]) -> Float[Tensor, "items finished"]:
        """Numbers (0 where missing) and days, a flag of each (1 where missing), circles of dates; codes of categories.

        On the device and in the precision of `batch`.
        """
        count = len(self.columns) - len(self._categories())
        missing = batch[:, :count].isnan()
        values = batch[:, :count].masked_fill(missing, 0)
        circles: list[Tensor] = []
        for place, column in enumerate(self.columns):
            if isinstance(column, DateColumn):
                circles += [part.masked_fill(missing[:, place], 0) for part in column.circles(values[:, place])]
                values[:, place] = column.scaled(values[:, place])
        around = torch.stack(circles, dim=1) if circles else batch[:, :0]
        return torch.cat([values, missing.to(batch.dtype), around, batch[:, count:]], dim=1)

    def facts(self) -> dict[str, Any]:
        """How many numbers an encoder gets, and how many codes each category has."""
        categories = self._categories()
        circles = sum(2 * len(column.periods) for column in self.columns if isinstance(column, DateColumn))
        numbers = 2 * (len(self.columns) - len(categories)) + circles
        return {"numbers": numbers, "categories": [column.size for column in categories]}

    def lines(self) -> list[str]:
        """The schema, one line a column."""
        read = [f"{column.name}: {column.line()}" for column in self.columns]
        return read + [f"{name}: left out ({why})" for name, why in self.left_out.items()]

    def settings(self) -> dict[str, Any]:
        """The whole schema, as JSON can hold it; `rows_from` makes the same preparation of it."""
        columns = [{"name": column.name, "kind": column.kind, **column.settings()} for column in self.columns]
        return {"numbers": self.numbers, "columns": columns, "left_out": dict(self.left_out)}

    def files(self) -> dict[str, bytes]:
        """None: all is in the settings."""
        return {}

    def _categories(self) -> list[CategoryColumn]:
        return [column for column in self.columns if isinstance(column, CategoryColumn)]


def draft_rows(items: Sequence[Item], settings: Mapping[str, Any]) -> RowPreparation:
    """The preparation with the columns that these rows have; `fitted` adds what only training rows may tell.

    settings: {"columns": {name: one of KINDS}, "numbers": "standard" or "quantile"}, both may be left out.

    Raises SettingsError for other settings, InputError where no column of the rows can be used.
    """
    unknown = set(settings) - {"columns", "numbers"}
    if unknown:
        raise SettingsError(f"preparation: rows have no setting {min(unknown)!r}; there are columns, numbers")
    numbers = settings.get("numbers", "standard")
    if numbers not in tuple(SCALES):
        raise SettingsError(f"preparation: numbers must be one of {', '.join(SCALES)}, got {numbers!r}")
    said = settings.get("columns", {})
    if not isinstance(said, Mapping):
        raise SettingsError(f'preparation: columns must be a table such as {{zip = "category"}}, got {said!r}')
    for name, kind in said.items():
        if kind not in KINDS:
            raise SettingsError(f"preparation: the column {name!r} must be one of {', '.join(KINDS)}, got {kind!r}")
    columns, left_out = infer_columns(items, {str(name).strip().lower(): kind for name, kind in said.items()}, numbers)
    return RowPreparation(columns, numbers, left_out)


def rows_from(settings: Mapping[str, Any], files: Mapping[str, bytes]) -> RowPreparation:  # noqa: ARG001
    """The preparation that these settings (of `RowPreparation.settings`) describe. Raises ModelError for others."""
    try:
        numbers, listed, left_out = settings["numbers"], settings["columns"], settings["left_out"]
        columns = tuple(_column(dict(described), numbers) for described in listed)
        return RowPreparation(columns, numbers, dict(left_out))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"preparation: the columns of the rows do not fit together ({error!r})") from error


def _read(column: Column, cells: Mapping[str, Any]) -> float:
    if column.name not in cells:
        raise InputError(
            f"the column {column.name!r} is missing; the row has {', '.join(cells) or 'none'}. "
            "Add it, with an empty cell (or null) where the value is not known"
        )
    try:
        text = text_of(cells[column.name])
        if text is None:
            return float(MISSING) if isinstance(column, CategoryColumn) else nan
        return column.read(text)
    except CellProblem as problem:
        raise InputError(f"column {column.name!r}: {problem}") from None


def _filled(name: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    texts = [text_of(row[name]) for row in rows]
    return [text for text in texts if text is not None]


def _column(described: dict[str, Any], numbers: str) -> Column:
    name, kind = described.pop("name"), described.pop("kind")
    if kind == "date":
        return TypeAdapter(DateColumn).validate_python({"name": name, **described})
    if kind == "category":
        return TypeAdapter(CategoryColumn).validate_python({"name": name, **described})
    scale = TypeAdapter(SCALES[numbers]).validate_python(described)
    if kind not in KINDS:
        raise ValueError(f"no kind {kind!r}")
    return NumberColumn(name, scale) if kind == "number" else BooleanColumn(name, scale)
