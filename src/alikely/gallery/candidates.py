"""Embeddings in; the nearest templates, or identities with their templates joined, out: exactly measured."""

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Float

from alikely.errors import GalleryError, SettingsError
from alikely.gallery.answers import Hit
from alikely.gallery.held import Held
from alikely.types import Field, Nearest, Templates

MOST_FOUND = 10_000


def check_k(k: int) -> None:
    """Raise SettingsError unless so many can be asked for."""
    if not 1 <= k <= MOST_FOUND:
        raise SettingsError(f"ask for 1 to {MOST_FOUND:,} of the nearest, got {k}")


def nearest_templates(
    held: Held, queries: Float[np.ndarray, "queries dim"], k: int, where: str | None = None
) -> list[list[Hit]]:
    """For each query (as the store keeps embeddings) its `k` nearest templates, nearest first, fewer where there are.

    `where` is a condition on the user's fields. The store finds them; the distances are the model's own, measured anew.
    """
    check_k(k)
    found = held.store.search(queries, k, where, with_fields=True)
    there = sorted({str(key) for key in found.keys.ravel() if key is not None})
    templates = gathered(held.store.read(keys=there) if there else (), held.store.dim)
    distances = _measured(held, queries, found, templates)
    answers = []
    for query in range(len(queries)):
        fields: Sequence = () if found.fields is None else found.fields[query]
        hits = [
            Hit(found.keys[query, place], found.identities[query, place], float(distance), fields[place])
            for place, distance in enumerate(distances[query])
            if np.isfinite(distance)
        ]
        answers.append(sorted(hits, key=lambda hit: hit.distance))
    return answers


def like_template(held: Held, key: str, k: int, where: str | None = None) -> list[Hit]:
    """The `k` templates nearest to the one of this key, without itself. Raises GalleryError where it is not there."""
    check_k(k)
    itself = gathered(held.store.read(keys=[key]), held.store.dim)
    if len(itself) == 0:
        raise GalleryError(f"{held.where}: the key {key!r} is not there; `alikely gallery list --json` shows those")
    (hits,) = nearest_templates(held, itself.embeddings, min(k + 1, MOST_FOUND), where)
    return [hit for hit in hits if hit.key != key][:k]


def nearest_identities(
    held: Held, queries: Float[np.ndarray, "queries dim"], k: int
) -> list[list[tuple[str, float, int]]]:
    """For each query its `k` nearest identities as (identity, joined distance, templates), nearest first.

    Templates are fetched until no identity that was not looked at can be nearer: an identity is never nearer than the
    nearest of its templates.
    """
    check_k(k)
    answers: list[list[tuple[str, float, int]]] = [[] for _ in queries]
    waiting, wanted, count = np.arange(len(queries)), 2 * k, held.store.count()
    own: dict[str, Templates] = {}
    while len(waiting) > 0:
        found = held.store.search(queries[waiting], min(wanted, count), None)
        names = sorted({str(name) for name in found.identities.ravel() if name is not None})
        _fetch(held, set(names), own)
        templates = gathered((own[name] for name in names if name in own), held.store.dim)
        distances = _measured(held, queries[waiting], found, templates)
        whole = wanted >= count
        unfinished = []
        for row, query in enumerate(waiting):
            there = np.isfinite(distances[row])
            answer = _joined(held, queries[query], found.identities[row][there], own)
            horizon = distances[row][there].max(initial=0.0)
            if whole or (len(answer) >= k and answer[k - 1][1] <= horizon):
                answers[query] = answer[:k]
            else:
                unfinished.append(query)
        waiting, wanted = np.array(unfinished, dtype=np.int64), 4 * wanted
    return answers


def distances_to(held: Held, query: Float[np.ndarray, " dim"], templates: Templates) -> Float[np.ndarray, " templates"]:
    """The model's distances from one query (as the store keeps embeddings) to templates."""
    distances: Float[np.ndarray, " templates"] = held.coordinates.table(query[None], templates.embeddings)[0]
    return distances


def gathered(pieces: Iterable[Templates], dim: int) -> Templates:
    """Pieces of templates as one."""
    parts = list(pieces)
    return Templates(
        keys=tuple(key for part in parts for key in part.keys),
        identities=tuple(identity for part in parts for identity in part.identities),
        embeddings=np.concatenate([np.zeros((0, dim), np.float32), *(part.embeddings for part in parts)]),
        fields=tuple(fields for part in parts for fields in part.fields),
    )


def _measured(
    held: Held, queries: Float[np.ndarray, "queries dim"], found: Nearest, templates: Templates
) -> Float[np.ndarray, "queries found"]:
    """The model's distances of what was found, where it is among the templates; infinity elsewhere."""
    place = {key: row for row, key in enumerate(templates.keys)}
    rows = np.array([[place.get(key, -1) for key in line] for line in found.keys], dtype=np.int64)
    rows = rows.reshape(found.keys.shape)
    distances = np.full(found.keys.shape, np.inf)
    query, column = np.nonzero(rows >= 0)
    if len(query):
        measured = held.coordinates.between(queries[query], templates.embeddings[rows[query, column]])
        distances[query, column] = measured
    return distances


def _fetch(held: Held, identities: set[str], own: dict[str, Templates]) -> None:
    """Put all templates of these identities into `own`."""
    missing = identities - own.keys()
    if not missing:
        return
    read = gathered(held.store.read(identities=missing), held.store.dim)
    rows: dict[str, list[int]] = {}
    for row, identity in enumerate(read.identities):
        rows.setdefault(identity, []).append(row)
    for identity, places in rows.items():
        own[identity] = Templates(
            keys=tuple(read.keys[row] for row in places),
            identities=(identity,) * len(places),
            embeddings=read.embeddings[places],
            fields=tuple(_no_fields(places)),
        )


def _no_fields(places: Sequence[int]) -> list[dict[str, Field]]:
    return [{} for _ in places]


def _joined(
    held: Held, query: Float[np.ndarray, " dim"], identities: Iterable[str], own: dict[str, Templates]
) -> list[tuple[str, float, int]]:
    """The joined distance of each of these identities, nearest first; by name among equals."""
    names = [name for name in dict.fromkeys(identities) if name in own]
    if not names:
        return []
    rows = np.concatenate([own[name].embeddings for name in names])
    distances = held.coordinates.table(query[None], rows)
    joined, start = [], 0
    for name in names:
        end = start + len(own[name])
        joined.append((name, float(held.joining.joined(distances[:, start:end])[0]), end - start))
        start = end
    return sorted(joined, key=lambda answer: (answer[1], answer[0]))
