"""The folders `stsb` and `sts12_16` -> pairs of sentences with scores in 0..1, and none that stands in two parts."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from alikely.data.tables import read_table
from alikely.types import Examples, Pairs

MOST = 5.0  # the largest score: same meaning


class ScoredText(NamedTuple):
    """Two sentences, and how alike people found their meaning: 0 not at all, 1 fully."""

    left: str
    right: str
    score: float


ScoredTexts: TypeAlias = Sequence[ScoredText]


def scored_texts(path: Path) -> list[ScoredText]:
    """The pairs of a table with the columns left, right and score (0 to 5); rows without a score are left out."""
    columns = read_table(path, ("left", "right", "score")).columns
    rows = zip(columns["left"], columns["right"], columns["score"], strict=True)
    return [ScoredText(left, right, float(score) / MOST) for left, right, score in rows if score]


def more_texts(data: Path) -> list[ScoredText]:
    """The pairs of STS 2012 to 2016 that are not in the training part of STS-B, which was drawn from them.

    None has a sentence that stands in the development or the test part.
    """
    parts = {part: scored_texts(data / "stsb" / f"{part}.csv") for part in ("train", "dev", "test")}
    known = {_both(pair) for pair in parts["train"]}
    others = [pair for pair in scored_texts(data / "sts12_16" / "all.csv") if _both(pair) not in known]
    return without_sentences_of(others, [*parts["dev"], *parts["test"]])


def without_sentences_of(pairs: ScoredTexts, others: ScoredTexts) -> list[ScoredText]:
    """The pairs of which neither sentence is among the `others`, whatever its capitals, signs and spaces."""
    taken = {plain(text) for text in texts_of(others)}
    return [pair for pair in pairs if not _both(pair) & taken]


def _both(pair: ScoredText) -> frozenset[str]:
    return frozenset((plain(pair.left), plain(pair.right)))


def plain(text: str) -> str:
    """The letters and digits of a text in small letters, with one space between words."""
    letters = (c if unicodedata.category(c)[0] in "LNM" else " " for c in unicodedata.normalize("NFKC", text).lower())
    return " ".join("".join(letters).split())


def texts_of(pairs: ScoredTexts) -> list[str]:
    """Each sentence once."""
    return list(dict.fromkeys(text for pair in pairs for text in (pair.left, pair.right)))


def examples_of(pairs: ScoredTexts) -> Examples:
    """The pairs as Alikely learns from them."""
    texts = texts_of(pairs)
    place = {text: number for number, text in enumerate(texts)}
    score = np.array([pair.score for pair in pairs])
    known = Pairs(
        left=np.array([place[pair.left] for pair in pairs]),
        right=np.array([place[pair.right] for pair in pairs]),
        same=score >= 0.5,
        score=score,
    )
    names = tuple(f"text {number}" for number in range(1, len(texts) + 1))
    return Examples(tuple(texts), names, pairs=known, kind="text")
