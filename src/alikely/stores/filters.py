"""A condition on the user's fields, as text -> what it means: a Filter.

    condition:  and, or, not, parentheses, and these, of a field:
                =  !=  <  <=  >  >=  a value;   in (values);   not in (values);   is missing;   is not missing
    field:      letters, digits and _, or anything in double quotes: price, "unit price"
    value:      a number, a text in single quotes ('it''s'), true, false

Nothing in it is ever run or pasted into a query: it is read into the five classes of `conditions`, and these are
translated with bound parameters (for SQLite in `filter_sql`).
"""

import re
from typing import NoReturn

from alikely.errors import SettingsError
from alikely.stores.conditions import COMPARISONS, Among, Compared, Condition, Either, Every, Filter, Missing
from alikely.stores.values import FIELD_KINDS, unfit_value
from alikely.types import Field

MOST_COMPARISONS = 200
MOST_VALUES = 10_000  # in all lists
DEEPEST = 50  # parentheses in parentheses
MOST_DIGITS = 100  # of a whole number
SHOWN = 200  # characters of a condition on either side of what cannot be understood

WORDS = ("and", "or", "not", "in", "is", "missing", "true", "false")
HOW = (
    "a condition compares fields with values, as in: shop = 'B' and price < 20, or: not (size in (38, 40) or "
    '"in stock" = false), or: price is missing'
)
TOKEN = re.compile(
    r"""(?:
        (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?!\w))
      | (?P<text>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")*")
      | (?P<word>[^\W\d]\w*)
      | (?P<sign><=|>=|!=|=|<|>)
      | (?P<mark>[(),])
    )""",
    re.VERBOSE,
)


def parse_filter(text: str) -> Filter:
    """Read a condition. Raises SettingsError that shows where it cannot be understood, and what is allowed."""
    reader = _Reader(text)
    condition = reader.either(0)
    if reader.kind != "end":
        reader.fail("expected and, or, or the end")
    return Filter(text, condition)


class _Reader:
    """Reads from left to right; `kind` and `token` are what comes next, `start` is where it stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.comparisons = self.listed = 0
        self.kind, self.token = "", ""
        self.step()

    def step(self) -> str:
        """Go on; gives what stood here."""
        before = self.token
        end = len(self.text)
        self.start = next((place for place in range(self.place, end) if not self.text[place].isspace()), end)
        found = TOKEN.match(self.text, self.start)
        if found is None or found.lastgroup is None:
            self.kind, self.token = "end", ""
            if self.start < len(self.text):
                self.fail("a quote that is not closed" if self.text[self.start] in "'\"" else "this means nothing here")
        else:
            self.kind, self.token = found.lastgroup, found.group(found.lastgroup)
            self.place = found.end()
        if self.kind == "word" and self.token.lower() in WORDS:
            self.kind, self.token = "mark", self.token.lower()
        return before

    def take(self, *tokens: str) -> bool:
        """Go past these words or marks if they come next; whether they did. Only the first decides."""
        if (self.kind, self.token) != ("mark", tokens[0]):
            return False
        self.step()
        for token in tokens[1:]:
            self.need(token)
        return True

    def need(self, token: str) -> None:
        """Go past a word or mark that must come next."""
        if not self.take(token):
            self.fail(f"expected {token}")

    def either(self, depth: int) -> Condition:
        """Conditions joined by `or`."""
        parts = [self.every(depth)]
        while self.take("or"):
            parts.append(self.every(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def every(self, depth: int) -> Condition:
        """Conditions joined by `and`."""
        parts = [self.single(depth)]
        while self.take("and"):
            parts.append(self.single(depth))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def single(self, depth: int) -> Condition:
        """`not`, parentheses, or a comparison."""
        if depth > DEEPEST:
            self.fail(f"more than {DEEPEST} parentheses or nots inside each other")
        if self.take("not"):
            return self.single(depth + 1).opposite()
        if self.take("("):
            inside = self.either(depth + 1)
            self.need(")")
            return inside
        return self.comparison()

    def comparison(self) -> Condition:
        """A field, and what is asked of it."""
        self.comparisons += 1
        if self.comparisons > MOST_COMPARISONS:
            self.fail(f"more than {MOST_COMPARISONS} comparisons; a list of values needs only one: name in (...)")
        name = self.name()
        if self.take("is"):
            return self.presence(name)
        if self.take("not", "in"):
            return Among(name, self.values(), inside=False)
        if self.take("in"):
            return Among(name, self.values())
        if self.kind != "sign":
            self.fail(f"expected one of {'  '.join(COMPARISONS)}, in (...), is missing, is not missing")
        sign = self.step()
        if sign in ("=", "!=") or (self.kind, self.token) not in (("mark", "true"), ("mark", "false")):
            return Compared(name, sign, self.value())
        return self.fail("true and false are only = or !=, never less or more")

    def presence(self, name: str) -> Condition:
        """What follows `is`."""
        there = self.take("not")
        if not self.take("missing"):
            self.fail("expected missing" if there else "expected missing or not missing")
        return Missing(name, not there)

    def name(self) -> str:
        """A field's name."""
        if self.kind == "word":
            return self.step()
        if self.kind != "quoted" or self.token == '""':
            self.fail(
                "expected the name of a field (one with other signs than letters, digits and _, or one of the "
                f"words {', '.join(WORDS)}, goes in double quotes)"
            )
        return self.step()[1:-1].replace('""', '"')

    def values(self) -> tuple[Field, ...]:
        """Values in parentheses."""
        self.need("(")
        values = [self.value()]
        while self.take(","):
            values.append(self.value())
        if not self.take(")"):
            self.fail("expected , or )")
        return tuple(values)

    def value(self) -> Field:
        """A number, a text, or a truth."""
        value: Field
        if self.kind == "number":
            whole = self.token.lstrip("+-").isdigit()
            if whole and len(self.token) > MOST_DIGITS:
                self.fail(f"a whole number of more than {MOST_DIGITS} digits")
            value = int(self.token) if whole else float(self.token)
        elif self.kind == "text":
            value = self.token[1:-1].replace("''", "'")
        elif (self.kind, self.token) in (("mark", "true"), ("mark", "false")):
            value = self.token == "true"
        else:
            self.fail(f"expected a value: {FIELD_KINDS} (a text goes in single quotes: 'B')")
        self.listed += 1
        problem = f"more than {MOST_VALUES:,} values" if self.listed > MOST_VALUES else unfit_value(value)
        if problem:
            self.fail(problem)
        self.step()
        return value

    def fail(self, problem: str) -> NoReturn:
        """Say where, and what is allowed."""
        # One line, so that the mark stands below the place, whatever the text holds.
        begin, end = max(0, self.start - SHOWN), self.start + SHOWN
        before, after = "..." if begin else "", "..." if end < len(self.text) else ""
        line = before + re.sub(r"\s", " ", self.text[begin:end]) + after
        mark = " " * (len(before) + self.start - begin)
        raise SettingsError(f"this condition cannot be understood:\n  {line}\n  {mark}^ {problem}\n{HOW}")
