"""Examples and the part that each item is in -> identities, groups and items that are in two of them."""

from collections.abc import Iterator, Mapping

import numpy as np
from jaxtyping import Int, Shaped

from alikely.data.checks.findings import Finding, listed
from alikely.data.items import counted
from alikely.data.joining import joined
from alikely.data.sources.kinds import PART_COLUMNS
from alikely.types import Examples, Pairs


def parts_of(examples: Examples) -> Shaped[np.ndarray, " items"] | None:
    """The parts that a column of the table says, for each item; None where none does.

    In a table of pairs: those of the first pair that an item is in (`in_two_parts` looks at all).
    """
    column = _column(examples.columns)
    if column is None and examples.pairs is not None:
        said = _column(examples.pairs.columns)
        if said is not None:
            column = np.full(len(examples), "", dtype=said.dtype)
            for row in reversed(range(len(said))):
                column[[examples.pairs.left[row], examples.pairs.right[row]]] = said[row]
    return column


def in_two_parts(examples: Examples, parts: Shaped[np.ndarray, " items"]) -> Iterator[Finding]:
    """Findings shared_identity and shared_group: what a split should have kept in one part."""
    identities = examples.labels
    if identities is None and examples.pairs is not None:
        identities = identities_of(len(examples), examples.pairs)
        said = _column(examples.pairs.columns)
        if said is not None:
            # An item may be in pairs of several parts, and counts in each of them.
            ends = np.concatenate([examples.pairs.left, examples.pairs.right])
            yield from _shared(examples, "identity", identities[ends], np.concatenate([said, said]), ends)
            return
    everywhere = np.arange(len(examples))
    if identities is not None:
        yield from _shared(examples, "identity", identities, parts, everywhere)
    if examples.groups is not None:
        yield from _shared(examples, "group", examples.groups, parts, everywhere)


def identities_of(count: int, pairs: Pairs) -> Int[np.ndarray, " items"]:
    """The identity of each of `count` items, numbered from 0: what the same pairs join."""
    return joined(count, pairs.left[pairs.same], pairs.right[pairs.same])


def _shared(
    examples: Examples,
    what: str,
    marks: Shaped[np.ndarray, " rows"],
    parts: Shaped[np.ndarray, " rows"],
    places: Int[np.ndarray, " rows"],
) -> Iterator[Finding]:
    """`marks` that stand in several `parts`; row i of both is about the item at `places[i]`."""
    first: dict[str, dict[str, int]] = {}
    for mark, part, place in zip(marks.tolist(), parts.tolist(), places.tolist(), strict=True):
        if part != "":
            first.setdefault(str(mark), {}).setdefault(str(part), place)
    torn = {mark: seen for mark, seen in first.items() if len(seen) > 1}
    if torn:
        stand = {"identity": ("identity stands", "identities stand"), "group": ("group stands", "groups stand")}[what]
        by_label = what == "group" or examples.labels is not None
        said = listed(
            f"{mark if by_label else examples.names[min(seen.values())]} ({', '.join(seen)})"
            for mark, seen in torn.items()
        )
        shared = f"{counted(len(torn), *stand)} in several parts: {said}"
        text = f"{shared}; what is learned from one part is known in the other"
        items = tuple(dict.fromkeys(examples.names[place] for seen in torn.values() for place in seen.values()))
        yield Finding(f"shared_{what}", text, "warning", items, len(torn))


def _column(columns: Mapping[str, Shaped[np.ndarray, " rows"]]) -> Shaped[np.ndarray, " rows"] | None:
    return next((columns[name] for name in PART_COLUMNS if name in columns), None)
