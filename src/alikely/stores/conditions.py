"""A field compared with values, and such joined by `and` and `or`: which templates' fields meet them."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from alikely.stores.values import same_kind
from alikely.types import Field

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
OPPOSITES = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


@dataclass(frozen=True)
class Compared:
    """A field against a value. Met only by a field that is there.

    Values of two kinds (text, number, truth) differ, and none is less or more than the other.
    """

    name: str
    sign: str
    value: Field

    def met_by(self, fields: Mapping[str, Field]) -> bool:
        """Whether these fields meet it."""
        if self.name not in fields:
            return False
        given = fields[self.name]
        return COMPARISONS[self.sign](given, self.value) if same_kind(given, self.value) else self.sign == "!="

    def opposite(self) -> "Condition":
        """`not` before it."""
        return Compared(self.name, OPPOSITES[self.sign], self.value)


@dataclass(frozen=True)
class Among:
    """Whether a field that is there is one of some values (`inside`), or none of them."""

    name: str
    values: tuple[Field, ...]
    inside: bool = True

    def met_by(self, fields: Mapping[str, Field]) -> bool:
        """Whether these fields meet it."""
        if self.name not in fields:
            return False
        given = fields[self.name]
        return any(same_kind(given, value) and given == value for value in self.values) == self.inside

    def opposite(self) -> "Condition":
        """`not` before it."""
        return Among(self.name, self.values, not self.inside)


@dataclass(frozen=True)
class Missing:
    """Whether a template has no such field (`missing`), or has it."""

    name: str
    missing: bool = True

    def met_by(self, fields: Mapping[str, Field]) -> bool:
        """Whether these fields meet it."""
        return (self.name not in fields) == self.missing

    def opposite(self) -> "Condition":
        """`not` before it."""
        return Missing(self.name, not self.missing)


@dataclass(frozen=True)
class Every:
    """All of its parts: `and`."""

    parts: tuple["Condition", ...]

    def met_by(self, fields: Mapping[str, Field]) -> bool:
        """Whether these fields meet it."""
        return all(part.met_by(fields) for part in self.parts)

    def opposite(self) -> "Condition":
        """`not` before it."""
        return Either(tuple(part.opposite() for part in self.parts))


@dataclass(frozen=True)
class Either:
    """At least one of its parts: `or`."""

    parts: tuple["Condition", ...]

    def met_by(self, fields: Mapping[str, Field]) -> bool:
        """Whether these fields meet it."""
        return any(part.met_by(fields) for part in self.parts)

    def opposite(self) -> "Condition":
        """`not` before it."""
        return Every(tuple(part.opposite() for part in self.parts))


Condition: TypeAlias = Compared | Among | Missing | Every | Either


@dataclass(frozen=True)
class Filter:
    """A condition that has been read: its text, and what it means. `not` has become the opposite of what it stood for.

    A missing field meets nothing but `is missing`: neither `price < 20` nor `not price < 20`, which is `price >= 20`.
    """

    text: str
    condition: Condition

    def matches(self, fields: Mapping[str, Field]) -> bool:
        """Whether these fields meet the condition: the one definition that every store keeps to."""
        return self.condition.met_by(fields)
