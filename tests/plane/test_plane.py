"""Places on a plane: neighbours stay near, by the model's own distance; any number of items; the same each time."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from alikely.distances import DISTANCES, Cosine, Euclidean, build_distance
from alikely.errors import InputError
from alikely.plane import plane_of
from alikely.plane.landmarks import scaled


def clusters(count: int, centres: int = 20, dim: int = 16, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Items around some centres, and which of them each belongs to."""
    draw = np.random.default_rng(seed)
    number = np.arange(count) % centres
    middle = draw.normal(size=(centres, dim))
    return (middle[number] + 0.25 * draw.normal(size=(count, dim))).astype(np.float32), number


@pytest.mark.parametrize("landmarks", [600, 150])
def test_neighbours_stay_nearer_than_by_pca(landmarks):
    embeddings, number = clusters(600)
    places = plane_of(embeddings, Euclidean(), landmarks=landmarks)
    assert places.shape == (600, 2)
    ours = trustworthiness(embeddings, places, n_neighbors=10)
    theirs = trustworthiness(embeddings, PCA(2).fit_transform(embeddings), n_neighbors=10)
    assert ours > 0.95
    assert ours > theirs + 0.05
    # The nearest other item on the plane is of the same cluster nearly always.
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert (number[apart.argmin(axis=1)] == number).mean() > 0.97


@pytest.mark.parametrize("name", DISTANCES)
@pytest.mark.parametrize("landmarks", [3000, 40])
def test_every_distance(name, landmarks):
    embeddings, number = clusters(120, centres=3, dim=8)
    distance = build_distance(name, 8)
    places = plane_of(embeddings, distance, landmarks=landmarks)
    assert np.isfinite(places).all()
    middles = np.stack([places[number == one].mean(axis=0) for one in range(3)])
    nearest = np.linalg.norm(places[:, None] - middles[None], axis=2).argmin(axis=1)
    assert (nearest == number).mean() > 0.9


def test_the_models_distance_decides_and_not_another():
    # Directions tell two kinds apart, lengths tell none: by the angle both kinds are apart, whatever their lengths.
    draw = np.random.default_rng(0)
    angle = np.repeat([0.2, 1.3], 60) + 0.02 * draw.normal(size=120)
    length = draw.uniform(0.1, 30, 120)
    embeddings = (length[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)).astype(np.float32)

    def apart(distance):
        places = plane_of(embeddings, distance)
        return trustworthiness(angle[:, None], places, n_neighbors=5)

    assert apart(Cosine()) > 0.9 > apart(Euclidean())


@pytest.mark.parametrize("landmarks", [3000, 30])
def test_the_same_each_time_another_with_another_seed(landmarks):
    embeddings, _ = clusters(90)
    first, again, other = (plane_of(embeddings, Euclidean(), seed, landmarks=landmarks) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@settings(deadline=None, max_examples=40)
@given(count=st.integers(0, 12), equal=st.booleans(), landmarks=st.integers(1, 14), seed=st.integers(0, 3))
def test_few_items_and_equal_ones(count, equal, landmarks, seed):
    draw = np.random.default_rng(seed)
    embeddings = np.ones((count, 3)) if equal else draw.normal(size=(count, 3))
    places = plane_of(embeddings.astype(np.float32), Euclidean(), seed, landmarks=landmarks)
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()


def test_two_and_three_items_keep_their_distances():
    embeddings = np.array([[0, 0], [3, 0], [0, 4]], dtype=np.float32)
    places = plane_of(embeddings, Euclidean())
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    assert apart[[0, 0, 1], [1, 2, 2]] == pytest.approx([3, 4, 5])
    two = plane_of(embeddings[:2], Euclidean())
    assert np.linalg.norm(two[0] - two[1]) == pytest.approx(3)
    assert np.array_equal(plane_of(embeddings[:1], Euclidean()), np.zeros((1, 2)))


def test_scaling_finds_a_plane_that_is_there():
    draw = np.random.default_rng(0)
    flat = draw.normal(size=(40, 2)) * [5, 1]
    table = np.linalg.norm(flat[:, None] - flat[None], axis=2)
    places = scaled(table, seed=0)
    assert np.linalg.norm(places[:, None] - places[None], axis=2) == pytest.approx(table, abs=1e-6)
    assert places[:, 0].std() > places[:, 1].std()


def test_progress_ends_with_all():
    seen: list[tuple[int, int]] = []
    plane_of(clusters(90)[0], Euclidean(), progress=lambda done, total: seen.append((done, total)), landmarks=30)
    assert seen[0] == (30, 90)
    assert seen[-1] == (90, 90)


def test_what_is_not_finite_is_refused():
    embeddings, _ = clusters(10)
    embeddings[3, 2] = torch.nan
    with pytest.raises(InputError, match="at 3"):
        plane_of(embeddings, Euclidean())
