"""The magnetic tile benchmark: what shows one tile, what is parted, its floor and controls, and that it runs."""

from pathlib import Path

import numpy as np
import pytest
import torch

from alikely.tasks.anomaly.patches import PatchesFound
from benchmarks import magnetic_tile, magnetic_tile_choice
from tests.benchmarks.quick import quick_run


def test_pictures_with_near_numbers_show_one_tile():
    taken = [130, 90, 40, 500, 560, 559]
    paths = [Path(f"exp{place}_num_{number}.jpg") for place, number in enumerate(taken)]
    assert magnetic_tile.tile_numbers(paths).tolist() == [0, 0, 0, 1, 1, 1]
    assert magnetic_tile.tile_numbers([Path("exp1_num_9.jpg"), Path("exp1_num_69.jpg")]).tolist() == [0, 1]


def test_a_tile_is_never_on_both_sides():
    tiles = np.repeat(np.arange(50), 6)
    rest, drawn = magnetic_tile.parted(tiles, 0.2, seed=3)
    assert len(np.unique(tiles[drawn])) == 10
    assert not set(tiles[rest]) & set(tiles[drawn])
    assert sorted([*rest, *drawn]) == list(range(300))


def test_the_border_alone_does_not_see_the_middle():
    maps = np.zeros((2, 64, 64), np.float32)
    maps[0, 30, 30] = 1
    maps[1, 3, 30:50] = 1
    found = magnetic_tile.of_border(PatchesFound(np.zeros(2, np.float32), maps))
    assert found[0] == 0
    assert found[1] > 0


def test_the_size_that_is_usual_is_nearest():
    known = np.array([[10.0, 20], [12, 20], [10, 26], [12, 26]])
    far = magnetic_tile.far_sizes(known, np.array([[11.0, 23], [12, 23], [40, 23]]))
    assert far[0] == 0
    assert far[1] == pytest.approx(1 / (4 / 3))  # one pixel, of a variance of 4 / 3
    assert far[2] > far[1]


def test_each_pixel_counts_in_the_pixel_auroc():
    maps = np.zeros((1, 8, 8), np.float32)
    masks = np.zeros((1, 8, 8), bool)
    masks[0, :4] = True
    maps[0, :4] = 1
    normal = PatchesFound(np.zeros(1, np.float32), np.zeros((1, 8, 8), np.float32))
    assert magnetic_tile.pixel_auroc(normal, PatchesFound(np.ones(1, np.float32), maps), masks) == 1
    assert magnetic_tile.pixel_auroc(normal, PatchesFound(np.ones(1, np.float32), maps * 0), masks) == 0.5


def test_the_floor_finds_what_no_known_picture_has():
    generator = torch.Generator().manual_seed(0)
    pictures = (torch.rand(40, 1, 64, 64, generator=generator) * 40 + 100).to(torch.uint8)
    odd = pictures[30:].clone()
    odd[:, :, 20:28, 20:28] = 0
    normal, found = (magnetic_tile.gaussians(pictures[:30], asked) for asked in (pictures[30:], odd))
    assert magnetic_tile.auroc(normal.distances, found.distances) > 0.9
    assert found.maps.shape == (10, 64, 64)


def test_defects_change_a_picture_where_they_say():
    picture = np.random.default_rng(0).uniform(0.3, 0.6, (90, 120))
    for seed in range(40):
        changed, where = magnetic_tile_choice.with_defect(picture, np.random.default_rng(seed))
        assert changed.shape == where.shape == picture.shape
        assert 0 <= changed.min() <= changed.max() <= 1
        if where.any():
            inside, outside = (np.abs(changed - picture)[part].mean() for part in (where, ~where))
            assert inside > outside


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("benchmark", [magnetic_tile, magnetic_tile_choice])
def test_it_runs(benchmark, real_data, tmp_path, monkeypatch):
    result = quick_run(benchmark, real_data, tmp_path, monkeypatch)
    assert 0.5 < result["metrics"]["auroc"] < 1
    if benchmark is magnetic_tile:
        assert result["floors"]["size alone"]["auroc"] < 0.6
        assert 0 <= result["metrics"]["false_alarms_at_0.05"] < 0.2
