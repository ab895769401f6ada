"""What is printed of pairs and groups that were found among many items, for every command that finds some."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from alikely.cli.output import print_rows, say

if TYPE_CHECKING:
    from alikely.neighbours import AlikeGroups, AlikePairs

MOST_SHOWN = 20  # pairs or groups
MOST_OF_A_GROUP = 5


def tell(found: "AlikePairs | AlikeGroups", note: Callable[[str], None]) -> None:
    """What the limit keeps, and what else is worth knowing."""
    for sentence in (*found.notes, *([] if found.limit is None else [found.limit.sentence(found.near())])):
        note(sentence)


def print_pairs(found: "AlikePairs") -> None:
    """The nearest pairs in a table."""
    rows = [(f"{far:.3g}", left, right) for left, right, far in list(found)[:MOST_SHOWN]]
    if rows:
        print_rows(found.title(), ("distance", "", ""), rows)
    else:
        say(found.title())


def print_groups(found: "AlikeGroups") -> None:
    """The largest groups, an item a line, with how far it is from the one in the middle."""
    say(f"{found.title()}\n")
    for number, group in enumerate(found.groups[:MOST_SHOWN], start=1):
        shown = list(zip(group.members, group.distances, strict=True))[: MOST_OF_A_GROUP + 1]
        lines = [f"group {number}, {len(group):,} items"]
        lines += [f"  {far:6.3f}   {found.said[member]}" for member, far in shown]
        if len(group) > len(shown):
            lines.append(f"           ... and {len(group) - len(shown):,} more")
        say("\n".join([*lines, ""]))


def say_written(out: Path | None, count: int) -> None:
    """Where all of it stands."""
    if out is not None:
        say(f"all {count:,} written to {out}")
    elif count > MOST_SHOWN:
        say(f"... and {count - MOST_SHOWN:,} more; for all of them: --out FILE.csv, or --json")
