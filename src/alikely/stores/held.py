"""The database of a local store -> its state in memory: the index, and the row, key and identity at each position."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from alikely.contracts import Metric
from alikely.stores import records
from alikely.stores.database import DATABASE, Database, damaged
from alikely.stores.index import Allowed, Index, Sizes, build
from alikely.stores.index_file import load_index

SEED = 0  # of the index, which follows from the templates
MORE = 1.02  # the copy on the disk is written anew when the index has so many times what stands there
NOTHING = records.State(-1, -1, -1)


class Held:
    """One whole state. `names` are key and identity of each position, and at the end None, for what was not found (-1).

    Rows ascend with their positions. `everything` are the positions that were not removed; None where none was.
    """

    def __init__(self, index: Index, rows: Int[np.ndarray, " positions"], saved: int) -> None:
        self.index = index
        self.rows = rows
        self.saved = saved  # how many positions the copy on the disk has; 0 where there is none
        self.names = np.full((len(rows) + 1, 2), None, dtype=object)
        self.alive: Bool[np.ndarray, " positions"] = np.ones(len(rows), dtype=bool)
        self.state = NOTHING
        self.everything: Allowed | None = None

    @property
    def count(self) -> int:
        """How many templates there are."""
        return len(self.rows) if self.everything is None else len(self.everything)

    def follow(self, database: Database, state: records.State, sizes: Sizes) -> None:
        """Come to `state`: read what is new, leave out what is gone, build anew where the index no longer fits."""
        last = int(self.rows[-1]) if len(self.rows) else 0
        if self.state.removed not in (-1, state.removed):
            self._leave_out(database.rows("SELECT row FROM templates WHERE row <= ? ORDER BY row", [last]))
        if state.next_row > last + 1:
            self._append(database, last, sizes)
        elif not self._fits(len(self.rows), sizes):
            self._build(np.empty((0, self.index.dim), np.float32), sizes)
        if int(self.alive.sum()) != state.count:
            problem = f"{state.count:,} templates were kept, {int(self.alive.sum()):,} can be found"
            raise damaged(database.folder / DATABASE, problem)
        self.state = state
        self.everything = None if self.alive.all() else Allowed(self.alive)

    def mask(self, rows: Int[np.ndarray, " rows"]) -> Bool[np.ndarray, " positions"]:
        """Which positions have these rows, all of which are there."""
        mask = np.zeros(len(self.rows), dtype=bool)
        mask[np.searchsorted(self.rows, rows)] = True
        return mask

    def worth_keeping(self) -> bool:
        """Whether building this index takes so long that a copy should lie on the disk, and none like it does."""
        return self.index.kind != "exact" and len(self.rows) > MORE * self.saved

    def _leave_out(self, there: Int[np.ndarray, " rows"]) -> None:
        gone = np.flatnonzero(self.alive & ~self.mask(there))
        if len(gone):
            self.alive[gone] = False
            self.names[gone] = None
            self.index.erase(gone)
            self.saved = 0

    def _append(self, database: Database, last: int, sizes: Sizes) -> None:
        new = int(database.rows("SELECT count(*) FROM templates WHERE row > ?", [last])[0])
        at, total = len(self.rows), len(self.rows) + new
        vectors = np.empty((new, self.index.dim), dtype=np.float32)
        self.rows = np.concatenate([self.rows, np.empty(new, np.int64)])
        self.alive = np.concatenate([self.alive, np.ones(new, dtype=bool)])
        self.names = np.concatenate([self.names, np.full((new, 2), None, dtype=object)])
        start = at
        for rows, templates in records.read_after(database, self.index.dim, last):
            place = slice(at, at + len(rows))
            self.rows[place] = rows
            self.names[place] = _pairs(templates.keys, templates.identities)
            vectors[at - start : at - start + len(rows)] = templates.embeddings
            at += len(rows)
        if self._fits(total, sizes):
            self.index.add(vectors)
        else:
            self._build(vectors, sizes)

    def _fits(self, positions: int, sizes: Sizes) -> bool:
        alive = int(self.alive.sum())
        return self.index.fits(alive, sizes) and positions <= max(2 * alive, sizes.few)

    def _build(self, new: Float[np.ndarray, "new dim"], sizes: Sizes) -> None:
        """The index of what is alive and of what is new, which has the last positions."""
        old = np.flatnonzero(self.alive[: len(self.alive) - len(new)])
        vectors = np.concatenate([self.index.vectors(old), new]) if len(old) else new
        self.index = build(vectors, self.index.metric, sizes, SEED)
        self.rows = self.rows[self.alive]
        self.names = self.names[np.append(self.alive, True)]
        self.alive = np.ones(len(self.rows), dtype=bool)
        self.saved = 0


def opened(database: Database, path: Path, store: str, metric: Metric, dim: int) -> Held:
    """What the copy on the disk holds of the database; nothing, where there is none that can be used."""
    loaded = load_index(path, store, metric, dim)
    if loaded is not None:
        index, rows = loaded
        held = Held(index, rows, saved=len(rows))
        there, keys, identities = records.names(database, int(rows[-1]))
        places = np.searchsorted(rows, there)
        # One that lacks a row is no copy of this database.
        if np.array_equal(rows[np.minimum(places, len(rows) - 1)], there):
            held.names[places] = _pairs(keys, identities)
            held.alive[:] = False
            held.alive[places] = True
            held.index.erase(np.flatnonzero(~held.alive))
            held.saved = len(rows) if held.alive.all() else 0
            return held
    return Held(build(np.empty((0, dim), np.float32), metric, Sizes(), SEED), np.empty(0, np.int64), saved=0)


def _pairs(keys: Sequence[str], identities: Sequence[str]) -> np.ndarray:
    pairs = np.empty((len(keys), 2), dtype=object)
    pairs[:, 0] = keys
    # One text for all templates of an identity.
    pairs[:, 1] = [sys.intern(identity) for identity in identities]
    return pairs
