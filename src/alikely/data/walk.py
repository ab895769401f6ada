"""A folder -> the pictures below it, whose identities they are by where they lie, and what was left out."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from alikely.data.items import PICTURE_ENDINGS
from alikely.data.tables import TABLE_ENDINGS
from alikely.errors import InputError

# A table of this name speaks for the folder it lies in.
TABLE_OF_FOLDER = "items"


def table_of(folder: Path) -> Path | None:
    """The table that speaks for a folder. InputError where there are several."""
    tables = [folder / f"{TABLE_OF_FOLDER}{ending}" for ending in sorted(TABLE_ENDINGS)]
    there = [table for table in tables if table.is_file()]
    if len(there) > 1:
        said = " and ".join(table.name for table in there)
        raise InputError(f"{folder}: holds {said}, and nobody knows which counts; name one of them, or remove others")
    return there[0] if there else None


def only_folder(folder: Path, pictures: Sequence[Path]) -> Path | None:
    """The one folder in which all pictures lie, where there are folders with pictures in it: one identity is none."""
    below = [picture.relative_to(folder).parts for picture in pictures]
    alone = len({parts[0] for parts in below}) == 1 and all(len(parts) > 2 for parts in below)
    return folder / below[0][0] if alone else None


def maybe_too_high(folder: Path, pictures: Sequence[Path]) -> tuple[str, ...]:
    """A note where every identity folder holds folders only: then those may be the identities."""
    below = [picture.relative_to(folder).parts for picture in pictures]
    if any(len(parts) == 2 for parts in below):
        return ()
    inner = sorted({parts[1] for parts in below if parts[0] == below[0][0]})
    return (
        f"all pictures lie two folders down or more, and count as the identity of the upper one ({below[0][0]} ...); "
        f"if the lower ones ({', '.join(inner[:3])} ...) are the identities, name a folder that holds these",
    )


def pictures_of(folder: Path) -> tuple[list[Path], tuple[str, ...]]:
    """All pictures below a folder, in the order of their names, and notes on what was left out."""
    left_out: Counter[str] = Counter()
    pictures = list(_pictures_below(folder, frozenset(), left_out))
    notes = tuple(f"left out {what}: {count}" for what, count in sorted(left_out.items()))
    if not pictures:
        found = f" ({'; '.join(notes)})" if notes else ""
        raise InputError(f"{folder}: holds no picture{found}; put files there that end in .jpg, .png or the like")
    return pictures, notes


def _pictures_below(folder: Path, above: frozenset[tuple[int, int]], left_out: Counter[str]) -> Iterator[Path]:
    try:
        here = folder.stat()
        names = sorted(os.listdir(folder))
    except OSError as problem:
        raise InputError(f"{folder}: cannot be listed ({problem.strerror}); check that it may be read") from problem
    if (here.st_dev, here.st_ino) in above:
        left_out["links to a folder above them"] += 1
        return
    for name in names:
        path = folder / name
        if name.startswith(".") or name == "__MACOSX":
            left_out["because hidden"] += 1
        elif path.is_dir():
            pictures = list(_pictures_below(path, above | {(here.st_dev, here.st_ino)}, left_out))
            if not pictures:
                left_out["folders without a picture"] += 1
            yield from pictures
        elif path.suffix.lower() in PICTURE_ENDINGS:
            # A link that leads nowhere too: opening it says so.
            yield path
        else:
            left_out[
                f"because they end in {path.suffix.lower()}" if path.suffix else "because they have no ending"
            ] += 1
