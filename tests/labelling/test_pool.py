"""Which pairs are worth a label: the least sure first, spread over items, random ones among them, by a seed."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alikely.calibration import calibrate
from alikely.data.sources import examples_from
from alikely.distances import Euclidean
from alikely.errors import ModelError, TooFewError
from alikely.labelling import pairs_worth_a_label
from alikely.labelling import pool as module
from alikely.types import Pairs
from tests.models import made_up_pairs

CALIBRATION = calibrate(made_up_pairs(), "euclidean", "x" * 64, confidence=0.0)


def texts(count):
    return examples_from([f"text {number}" for number in range(count)], kind="text")


def placed(count, seed=0, dim=2):
    return np.random.default_rng(seed).uniform(0, 1.2, (count, dim)).astype(np.float32)


def keys(pool):
    return list(zip(pool.left.tolist(), pool.right.tolist(), strict=True))


@settings(max_examples=15, deadline=None)
@given(count=st.integers(2, 60), seed=st.integers(0, 5), most=st.integers(1, 300))
def test_every_pair_once_and_of_two_items(count, seed, most):
    pool = pairs_worth_a_label(texts(count), placed(count, seed), Euclidean(), CALIBRATION, most, seed)
    assert len(pool) == len(set(keys(pool))) <= min(most, count * (count - 1) // 2)
    assert (pool.left < pool.right).all()
    assert len(pool) == len(pool.drawn) == len(pool.distance)
    expected = np.linalg.norm(placed(count, seed)[pool.left] - placed(count, seed)[pool.right], axis=1)
    np.testing.assert_allclose(pool.distance, expected, atol=1e-6)
    np.testing.assert_allclose(pool.probability, CALIBRATION.probabilities(pool.distance))


def test_few_items_are_asked_completely():
    pool = pairs_worth_a_label(texts(12), placed(12), Euclidean(), CALIBRATION)
    assert len(pool) == 66


def test_the_first_is_the_one_that_the_model_is_least_sure_of():
    embeddings = placed(40)
    pool = pairs_worth_a_label(texts(40), embeddings, Euclidean(), CALIBRATION)
    left, right = np.triu_indices(40, 1)
    doubt = np.abs(CALIBRATION.probabilities(np.linalg.norm(embeddings[left] - embeddings[right], axis=1)) - 0.5)
    best = int(np.argmin(doubt))
    assert keys(pool)[0] == (left[best], right[best])
    assert pool.drawn[0] == "unsure"


def test_five_of_ten_are_unsure_and_in_a_round_no_item_stands_twice():
    pool = pairs_worth_a_label(texts(200), placed(200), Euclidean(), CALIBRATION, most=100)
    assert Counter(pool.drawn[:9]) == {"unsure": 5, "near": 2, "random": 2}
    unsure = [pair for pair, drawn in zip(keys(pool), pool.drawn, strict=True) if drawn == "unsure"][:20]
    stands = Counter(item for pair in unsure for item in pair)
    assert max(stands.values()) == 1
    doubts = np.abs(pool.probability[[drawn == "unsure" for drawn in pool.drawn]] - 0.5)[:20]
    assert (np.diff(doubts) >= 0).all()


def test_the_same_seed_gives_the_same_pairs_and_another_gives_others():
    one, again, other = (
        pairs_worth_a_label(texts(300), placed(300), Euclidean(), CALIBRATION, 200, seed) for seed in (1, 1, 2)
    )
    assert keys(one) == keys(again)
    assert keys(one) != keys(other)


def test_labels_make_every_question_one_whose_answer_is_known():
    labels = np.array(["a", "b"])[np.arange(30) % 2]
    pool = pairs_worth_a_label(replace(texts(30), labels=labels), placed(30), Euclidean(), CALIBRATION)
    assert set(pool.known.tolist()) == {0, 1}
    assert (pool.known == (labels[pool.left] == labels[pool.right])).all()
    assert "control" not in pool.drawn


def test_pairs_that_are_known_are_control_questions_only():
    given_pairs = Pairs(np.array([1, 5, 9]), np.array([0, 7, 8]), np.array([True, False, True]))
    pool = pairs_worth_a_label(replace(texts(30), pairs=given_pairs), placed(30), Euclidean(), CALIBRATION)
    control = {
        pair: known for pair, known, drawn in zip(keys(pool), pool.known, pool.drawn, strict=True) if drawn == "control"
    }
    assert control == {(0, 1): 1, (5, 7): 0, (8, 9): 1}
    assert pool.drawn.index("control") == 9
    assert all(known == -1 for known, drawn in zip(pool.known, pool.drawn, strict=True) if drawn != "control")


def test_without_a_calibration_nothing_is_called_unsure():
    pool = pairs_worth_a_label(texts(30), placed(30), Euclidean(), None)
    assert pool.probability is None
    assert set(pool.drawn) == {"near", "random"}


def test_equal_items_are_not_asked():
    embeddings = np.repeat(placed(10), 2, axis=0)
    pool = pairs_worth_a_label(texts(20), embeddings, Euclidean(), CALIBRATION, most=40)
    hard = [drawn != "random" for drawn in pool.drawn]
    assert (pool.distance[hard] > 0).all()


def test_of_many_items_not_all_pairs_are_looked_at(monkeypatch):
    looked = []

    class Counting(Euclidean):
        def table(self, left, right):
            looked.append(len(left) * len(right))
            return super().table(left, right)

    monkeypatch.setattr(module, "MOST_DISTANCES", 50_000)
    pool = pairs_worth_a_label(texts(500), placed(500), Counting(), CALIBRATION, most=500)
    assert sum(looked) == 50_000
    assert len(pool) == 500


def test_too_few_and_not_finite():
    with pytest.raises(TooFewError, match="there is one; add some"):
        pairs_worth_a_label(texts(1), placed(1), Euclidean(), CALIBRATION)
    broken = placed(5)
    broken[3, 0] = np.nan
    with pytest.raises(ModelError, match="item 4 is not finite"):
        pairs_worth_a_label(texts(5), broken, Euclidean(), CALIBRATION)
