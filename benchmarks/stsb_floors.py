"""Scored pairs of sentences -> how well simple methods score others: the floors beside the STS-B benchmark.

The cosine of TF-IDF over characters, which learns nothing but how rare n-grams are, and gradient boosting on a dozen
measures of what two sentences have in common, which learns from the scores. Both are fitted to the training pairs; the
n-grams are those that do best on the development part.
"""

import re
from difflib import SequenceMatcher
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks.stsb_data import ScoredTexts, texts_of

WORDS = re.compile(r"\w+")
NUMBER = re.compile(r"\d")
NEGATIONS = {"no", "not", "never", "nobody", "nothing", "without", "n't"}


def tfidf_distances(
    learned: ScoredTexts, judged: ScoredTexts, analyzer: str = "char_wb", ngrams: tuple[int, int] = (2, 4)
) -> Float[np.ndarray, " pairs"]:
    """1 - the cosine of the TF-IDF vectors of each pair judged."""
    vectors = TfidfVectorizer(analyzer=analyzer, ngram_range=ngrams, sublinear_tf=True).fit(texts_of(learned))
    left, right = (vectors.transform([getattr(pair, side) for pair in judged]) for side in ("left", "right"))
    cosine: Float[np.ndarray, " pairs"] = np.asarray(left.multiply(right).sum(axis=1)).ravel()
    return 1 - cosine


def boosted_distances(learned: ScoredTexts, judged: ScoredTexts, seed: int) -> Float[np.ndarray, " pairs"]:
    """1 - the score that gradient boosting on `overlaps` and the TF-IDF cosines expects of each pair judged."""

    def rows(pairs: ScoredTexts) -> Float[np.ndarray, "pairs measures"]:
        cosines = [1 - tfidf_distances(learned, pairs, *how) for how in (("char_wb", (2, 4)), ("word", (1, 1)))]
        return np.column_stack([overlaps(pairs), *cosines])

    boosting = HistGradientBoostingRegressor(max_iter=200, learning_rate=0.05, max_leaf_nodes=15, random_state=seed)
    boosting.fit(rows(learned), [pair.score for pair in learned])
    expected: Float[np.ndarray, " pairs"] = boosting.predict(rows(judged))
    return 1 - expected


def overlaps(pairs: ScoredTexts) -> Float[np.ndarray, "pairs measures"]:
    """What the two sentences of each pair have in common, in ten numbers; the same for both orders of a pair."""
    return np.array([_overlap(pair.left.lower(), pair.right.lower()) for pair in pairs])


def _overlap(left: str, right: str) -> list[float]:
    words = [WORDS.findall(text) for text in (left, right)]
    lengths = sorted(map(len, words))
    first, second = sorted(words)
    bags = [set(each) for each in words]
    threes = [{text[at : at + 3] for at in range(len(text) - 2)} for text in (left, right)]
    couples = [set(pairwise(each)) for each in words]
    numbers = [{word for word in bag if NUMBER.search(word)} for bag in bags]
    return [
        _shared(*bags),
        _shared(*threes),
        _shared(*couples),
        _shared(*numbers),
        len(bags[0] & bags[1]) / max(1, min(map(len, bags))),
        lengths[0] / max(1, lengths[1]),
        float(lengths[1]),
        float(lengths[1] - lengths[0]),
        SequenceMatcher(None, first, second, autojunk=False).ratio(),
        float(bool(NEGATIONS & bags[0]) != bool(NEGATIONS & bags[1])),
    ]


def _shared(left: set, right: set) -> float:
    """Of all that stands in either, the share that stands in both; 1 where neither has any."""
    return len(left & right) / len(left | right) if left | right else 1.0
