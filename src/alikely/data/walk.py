"""A folder -> the files of items below it, whose identities they are by where they lie, and what was left out."""

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from alikely.data.tables import TABLE_ENDINGS
from alikely.errors import InputError

# Tables of these names speak for the folder that they lie in.
TABLE_OF_FOLDER = "items"
TABLES_OF_PAIRS = ("pairs", "triplets", "scores")


@dataclass(frozen=True)
class FilesOf:
    """The endings (small letters) of the files that are looked for, what messages call these files, and what they end
    in most often."""

    endings: frozenset[str]
    called: str
    usual: tuple[str, ...]


def table_of(folder: Path, names: Sequence[str] = (TABLE_OF_FOLDER,)) -> Path | None:
    """The table of one of these names that speaks for a folder. InputError where there are several."""
    tables = [folder / f"{name}{ending}" for name in names for ending in sorted(TABLE_ENDINGS)]
    there = [table for table in tables if table.is_file()]
    if len(there) > 1:
        said = " and ".join(table.name for table in there)
        raise InputError(f"{folder}: holds {said}, and nobody knows which counts; name one of them, or remove others")
    return there[0] if there else None


def only_folder(folder: Path, files: Sequence[Path]) -> Path | None:
    """The one folder in which all files lie, where there are folders with files in it: one identity is none."""
    below = [file.relative_to(folder).parts for file in files]
    alone = len({parts[0] for parts in below}) == 1 and all(len(parts) > 2 for parts in below)
    return folder / below[0][0] if alone else None


def maybe_too_high(folder: Path, files: Sequence[Path], called: str) -> tuple[str, ...]:
    """A note where every identity folder holds folders only: then those may be the identities."""
    below = [file.relative_to(folder).parts for file in files]
    if any(len(parts) == 2 for parts in below):
        return ()
    inner = sorted({parts[1] for parts in below if parts[0] == below[0][0]})
    return (
        f"all {called} lie two folders down or more, and count as the identity of the upper one ({below[0][0]} ...); "
        f"if the lower ones ({', '.join(inner[:3])} ...) are the identities, name a folder that holds these",
    )


def files_of(folder: Path, wanted: FilesOf) -> tuple[list[Path], tuple[str, ...]]:
    """All files below a folder with these endings, in the order of their names, and notes on what was left out."""
    left_out: Counter[str] = Counter()
    files = list(_files_below(folder, wanted, frozenset(), left_out))
    notes = tuple(f"left out {what}: {count}" for what, count in sorted(left_out.items()))
    if not files:
        found = f" ({'; '.join(notes)})" if notes else ""
        raise InputError(
            f"{folder}: holds no {wanted.called}{found}; put files there that end in "
            f"{', '.join(wanted.usual)} or the like"
        )
    return files, notes


def count_of_endings(folder: Path, endings: Collection[str]) -> int:
    """How many files with these endings lie in folders of a folder; links are not followed."""
    inner = (files for place, _, files in os.walk(folder) if Path(place) != folder)
    return sum(Path(name).suffix.lower() in endings for files in inner for name in files if not name.startswith("."))


def _files_below(
    folder: Path, wanted: FilesOf, above: frozenset[tuple[int, int]], left_out: Counter[str]
) -> Iterator[Path]:
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
            files = list(_files_below(path, wanted, above | {(here.st_dev, here.st_ino)}, left_out))
            if not files:
                left_out[f"folders without a {wanted.called}"] += 1
            yield from files
        elif path.suffix.lower() in wanted.endings:
            # A link that leads nowhere too: opening it says so.
            yield path
        else:
            left_out[
                f"because they end in {path.suffix.lower()}" if path.suffix else "because they have no ending"
            ] += 1
