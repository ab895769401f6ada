"""The kinds of columns: the text of a cell -> one number of the batch, by what the training rows were.

A missing cell is not read: it is NaN in the batch, or the code MISSING of a category.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import isinf, pi
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
from jaxtyping import Float
from torch import Tensor

from alikely.data.rows.cells import INFINITE, CellProblem, category_of, days_of, number_of, truth_of
from alikely.data.rows.scales import LARGEST, Positive, Scale, Standard
from alikely.errors import SettingsError

ColumnKind: TypeAlias = Literal["number", "boolean", "date", "category"]

# The codes of categories; those known from training follow.
UNSEEN, MISSING, FIRST_KNOWN = 0, 1, 2
# More than so many would make a table of embeddings larger than the rest of the network.
MOST_CATEGORIES = 10_000
NAMED = 5  # categories that a line of the schema names

# Days in the periods of a date, as calendars have them.
WEEK, YEAR = 7, 365.2425
PERIODS = ("weekday", "hour", "season")


@dataclass(frozen=True)
class NumberColumn:
    """Numbers with a decimal point -> where they lie on a scale."""

    kind: ClassVar[ColumnKind] = "number"
    name: str
    scale: Scale

    def read(self, text: str) -> float:
        """The number on its scale."""
        return self.scale(_finite(text))

    def fitted(self, texts: Sequence[str]) -> "NumberColumn":
        """With the scale of these numbers."""
        return replace(self, scale=self.scale.fitted(np.array([_finite(text) for text in texts], dtype=np.float64)))

    def line(self) -> str:
        """Around which number."""
        return f"number, {_around(self.scale)}"

    def settings(self) -> dict[str, Any]:
        """Those of the scale."""
        return self.scale.settings()


@dataclass(frozen=True)
class BooleanColumn:
    """true, yes or 1, and false, no or 0 -> where 1 and 0 lie on a scale."""

    kind: ClassVar[ColumnKind] = "boolean"
    name: str
    scale: Scale

    def read(self, text: str) -> float:
        """The truth on its scale."""
        return self.scale(_truth(text))

    def fitted(self, texts: Sequence[str]) -> "BooleanColumn":
        """With the scale of these truths."""
        return replace(self, scale=self.scale.fitted(np.array([_truth(text) for text in texts], dtype=np.float64)))

    def line(self) -> str:
        """Only its kind."""
        return "true or false"

    def settings(self) -> dict[str, Any]:
        """Those of the scale."""
        return self.scale.settings()


@dataclass(frozen=True)
class DateColumn:
    """Dates, with or without a time -> days since `origin`, and their place in the week, the day and the year.

    origin: the middle training day (its median), counted from the year 1.
    deviation: of the training rows, in days.
    periods: those of PERIODS of which the training rows show more than one place (season: more than one month).
    """

    kind: ClassVar[ColumnKind] = "date"
    name: str
    origin: int = 0
    deviation: Positive = 1.0
    periods: tuple[str, ...] = ()

    def read(self, text: str) -> float:
        """Days since the origin."""
        return _days(text) - self.origin

    def fitted(self, texts: Sequence[str]) -> "DateColumn":
        """With the origin, the deviation and the periods of these dates."""
        if not texts:
            return replace(self, origin=date(2000, 1, 1).toordinal())
        days = np.array([_days(text) for text in texts])
        shows = {
            "weekday": len(set(np.floor(days) % WEEK)) > 1,
            "hour": len(set(np.floor(days % 1 * 24))) > 1,
            "season": len({date.fromordinal(int(day)).month for day in days}) > 1,
        }
        periods = tuple(period for period in PERIODS if shows[period])
        return replace(self, origin=int(np.median(days)), deviation=Standard.fitted(days).deviation, periods=periods)

    def scaled(self, days: Float[Tensor, " items"]) -> Float[Tensor, " items"]:
        """Days since the origin -> deviations from it."""
        return (days / self.deviation).clamp(-LARGEST, LARGEST)

    def circles(self, days: Float[Tensor, " items"]) -> list[Float[Tensor, " items"]]:
        """Days since the origin -> sine and cosine of their place in each period."""
        places = {
            "weekday": (days.floor() + self.origin % WEEK) / WEEK,
            "hour": days - days.floor(),
            "season": (days + self.origin % YEAR) / YEAR,
        }
        angles = [places[period] * (2 * pi) for period in self.periods]
        return [part for angle in angles for part in (angle.sin(), angle.cos())]

    def line(self) -> str:
        """The middle day, and the periods."""
        middle = date.fromordinal(max(self.origin, 1)).isoformat()
        return ", ".join([f"date, around {middle}, deviation {self.deviation:.4g} days", *self.periods])

    def settings(self) -> dict[str, Any]:
        """All of it."""
        return {"origin": self.origin, "deviation": self.deviation, "periods": list(self.periods)}


@dataclass(frozen=True)
class CategoryColumn:
    """Words or codes -> the number of the category: UNSEEN, MISSING, or its place in `known` from FIRST_KNOWN on.

    words: no cell was a number when the schema was inferred; then a number is a mistake. Else it is a category.
    """

    kind: ClassVar[ColumnKind] = "category"
    name: str
    words: bool
    known: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # Looked up for each cell; derived from `known`, so no field.
        object.__setattr__(self, "_codes", {text: FIRST_KNOWN + place for place, text in enumerate(self.known)})

    @property
    def size(self) -> int:
        """How many codes there are."""
        return FIRST_KNOWN + len(self.known)

    def read(self, text: str) -> float:
        """The category's number."""
        if self.words and number_of(text) is not None:
            raise CellProblem(f"{text!r} is a number, where other rows have words; correct it, or leave the cell empty")
        codes: dict[str, int] = self._codes  # type: ignore[attr-defined]
        return float(codes.get(category_of(text), UNSEEN))

    def fitted(self, texts: Sequence[str]) -> "CategoryColumn":
        """With these categories. Raises SettingsError where they are too many."""
        known = tuple(sorted({category_of(text) for text in texts}))
        if len(known) > MOST_CATEGORIES:
            raise SettingsError(
                f"the column {self.name!r} has {len(known)} categories, and the most is {MOST_CATEGORIES}; "
                "leave it out (leave_out), or join the rare ones"
            )
        return replace(self, known=known)

    def line(self) -> str:
        """How many are known, and some of them."""
        some = ", ".join(self.known[:NAMED]) + (" ..." if len(self.known) > NAMED else "")
        return f"category, {len(self.known)} known" + (f": {some}" if some else "")

    def settings(self) -> dict[str, Any]:
        """All of it."""
        return {"words": self.words, "known": list(self.known)}


