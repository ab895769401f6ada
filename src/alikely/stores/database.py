"""An SQLite file with what a local store keeps: opened, written to in whole transactions, its errors told as ours.

    templates    row, key, identity, fields (JSON)
    embeddings   row, vector (float32), checksum (of all that is kept of the template)
    fields       name, kind, value, row: the same fields again, sorted for conditions
    state        one line: the generation (how many writes there were), the next row, how many rows were removed

A row is never changed and its number never used again: what replaces a template gets a new one. So whoever knows the
rows up to one generation only has to read those after it, and to leave out those that are gone.
"""

import json
import os
import platform
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from alikely.errors import AlikelyError, GalleryError, StorageError

DATABASE, WRITER = "records.db", "writer.json"
SCHEMA = """
CREATE TABLE IF NOT EXISTS templates (
    row INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, identity TEXT NOT NULL, fields TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS templates_identity ON templates (identity);
CREATE TABLE IF NOT EXISTS embeddings (row INTEGER PRIMARY KEY, vector BLOB NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS fields (name, kind, value, row, PRIMARY KEY (name, kind, value, row)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (generation INTEGER NOT NULL, next_row INTEGER NOT NULL, removed INTEGER NOT NULL);
INSERT INTO state SELECT 0, 1, 0 WHERE NOT EXISTS (SELECT 1 FROM state);
"""


class Database:
    """A connection to the file in `folder`. `wait` is for how many seconds it waits for another that writes."""

    def __init__(self, folder: Path, wait: float) -> None:
        self.folder = folder
        self.wait = wait
        with self.told():
            self.connection = sqlite3.connect(
                folder / DATABASE, timeout=wait, isolation_level=None, check_same_thread=False
            )
            with self._closed_on_error():
                self.connection.execute("PRAGMA journal_mode = WAL")
                # What was acknowledged has been written to the disk itself.
                self.connection.execute("PRAGMA synchronous = FULL")
                # What was removed is overwritten.
                self.connection.execute("PRAGMA secure_delete = ON")
                self.connection.execute("PRAGMA cache_size = -65536")
                self.connection.execute("PRAGMA mmap_size = 0")
                # From the first look on it has its journal open, too.
                self.connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        self._opened = self._files()

    def make_tables(self) -> None:
        """Make the tables, all or none."""
        with self.writing():
            for statement in SCHEMA.split(";\n"):
                self.connection.execute(statement)

    @contextmanager
    def writing(self, at_once: bool = False) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is kept when the block is left, or nothing where it raises.

        Raises GalleryError where another process writes for longer than `wait` (`at_once`: where one writes now),
        StorageError where the disk is full.
        """
        with self.told():
            self.connection.execute(f"PRAGMA busy_timeout = {0 if at_once else round(1000 * self.wait)}")
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                self._check_files()
                self._say_who()
                yield self.connection
                self.connection.execute("COMMIT")
                self._check_files()
            except BaseException:
                with suppress(sqlite3.Error):
                    self.connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One view: what others write meanwhile is not seen."""
        with self.told():
            if self.connection.in_transaction:
                yield self.connection
                return
            self.connection.execute("BEGIN")
            try:
                yield self.connection
            finally:
                with suppress(sqlite3.Error):
                    self.connection.execute("ROLLBACK")

    def rows(self, sql: str, parameters: list[Any]) -> Int[np.ndarray, " rows"]:
        """The whole numbers that a query selects."""
        found = self.connection.execute(sql, parameters).fetchall()
        return np.fromiter((row for (row,) in found), dtype=np.int64, count=len(found))

    def version(self) -> int:
        """A number that changes when another connection has written; the cheapest question there is.

        Raises GalleryError where the files that are open are not those of the folder any more.
        """
        self._check_files()
        try:
            return int(self.connection.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error as error:
            raise self._our(error) from error

    def forget_old_pages(self) -> None:
        """Overwrite the journal, in which removed templates still stand, as far as those who are reading let it."""
        with self.told():
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Let go of the file."""
        with self.told():
            self.connection.close()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turns the errors of SQLite into ours."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._our(error) from error

    def _our(self, error: sqlite3.Error) -> AlikelyError:
        path = self.folder / DATABASE
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return GalleryError(
                f"{path}: another process writes to it, and did not end within {self.wait:g} seconds{self._who()}; "
                "try again when it is done. Nothing was written"
            )
        # The last is what it says of a table that is not there: our own queries have no other faults.
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_ERROR):
            return damaged(path, str(error))
        if code == sqlite3.SQLITE_PROTOCOL or isinstance(error, sqlite3.ProgrammingError):
            return GalleryError(f"{path}: cannot be used ({error}); open the store again")
        return StorageError(
            f"{path}: cannot be written or read ({error}); nothing half-written is left, and what was kept before is "
            "still there. Free some space, or see to the rights of the folder, and try again"
        )

    def _files(self) -> list[tuple[int, int] | None]:
        """Which files lie in the folder as the database and its journal. They are not opened: that would drop locks."""
        found: list[tuple[int, int] | None] = []
        for name in (DATABASE, f"{DATABASE}-wal"):
            try:
                said = os.stat(self.folder / name)
                found.append((said.st_dev, said.st_ino))
            except OSError:
                found.append(None)
        return found

    def _check_files(self) -> None:
        if self._files() != self._opened:
            raise GalleryError(
                f"{self.folder / DATABASE}: was moved, removed or replaced while it was open; open the store again "
                "(the service: start it again), and look whether what was written last is there"
            )

    def _say_who(self) -> None:
        # Only for the message of one who waits in vain: nothing depends on it.
        with suppress(OSError):
            text = json.dumps({"process": os.getpid(), "computer": platform.node()})
            (self.folder / WRITER).write_text(text, encoding="utf-8")

    def _who(self) -> str:
        try:
            said = json.loads((self.folder / WRITER).read_text(encoding="utf-8"))
            return f" (process {said['process']} on {said['computer']})"
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    @contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.connection.close()
            raise


def damaged(path: Path, problem: str) -> GalleryError:
    """The error for a file in which something does not stand as it was written."""
    return GalleryError(
        f"{path}: damaged ({problem}). Nothing was changed. Make a copy of the folder, then `alikely gallery recover "
        f"{path.parent}` (in Python: alikely.stores.recovering.recover) keeps all templates that can still be read and "
        "counts the others"
    )
