"""A folder with a folder for each identity -> Examples: its pictures, or its sequences."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from alikely.data.items import counted
from alikely.data.pictures import PICTURE_ENDINGS
from alikely.data.sequences import SEQUENCE_ENDINGS
from alikely.data.sources.kinds import NAME_IT, KindOrAuto
from alikely.data.walk import FilesOf, count_of_endings, files_of, maybe_too_high, only_folder
from alikely.errors import InputError
from alikely.types import Examples, Kind

_FILES: dict[Kind, FilesOf] = {
    "picture": FilesOf(PICTURE_ENDINGS, "picture", (".jpg", ".png")),
    "sequence": FilesOf(SEQUENCE_ENDINGS, "sequence", (".npy", ".csv")),
}


def identities_in(folder: Path, items: KindOrAuto) -> Examples:
    """The files below `folder/LABEL/`, however deep, with that label. Raises InputError where they lie otherwise."""
    kind = _kind_in(folder, items)
    called = f"{kind}s"
    files, notes = files_of(folder, _FILES[kind])
    if inner := only_folder(folder, files):
        raise InputError(
            f"{folder}: all {called} lie in {inner.name}, and one identity is not enough; "
            f"if the folders in it are the identities, name {inner}"
        )
    sorted_in = [file for file in files if file.parent != folder]
    loose = len(files) - len(sorted_in)
    if not sorted_in:
        raise InputError(
            f"{folder}: {counted(loose, f'{kind} lies', f'{called} lie')} directly in the folder, so nobody knows "
            "which show the same identity; "
            f"make a folder for each identity, such as {folder / 'anna' / files[0].name}, or give a table, or "
            "learn without labels: --loss vicreg"
        )
    if loose:
        notes += (f"left out {called} beside the identity folders: {loose}",)
    notes += maybe_too_high(folder, sorted_in, called)
    return _labelled(folder, sorted_in, kind, notes)


def files_in(folder: Path, items: KindOrAuto) -> Examples:
    """All files below the folder; with labels where none lies directly in it."""
    kind = _kind_in(folder, items)
    files, notes = files_of(folder, _FILES[kind])
    if all(file.parent != folder for file in files):
        return _labelled(folder, files, kind, notes)
    return Examples(tuple(files), tuple(map(str, files)), notes=notes, kind=kind)


def _labelled(folder: Path, files: Sequence[Path], kind: Kind, notes: tuple[str, ...]) -> Examples:
    labels = np.array([file.relative_to(folder).parts[0] for file in files])
    return Examples(tuple(files), tuple(map(str, files)), labels, notes=notes, kind=kind)


def _kind_in(folder: Path, items: KindOrAuto) -> Kind:
    if items == "auto":
        sequences = count_of_endings(folder, SEQUENCE_ENDINGS)
        pictures = count_of_endings(folder, PICTURE_ENDINGS) if sequences else 0
        if 0 < pictures <= sequences:
            raise InputError(
                f"{folder}: holds {pictures} files that end as pictures and {sequences} that end as sequences; "
                f"{NAME_IT}"
            )
        return "sequence" if sequences > pictures else "picture"
    if items not in _FILES:
        raise InputError(
            f"{folder}: is a folder, and {items}s are read from a table; write one, or put a table items.csv into it"
        )
    return items
