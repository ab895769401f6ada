"""Near pairs and groups, and what the items are called, in; tables for people, for programs and for files out."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alikely.data.items import counted
from alikely.errors import SettingsError
from alikely.folders import whole_file
from alikely.neighbours.groups import Group
from alikely.neighbours.limit import Limit
from alikely.neighbours.pairs import NearPairs
from alikely.types import Examples

DIGITS = 6  # of a distance in a file


@dataclass(frozen=True, eq=False)
class AlikePairs:
    """Pairs of a corpus that are alike, the nearest first.

    `said` is what each item is called: a text is its own name. `skipped` are items that could not be read, and why;
    `notes` what else is worth knowing. No probability stands beside a distance: among all pairs of a corpus hardly any
    are the same, and how many nobody knows; `limit` says how many may be wrong (None: only
    equal items were looked for).
    """

    said: tuple[str, ...]
    pairs: NearPairs
    limit: Limit | None
    skipped: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.pairs)

    def __iter__(self) -> Iterator[tuple[str, str, float]]:
        """Each pair as (left, right, distance)."""
        for left, right, distance in zip(self.pairs.left, self.pairs.right, self.pairs.distances, strict=True):
            yield self.said[left], self.said[right], float(distance)

    def near(self) -> int:
        """How many pairs were found near."""
        return len(self)

    def title(self) -> str:
        """How many were found among how many."""
        return f"{counted(len(self), 'pair', 'pairs')} among {counted(len(self.said), 'item', 'items')}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON: items, limit, pairs (left, right, distance), skipped, notes."""
        pairs = [{"left": left, "right": right, "distance": distance} for left, right, distance in self]
        return {
            "items": len(self.said),
            "limit": None if self.limit is None else self.limit.to_dict(),
            "pairs": pairs,
            **_beside(self),
        }

    def save(self, path: Path | str) -> None:
        """Write a CSV file with left,right,distance. SettingsError for another ending, StorageError."""
        _write(path, ("left", "right", "distance"), ((*ends, f"{far:.{DIGITS}g}") for *ends, far in self))


@dataclass(frozen=True, eq=False)
class AlikeGroups:
    """Groups of a corpus, the largest first; what is in none is like no other. The rest as in `AlikePairs`."""

    said: tuple[str, ...]
    groups: tuple[Group, ...]
    limit: Limit | None
    skipped: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.groups)

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        """Each group by its items: the one in the middle first, then those nearest to it."""
        for group in self.groups:
            yield tuple(self.said[member] for member in group.members)

    def near(self) -> int:
        """How many pairs of an item and the one in the middle of its group were found near."""
        return sum(len(group.members) - 1 for group in self.groups)

    def title(self) -> str:
        """How many were found among how many."""
        inside = sum(map(len, self.groups))
        return (
            f"{counted(len(self), 'group', 'groups')} with {inside:,} of {counted(len(self.said), 'item', 'items')}; "
            f"{len(self.said) - inside:,} by themselves"
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON: items, limit, groups (middle, items with their distances from it), skipped, notes."""
        groups = [
            {
                "middle": self.said[group.middle],
                "items": [
                    {"item": self.said[member], "distance": float(far)}
                    for member, far in zip(group.members, group.distances, strict=True)
                ],
            }
            for group in self.groups
        ]
        return {
            "items": len(self.said),
            "limit": None if self.limit is None else self.limit.to_dict(),
            "groups": groups,
            **_beside(self),
        }

    def save(self, path: Path | str) -> None:
        """Write a CSV file with group,item,distance, the middle of each group first. Errors as for pairs."""
        rows = (
            (str(number), self.said[member], f"{far:.{DIGITS}g}")
            for number, group in enumerate(self.groups, start=1)
            for member, far in zip(group.members, group.distances, strict=True)
        )
        _write(path, ("group", "item", "distance"), rows)


def said_of(examples: Examples) -> tuple[str, ...]:
    """What each item is called in an answer: a text is its own name."""
    if examples.kind == "text":
        return tuple(str(item) for item in examples.items)
    return examples.names


def check_csv(path: Path | str | None) -> None:
    """Raise SettingsError where a file to write is no .csv: before anything is computed."""
    if path is not None and Path(path).suffix.lower() != ".csv":
        raise SettingsError(f"{path}: what is found is written as .csv; name such a file")


def _beside(found: AlikePairs | AlikeGroups) -> dict[str, Any]:
    skipped = [{"item": name, "problem": problem} for name, problem in found.skipped]
    return {"skipped": skipped, "notes": list(found.notes)}


def _write(path: Path | str, header: Sequence[str], rows: Iterator[tuple[str, ...]]) -> None:
    check_csv(path)
    # A file's name may hold bytes that are no UTF-8.
    with whole_file(Path(path)) as partial, partial.open("w", encoding="utf-8", newline="", errors="replace") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
