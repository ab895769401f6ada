"""A local store with a damaged database -> the same with all templates that can still be read; how many cannot."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from alikely.errors import GalleryError, StorageError
from alikely.folders import whole_folder
from alikely.stores import records
from alikely.stores.database import DATABASE, Database
from alikely.stores.local import INDEX, open_local, read_about
from alikely.types import Templates

ASIDE = "damaged.db"
TOGETHER = 512  # rows that are tried at once; where one cannot be read, halves of them


@dataclass(frozen=True)
class Recovered:
    """How many templates were kept and how many are lost, and the keys of the lost ones that can still be read."""

    kept: int
    lost: int
    lost_keys: tuple[str, ...]


def damage_of(folder: Path) -> str | None:
    """What is wrong with the database of a local store: every page and every template is read. None where all is well.

    Raises GalleryError where there is no store.
    """
    read_about(folder)
    try:
        with closing(open_local(folder)) as store:
            there = sum(len(piece) for piece in store.read())
            if there != store.count():
                return f"{store.count()} templates are kept, {there} can be read"
        with closing(sqlite3.connect(folder / DATABASE)) as connection:
            said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except (sqlite3.DatabaseError, GalleryError) as error:
        return str(error)
    return None if said == "ok" else said.strip()


def recover(folder: Path) -> Recovered:
    """Copy all that can be read into a new database, in the place of the damaged one, which stays as `damaged.db`.

    Nobody else may use the store meanwhile. Raises GalleryError where nothing can be read at all, StorageError where
    there is no room for the copy.
    """
    dim = read_about(folder)["dim"]
    aside = folder / "recovered"
    kept, lost_keys, unreadable = 0, [], 0
    with closing(sqlite3.connect(folder / DATABASE)) as old:
        next_row, expected = _state(old, folder)
        with whole_folder(aside) as partial, closing(Database(partial, wait=1.0)) as new:
            new.make_tables()
            for templates, bad in _readable(old, dim, next_row):
                records.put_rows(new, templates)
                kept += len(templates)
                unreadable += len(bad)
                lost_keys += [key for row in bad for key in _key(old, row)]
            new.forget_old_pages()
    try:
        (folder / INDEX).unlink(missing_ok=True)
        for ending in ("-wal", "-shm"):
            (folder / (DATABASE + ending)).unlink(missing_ok=True)
        (folder / DATABASE).replace(folder / ASIDE)
        (aside / DATABASE).replace(folder / DATABASE)
        for left in aside.iterdir():
            left.unlink()
        aside.rmdir()
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror}; what was recovered stands in {aside}") from error
    return Recovered(kept, unreadable if expected is None else expected - kept, tuple(lost_keys))


def _state(old: sqlite3.Connection, folder: Path) -> tuple[int, int | None]:
    """The row that would be next, and how many templates there were, where that can still be read."""
    try:
        state = records.State(*old.execute("SELECT generation, next_row, removed FROM state").fetchone())
        return state.next_row, state.count
    except (sqlite3.DatabaseError, TypeError):
        pass
    found = []
    for table in ("templates", "embeddings"):
        try:
            found.append(int(old.execute(f"SELECT max(row) FROM {table}").fetchone()[0]))
        except (sqlite3.DatabaseError, TypeError):
            continue
    if not found:
        raise GalleryError(f"{folder / DATABASE}: nothing in it can be read; bring it back from a copy")
    return max(found) + 1, None


def _readable(old: sqlite3.Connection, dim: int, end: int) -> Iterator[tuple[Templates, list[int]]]:
    """What can be read of each range of rows, and the rows where something is, or may be, that cannot."""
    waiting = [(start, min(start + TOGETHER, end)) for start in range(1, end, TOGETHER)][::-1]
    while waiting:
        first, behind = waiting.pop()
        try:
            sql = f"{records.READ} WHERE templates.row >= ? AND templates.row < ? ORDER BY templates.row"
            lines: Sequence[tuple] = old.execute(sql, [first, behind]).fetchall()
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            if behind - first == 1:
                yield records.as_templates(dim, []), [first]
                continue
            middle = (first + behind) // 2
            waiting += [(middle, behind), (first, middle)]
            continue
        whole = [line for line in lines if records.is_whole(dim, line)]
        yield records.as_templates(dim, whole), [line[0] for line in lines if not records.is_whole(dim, line)]


def _key(old: sqlite3.Connection, row: int) -> list[str]:
    try:
        return [str(key) for (key,) in old.execute("SELECT key FROM templates WHERE row = ?", [row])]
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return []
