"""Templates -> rows of the database of a local store, and back: put, removed, read, found by key, identity or field."""

import json
import sqlite3
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from typing import Any

import numpy as np
from jaxtyping import Int

from alikely.stores.database import DATABASE, Database, damaged
from alikely.stores.filter_sql import rows_that_meet
from alikely.stores.filters import parse_filter
from alikely.stores.values import kind_of
from alikely.types import Field, Templates

LAST = "\U0010ffff"  # the sign behind all others
AT_ONCE = 500  # names in one query
PIECE = 10_000  # templates read at once


@dataclass(frozen=True)
class State:
    """How far a database is: its generation, the number the next row gets, and how many rows were removed so far."""

    generation: int
    next_row: int
    removed: int

    @property
    def count(self) -> int:
        """How many templates there are."""
        return self.next_row - 1 - self.removed


def state_of(database: Database) -> State:
    """How far it is now."""
    with database.reading() as connection:
        return State(*connection.execute("SELECT generation, next_row, removed FROM state").fetchone())


def put_rows(database: Database, templates: Templates) -> Int[np.ndarray, " gone"]:
    """Keep them in one transaction. Gives the rows that they replace."""
    with database.writing() as connection:
        gone = _rows_named(database, "key", templates.keys)
        _delete(connection, gone)
        first = int(connection.execute("SELECT next_row FROM state").fetchone()[0])
        texts = [json.dumps(dict(fields), ensure_ascii=False) for fields in templates.fields]
        vectors = [row.tobytes() for row in templates.embeddings.astype("<f4", copy=False)]
        named = list(zip(templates.keys, templates.identities, texts, vectors, strict=True))
        connection.executemany(
            "INSERT INTO templates VALUES (?, ?, ?, ?)",
            ((first + place, key, identity, text) for place, (key, identity, text, _) in enumerate(named)),
        )
        connection.executemany(
            "INSERT INTO embeddings VALUES (?, ?, ?)",
            ((first + place, parts[-1], checksum(*parts)) for place, parts in enumerate(named)),
        )
        connection.executemany("INSERT INTO fields VALUES (?, ?, ?, ?)", _lines(first, templates.fields))
        _count(connection, added=len(templates), removed=len(gone))
    return gone


def remove_rows(database: Database, keys: Collection[str], identities: Collection[str]) -> Int[np.ndarray, " gone"]:
    """Remove by key and by identity in one transaction. Gives their rows; the journal still holds what they were."""
    with database.writing() as connection:
        gone = np.union1d(_rows_named(database, "key", keys), _rows_named(database, "identity", identities))
        _delete(connection, gone)
        if len(gone):
            _count(connection, added=0, removed=len(gone))
    return gone


def rows_where(database: Database, where: str) -> Int[np.ndarray, " rows"]:
    """The rows that meet a condition, in ascending order. Raises SettingsError for a condition that is none."""
    condition = parse_filter(where).condition
    with database.reading():
        return rows_that_meet(condition, database.rows)


def rows_chosen(
    database: Database, keys: Collection[str] | None, identities: Collection[str] | None, where: str | None
) -> Int[np.ndarray, " rows"] | None:
    """The rows that meet all that is given, in ascending order; None for all rows."""
    with database.reading():
        parts = [
            _rows_named(database, column, names)
            for column, names in (("key", keys), ("identity", identities))
            if names is not None
        ]
        parts += [] if where is None else [rows_where(database, where)]
        return reduce(np.intersect1d, parts) if parts else None


def read_rows(database: Database, dim: int, rows: Int[np.ndarray, " rows"]) -> Templates:
    """The templates in these rows, in that order, but for those that were removed. Raises GalleryError for damage."""
    found = {}
    with database.reading() as connection:
        for some in _by(rows.tolist()):
            sql = f"{READ} WHERE templates.row IN ({_marks(some)})"
            found.update({line[0]: line[1:] for line in connection.execute(sql, some)})
    return _templates(database, dim, [(row, *found[row]) for row in rows.tolist() if row in found])


def read_after(database: Database, dim: int, row: int) -> Iterator[tuple[Int[np.ndarray, " rows"], Templates]]:
    """All templates whose row is larger, in pieces, with their rows; one view for each piece."""
    while True:
        with database.reading() as connection:
            sql = f"{READ} WHERE templates.row > ? ORDER BY templates.row LIMIT ?"
            lines = connection.execute(sql, [row, PIECE]).fetchall()
        if not lines:
            return
        row = lines[-1][0]
        yield np.array([line[0] for line in lines], dtype=np.int64), _templates(database, dim, lines)


def fields_of(database: Database, rows: Int[np.ndarray, " rows"]) -> dict[int, Mapping[str, Field]]:
    """The user's fields of each of these rows."""
    found: dict[int, Mapping[str, Field]] = {}
    with database.reading() as connection:
        for some in _by(rows.tolist()):
            sql = f"SELECT row, fields FROM templates WHERE row IN ({_marks(some)})"
            found.update((row, json.loads(text)) for row, text in connection.execute(sql, some))
    return found


