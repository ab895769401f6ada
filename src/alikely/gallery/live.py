"""Distances in use -> lines of a file beside the gallery, and back. No item and no identity is in it."""

import json
import math
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float

from alikely.errors import GalleryError, SettingsError, StorageError
from alikely.gallery.candidates import gathered
from alikely.gallery.held import Held, folder_of

LOG, OLDER = "distances.jsonl", ".older"
LARGEST = 16 * 2**20  # bytes of a log (about 200,000 lines); then it becomes the older one, in the place of that
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
    held: Held,
    named: Sequence[str],
    queries: Float[np.ndarray, "queries dim"],
    answers: Sequence[tuple[str, bool]],
    threshold: float,
) -> list[Live]:
    """What is kept of answers, each an identity and whether the query was accepted as it.

    Of each, the distance to one template of that identity, and to one of another, drawn from the enrolled, `named`.
    The calibration knows distances between two items, not to several joined, so of several templates one is drawn; an
    accepted one of several is not known to lie within the threshold. Drawn by the query, so always alike.
    """
    draws = [np.random.default_rng(zlib.crc32(query.tobytes())) for query in queries]
    asked = []
    for draw, (identity, _) in zip(draws, answers, strict=True):
        # Another process may have removed all of them meanwhile.
        drawn = [named[place] for place in draw.integers(len(named), size=2)] if named else []
        asked.append([identity, *[name for name in drawn if name != identity][:1]])
    rows: dict[str, list[int]] = {}
    templates = gathered(held.store.read(identities={name for names in asked for name in names}), held.store.dim)
    for row, name in enumerate(templates.identities):
        rows.setdefault(name, []).append(row)
    pairs = [
        (query, int(draw.choice(rows[name])))
        for query, (draw, names) in enumerate(zip(draws, asked, strict=True))
        for name in names
        if name in rows
    ]
    if not pairs:
        return []
    left, right = np.array(pairs).T
    distances = held.coordinates.between(queries[left], templates.embeddings[right]).tolist()
    entries = []
    for query, row, distance in zip(left, right, distances, strict=True):
        (identity, accepted), name = answers[query], templates.identities[row]
        if name != identity:
            entries.append(Live("different", distance))
        else:
            known = accepted and len(rows[name]) == 1 and math.isfinite(threshold)
            entries.append(Live("accepted" if accepted else "refused", distance, threshold if known else None))
    return entries


def append_live(path: Path, entries: Iterable[Live]) -> None:
    """Add lines to the log. A large one becomes the older one beside it (`.older`), and a new one is begun.

    Raises StorageError where it cannot be written.
    """
    lines = "".join(json.dumps(asdict(entry), allow_nan=False) + "\n" for entry in entries)
    try:
        with suppress(FileNotFoundError):  # nothing was logged yet, or another has just begun a new one
            if path.stat().st_size >= LARGEST:
                path.replace(_older(path))
        # In one write to a file opened for appending: lines of two processes do not mix.
        with path.open("ab", buffering=0) as file:
            file.write(lines.encode())
    except OSError as error:
        raise StorageError(f"{path}: the log cannot be written ({error.strerror or error}); free some space") from error


def read_live(path: Path, last: int | None = None) -> list[Live]:
    """All lines of a log and of the older one, or about the `last` ones: of longer ones only the end is read.

    Raises GalleryError where there is none, or for a line that is none of a log.
    """
    entries: list[Live] = []
    most = None if last is None else last * LONGEST_LINE
    there = [file for file in (path, _older(path)) if file.is_file()]
    if not there:
        raise GalleryError(
            f"{path}: no distances were kept; verify and identify with --log, or give labelled items: --source"
        )
    for file in there:
        try:
            text = _end_of(file, most)
        except (OSError, UnicodeDecodeError) as error:
            raise GalleryError(f"{file}: cannot be read ({error}); name another log") from None
        entries = _entries(file, text) + entries
        if most is not None:
            most = max(0, most - len(text))
    return entries


def _entries(path: Path, text: str) -> list[Live]:
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


def _older(path: Path) -> Path:
    return path.with_name(path.name + OLDER)


def _end_of(path: Path, most: int | None) -> str:
    """The whole lines in the last `most` bytes of a file; all of it without."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = 0 if most is None else max(0, size - most)
        file.seek(start)
        content = file.read()
    return (content if start == 0 else content.partition(b"\n")[2]).decode("utf-8")
