"""A condition on fields -> an expression of Milvus, and fields <-> the JSON that stands there.

A field `price` with a number stands as `number:price`, so that values of two kinds never meet. Names with other signs
than letters of ASCII, digits and _ stand as the hexadecimal digits of their bytes, and a text is written by the JSON
encoder: so nothing of what a user wrote can become a part of the expression. `!=` says that the field is there, too,
and lists are written out, as Milvus Lite knows `in` only for columns.
"""

import json
import re
from collections.abc import Mapping, Sequence

from alikely.stores.conditions import Among, Compared, Condition, Either, Every, Missing
from alikely.stores.values import KINDS, kind_of
from alikely.types import Field

LAST = "\U0010ffff"  # the sign behind all others
PLAIN = re.compile(r"[A-Za-z0-9_]+")
SIGNS = {"=": "==", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def expression(condition: Condition) -> str:
    """The same condition, as Milvus reads it."""
    match condition:
        case Every(parts):
            return "(" + " and ".join(expression(part) for part in parts) + ")"
        case Either(parts):
            return "(" + " or ".join(expression(part) for part in parts) + ")"
        case Missing(name, missing):
            there = " or ".join(f"exists {_place(kind, name)}" for kind in KINDS)
            return f"(not ({there}))" if missing else f"({there})"
        case Among(name, values, inside):
            one = " or ".join(f"{_place(kind_of(value), name)} == {literal(value)}" for value in values)
            return f"({one})" if inside else f"({expression(Missing(name, missing=False))} and not ({one}))"
        case Compared(name, "!=", value):
            return expression(Among(name, (value,), inside=False))
        case Compared(name, sign, value):
            return f"({_place(kind_of(value), name)} {SIGNS[sign]} {literal(value)})"


def one_of(column: str, names: Sequence[str]) -> str:
    """That a column of ours holds one of these texts."""
    return f"{column} in [{', '.join(literal(name) for name in names)}]"


def begins(column: str, beginning: str) -> str:
    """That the text in a column of ours begins with this one: it lies between it and all that begins otherwise."""
    return f"({column} >= {literal(beginning)} and {column} < {literal(beginning + LAST)})"


def literal(value: Field) -> str:
    """A value as Milvus reads it."""
    return json.dumps(value, ensure_ascii=False)


def to_json(fields: Mapping[str, Field]) -> dict[str, Field]:
    """What stands in Milvus."""
    return {f"{kind_of(value)}:{_name(name)}": value for name, value in fields.items()}


def from_json(kept: Mapping[str, Field]) -> dict[str, Field]:
    """The user's fields again."""
    return {_named(place.partition(":")[2]): value for place, value in kept.items()}


def _place(kind: str, name: str) -> str:
    return f'fields["{kind}:{_name(name)}"]'


def _name(name: str) -> str:
    return name if PLAIN.fullmatch(name) else f"~{name.encode().hex()}"


def _named(kept: str) -> str:
    return bytes.fromhex(kept[1:]).decode() if kept.startswith("~") else kept