def keys_there(database: Database, keys: Collection[str]) -> set[str]:
    """Those of the keys that are there."""
    with database.reading() as connection:
        return {
            key
            for some in _by(keys)
            for (key,) in connection.execute(f"SELECT key FROM templates WHERE key IN ({_marks(some)})", some)
        }


def keys_beginning(database: Database, beginnings: Collection[str]) -> dict[str, str]:
    """The keys that begin with one of these, and the identity of each."""
    sql = "SELECT key, identity FROM templates WHERE key >= ? AND key < ?"
    with database.reading() as connection:
        return {
            key: identity
            for beginning in beginnings
            for key, identity in connection.execute(sql, [beginning, beginning + LAST])
        }


def count(database: Database, where: str | None) -> int:
    """How many templates meet the condition; None is none."""
    if where is not None:
        return len(rows_where(database, where))
    return state_of(database).count


def identities(database: Database, where: str | None) -> dict[str, int]:
    """Each identity in alphabetical order, and how many of its templates meet the condition; none with 0."""
    with database.reading() as connection:
        if where is None:
            sql = "SELECT identity, count(*) FROM templates GROUP BY identity ORDER BY identity"
            return dict(connection.execute(sql).fetchall())
        found: Counter[str] = Counter()
        for some in _by(rows_where(database, where).tolist()):
            sql = f"SELECT identity FROM templates WHERE row IN ({_marks(some)})"
            found.update(identity for (identity,) in connection.execute(sql, some))
        return dict(sorted(found.items()))


def names(database: Database, last: int) -> tuple[Int[np.ndarray, " rows"], list[str], list[str]]:
    """The rows up to `last` in ascending order, their keys and their identities."""
    with database.reading() as connection:
        sql = "SELECT row, key, identity FROM templates WHERE row <= ? ORDER BY row"
        lines = connection.execute(sql, [last]).fetchall()
    return np.array([line[0] for line in lines], np.int64), [line[1] for line in lines], [line[2] for line in lines]


def checksum(key: str, identity: str, fields: str, vector: bytes) -> int:
    """Of all that is kept of a template."""
    return zlib.crc32(vector, zlib.crc32("\0".join((key, identity, fields)).encode()))


READ = (
    "SELECT templates.row, key, identity, fields, vector, checksum "
    "FROM templates LEFT JOIN embeddings ON embeddings.row = templates.row"
)


def is_whole(dim: int, line: Sequence[Any]) -> bool:
    """Whether a line that was read is as it was written."""
    _, key, identity, fields, vector, kept = line
    if not isinstance(vector, bytes) or len(vector) != 4 * dim:
        return False
    texts = all(isinstance(text, str) for text in (key, identity, fields))
    return texts and checksum(key, identity, fields, vector) == kept


def as_templates(dim: int, lines: Sequence[Sequence[Any]]) -> Templates:
    """Lines that were read -> templates."""
    embeddings = np.frombuffer(b"".join(line[4] for line in lines), dtype="<f4").reshape(len(lines), dim)
    return Templates(
        keys=tuple(line[1] for line in lines),
        identities=tuple(line[2] for line in lines),
        embeddings=embeddings.astype(np.float32, copy=False),
        fields=tuple(json.loads(line[3]) for line in lines),
    )


def _templates(database: Database, dim: int, lines: Sequence[tuple[Any, ...]]) -> Templates:
    for line in lines:
        if not is_whole(dim, line):
            raise damaged(database.folder / DATABASE, f"the template {line[1]!r} in row {line[0]} is not as written")
    return as_templates(dim, lines)


def _rows_named(database: Database, column: str, names: Collection[str]) -> Int[np.ndarray, " rows"]:
    parts = [
        database.rows(f"SELECT row FROM templates WHERE {column} IN ({_marks(some)})", list(some))
        for some in _by(names)
    ]
    return np.sort(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def _by(names: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(names)
    while some := list(islice(left, AT_ONCE)):
        yield some


def _delete(connection: sqlite3.Connection, rows: Int[np.ndarray, " rows"]) -> None:
    for row in rows.tolist():
        fields = json.loads(connection.execute("SELECT fields FROM templates WHERE row = ?", [row]).fetchone()[0])
        connection.executemany(
            "DELETE FROM fields WHERE name = ? AND kind = ? AND value = ? AND row = ?", _lines(row, [fields])
        )
        connection.execute("DELETE FROM templates WHERE row = ?", [row])
        connection.execute("DELETE FROM embeddings WHERE row = ?", [row])


def _lines(first: int, all_fields: Sequence[Mapping[str, Field]]) -> Iterator[tuple[str, str, Field, int]]:
    for place, fields in enumerate(all_fields):
        for name, value in fields.items():
            yield name, kind_of(value), value, first + place


def _count(connection: sqlite3.Connection, added: int, removed: int) -> None:
    connection.execute(
        "UPDATE state SET generation = generation + 1, next_row = next_row + ?, removed = removed + ?", [added, removed]
    )
