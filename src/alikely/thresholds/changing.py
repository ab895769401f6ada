"""Labelled embeddings and two thresholds in; how many pairs change sides between them, and the nearest, out."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from alikely.calibration.record import check_threshold
from alikely.contracts import Distance
from alikely.errors import InputError
from alikely.metrics.pairs import known_distances
from alikely.metrics.stream import Chunk, PairStream
from alikely.types import Examples

SHOWN = 12
MOST_ITEMS = 15_000  # all pairs of so many are looked at: 112 million
SEED = 0


@dataclass(frozen=True)
class ChangingPair:
    """Two items by their numbers, and their distance."""

    left: int
    right: int
    distance: float


@dataclass(frozen=True)
class ChangingKind:
    """The same pairs, or the different ones.

    `accepted_before` and `accepted_after` of them lie at or below the two thresholds; `changing` lie between, of which
    `nearest` are those nearest to the new threshold.
    """

    pairs: int
    accepted_before: int
    accepted_after: int
    nearest: tuple[ChangingPair, ...]

    @property
    def changing(self) -> int:
        """How many change sides."""
        return abs(self.accepted_after - self.accepted_before)


@dataclass(frozen=True)
class ChangingPairs:
    """What happens when the threshold goes from `before` to `after`, to pairs of `searched` of `items` items."""

    before: float
    after: float
    same: ChangingKind
    different: ChangingKind
    searched: int
    items: int

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the counts, and the nearest pairs by the numbers of their items."""
        said = asdict(self)
        for name, kind in (("same", self.same), ("different", self.different)):
            said[name]["changing"] = kind.changing
        return said


def changing_pairs(
    examples: Examples,
    embeddings: Float[np.ndarray, "items dim"],
    distance: Distance,
    before: float,
    after: float,
    shown: int = SHOWN,
) -> ChangingPairs:
    """Which pairs of items with labels (or of which something is known) change sides from one threshold to the other.

    All pairs are gone through in strips, and none but the `shown` nearest to the new threshold are kept. Of more than
    15,000 labelled items, a seeded sample of so many. Raises InputError where nothing is known of the items,
    SettingsError for thresholds that are negative or not finite.
    """
    for threshold in (before, after):
        check_threshold(threshold)
    if examples.labels is not None:
        places = np.arange(len(examples))
        if len(places) > MOST_ITEMS:
            places = np.sort(np.random.default_rng(SEED).choice(len(places), MOST_ITEMS, replace=False))
        stream = PairStream.of(embeddings[places], examples.labels[places], distance)
        same = _looked_through(_of_chunks(stream.same(), before, after), after, shown, places)
        different = _looked_through(_of_chunks(stream.different(), before, after), after, shown, places)
        return ChangingPairs(before, after, same, different, len(places), len(examples))
    if examples.pairs is None:
        raise InputError(
            "nothing is known of these items: give labels (folders, a column `label`) or pairs, so that it can be seen "
            "which pairs a threshold gets wrong"
        )
    distances = known_distances(embeddings, examples.pairs, distance)
    ends = np.stack([examples.pairs.left, examples.pairs.right], axis=1).astype(np.int64)
    kinds = [
        _looked_through([_counted(distances[of], ends[of], before, after)], after, shown, None)
        for of in (examples.pairs.same, ~examples.pairs.same)
    ]
    return ChangingPairs(before, after, kinds[0], kinds[1], len(examples), len(examples))


@dataclass(frozen=True, eq=False)
class _Counted:
    """Of some pairs: how many there are, how many each threshold accepts, and those that lie between the two."""

    pairs: int
    before: int
    after: int
    distances: Float[np.ndarray, " between"]
    ends: Int[np.ndarray, "between 2"]


def _of_chunks(chunks: Iterable[Chunk], before: float, after: float) -> Iterator[_Counted]:
    for chunk in chunks:
        distances = chunk.distances()
        accepted, inside = _sides(distances, before, after)
        places = np.flatnonzero(inside)
        yield _Counted(len(distances), *accepted, distances[places], chunk.items(places).astype(np.int64))


def _counted(
    distances: Float[np.ndarray, " pairs"], ends: Int[np.ndarray, "pairs 2"], before: float, after: float
) -> _Counted:
    accepted, inside = _sides(distances, before, after)
    return _Counted(len(distances), *accepted, distances[inside], ends[inside])


def _sides(
    distances: Float[np.ndarray, " pairs"], before: float, after: float
) -> tuple[tuple[int, int], Bool[np.ndarray, " pairs"]]:
    # As numbers of their own, NumPy would round the thresholds to the precision of the distances.
    was, is_now = distances <= np.float64(before), distances <= np.float64(after)
    return (int(was.sum()), int(is_now.sum())), was != is_now


def _looked_through(
    parts: Iterable[_Counted],
    after: float,
    shown: int,
    places: Int[np.ndarray, " searched"] | None,
) -> ChangingKind:
    pairs = was = is_now = 0
    kept = np.zeros(0)
    ends = np.zeros((0, 2), dtype=np.int64)
    for part in parts:
        pairs, was, is_now = pairs + part.pairs, was + part.before, is_now + part.after
        kept = np.concatenate([kept, part.distances.astype(np.float64)])
        ends = np.concatenate([ends, part.ends])
        # Those that come first stay first where others are as near.
        nearest = np.argsort(np.abs(kept - after), kind="stable")[:shown]
        kept, ends = kept[nearest], ends[nearest]
    if places is not None:
        ends = places[ends]
    found = (
        ChangingPair(int(left), int(right), float(distance)) for (left, right), distance in zip(ends, kept, strict=True)
    )
    return ChangingKind(pairs, was, is_now, tuple(found))
