"""The store in Milvus: a collection on a server, or in a file of Milvus Lite; by pymilvus, the extra `[milvus]`.

It keeps to the contract of every store. What is not the same: Milvus has no Manhattan distance; it writes in its own
time, so that Milvus Lite promises less after a loss of power than the local store; and each call travels.
"""

import json
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from alikely.contracts import Metric
from alikely.errors import GalleryError, SettingsError
from alikely.stores.checking import check_metric, checked_embeddings, checked_k, checked_templates
from alikely.stores.filter_milvus import begins, expression, from_json, one_of, to_json
from alikely.stores.filters import parse_filter
from alikely.types import Nearest, Templates

COLLECTION = "alikely"
METRICS = {"euclidean": "L2", "cosine": "IP"}
LONGEST = 65_535  # bytes of a key or an identity
AT_ONCE, ASKED_AT_ONCE = 1_000, 100
SHORTEST = 1e-12
ABOUT = "alikely"  # the property of the collection in which we wrote down what it is
OUTPUT = ["key", "identity", "fields"]


class MilvusStore:
    """Templates in a collection. `create_milvus` makes one, `open_milvus` opens it."""

    def __init__(self, uri: str) -> None:
        self._where, self._collection, self._client = _connected(uri)
        with self._told():
            said = self._client.has_collection(self._collection) and self._properties().get(ABOUT)
        if not said:
            self._client.close()
            raise GalleryError(f"{uri}: there is no store called {self._collection!r}; name another after a #")
        kept = json.loads(said)
        self.dim: int = kept["dim"]
        self.metric: Metric = kept["metric"]
        self.about: Mapping[str, Any] = kept["about"]
        self._last = 0
        self._newest = time.time_ns()  # of all places that were asked for; what comes later lies higher

    def put(self, templates: Templates) -> int:
        """Keep these; a key that is there is replaced. Gives how many keys were new."""
        checked = checked_templates(templates, self.dim)
        there = self.has(checked.keys)
        for kept in (text for texts in (checked.keys, checked.identities) for text in texts):
            if len(kept.encode()) > LONGEST:
                raise SettingsError(f"Milvus holds keys and identities of {LONGEST:,} bytes, got one of {len(kept):,}")
        # In the order of the clock, whoever writes.
        first = self._last = max(self._last + 1, time.time_ns())
        self._last += len(checked)
        rows = (
            {
                "key": key,
                "identity": identity,
                "fields": to_json(fields),
                "place": first + row,
                "given": embedding.tolist(),
            }
            for row, (key, identity, fields, embedding) in enumerate(
                zip(checked.keys, checked.identities, checked.fields, checked.embeddings, strict=True)
            )
        )
        with self._told():
            for some in _by(rows, AT_ONCE):
                self._client.upsert(self._collection, [row | {"vector": self._ready(row["given"])} for row in some])
        return len(checked) - len(there)

    def remove(self, keys: Collection[str] = (), identities: Collection[str] = ()) -> int:
        """Remove the templates with these keys, and those of these identities. Gives how many there were."""
        gone = self.has(keys)
        with self._told():
            for some in _by(identities, AT_ONCE):
                gone.update(row["key"] for row in self._query(one_of("identity", some), ["key"]))
            for some in _by(gone, AT_ONCE):
                self._client.delete(self._collection, ids=some)
        return len(gone)

    def search(
        self, queries: Float[np.ndarray, "queries dim"], k: int, where: str | None = None, with_fields: bool = False
    ) -> Nearest:
        """For each query its `k` nearest templates, as many as there are that meet the condition."""
        queries, k = checked_embeddings(queries, self.dim, "query"), checked_k(k)
        asked = _expression(where)
        keys = np.full((len(queries), k), None, dtype=object)
        identities = keys.copy()
        distances = np.full((len(queries), k), np.inf, dtype=np.float32)
        fields: list[tuple[Mapping[str, Any], ...]] = []
        with self._told():
            found = [
                hits
                for some in _by((self._ready(query) for query in queries), ASKED_AT_ONCE)
                for hits in self._client.search(
                    self._collection, data=some, limit=k, filter=asked, anns_field="vector", output_fields=OUTPUT
                )
            ]
        for row, hits in enumerate(found):
            for place, hit in enumerate(hits):
                keys[row, place], identities[row, place] = hit["entity"]["key"], hit["entity"]["identity"]
                distances[row, place] = self._distance(hit["distance"])
            told = tuple(from_json(hit["entity"]["fields"]) for hit in hits)
            fields.append(told + ({},) * (k - len(told)))
        return Nearest(keys, identities, distances, tuple(fields) if with_fields else None)

    def read(
        self,
        keys: Collection[str] | None = None,
        identities: Collection[str] | None = None,
        where: str | None = None,
    ) -> Iterator[Templates]:
        """The templates that meet all that is given, in the order of their enrolment, in pieces that fit in memory."""
        condition = _expression(where)
        places: dict[int, str] = {}
        for named in self._named(keys, identities):
            asked = " and ".join(part for part in (named, condition) if part)
            places.update((row["place"], row["key"]) for row in self._query(asked, ["key", "place"]))
        chosen = [places[place] for place in sorted(places)]
        return self._pieces(chosen)

    def has(self, keys: Collection[str]) -> set[str]:
        """Those of the keys that are there."""
        return {row["key"] for some in _by(keys, AT_ONCE) for row in self._query(one_of("key", some), ["key"])}

    def beginning(self, beginnings: Collection[str]) -> dict[str, str]:
        """The keys that begin with one of these texts, and the identity of each."""
        found: dict[str, str] = {}
        for some in _by(beginnings, ASKED_AT_ONCE):
            asked = " or ".join(begins("key", beginning) for beginning in some)
            found.update((row["key"], row["identity"]) for row in self._query(asked, ["key", "identity"]))
        return found

    def count(self, where: str | None = None) -> int:
        """How many templates there are that meet the condition."""
        asked = _expression(where)
        with self._told():
            counted = self._client.query(
                self._collection, filter=asked, output_fields=["count(*)"], consistency_level="Strong"
            )
            return int(counted[0]["count(*)"])

    def identities(self, where: str | None = None) -> dict[str, int]:
        """All identities in alphabetical order, and how many templates each has."""
        counts: dict[str, int] = {}
        for row in self._query(_expression(where), ["identity"]):
            counts[row["identity"]] = counts.get(row["identity"], 0) + 1
        return dict(sorted(counts.items()))

    def stamp(self) -> str:
        """Another text after each change, whoever made it: how many there are, and when the newest came."""
        rows = self._query(f"place > {self._newest}", ["place"])
        self._newest = max((row["place"] for row in rows), default=self._newest)
        return f"{self.count()} {self._newest}"

    def close(self) -> None:
        """Let go of the connection; afterwards nothing else may be called."""
        with self._told():
            self._client.close()

    def _ready(self, embedding: Any) -> list[float]:
        """What Milvus compares: the embedding, or for the cosine its direction, which for a zero vector is none."""
        vector = np.asarray(embedding, dtype=np.float32)
        if self.metric == "cosine":
            length = float(np.linalg.norm(vector))
            vector = vector / np.float32(length if length > SHORTEST else 1)
        ready: list[float] = vector.tolist()
        return ready

    def _distance(self, value: float) -> float:
        """Milvus gives squares of straight-line distances, and for the cosine products."""
        return max(0.0, value) ** 0.5 if self.metric == "euclidean" else min(2.0, max(0.0, 1 - value))

    def _named(self, keys: Collection[str] | None, identities: Collection[str] | None) -> Iterator[str]:
        """Conditions of which each template that is asked for meets one."""
        if keys is None and identities is None:
            yield ""
        elif keys is None:
            yield from (one_of("identity", some) for some in _by(identities or (), AT_ONCE))
        else:
            for some in _by(keys, AT_ONCE):
                for others in [None] if identities is None else _by(identities, AT_ONCE):
                    named = one_of("key", some)
                    yield named if others is None else f"{named} and {one_of('identity', others)}"

    def _pieces(self, keys: list[str]) -> Iterator[Templates]:
        for some in _by(keys, AT_ONCE):
            found = {row["key"]: row for row in self._query(one_of("key", some), [*OUTPUT, "given"])}
            rows = [found[key] for key in some if key in found]
            if rows:
                yield Templates(
                    keys=tuple(row["key"] for row in rows),
                    identities=tuple(row["identity"] for row in rows),
                    embeddings=np.array([row["given"] for row in rows], dtype=np.float32),
                    fields=tuple(from_json(row["fields"]) for row in rows),
                )

    def _query(self, asked: str, output: list[str]) -> Iterator[dict[str, Any]]:
        """All rows that meet an expression, in no order."""
        with self._told():
            pages = self._client.query_iterator(
                self._collection, batch_size=AT_ONCE, filter=asked, output_fields=output, consistency_level="Strong"
            )
            try:
                while page := pages.next():
                    yield from page
            finally:
                pages.close()

    def _properties(self) -> dict[str, str]:
        return dict(self._client.describe_collection(self._collection).get("properties", {}))

    @contextmanager
    def _told(self) -> Iterator[None]:
        with _told(self._where):
            yield


