"""One item -> what one look at it gives: hashes of its content, whether it can be read, and simple statistics."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from alikely.types import Item

Statistics = Mapping[str, float | str]


@dataclass(frozen=True)
class Look:
    """What one look at an item gives.

    `digest` is a hash of its content, `form` one of what is left of it when it is written in the plainest way (None
    where there is none). `problem` says why it cannot be read, None where it can. `empty`: nothing can be told of it.
    `thumbnail` is that of a picture. `statistics` are numbers or texts by their name.
    """

    digest: bytes | None
    form: bytes | None = None
    problem: str | None = None
    empty: bool = False
    thumbnail: UInt8[np.ndarray, "side side"] | None = None
    statistics: Statistics = field(default_factory=dict)


def hashed(what: str, content: bytes) -> bytes | None:
    """A hash of the content, another one for each word `what`; None where there is no content."""
    return hashlib.sha256(what.encode() + b"\0" + content).digest() if content else None


def digest_of_file_or_array(item: Item) -> bytes | None:
    """A hash of a file's bytes or an array's values; None for an empty file, and for what is neither."""
    if isinstance(item, bytes):
        return hashed("file", item)
    if isinstance(item, np.ndarray):
        return hashed(f"array {item.dtype.str} {item.shape}", item.tobytes())
    if not isinstance(item, Path | str):
        return None
    try:
        return hashed("file", Path(item).read_bytes())
    except (OSError, ValueError):
        return None
