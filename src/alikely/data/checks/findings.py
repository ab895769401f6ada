"""One thing that the checks found, in words, with the items it is about and those best seen side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from alikely.types import Examples, Item

MOST_NAMED = 3  # in a sentence
MOST_SHOWN = 8  # pairs of one finding that keep their items

Severity: TypeAlias = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing found. `check` is its stable name, `what` says it in words.

    An "error" contradicts itself or cannot be used; a "warning" is probably a mistake; a "note" is only worth knowing.
    `count` is how many cases there are. `items` names the items it is about, all of them. `pairs` are the names of
    items best seen side by side, the worst first, all of them; `shown` are the items of the first of these pairs.
    For a shortcut, `statistic` is its name, and `auc` the chance, 0.5 to 1, that it puts a case on the right side.
    """

    check: str
    what: str
    severity: Severity
    items: tuple[str, ...] = ()
    count: int = 1
    statistic: str | None = None
    auc: float | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    shown: tuple[tuple[Item, Item], ...] = field(default=(), compare=False, repr=False)

    def to_dict(self, most: int | None = None) -> dict[str, Any]:
        """For JSON: all but the items themselves, with at most so many items and pairs; `count` stays what it is."""
        return {
            "check": self.check,
            "severity": self.severity,
            "what": self.what,
            "count": self.count,
            "statistic": self.statistic,
            "auc": self.auc,
            "items": list(self.items[:most]),
            "pairs": [list(pair) for pair in self.pairs[:most]],
        }


def finding_of_pairs(
    check: str,
    what: str,
    severity: Severity,
    examples: Examples,
    pairs: Sequence[tuple[int, int]],
    also: Sequence[tuple[int, int]] = (),
) -> Finding:
    """A finding about pairs of items, given by their places; `also` are pairs that belong to it but are no cases."""
    places = [place for pair in (*pairs, *also) for place in pair]
    return Finding(
        check,
        what,
        severity,
        items=tuple(dict.fromkeys(examples.names[place] for place in places)),
        count=len(pairs),
        pairs=tuple((examples.names[left], examples.names[right]) for left, right in pairs),
        shown=tuple((examples.items[left], examples.items[right]) for left, right in pairs[:MOST_SHOWN]),
    )


def listed(names: Iterable[str]) -> str:
    """The first few, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - MOST_NAMED} more" if len(every) > MOST_NAMED else ""
    return ", ".join(every[:MOST_NAMED]) + more


def by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """Errors first, then warnings, then notes; else in their order."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