def create_milvus(uri: str, dim: int, metric: Metric, about: Mapping[str, Any]) -> MilvusStore:
    """Make an empty collection. Raises GalleryError where there is one, or Milvus does not answer."""
    check_metric(dim, metric)
    if metric not in METRICS:
        raise SettingsError(f"Milvus has no {metric} distance; keep this store in a folder, or choose another distance")
    from pymilvus import DataType

    where, collection, client = _connected(uri)
    with _told(where):
        if client.has_collection(collection):
            client.close()
            raise GalleryError(f"{uri}: there is a collection {collection!r} already; name another after a #")
        schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("key", DataType.VARCHAR, max_length=LONGEST, is_primary=True)
        schema.add_field("identity", DataType.VARCHAR, max_length=LONGEST)
        schema.add_field("fields", DataType.JSON)
        schema.add_field("place", DataType.INT64)
        schema.add_field("given", DataType.FLOAT_VECTOR, dim=dim)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
        indexes = client.prepare_index_params()
        for column in ("given", "vector"):
            kind = "AUTOINDEX" if _is_server(where) and column == "vector" else "FLAT"
            indexes.add_index(column, index_type=kind, metric_type=METRICS[metric])
        client.create_collection(collection, schema=schema, index_params=indexes, consistency_level="Strong")
        said = json.dumps({"dim": dim, "metric": metric, "about": about})
        client.alter_collection_properties(collection, {ABOUT: said})
        client.close()
    return MilvusStore(uri)


