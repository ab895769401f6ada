"""The store of the tests: templates in a dict, gone through one by one. Slow, and right by looking at it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from alikely.contracts import Metric
from alikely.stores.filters import parse_filter
from alikely.types import Nearest, Templates


class NaiveStore:
    """Meets `contracts.Store`. `errors` make its distances inexact, as an index may."""

    def __init__(self, dim: int, metric: Metric, about: Mapping[str, Any], errors: float = 0.0) -> None:
        self.dim = dim
        self.metric: Metric = metric
        self.about = about
        self.errors = errors
        self.rows: dict[str, tuple[str, np.ndarray, Mapping]] = {}
        self.puts = 0
        self.removals = 0

    def put(self, templates: Templates) -> int:
        new = sum(key not in self.rows for key in templates.keys)
        parts = zip(templates.keys, templates.identities, templates.embeddings, templates.fields, strict=True)
        for key, identity, embedding, fields in parts:
            self.rows[key] = (identity, embedding, dict(fields))
        self.puts += 1
        return new

    def remove(self, keys: Collection[str] = (), identities: Collection[str] = ()) -> int:
        gone = [key for key, (identity, _, _) in self.rows.items() if key in set(keys) or identity in set(identities)]
        for key in gone:
            del self.rows[key]
        self.removals += len(gone)
        return len(gone)

    def search(self, queries: np.ndarray, k: int, where: str | None = None, with_fields: bool = False) -> Nearest:
        kept = self._keys(None, None, where)
        found = min(k, max(len(kept), 1))
        keys, identities = (np.full((len(queries), found), None, dtype=object) for _ in range(2))
        distances = np.full((len(queries), found), np.inf, dtype=np.float32)
        fields: list[tuple] = []
        for query, row in enumerate(queries):
            ranked = sorted((self._distance(row, self.rows[key][1]), place, key) for place, key in enumerate(kept))
            for place, (distance, _, key) in enumerate(ranked[:found]):
                keys[query, place], identities[query, place] = key, self.rows[key][0]
                distances[query, place] = distance + self.errors
            fields.append(tuple(self.rows[key][2] if key else {} for key in keys[query]))
        return Nearest(keys, identities, distances, tuple(fields) if with_fields else None)

    def read(self, keys=None, identities=None, where=None) -> Iterator[Templates]:
        kept = self._keys(keys, identities, where)
        for start in range(0, len(kept), 7):
            some = [(key, *self.rows[key]) for key in kept[start : start + 7]]
            yield Templates(
                tuple(key for key, _, _, _ in some),
                tuple(identity for _, identity, _, _ in some),
                np.stack([embedding for _, _, embedding, _ in some]),
                tuple(fields for _, _, _, fields in some),
            )

    def has(self, keys: Collection[str]) -> set[str]:
        return set(keys) & self.rows.keys()

    def beginning(self, beginnings: Collection[str]) -> dict[str, str]:
        return {key: kept[0] for key, kept in self.rows.items() if key.startswith(tuple(beginnings))}

    def count(self, where: str | None = None) -> int:
        return len(self._keys(None, None, where))

    def identities(self, where: str | None = None) -> dict[str, int]:
        named = [self.rows[key][0] for key in self._keys(None, None, where)]
        return {name: named.count(name) for name in sorted(set(named))}

    def stamp(self) -> str:
        return f"{self.puts} {self.removals}"

    def close(self) -> None:
        pass

    def _keys(self, keys, identities, where) -> list[str]:
        condition = None if where is None else parse_filter(where)
        return [
            key
            for key, (identity, _, fields) in self.rows.items()
            if (keys is None or key in keys)
            and (identities is None or identity in identities)
            and (condition is None or condition.matches(fields))
        ]

    def _distance(self, one: np.ndarray, other: np.ndarray) -> float:
        one, other = one.astype(np.float64), other.astype(np.float64)
        if self.metric == "euclidean":
            return float(np.linalg.norm(one - other))
        if self.metric == "manhattan":
            return float(np.abs(one - other).sum())
        lengths = np.linalg.norm(one) * np.linalg.norm(other)
        return float(1 - one @ other / lengths) if lengths else 1.0
