"""One thing that the checks found, in words, with the items it is about and pictures that show it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from alikely.types import Examples, Item

MOST_NAMED = 3  # in a sentence
MOST_PICTURED = 8  # pairs of pictures of one finding

SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing found. `check` is its stable name, `what` says it in words.

    An "error" contradicts itself or cannot be used; a "warning" is probably a mistake; a "note" is only worth knowing.
    `count` is how many cases there are. `items` names the items it is about, all of them. `pairs` are the names of
    items best seen side by side, the worst first, all of them; `pictures` are the items of the first of these pairs.
    `auc`, for a shortcut: the chance, 0.5 to 1, that the statistic puts a random case on the right side.
    """

    check: str
    what: str
    severity: Literal["error", "warning", "note"]
    items: tuple[str, ...] = ()
    count: int = 1
    auc: float | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    pictures: tuple[tuple[Item, Item], ...] = field(default=(), compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """For JSON: all but the pictures."""
        return {
            "check": self.check,
            "severity": self.severity,
            "what": self.what,
            "count": self.count,
            "auc": self.auc,
            "items": list(self.items),
            "pairs": [list(pair) for pair in self.pairs],
        }


def finding_of_pairs(
    check: str,
    what: str,
    severity: Literal["error", "warning", "note"],
    examples: Examples,
    pairs: list[tuple[int, int]],
) -> Finding:
    """A finding about pairs of items, given by their places: `what` begins with their number and names the first."""
    names = [(examples.names[left], examples.names[right]) for left, right in pairs]
    pictures = tuple((examples.items[left], examples.items[right]) for left, right in pairs[:MOST_PICTURED])
    items = tuple(dict.fromkeys(name for pair in names for name in pair))
    return Finding(check, what, severity, items, len(pairs), pairs=tuple(names), pictures=pictures)


def listed(names: Iterable[str]) -> str:
    """The first few, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - MOST_NAMED} more" if len(every) > MOST_NAMED else ""
    return ", ".join(every[:MOST_NAMED]) + more


def by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """Errors first, then warnings, then notes; else in their order."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
