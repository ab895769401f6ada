"""The benchmark of films: its splits, its floors by hand, and that it runs."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from benchmarks import movielens, movielens_choice, movielens_floors
from benchmarks.movielens_data import Films, cold_films, held_out
from tests.benchmarks.quick import quick_run

LIKES = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1]], np.float32)


def some_films(people=6, ratings=8):
    person = np.repeat(np.arange(people), ratings)
    film = np.tile(np.arange(ratings), people)
    records = tuple({"id": str(number), "genres": "War Comedy"} for number in range(ratings))
    return Films(records, person, film, np.arange(len(person)), people)


def test_a_quarter_of_each_persons_ratings_is_held_out():
    data = some_films()
    held = held_out(data, 0)
    assert np.bincount(data.person[held]).tolist() == [2] * 6
    assert (held == held_out(data, 0)).all()
    assert (held != held_out(data, 1)).any()
    inner = held_out(data, 2, among=~held)
    assert not (inner & held).any()
    assert np.bincount(data.person[inner]).tolist() == [2] * 6  # round(6 / 4)


def test_a_fifth_of_the_films_is_cold():
    assert cold_films(some_films(ratings=10), 0).sum() == 2


def test_figures_by_hand():
    matches = np.array([[4.0, 3.0, 2.0, 1.0], [4.0, 3.0, 2.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
    hidden = np.array([[True, False, False, False]] * 3)
    sought = np.array([[False, False, True, False], [False, True, False, False], [False] * 4])
    found = movielens.ranked(matches, hidden, sought)
    assert found["ndcg_at_10"] == pytest.approx((1 / np.log2(3) + 1) / 2)
    assert found["recall_at_10"] == 1.0


def test_popularity_and_neighbours_by_hand(monkeypatch):
    assert movielens_floors.popularity(LIKES)[1].tolist() == [2, 2, 2, 1]
    monkeypatch.setattr(movielens_floors, "NEIGHBOURS", 1)
    # The nearest of film 2 is film 3 (1 / sqrt 2), that of film 3 is film 2, those of films 0 and 1 each other (1).
    assert movielens_floors.item_knn(LIKES)[2] == pytest.approx([0, 0, 0.5**0.5, 0.5**0.5])
    assert movielens_floors.item_knn(LIKES)[0] == pytest.approx([1, 1, 0, 0])


def test_ease_is_one_ridge_regression_for_each_film():
    found = movielens_floors.ease(LIKES, 0.5)
    for film in range(4):
        others = np.delete(np.arange(4), film)
        model = Ridge(alpha=0.5, fit_intercept=False).fit(LIKES[:, others], LIKES[:, film])
        assert found[:, film] == pytest.approx(model.predict(LIKES[:, others]), abs=1e-5)


def test_content_ridge_is_one_for_each_person():
    content = np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32)
    known = np.array([True, True, True, False])
    found = movielens_floors.content_ridge(LIKES, content, known, 0.5)
    for person in range(3):
        model = Ridge(alpha=0.5, fit_intercept=False).fit(content[known], LIKES[person, known])
        assert found[person] == pytest.approx(model.predict(content), abs=1e-5)


def test_genre_profile_by_hand():
    genres = np.array([[1, 0], [1, 1], [0, 1], [1, 0]], np.float32)
    half = 0.5**0.5
    found = movielens_floors.genre_profile(np.array([[1, 0, 0, 0]], np.float32), genres)
    assert found[0] == pytest.approx([1, half, 0, 1])


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("benchmark", [movielens, movielens_choice])
def test_movielens_runs(benchmark, real_data, tmp_path, monkeypatch):
    result = quick_run(benchmark, real_data, tmp_path, monkeypatch)
    if benchmark is movielens:
        assert 0.18 < result["floors"]["popularity"]["ndcg_at_10"] < 0.22
        assert 0.32 < result["floors"]["ItemKNN"]["ndcg_at_10"] < 0.36
        assert 0.37 < result["floors"]["EASE"]["ndcg_at_10"] < 0.40
        assert 0.04 < result["floors"]["genre profile"]["cold_ndcg_at_10"] < 0.07
        assert result["metrics"]["ndcg_at_10"] > result["floors"]["EASE"]["ndcg_at_10"]
