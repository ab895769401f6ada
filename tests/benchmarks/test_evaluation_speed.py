"""The benchmark of all pairs: its embeddings, and that both sides say the same on small ones."""

import numpy as np
import pytest
from PIL import Image

from alikely.errors import InputError
from benchmarks import evaluation_speed
from benchmarks.evaluation_speed import made_up, ours, peak_gb, pixel_components, theirs


def test_made_up_embeddings_have_the_shape_of_lfw():
    embeddings, labels = made_up(items=600, people=250)
    counts = np.bincount(labels)
    assert embeddings.shape == (600, 256)
    assert (len(counts), counts.min(), len(labels)) == (250, 1, 600)
    assert counts.max() > 30
    assert np.array_equal(made_up(600, 250)[0], embeddings)


def test_pixels_become_components(tmp_path):
    generator = np.random.default_rng(0)
    for name in ("ann", "bob"):
        (tmp_path / "lfw" / "images" / name).mkdir(parents=True)
        for number in range(3):
            picture = Image.fromarray(generator.integers(256, size=(8, 8), dtype=np.uint8))
            picture.save(tmp_path / "lfw" / "images" / name / f"{number}.jpg")
    embeddings, labels = pixel_components(tmp_path)
    assert embeddings.shape == (6, 6)
    assert labels.tolist() == [0, 0, 0, 1, 1, 1]
    with pytest.raises(InputError, match="lfw/images"):
        pixel_components(tmp_path / "lfw")


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_both_sides_say_the_same(tmp_path, monkeypatch, distance):
    monkeypatch.setattr(evaluation_speed, "FMR", 0.01)
    embeddings, labels = made_up(items=300, people=60)
    np.save(tmp_path / "embeddings.npy", embeddings)
    np.save(tmp_path / "labels.npy", labels)
    mine, peer = ours(tmp_path, distance), theirs(tmp_path, distance)
    assert mine["eer"] == pytest.approx(peer["eer"], abs=1e-9)
    assert mine["fnmr"] == pytest.approx(peer["fnmr"], abs=1e-9)
    assert mine["same_pairs"] + mine["different_pairs"] == 300 * 299 / 2
    assert 0.1 < mine["loaded_gb"] <= mine["peak_gb"] <= peak_gb() + 1e-9
    assert mine["seconds_exact"] <= mine["seconds"]
