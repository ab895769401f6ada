"""The store in a folder: SQLite keeps what is there, FAISS finds what is near, and the second follows the first.

    store.json       what the store is: its length of embeddings, its metric, what its maker wrote down
    records.db       all templates (database.py); with it, SQLite's own -wal and -shm
    nearest.index    a copy of the index, so that it need not be built again (index_file.py)

Any number of processes may read while one writes. What a search finds is the whole state after some write: its own at
once, those of others at most 2 milliseconds later, when it looks whether there are any, and reads what is new. A store
may be used from several threads; they take turns.
"""

import json
import threading
import time
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from alikely.contracts import Metric
from alikely.errors import AlikelyError, GalleryError, SettingsError, StorageError
from alikely.folders import write_text
from alikely.stores import records
from alikely.stores.checking import METRICS, check_metric, checked_embeddings, checked_k, checked_templates
from alikely.stores.database import DATABASE, WRITER, Database, damaged
from alikely.stores.held import Held, opened
from alikely.stores.index import Allowed, Sizes
from alikely.stores.index_file import save_index
from alikely.types import Nearest, Templates

ABOUT, INDEX = "store.json", "nearest.index"
FORMAT = 1
LEFT = {DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", WRITER, f".{ABOUT}.partial"}
STANDARD = Sizes()
WAIT = 10.0  # seconds for another that writes
FRESH = 0.002  # seconds in which it does not look again whether others have written
REMEMBERED = 8  # conditions whose rows are kept until something is written


class LocalStore:
    """Templates in a folder. `create_local` makes one, `open_local` opens it."""

    def __init__(self, folder: Path, sizes: Sizes, wait: float) -> None:
        self.folder = folder
        said = read_about(folder)
        self.dim: int = said["dim"]
        self.metric: Metric = said["metric"]
        self.about: Mapping[str, Any] = said["about"]
        self._name: str = said["store"]
        self._sizes = sizes
        self._lock = threading.RLock()
        if not (folder / DATABASE).exists():
            raise damaged(folder / DATABASE, "the file is not there")
        self._database = Database(folder, wait)
        try:
            records.state_of(self._database)
        except BaseException:
            self._database.close()
            raise
        self._held: Held | None = None
        self._version, self._looked = -1, -FRESH
        self._allowed: dict[str, Allowed] = {}

    def put(self, templates: Templates) -> int:
        """Keep these; a key that is there is replaced. Gives how many keys were new."""
        checked = checked_templates(templates, self.dim)
        if not len(checked):
            return 0
        with self._lock:
            self._version, self._looked = -1, -FRESH
            gone = records.put_rows(self._database, checked)
        return len(checked) - len(gone)

    def remove(self, keys: Collection[str] = (), identities: Collection[str] = ()) -> int:
        """Remove the templates with these keys, and those of these identities. Gives how many there were.

        Then what they left in the files is overwritten, and what an earlier call left that could not. Raises
        StorageError where that cannot be done: they are removed, and the next call overwrites what they left.
        """
        with self._lock:
            self._version, self._looked = -1, -FRESH
            gone = records.remove_rows(self._database, keys, identities)
            try:
                copy = self.folder / INDEX
                if len(gone) and (self._held is not None or copy.exists()):
                    # Nothing is to be left of them in memory or in the copy, written anew when the store closes.
                    self._follow(in_view=False)
                    copy.unlink(missing_ok=True)
                self._database.forget_old_pages()
            except (StorageError, OSError) as error:
                raise StorageError(
                    f"{self.folder}: removed, but what it left in the files could not be overwritten "
                    f"({error.__cause__ or error}); free some space and remove it again: that ends it"
                ) from error
        return len(gone)

    def search(
        self, queries: Float[np.ndarray, "queries dim"], k: int, where: str | None = None, with_fields: bool = False
    ) -> Nearest:
        """For each query its `k` nearest templates, as many as there are that meet the condition."""
        queries, k = checked_embeddings(queries, self.dim, "query"), checked_k(k)
        with self._lock:
            if where is None and not with_fields:
                held = self._follow(in_view=False)
                return _nearest(held, *self._found(held, queries, k, None))
            with self._database.reading():
                held = self._follow(in_view=True)
                distances, found = self._found(held, queries, k, where)
                nearest = _nearest(held, distances, found)
                if not with_fields:
                    return nearest
                fields = records.fields_of(self._database, np.unique(held.rows[found[found >= 0]]))
            told = tuple(tuple(fields[held.rows[at]] if at >= 0 else {} for at in line) for line in found.tolist())
            return Nearest(nearest.keys, nearest.identities, nearest.distances, told)

    def read(
        self,
        keys: Collection[str] | None = None,
        identities: Collection[str] | None = None,
        where: str | None = None,
    ) -> Iterator[Templates]:
        """The templates that meet all that is given, in the order of their enrolment, in pieces that fit in memory.

        Those that are removed while it goes on may or may not be among them.
        """
        with self._lock:
            chosen = records.rows_chosen(self._database, keys, identities, where)
        return self._read_all() if chosen is None else self._read_rows(chosen)

    def has(self, keys: Collection[str]) -> set[str]:
        """Those of the keys that are there."""
        with self._lock:
            return records.keys_there(self._database, keys)

    def beginning(self, beginnings: Collection[str]) -> dict[str, str]:
        """The keys that begin with one of these texts, and the identity of each."""
        with self._lock:
            return records.keys_beginning(self._database, beginnings)

    def count(self, where: str | None = None) -> int:
        """How many templates there are that meet the condition."""
        with self._lock:
            return records.count(self._database, where)

    def identities(self, where: str | None = None) -> dict[str, int]:
        """All identities in alphabetical order, and how many templates each has."""
        with self._lock:
            return records.identities(self._database, where)

    def stamp(self) -> str:
        """Another text after each change, whoever made it; cheap to ask for."""
        with self._lock:
            return str(records.state_of(self._database).generation)

    def close(self) -> None:
        """Keep a copy of the index where there is a newer one, and let go of the files."""
        with self._lock:
            held, self._held = self._held, None
            # The copy only saves time: it may be refused, and another who is writing need not wait for it.
            with suppress(AlikelyError):
                if held is not None and held.worth_keeping():
                    with self._database.writing(at_once=True):
                        if records.state_of(self._database).removed == held.state.removed:
                            save_index(self.folder / INDEX, self._name, held.index, held.rows)
            self._database.close()

    def _follow(self, in_view: bool) -> Held:
        """What is held in memory, as it is in the database now; `in_view`: in the view that is open."""
        now = time.monotonic()
        if self._held is not None and not in_view and now < self._looked + FRESH:
            return self._held
        version = self._database.version()
        self._looked = now
        if self._held is not None and version == self._version and not in_view:
            return self._held
        with self._database.reading():
            state = records.state_of(self._database)
            if self._held is None:
                self._held = opened(self._database, self.folder / INDEX, self._name, self.metric, self.dim)
            if self._held.state != state:
                held, self._held = self._held, None  # In between it is half of one state and half of another.
                self._allowed.clear()
                held.follow(self._database, state, self._sizes)
                self._held = held
        self._version = version
        return self._held

    def _found(
        self, held: Held, queries: Float[np.ndarray, "queries dim"], k: int, where: str | None
    ) -> tuple[Float[np.ndarray, "queries k"], Int[np.ndarray, "queries k"]]:
        """Distances and positions; -1 and infinity where there are fewer than `k`."""
        allowed = held.everything if where is None else self._meeting(held, where)
        count = min(k, held.count if allowed is None else len(allowed))
        if count and len(queries):
            distances, found = held.index.search(queries, count, allowed, self._sizes.few)
        else:
            distances, found = np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64)
        if found.shape[1] < k:
            lacking = ((0, 0), (0, k - found.shape[1]))
            distances = np.pad(distances, lacking, constant_values=np.inf)
            found = np.pad(found, lacking, constant_values=-1)
        return distances, found

    def _meeting(self, held: Held, where: str) -> Allowed:
        known = self._allowed.get(where)
        if known is None:
            rows = records.rows_where(self._database, where)
            known = Allowed(held.mask(rows))
            if len(self._allowed) >= REMEMBERED:
                self._allowed.pop(next(iter(self._allowed)))
            self._allowed[where] = known
        return known

    def _read_all(self) -> Iterator[Templates]:
        last, more = 0, True
        while more:
            more = False
            with self._lock:
                piece = next(records.read_after(self._database, self.dim, last), None)
            if piece is not None:
                last, more = int(piece[0][-1]), True
                yield piece[1]

    def _read_rows(self, rows: Int[np.ndarray, " rows"]) -> Iterator[Templates]:
        for at in range(0, len(rows), records.PIECE):
            with self._lock:
                piece = records.read_rows(self._database, self.dim, rows[at : at + records.PIECE])
            if len(piece):
                yield piece


