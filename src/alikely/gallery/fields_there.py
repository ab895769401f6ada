"""Templates in; which fields of the user they have, with their values or the range of these, out: what to filter by."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from alikely.stores.values import kind_of
from alikely.types import Field, Templates

MOST_LOOKED_AT = 50_000  # templates
MOST_VALUES = 50  # of a field that are named, the most frequent ones


def fields_there(pieces: Iterable[Templates], most: int = MOST_LOOKED_AT) -> dict[str, Any]:
    """For JSON: {"fields": [{name, kind, templates, values | smallest, largest}], "templates": looked at, "all": ...}.

    kind is text, number or truth; a field with values of several kinds is there once for each. `values` are those of a
    text or truth, the most frequent first, as [value, templates]; `more` says whether there are others. `all` is false
    where there are more templates than the `most` that are looked at.
    """
    seen: dict[tuple[str, str], Counter[Field]] = {}
    looked, whole = 0, True
    for piece in pieces:
        for fields in piece.fields:
            if looked == most:
                whole = False
                break
            looked += 1
            for name, value in fields.items():
                seen.setdefault((name, kind_of(value)), Counter())[value] += 1
        if not whole:
            break
    told = [_told(name, kind, values) for (name, kind), values in sorted(seen.items())]
    return {"fields": told, "templates": looked, "all": whole}


def _told(name: str, kind: str, values: Counter[Field]) -> dict[str, Any]:
    told: dict[str, Any] = {"name": name, "kind": kind, "templates": values.total()}
    if kind == "number":
        return {**told, "smallest": min(values), "largest": max(values)}
    named = sorted(values.items(), key=lambda one: (-one[1], str(one[0])))
    return {**told, "values": [list(one) for one in named[:MOST_VALUES]], "more": len(named) > MOST_VALUES}