# One column of a table. `read` takes one filled cell and raises CellProblem for one that does not fit. `fitted` takes
# the filled cells of the training rows. `line` says in words what is known of the column. `settings` make it again.
Column: TypeAlias = NumberColumn | BooleanColumn | DateColumn | CategoryColumn


def _finite(text: str) -> float:
    number = number_of(text)
    if number is None:
        raise CellProblem(
            f"{text!r} is no number, where other rows have numbers with a decimal point; correct it, leave the cell "
            "empty, or say that the column is a category"
        )
    if isinf(number):
        raise CellProblem(f"{text[: NAMED * 4]!r} {INFINITE}")
    return number


def _truth(text: str) -> float:
    truth = truth_of(text)
    if truth is None:
        raise CellProblem(
            f"{text!r} is neither true nor false; write true or false, yes or no, 1 or 0, or leave the cell empty"
        )
    return float(truth)


def _days(text: str) -> float:
    days = days_of(text)
    if days is None:
        raise CellProblem(
            f"{text!r} is no date, where other rows have dates; write it as 2026-05-31 or 2026-05-31T14:30, or leave "
            "the cell empty"
        )
    return days


def _around(scale: Scale) -> str:
    values = scale.settings()
    middle = values["mean"] if "mean" in values else values["places"][len(values["places"]) // 2]
    return f"around {middle:.4g}, deviation {values['deviation']:.4g}"
