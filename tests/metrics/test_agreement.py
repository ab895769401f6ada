import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from alikely.distances import Euclidean
from alikely.metrics import agreement, spearman
from alikely.types import Pairs


def scored(count, seed=0, noise=0.3):
    """Pairs (0, 1), (2, 3), ... on a line, with scores that fall with the distance, but for noise."""
    rng = np.random.default_rng(seed)
    gaps = rng.uniform(0, 1, count)
    places = np.zeros(2 * count, np.float32)
    places[::2] = rng.normal(size=count)
    places[1::2] = places[::2] + gaps
    scores = np.clip(1 - gaps + noise * rng.normal(size=count), 0, 1)
    ends = np.arange(2 * count).reshape(-1, 2)
    return places[:, None], Pairs(ends[:, 0], ends[:, 1], scores >= 0.5, score=scores)


def test_known_answers():
    scores = np.array([1.0, 0.5, 0.0])
    assert spearman(np.array([0.1, 0.2, 9.0]), scores) == pytest.approx(1)
    assert spearman(np.array([9.0, 0.2, 0.1]), scores) == pytest.approx(-1)
    assert spearman(np.array([0.2, 0.1, 9.0]), scores) == pytest.approx(0.5)  # 1 - 6 * 2 / (3 * 8)
    assert spearman(np.array([1.0, 1.0, 1.0]), scores) is None


def test_agrees_with_scipy_and_holds_it_in_its_interval():
    embeddings, pairs = scored(300)
    found = agreement(embeddings, pairs, Euclidean())
    distances = np.abs(embeddings[pairs.left, 0] - embeddings[pairs.right, 0])

    assert found.spearman.value == pytest.approx(spearmanr(-distances, pairs.score)[0])
    assert found.pearson.value == pytest.approx(pearsonr(-distances, pairs.score)[0])
    assert found.pairs == 300
    for figure in (found.spearman, found.pearson):
        assert 0.01 < figure.value - figure.low < 0.1
        assert 0.01 < figure.high - figure.value < 0.1


def test_pairs_of_few_items_give_a_wider_interval_than_as_many_of_their_own():
    embeddings, pairs = scored(12)
    alone = agreement(embeddings, pairs, Euclidean()).spearman
    many = Pairs(
        *(np.tile(column, 25) for column in (pairs.left, pairs.right, pairs.same)), score=np.tile(pairs.score, 25)
    )
    repeated = agreement(embeddings, many, Euclidean()).spearman

    assert repeated.value == pytest.approx(alone.value)
    assert (repeated.low, repeated.high) == pytest.approx((alone.low, alone.high))


def test_what_cannot_be_told_says_why():
    embeddings, pairs = scored(20)
    equal = Pairs(pairs.left, pairs.right, pairs.same, score=np.ones(20))
    assert agreement(embeddings, equal, Euclidean()).spearman.value is None
    assert "equal" in agreement(embeddings, equal, Euclidean()).spearman.reason
    few = agreement(*scored(3), Euclidean()).spearman
    assert (few.value is not None, few.low, few.reason) == (True, None, "no interval: 3 identities are too few")
