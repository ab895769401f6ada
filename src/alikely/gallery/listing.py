"""Templates of a store in; what is told of them for JSON, as many as are wanted, out."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from alikely.types import Templates


def listed(pieces: Iterable[Templates], skip: int = 0, most: int | None = None) -> list[dict[str, Any]]:
    """Key, identity and fields of each template; without the first `skip`, and at most `most`."""
    described = (
        {"key": key, "identity": identity, "fields": dict(fields)}
        for part in pieces
        for key, identity, fields in zip(part.keys, part.identities, part.fields, strict=True)
    )
    return list(islice(described, skip, None if most is None else skip + most))
