"""What the enrolled say of strangers -> a file in the gallery's folder, so that not every command computes it anew."""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from alikely.errors import StorageError
from alikely.folders import whole_file
from alikely.gallery.held import folder_of
from alikely.gallery.strangers import Strangers

FILE = "strangers.npz"


def mark_of(identities: Mapping[str, int]) -> str:
    """A hash over who is enrolled with how many templates: what is remembered holds for that state alone."""
    return hashlib.sha256(json.dumps(sorted(identities.items())).encode()).hexdigest()


def remembered(where: str, mark: str) -> Strangers | None:
    """What was remembered in this folder for this state; None where there is nothing, or nothing that can be read."""
    try:
        with (Path(where) / FILE).open("rb") as file, np.load(file, allow_pickle=False) as kept:
            if str(kept["mark"]) != mark:
                return None
            return Strangers(kept["distances"], kept["themselves"], kept["nearest"], int(kept["identities"]))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None


def remember(where: str, mark: str, strangers: Strangers) -> None:
    """Write it into the folder of a gallery; where that cannot be, it is only computed again."""
    folder = folder_of(where)
    if folder is None:
        return
    with suppress(StorageError), whole_file(folder / FILE) as partial, partial.open("wb") as file:
        np.savez(
            file,
            allow_pickle=False,
            mark=np.array(mark),
            distances=strangers.distances,
            themselves=strangers.themselves,
            nearest=strangers.nearest,
            identities=np.array(strangers.identities),
        )


def forget(where: str) -> None:
    """Remove the file: what it says of somebody who is removed must go, too."""
    with suppress(OSError):
        (Path(where) / FILE).unlink(missing_ok=True)
