"""Distances in use -> lines of a file beside the gallery, and back. No item and no identity is in it."""

import json
import math
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float

from alikely.errors import GalleryError, SettingsError, StorageError
from alikely.gallery.candidates import distances_to, gathered
from alikely.gallery.held import Held, folder_of

LOG = "distances.jsonl"
LONGEST_LINE = 100  # bytes that a line of it takes at most

What = Literal["accepted", "refused", "different"]


@dataclass(frozen=True)
class Live:
    """One distance that came up.

    `accepted`: of an item to the identity that it was accepted as, at a threshold; `refused`: to the one it was
    refused as; `different`: to a template drawn at random from another identity, whatever was answered.
    """

    what: What
    distance: float
    threshold: float | None = None


def log_beside(where: str) -> Path:
    """The log that lies in a gallery's folder. Raises SettingsError for a gallery that has no folder."""
    folder = folder_of(where)
    if folder is None:
        raise SettingsError(f"{where}: is no folder of a gallery, so a log cannot lie in it; name a file for it")
    return folder / LOG


def live_of(
    held: Held, query: Float[np.ndarray, " dim"], identity: str, accepted: bool, threshold: float
) -> list[Live]:
    """What is kept of one answer: the distance to one template of `identity`, and to one of another identity.

    The calibration knows distances between two items, not to several joined, so of several templates one is drawn; an
    accepted one of several is not known to lie within the threshold. Drawn by the query, so always alike.
    """
    draw = np.random.default_rng(zlib.crc32(query.tobytes()))
    named = list(held.store.identities()) or [identity]  # another may have removed all of them meanwhile
    others = [name for name in (named[place] for place in draw.integers(len(named), size=2)) if name != identity]
    entries = []
    for name in [identity, *others[:1]]:
        templates = gathered(held.store.read(identities=[name]), held.store.dim)
        if len(templates) == 0:
            continue
        distance = float(draw.choice(distances_to(held, query, templates)))
        if name != identity:
            entries.append(Live("different", distance))
        else:
            known = accepted and len(templates) == 1 and math.isfinite(threshold)
            entries.append(Live("accepted" if accepted else "refused", distance, threshold if known else None))
    return entries


def append_live(path: Path, entries: Iterable[Live]) -> None:
    """Add lines to the log. Raises StorageError where it cannot be written."""
    lines = "".join(json.dumps(asdict(entry), allow_nan=False) + "\n" for entry in entries)
    try:
        # In one write to a file opened for appending: lines of two processes do not mix.
        with path.open("ab", buffering=0) as file:
            file.write(lines.encode())
    except OSError as error:
        raise StorageError(f"{path}: the log cannot be written ({error.strerror or error}); free some space") from error


def read_live(path: Path, last: int | None = None) -> list[Live]:
    """All lines of a log, or about the `last` ones: of a longer one only the end is read.

    Raises GalleryError where there is none, or for a line that is none of a log.
    """
    try:
        text = _end_of(path, None if last is None else last * LONGEST_LINE)
    except FileNotFoundError:
        raise GalleryError(
            f"{path}: no distances were kept; verify and identify with --log, or give labelled items: --source"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise GalleryError(f"{path}: cannot be read ({error}); name another log") from None
    entries = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            entry = Live(**json.loads(line))
            usable = entry.what in ("accepted", "refused", "different") and 0 <= entry.distance < math.inf
        except (ValueError, TypeError):
            usable = False
        if not usable:
            raise GalleryError(f"{path}, line {number}: is no distance of a log; remove the line")
        entries.append(entry)
    return entries


def _end_of(path: Path, most: int | None) -> str:
    """The whole lines in the last `most` bytes of a file; all of it without."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = 0 if most is None else max(0, size - most)
        file.seek(start)
        content = file.read()
    return (content if start == 0 else content.partition(b"\n")[2]).decode("utf-8")