def open_milvus(uri: str) -> MilvusStore:
    """Open a collection that was made. Raises GalleryError where there is none, or Milvus does not answer."""
    where = uri.partition("#")[0]
    if "://" not in where and not Path(where).exists():
        raise GalleryError(f"{where}: there is no store here; name the file of one")
    return MilvusStore(uri)


def _connected(uri: str) -> tuple[str, str, Any]:
    """Where Milvus is, the name of the collection, and a connection."""
    try:
        from pymilvus import MilvusClient
    except ModuleNotFoundError as error:
        raise SettingsError(f"{uri}: this store needs pymilvus; install it: pip install alikely[milvus]") from error
    where, _, collection = uri.partition("#")
    where = where.replace("milvus://", "http://", 1)
    with _told(where):
        return where, collection or COLLECTION, MilvusClient(where)


def _is_server(where: str) -> bool:
    return where.startswith(("http://", "https://"))


def _expression(where: str | None) -> str:
    return "" if where is None else expression(parse_filter(where).condition)


def _by(names: Iterable[Any], size: int) -> Iterator[list[Any]]:
    left = iter(names)
    while some := list(islice(left, size)):
        yield some


@contextmanager
def _told(where: str) -> Iterator[None]:
    """Turns the errors of Milvus into ours."""
    from pymilvus.exceptions import MilvusException

    try:
        yield
    except MilvusException as error:
        raise GalleryError(f"{where}: Milvus refuses ({error.message}); see that it runs and may be reached") from error
