"""Items, their embeddings and a calibration in; the pairs worth a label, in the order in which they are asked, out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Int8

from alikely.calibration import Calibration
from alikely.contracts import Distance
from alikely.errors import TooFewError
from alikely.neighbours.pairs import finite
from alikely.types import Examples

# How a pair was found. unsure: the model's probability is nearest to 0.5; near: among the nearest of an item; random:
# drawn from all pairs; control: its answer is known already.
Drawn: TypeAlias = Literal["unsure", "near", "random", "control"]
DRAWN: tuple[Drawn, ...] = ("unsure", "near", "random", "control")

# So they take turns. Hard pairs teach most; only random ones can say how often a model is wrong on all pairs.
TURNS: tuple[Drawn, ...] = (
    "unsure", "near", "unsure", "random", "unsure", "unsure", "near", "unsure", "random", "control",
)  # fmt: skip
MOST_PAIRS = 5000
MOST_DISTANCES = 20_000_000  # so many are looked at, at most: not all pairs of many items
MOST_ANCHORS = 2000  # items that are compared with all others
LEAST_ANCHORS = 100
NEAREST = 2  # of each anchor
ROWS = 64  # of a table of distances that is computed at once
UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class Pool:
    """Pairs of items by their positions, `left` < `right`, each once, those to be asked first at the front.

    `probability` is the model's for "same" at even odds, None without a calibration. `known` is 1 where the data says
    that the two are the same, 0 where different, -1 where nothing is known.
    """

    left: Int[np.ndarray, " pairs"]
    right: Int[np.ndarray, " pairs"]
    distance: Float[np.ndarray, " pairs"]
    probability: Float[np.ndarray, " pairs"] | None
    known: Int8[np.ndarray, " pairs"]
    drawn: tuple[Drawn, ...]

    def __len__(self) -> int:
        return len(self.left)


def pairs_worth_a_label(
    examples: Examples,
    embeddings: Float[np.ndarray, "items dim"],
    distance: Distance,
    calibration: Calibration | None,
    most: int = MOST_PAIRS,
    seed: int = 0,
) -> Pool:
    """At most so many pairs, the same ones for the same seed.

    Of ten pairs, five are those that the model is least sure of (probability nearest to 0.5), two are nearest
    neighbours, two are drawn at random, and one is a control question: a pair whose answer the data knows. Those of
    either kind come in rounds, in each of which an item stands once at most, so that nobody is asked ten times about
    one item. Where nothing is known there are no control questions; where all is known, all are. Without a calibration
    nobody knows what the model is unsure of: then they are near or random. Two items at the distance 0 are never asked.

    Of more than 2,000 items, some are drawn and compared with all others: the time grows with the items, not with
    their square. Raises TooFewError for fewer than two items, ModelError for embeddings that are not finite.
    """
    count = len(examples)
    if count < 2:
        raise TooFewError(f"a pair takes two items, and there {'is one' if count else 'are none'}; add some")
    random = np.random.default_rng(seed)
    known = _Known(examples)
    unsure, near = _hard(finite(embeddings), distance, calibration, most, random)
    found: dict[Drawn, Int[np.ndarray, " pairs"]] = {
        "unsure": unsure,
        "near": near,
        "random": _drawn_at_random(count, most, random),
    }
    lists = {name: _in_rounds(keys[known.new(keys)], count) for name, keys in found.items()}
    lists["control"] = _in_rounds(_least_sure_first(known.keys, embeddings, distance, calibration), count)
    chosen, drawn = _in_turns(lists, most)
    left, right = chosen // count, chosen % count
    distances = _between(embeddings, distance, left, right)
    return Pool(
        left=left,
        right=right,
        distance=distances,
        probability=None if calibration is None else calibration.probabilities(distances),
        known=known.of(chosen),
        drawn=drawn,
    )


class _Known:
    """What the data says of a pair, by its key: smaller position * items + larger position.

    `keys` are the pairs that make control questions: none where all is known, for then every question is one.
    """

    def __init__(self, examples: Examples) -> None:
        self.count, self.numbers = len(examples), None
        self.keys, self.same = np.zeros(0, np.int64), np.zeros(0, np.int8)
        if examples.labels is not None:
            self.numbers = np.unique(examples.labels, return_inverse=True)[1]
        elif examples.pairs is not None:
            low = np.minimum(examples.pairs.left, examples.pairs.right)
            keys = low * self.count + np.maximum(examples.pairs.left, examples.pairs.right)
            self.keys, first = np.unique(keys, return_index=True)
            self.same = examples.pairs.same[first].astype(np.int8)

    def new(self, keys: Int[np.ndarray, " pairs"]) -> Bool[np.ndarray, " pairs"]:
        """Which pairs may be asked as they are; all of them where all is known."""
        return ~np.isin(keys, self.keys)

    def of(self, keys: Int[np.ndarray, " pairs"]) -> Int8[np.ndarray, " pairs"]:
        if self.numbers is not None:
            same: Int8[np.ndarray, " pairs"] = self.numbers[keys // self.count] == self.numbers[keys % self.count]
            return same.astype(np.int8)
        said = np.full(len(keys), UNKNOWN, np.int8)
        if len(self.keys):
            place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
            there = self.keys[place] == keys
            said[there] = self.same[place[there]]
        return said


def _hard(
    vectors: torch.Tensor,
    distance: Distance,
    calibration: Calibration | None,
    most: int,
    random: np.random.Generator,
) -> tuple[Int[np.ndarray, " unsure"], Int[np.ndarray, " near"]]:
    """The keys of pairs that the model is least sure of, and of near ones, the best first."""
    count = len(vectors)
    anchors = min(count, max(LEAST_ANCHORS, min(MOST_ANCHORS, MOST_DISTANCES // count)))
    chosen = np.sort(random.choice(count, anchors, replace=False))
    each = min(count - 1, max(2, -(-2 * most // anchors)))
    unsure: list[tuple[np.ndarray, np.ndarray]] = []
    near: list[tuple[np.ndarray, np.ndarray]] = []
    for start in range(0, anchors, ROWS):
        rows = chosen[start : start + ROWS]
        with torch.inference_mode():
            table = distance.table(vectors[torch.from_numpy(rows)], vectors).numpy()
        usable = table > 0
        usable[np.arange(len(rows)), rows] = False
        near.append(_smallest(np.where(usable, table, np.inf), rows, min(NEAREST, count - 1)))
        if calibration is not None:
            chances = calibration.probabilities(np.maximum(table, 0).ravel().astype(np.float64)).reshape(table.shape)
            unsure.append(_smallest(np.where(usable, np.abs(chances - 0.5), np.inf), rows, each))
    return _best_first(unsure), _best_first(near)


def _smallest(
    values: Float[np.ndarray, "rows items"], rows: Int[np.ndarray, " rows"], each: int
) -> tuple[Int[np.ndarray, " pairs"], Float[np.ndarray, " pairs"]]:
    """The keys of so many pairs of each row with the smallest finite values, and these values."""
    columns = np.argpartition(values, each - 1, axis=1)[:, :each]
    found = np.take_along_axis(values, columns, axis=1).ravel()
    items, columns = np.repeat(rows, each), columns.ravel()
    keys = np.minimum(items, columns) * values.shape[1] + np.maximum(items, columns)
    usable = np.isfinite(found)
    return keys[usable], found[usable]


def _best_first(parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> Int[np.ndarray, " pairs"]:
    """Each pair once, the smallest value first."""
    if not parts:
        return np.zeros(0, np.int64)
    keys, values = (np.concatenate(some) for some in zip(*parts, strict=True))
    unique, first = np.unique(keys, return_index=True)
    best: Int[np.ndarray, " pairs"] = unique[np.lexsort((unique, values[first]))]
    return best


def _least_sure_first(
    keys: Int[np.ndarray, " pairs"],
    embeddings: Float[np.ndarray, "items dim"],
    distance: Distance,
    calibration: Calibration | None,
) -> Int[np.ndarray, " pairs"]:
    count = len(embeddings)
    keys = keys[keys // count != keys % count]
    if calibration is None or not len(keys):
        return keys
    chances = calibration.probabilities(_between(embeddings, distance, keys // count, keys % count))
    return keys[np.argsort(np.abs(chances - 0.5), kind="stable")]


def _drawn_at_random(count: int, most: int, random: np.random.Generator) -> Int[np.ndarray, " pairs"]:
    """The keys of pairs of different items, each once, in an order of chance."""
    left, other = random.integers(0, count, 2 * most), random.integers(0, count - 1, 2 * most)
    right = other + (other >= left)
    keys = np.minimum(left, right) * count + np.maximum(left, right)
    return keys[np.sort(np.unique(keys, return_index=True)[1])]


def _in_rounds(keys: Int[np.ndarray, " pairs"], count: int) -> Int[np.ndarray, " pairs"]:
    """The same pairs in rounds: in the first no item stands twice, in the second none more than once again ..."""
    stood = np.zeros(count, np.int64)
    rounds = np.zeros(len(keys), np.int64)
    for place, (left, right) in enumerate(zip(keys // count, keys % count, strict=True)):
        rounds[place] = max(stood[left], stood[right])
        stood[left] = stood[right] = rounds[place] + 1
    return keys[np.argsort(rounds, kind="stable")]


def _in_turns(
    lists: Mapping[Drawn, Int[np.ndarray, " _"]], most: int
) -> tuple[Int[np.ndarray, " pairs"], tuple[Drawn, ...]]:
    waiting = {name: iter(keys.tolist()) for name, keys in lists.items()}
    taken: dict[int, Drawn] = {}
    while waiting and len(taken) < most:
        for name in TURNS:
            key = next((key for key in waiting.get(name, ()) if key not in taken), None)
            if key is None:
                waiting.pop(name, None)
            elif len(taken) < most:
                taken[key] = name
    return np.array(list(taken), dtype=np.int64), tuple(taken.values())


def _between(
    embeddings: Float[np.ndarray, "items dim"],
    distance: Distance,
    left: Int[np.ndarray, " pairs"],
    right: Int[np.ndarray, " pairs"],
) -> Float[np.ndarray, " pairs"]:
    with torch.inference_mode():
        found = distance.between(torch.from_numpy(embeddings[left]), torch.from_numpy(embeddings[right]))
    return np.maximum(found.numpy().astype(np.float64), 0)