def _nearest(held: Held, distances: Float[np.ndarray, "queries k"], found: Int[np.ndarray, "queries k"]) -> Nearest:
    # Position -1, where nothing was found, is the None at the end.
    names = held.names.take(found, axis=0)
    return Nearest(names[..., 0], names[..., 1], distances)


def create_local(
    folder: Path,
    dim: int,
    metric: Metric,
    about: Mapping[str, Any],
    sizes: Sizes = STANDARD,
    wait: float = WAIT,
) -> LocalStore:
    """Make an empty store in a folder that is not there, or empty. Raises GalleryError where there is something else.

    `dim` is the length of its embeddings, `about` what its maker wants to read again, as JSON can hold it. `sizes` say
    which index is taken when, `wait` for how many seconds it waits for another process that writes.
    """
    check_metric(dim, metric)
    try:
        said = json.dumps({"format": FORMAT, "store": uuid.uuid4().hex, "dim": dim, "metric": metric, "about": about})
    except (TypeError, ValueError) as error:
        raise SettingsError(f"`about` must be what JSON can hold: {error}") from error
    try:
        there = {file.name for file in folder.iterdir()} if folder.exists() else set()
        if not there <= LEFT:
            raise GalleryError(f"{folder}: there is something in this folder already; name another one for a new store")
        folder.mkdir(parents=True, exist_ok=True)
        for name in there:  # what is left where making it was cut short
            (folder / name).unlink()
    except OSError as error:
        raise StorageError(f"{folder}: no store can be made here ({error.strerror}); name another folder") from error
    database = Database(folder, wait)
    try:
        database.make_tables()
    finally:
        database.close()
    # The last step: a folder without it is no store.
    write_text(folder / ABOUT, said + "\n")
    return LocalStore(folder, sizes, wait)


def open_local(folder: Path, sizes: Sizes = STANDARD, wait: float = WAIT) -> LocalStore:
    """Open a store. Raises GalleryError where there is none, or its files are damaged."""
    return LocalStore(folder, sizes, wait)


def read_about(folder: Path) -> dict[str, Any]:
    """What `store.json` says. Raises GalleryError where there is none, or it cannot be read."""
    path = folder / ABOUT
    if not path.is_file():
        raise GalleryError(f"{folder}: there is no store in this folder ({ABOUT} is not there); name the folder of one")
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        form = said["format"]
        whole = isinstance(said["dim"], int) and said["metric"] in METRICS and isinstance(said["about"], dict)
        whole = whole and isinstance(said["store"], str)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GalleryError(f"{path}: cannot be read ({error}); bring it back from a copy of the folder") from error
    if form != FORMAT:
        raise GalleryError(f"{path}: has the format {form}, this version of Alikely reads {FORMAT}; get the newest")
    if not whole:
        raise GalleryError(f"{path}: something is missing in it; bring it back from a copy of the folder")
    return dict(said)
