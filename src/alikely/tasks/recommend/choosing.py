"""Likes and items that were held back, and parts of matches -> the blends that find them best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from alikely.metrics import ndcg_at_k
from alikely.tasks.recommend.histories import Histories
from alikely.tasks.recommend.matching import Blend, Matching

AT = 10
MOST_PEOPLE = 1000  # whose held-back likes choose
FEWEST_LIKES = 4  # a person with fewer keeps all: what is left would say too little
BETWEEN = (30.0, 100.0, 300.0, 1000.0)
# Beside what histories say. More of it looks better on the part that is learned from first than it is with all.
CONTENT = (0.0, 1.0, 2.0)
ALONE = (300.0, 1000.0, 3000.0)  # what characteristics say of new items

# Of the candidates, in this order, the first of equally good ones is taken. None is of histories alone: new items would
# never be recommended beside known ones.
OF_KNOWN = (
    *(Blend(1.0, between, between * content) for between in BETWEEN for content in CONTENT),
    *(Blend(0.0, 1.0, content) for content in CONTENT[1:]),
    *(Blend(1.0, 0.0, content) for content in (0.0, *ALONE)),
)
OF_NEW = (*(Blend(1.0, 0.0, content) for content in ALONE), Blend(1.0, 0.0, 0.0), Blend(0.0, 0.0, 1.0))


@dataclass(frozen=True)
class HeldBack:
    """What is learned from, and what was held back: some likes of the `known` items, and all likes of the others."""

    learned: tuple[Int[np.ndarray, "_"], ...]
    of_known: tuple[Int[np.ndarray, "_"], ...]
    of_new: tuple[Int[np.ndarray, "_"], ...]
    known: Bool[np.ndarray, " items"]


def hold_back(histories: Histories, items: int, share: float, with_new: bool, seed: int) -> HeldBack:
    """Hold back a share of the items (`with_new`) and, of what each person likes among the others, that share."""
    rng = np.random.default_rng(seed)
    known = np.ones(items, bool)
    if with_new:
        liked = np.flatnonzero(histories.counts(items))
        known[rng.permutation(liked)[: int(share * len(liked))]] = False
    learned, of_known, of_new = [], [], []
    for places in histories.liked:
        old = places[known[places]]
        count = round(share * len(old)) if len(old) >= FEWEST_LIKES else 0
        held = np.zeros(len(old), bool)
        held[rng.permutation(len(old))[:count]] = True
        learned.append(old[~held])
        of_known.append(old[held])
        of_new.append(places[~known[places]])
    return HeldBack(tuple(learned), tuple(of_known), tuple(of_new), known)


def quality(
    matching: Matching, held: HeldBack, blends: Sequence[Blend], new: bool, seed: int
) -> Float[np.ndarray, " blends"]:
    """nDCG@10 of each blend: of the known items that were held back, or (`new`) of the items that nobody told of.

    0 where there is nothing to find.
    """
    sought = held.of_new if new else held.of_known
    people = np.array([i for i, places in enumerate(sought) if len(places) and len(held.learned[i])], dtype=np.int64)
    if len(people) > MOST_PEOPLE:
        people = np.sort(np.random.default_rng(seed).choice(people, MOST_PEOPLE, replace=False))
    if len(people) == 0:
        return np.zeros(len(blends))
    found = np.zeros(len(blends))
    weights = np.array([[blend.network, blend.between, blend.content] for blend in blends], dtype=np.float32)
    for i, parts in zip(people, matching.parts([held.learned[i] for i in people]), strict=True):
        ranked = ~held.known if new else held.known.copy()
        ranked[held.learned[i]] = False
        candidates = np.flatnonzero(ranked)
        matches = weights @ np.stack([part[candidates] for part in parts])
        first = np.argpartition(-matches, AT - 1, axis=1)[:, :AT] if len(candidates) > AT else np.argsort(-matches)
        first = np.take_along_axis(first, np.argsort(-np.take_along_axis(matches, first, axis=1), axis=1), axis=1)
        wanted = np.isin(candidates, sought[i])
        found += ndcg_at_k(wanted[first], np.full(len(blends), wanted.sum()))
    return found / len(people)


def top(match: Float[np.ndarray, " items"], count: int) -> Int[np.ndarray, " first"]:
    """The places of the `count` largest, the largest first; of equals, the first."""
    count = min(count, len(match))
    if count == 0:
        return np.zeros(0, np.int64)
    least = np.partition(match, len(match) - count)[len(match) - count]
    some = np.flatnonzero(match >= least)
    return some[np.argsort(-match[some], kind="stable")][:count]
