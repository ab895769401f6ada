"""The benchmark of product pictures: what it is made of, what it chooses, and that it runs."""

import numpy as np
import pytest

from benchmarks import fashion
from tests.benchmarks.quick import quick_run


def test_seen_and_unseen_classes_are_all_and_disjoint():
    seen, unseen = fashion.parted(3)
    assert sorted([*seen, *unseen]) == list(range(10))
    assert len(seen) == 5


def test_edges_across_stand_in_their_own_direction():
    picture = np.zeros((1, 28, 28), np.float32)
    picture[:, :, 14:] = 1  # at the right end of the picture is another edge, which faces it
    directions = fashion.edges(picture, 7, 7, evened=False).reshape(8, 4, 4)[:, 1, 1:3].max(axis=1)
    assert directions.argmax() == 0
    assert directions[3:6] == pytest.approx([0, 0, 0])


def test_a_blend_weighs_its_parts():
    rows = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    both = fashion.blended([rows, rows], (1.0, 2.0))
    assert np.allclose(both[:, 4:], 2 * both[:, :4])
    assert np.linalg.norm(both[:, :4], axis=1) == pytest.approx(np.ones(20))
    assert fashion.blended([rows, rows], (0.0, 1.0)).shape == (20, 4)


def test_what_tells_the_classes_apart_is_chosen():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(5), 30)
    telling = np.eye(5, dtype=np.float32)[labels] + rng.normal(0, 0.3, (150, 5)).astype(np.float32)
    noise = rng.normal(size=(150, 5)).astype(np.float32)
    assert fashion.choose([noise, telling, noise], labels) in ((0.0, 0.5, 0.0), (0.0, 1.0, 0.0))


@pytest.mark.slow
@pytest.mark.data
def test_it_runs(real_data, tmp_path, monkeypatch):
    result = quick_run(fashion, real_data, tmp_path, monkeypatch)
    for who in (result["metrics"], *result["floors"].values()):
        assert 0.9 < who["recall_at_1"] < 1
        assert 0.4 < who["map_at_r"] < 0.9
