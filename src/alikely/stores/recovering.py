"""A local store with a damaged database -> the same with all templates that can still be read; how many cannot."""

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alikely.errors import GalleryError, StorageError
from alikely.folders import whole_folder
from alikely.stores import records
from alikely.stores.database import DATABASE, Database
from alikely.stores.local import INDEX, open_local, read_about
from alikely.types import Templates

ASIDE, MENDED = "damaged.db", "mended.db"
PAGE, PAGES = 4096, slice(28, 32)  # bytes of a page, and where the first one says how many there are
TOGETHER = 512  # rows that are tried at once; where one cannot be read, halves of them


@dataclass(frozen=True)
class Recovered:
    """How many templates were kept and how many are lost, and the keys of the lost ones that can still be read."""

    kept: int
    lost: int
    lost_keys: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """For the command line: 0 nothing is lost, 1 some templates are."""
        return 1 if self.lost else 0

    def sentence(self) -> str:
        """What was done, in one line."""
        known = f", of which {len(self.lost_keys):,} can be named" if self.lost_keys else ""
        lost = f"{self.lost:,} are lost{known}; enrol the items again: what is there is left as it is"
        return f"{self.kept:,} templates kept; {lost if self.lost else 'nothing is lost'}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the fields by name."""
        return {"kept": self.kept, "lost": self.lost, "lost_keys": list(self.lost_keys)}


def damage_of(folder: Path | str) -> str | None:
    """What is wrong with the database of a local store: every page and every template is read. None where all is well.

    Raises GalleryError where there is no store.
    """
    folder = Path(folder)
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


def recover(folder: Path | str) -> Recovered:
    """Copy all that can be read into a new database, in the place of the damaged one, which stays as `damaged.db`.

    A beginning of the file that is overwritten is made anew, and of a file that was cut short the rest is read. What
    can be read is found through the pages that say where it is: where these are lost, so is what they lead to.

    Nobody else may use the store meanwhile. Raises GalleryError where nothing can be read at all (nothing is changed
    then), StorageError where there is no room for the copies.
    """
    folder = Path(folder)
    dim = read_about(folder)["dim"]
    aside = folder / "recovered"
    kept, lost_keys, unreadable = 0, [], 0
    with whole_folder(aside) as partial, closing(Database(partial, wait=1.0)) as new:
        new.make_tables()
        new.forget_old_pages()
        with closing(_opened(folder, partial)) as old:
            next_row, expected = _state(old, folder, dim)
            for templates, bad in _readable(old, dim, next_row):
                records.put_rows(new, templates)
                kept += len(templates)
                unreadable += len(bad)
                lost_keys += [key for row in bad for key in _key(old, row)]
        if kept == 0 and expected != 0:
            raise _nothing(folder)
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


def _opened(folder: Path, partial: Path) -> sqlite3.Connection:
    """The damaged database, or where it cannot be opened, a copy with a first page made anew.

    `partial` holds a new database: its tables start at the same pages.
    """
    try:
        return _connected(folder / DATABASE)
    except sqlite3.DatabaseError:
        pass
    for ending in ("", "-wal"):
        if (folder / (DATABASE + ending)).exists():
            shutil.copyfile(folder / (DATABASE + ending), partial / (MENDED + ending))
    first = bytearray((partial / DATABASE).read_bytes()[:PAGE])
    with (partial / MENDED).open("r+b") as file:
        first[PAGES] = ((partial / MENDED).stat().st_size // PAGE).to_bytes(4, "big")
        file.write(first)
    try:
        return _connected(partial / MENDED)
    except sqlite3.DatabaseError:
        raise _nothing(folder) from None


def _connected(file: Path) -> sqlite3.Connection:
    if not file.is_file():
        raise _nothing(file.parent)
    connection = sqlite3.connect(file)
    try:
        # Without this, a file that is shorter than it says is not read at all.
        connection.execute("PRAGMA writable_schema = ON")
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'templates'").fetchone():
            raise sqlite3.DatabaseError("there are no tables")
    except BaseException:
        connection.close()
        raise
    return connection


def _nothing(folder: Path) -> GalleryError:
    return GalleryError(
        f"{folder / DATABASE}: nothing in it can be read, and nothing was changed; bring it back from a copy, or enrol "
        "everything into a new gallery"
    )


def _state(old: sqlite3.Connection, folder: Path, dim: int) -> tuple[int, int | None]:
    """The row that would be next, and how many templates there were, where that can still be read."""
    try:
        state = records.State(*old.execute("SELECT generation, next_row, removed FROM state").fetchone())
        return state.next_row, state.count
    except (sqlite3.DatabaseError, TypeError):
        pass
    # There were no more rows than fit into the file, unless many were removed.
    found = [(folder / DATABASE).stat().st_size // (4 * dim)]
    for table in ("templates", "embeddings"):
        try:
            found.append(int(old.execute(f"SELECT max(row) FROM {table}").fetchone()[0]))
        except (sqlite3.DatabaseError, TypeError):
            continue
    return (max(found[1:]) if found[1:] else found[0]) + 1, None


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
