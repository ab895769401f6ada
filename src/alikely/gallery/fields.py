"""The columns of a table, as text, in; the user's own fields of each template, with numbers and truths as such, out."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Shaped

from alikely.data.rows.cells import number_of
from alikely.errors import SettingsError
from alikely.stores.values import unfit_text, unfit_value
from alikely.types import Field

TRUTHS = {"true": True, "false": False}


def fields_of(columns: Mapping[str, Shaped[np.ndarray, " items"]], items: int) -> list[dict[str, Field]]:
    """The fields of each item. An empty cell is no field.

    A column of which all cells are numbers holds numbers, one of which all are true or false holds truths; any other
    holds texts, such as one with 007 in it.
    """
    fields: list[dict[str, Field]] = [{} for _ in range(items)]
    for name, cells in columns.items():
        texts = [str(cell).strip() for cell in cells]
        for mine, value in zip(fields, _values(texts), strict=True):
            if value is not None:
                mine[name] = value
    return fields


def parse_field(said: str) -> tuple[str, Field]:
    """A field as it is said on a command line: price=12.5 or shop=B. Raises SettingsError for what is none."""
    name, sign, text = said.partition("=")
    if not sign or not name.strip() or not text.strip():
        raise SettingsError(f"{said!r} is no field; write its name, = and its value, as in: price=12.5")
    (value,) = _values([text.strip()])
    assert value is not None  # it is not empty
    checked = {name.strip(): value}
    check_fields(checked)
    return name.strip(), value


def check_fields(fields: Mapping[str, Field]) -> None:
    """Raise SettingsError for a field that no store can keep."""
    for name, value in fields.items():
        if not isinstance(name, str) or not name.strip() or (problem := unfit_text(name)):
            raise SettingsError(f"the name of a field must be a text that is not blank, got {name!r}")
        if problem := unfit_value(value):
            raise SettingsError(f"the field {name!r}: {problem}")


def _values(texts: Sequence[str]) -> list[Field | None]:
    there = [text for text in texts if text]
    if there and all(text.lower() in TRUTHS for text in there):
        return [TRUTHS[text.lower()] if text else None for text in texts]
    if there and all(_is_number(text) for text in there):
        return [_number(text) if text else None for text in texts]
    return [text or None for text in texts]


def _is_number(text: str) -> bool:
    """Whether nothing is lost when it is kept as a number: 007 and +41 are names."""
    digits = text.removeprefix("-")
    number = number_of(text)
    if number is None or not np.isfinite(number) or text[0] == "+":
        return False
    return not (len(digits) > 1 and digits[0] == "0" and digits[1].isdigit())


def _number(text: str) -> int | float:
    digits = text.removeprefix("-")
    return int(text) if digits.isdigit() and len(digits) <= 18 else float(text)
