"""What histories and characteristics say in closed form, against the definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.linear_model import Ridge

from alikely.tasks.recommend import between as module
from alikely.tasks.recommend.between import Between, learn_between
from alikely.tasks.recommend.content import learn_content
from alikely.tasks.recommend.matching import Blend, blended


def weights_of(found):
    """The table item told x item that tells."""
    return found.table.toarray().T


def by_definition(likes, ridge):
    """Each item told from all others by a ridge regression over the people, who weigh by their likes."""
    counts = likes.sum(axis=1)
    rows = (np.median(counts[counts > 0]) / np.maximum(counts, 1)) ** module.EVENING
    table = likes * rows[:, None]
    told = np.zeros((likes.shape[1], likes.shape[1]))
    for item in range(likes.shape[1]):
        others = np.delete(np.arange(likes.shape[1]), item)
        told[item, others] = Ridge(alpha=ridge, fit_intercept=False).fit(table[:, others], table[:, item]).coef_
    return told


@pytest.mark.parametrize(("people", "items"), [(30, 8), (8, 30)])
def test_it_is_one_ridge_regression_for_each_item(people, items):
    likes = (np.random.default_rng(0).random((people, items)) < 0.4).astype(float)
    found = learn_between(sparse.csr_matrix(likes), 2.0, items, seed=0)
    assert weights_of(found) == pytest.approx(by_definition(likes, 2.0), abs=1e-5)


def test_only_the_largest_weights_are_kept():
    likes = (np.random.default_rng(1).random((40, 30)) < 0.3).astype(float)
    whole = weights_of(learn_between(sparse.csr_matrix(likes), 5.0, 30, 0))
    kept = weights_of(learn_between(sparse.csr_matrix(likes), 5.0, 4, 0))
    for all_of_it, some in zip(whole, kept, strict=True):
        largest = np.argsort(-np.abs(all_of_it))[:4]
        assert set(np.flatnonzero(some)) == set(largest)
        assert some[largest] == pytest.approx(all_of_it[largest])


def test_more_columns_than_are_looked_at_at_once(monkeypatch):
    likes = sparse.csr_matrix((np.random.default_rng(2).random((20, 50)) < 0.3).astype(float))
    whole = learn_between(likes, 5.0, 10, 0)
    monkeypatch.setattr(module, "COLUMNS", 7)
    pieces = learn_between(likes, 5.0, 10, 0)
    assert weights_of(whole) == pytest.approx(weights_of(pieces))


def test_of_many_people_some_are_drawn(monkeypatch):
    likes = sparse.csr_matrix((np.random.default_rng(3).random((50, 10)) < 0.3).astype(float))
    monkeypatch.setattr(module, "MOST_CELLS", 200)
    found, again = learn_between(likes, 5.0, 10, 0), learn_between(likes, 5.0, 10, 0)
    assert (weights_of(found) == weights_of(again)).all()
    assert (weights_of(found) != weights_of(learn_between(likes, 5.0, 10, 1))).any()


def test_match_and_shares_by_hand():
    told = np.array([[0, 0.5, -1], [2, 0, 0], [3, 4, 0]], np.float32)
    found = Between(sparse.csr_matrix(told.T))
    assert found.match(np.array([1, 2])).tolist() == [-0.5, 0, 4]
    assert found.shares(np.array([1, 2]), 0).tolist() == [0.5, -1]
    assert found.with_new(2).match(np.array([1, 2, 3])).tolist() == [-0.5, 0, 4, 0, 0]
    assert found.match(np.array([1, 2])).tolist() == [-0.5, 0, 4]


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 1000), st.floats(0.5, 50))
def test_content_is_a_ridge_regression_for_each_person(seed, ridge):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(25, 4)).astype(np.float32)
    known = np.arange(25) < 18
    liked = np.array([0, 3, 7])
    likes = np.zeros(25, np.float32)
    likes[liked] = 1
    content = learn_content(features, known, ridge)
    expected = Ridge(alpha=ridge, fit_intercept=False).fit(features[known], likes[known]).predict(features)
    assert content.match(liked) == pytest.approx(expected, abs=1e-4)
    shares = content.shares(liked, 20)
    assert shares.sum() == pytest.approx(expected[20], abs=1e-4)


def test_new_items_match_as_if_they_had_been_there():
    features = np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)
    known = np.arange(10) < 8
    liked = np.array([0, 1])
    later = learn_content(features[:8], known[:8], 2.0).with_new(features[8:])
    assert later.match(liked) == pytest.approx(learn_content(features, known, 2.0).match(liked), abs=1e-5)


def test_new_items_are_ordered_by_their_blend_and_placed_by_that_of_known_ones():
    network = np.array([5.0, 1.0, 4.0, 2.0], np.float32)
    nothing, content = np.zeros(4, np.float32), np.array([0.0, 9.0, 0.0, 3.0], np.float32)
    known = np.array([True, False, True, False])
    found = blended((network, nothing, content), known, Blend(1.0, 0.0, 0.0), Blend(0.0, 0.0, 100.0))
    # By the blend of known items the new ones have 1 and 2; by their own, the second is better than the fourth.
    assert found.tolist() == [5, 2, 4, 1]
