"""Templates that are being removed -> a file in the gallery's folder that knows them until nothing of them is left.

It is written before anything is removed, so that whatever stops a removal, the same one can be asked for again and
ends. What stands in it is overwritten before it goes.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from alikely.errors import GalleryError, StorageError
from alikely.folders import write_text
from alikely.gallery.candidates import gathered
from alikely.gallery.held import folder_of
from alikely.types import Templates

FILE = "removing.json"


def unfinished(where: str, dim: int) -> Templates:
    """What was to be removed and may have left something. Raises GalleryError where the file cannot be read."""
    path = Path(where) / FILE
    if not path.is_file():
        return gathered([], dim)
    try:
        lines = json.loads(path.read_text(encoding="utf-8"))
        rows = [np.frombuffer(bytes.fromhex(line["embedding"]), dtype="<f4") for line in lines]
        return Templates(
            keys=tuple(line["key"] for line in lines),
            identities=tuple(line["identity"] for line in lines),
            embeddings=np.array(rows, dtype=np.float32).reshape(len(lines), dim),
            fields=({},) * len(lines),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GalleryError(
            f"{path}: cannot be read ({error}); it tells what is being removed: delete it, then look with "
            "`alikely gallery list` whether that is gone"
        ) from None


def keep_unfinished(where: str, templates: Templates) -> None:
    """Write them down. Raises StorageError where the disk is full; a gallery on a server keeps nothing."""
    if folder_of(where) is None:
        return
    lines = [
        {"key": key, "identity": identity, "embedding": row.astype("<f4").tobytes().hex()}
        for key, identity, row in zip(templates.keys, templates.identities, templates.embeddings, strict=True)
    ]
    write_text(Path(where) / FILE, json.dumps(lines))


def finish(where: str) -> None:
    """All is gone: overwrite what the file says, and remove it. Raises StorageError where it cannot be."""
    path = Path(where) / FILE
    if not path.is_file():
        return
    try:
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except OSError as error:
        raise StorageError(f"{path}: cannot be removed ({error.strerror or error}); remove it yourself") from error


def among(templates: Templates, rows: Sequence[int]) -> Templates:
    """Some of them."""
    return Templates(
        keys=tuple(templates.keys[row] for row in rows),
        identities=tuple(templates.identities[row] for row in rows),
        embeddings=templates.embeddings[list(rows)],
        fields=tuple(templates.fields[row] for row in rows),
    )
