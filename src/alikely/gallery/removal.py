"""Templates to forget in; the store without them, and the proof that its files hold nothing of them, out."""

from pathlib import Path

import numpy as np

from alikely.errors import GalleryError, StorageError
from alikely.gallery.answers import Removed
from alikely.gallery.candidates import gathered
from alikely.gallery.held import Held
from alikely.gallery.remembering import forget
from alikely.gallery.traces import files_with
from alikely.gallery.unfinished import FILE, among, finish, keep_unfinished, unfinished
from alikely.types import Templates

SHORTEST_TRACE = 16  # bytes: what is shorter may stand in any file by chance


def remove(held: Held, identity: str | None = None, key: str | None = None) -> Removed:
    """Remove an identity, or one template, and search the gallery's files for what might be left of it.

    Where that could not be ended (a full disk; something is left), the same call again ends it. Raises GalleryError
    where it is not there, and where neither or both are named; StorageError where the disk is full.
    """
    if (identity is None) == (key is None):
        raise GalleryError("name what to remove: an identity, or the key of one template")
    templates = gathered(
        held.store.read(
            keys=None if key is None else [key],
            identities=None if identity is None else [identity],
        ),
        held.store.dim,
    )
    begun = unfinished(held.where, held.store.dim)
    earlier = [row for row, key_ in enumerate(begun.keys) if key_ not in templates.keys]
    asked = [row for row in earlier if begun.keys[row] == key or begun.identities[row] == identity]
    if len(templates) + len(asked) == 0:
        what = f"the identity {identity!r}" if key is None else f"the key {key!r}"
        raise GalleryError(f"{held.where}: {what} is not there; `alikely gallery list` shows what is")
    going = gathered([templates, among(begun, earlier)], held.store.dim)
    keep_unfinished(held.where, going)
    forget(held.where)
    held.store.remove(keys=templates.keys)
    place = Path(held.where.partition("#")[0])
    files = [str(path) for path in sorted([place, *place.rglob("*")]) if path.is_file() and path.name != FILE]
    still_there = held.store.has(going.keys)
    traces = _traces(held, among(going, [row for row, key_ in enumerate(going.keys) if key_ not in still_there]))
    try:
        left = tuple(files_with(files, traces))
    except OSError as error:
        raise StorageError(
            f"{held.where}: removed, but its files could not be searched for what is left ({error}); remove it again: "
            "that ends it"
        ) from error
    if not left:
        finish(held.where)
    return Removed(len(templates) + len(asked), len(files), left)


def _traces(held: Held, templates: Templates) -> list[bytes]:
    """What only these templates have: their keys, and their embeddings as bytes, but those that others share."""
    traces = [key.encode() for key in templates.keys]
    rows = templates.embeddings.astype(np.float32)
    if held.store.count() > 0:
        nearest = held.store.search(rows, 1).keys[:, 0].tolist() if len(rows) else []
        others = gathered(held.store.read(keys=set(nearest)), held.store.dim)
        shared = {row.tobytes() for row in others.embeddings}
    else:
        shared = set()
    whole = [row.tobytes() for row in rows if np.count_nonzero(row) > 1]
    return [*traces, *(trace for trace in whole if trace not in shared and len(trace) >= SHORTEST_TRACE)]
