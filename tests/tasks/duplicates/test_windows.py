"""Views of pictures through windows, and their distance: known answers, and what always holds."""

import math

import numpy as np
import pytest
import torch
from PIL import Image

from alikely.data.checks.pictures import SIDE
from alikely.tasks.duplicates.windows import GRID, WINDOWS, ThroughWindows, thumbnail_of, views_of

DISTANCE = ThroughWindows()


def thumbnails(count, seed=0):
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 8, 8))
    return np.kron(coarse, np.ones((4, 4))).astype(np.uint8)


def rows(pictures):
    return torch.from_numpy(views_of(pictures.astype(np.float32)))


def test_a_view_has_mean_0_and_length_1_and_the_whole_picture_comes_first():
    views = rows(thumbnails(3)).numpy().reshape(3, len(WINDOWS), GRID * GRID)
    assert np.allclose(views.mean(axis=2), 0, atol=1e-5)
    assert np.allclose(np.linalg.norm(views, axis=2), 1, atol=1e-5)
    # With cells of 3.2 pixels, the first cell is three pixels and a fifth of the fourth, each way.
    picture = thumbnails(1)[0].astype(float)
    weights = np.array([1, 1, 1, 0.2])
    first = (weights[:, None] * weights * picture[:4, :4]).sum() / weights.sum() ** 2
    whole = picture.reshape(-1)
    assert first == pytest.approx(picture[0, 0])  # one block of 4 x 4
    assert WINDOWS[0] == (0.0, 0.0, 1.0)
    assert len(WINDOWS) == 28
    assert whole.size == SIDE * SIDE


def test_a_thumbnail_is_the_mean_of_each_part_by_hand():
    # 48 pixels for 32 cells: each takes one and a half, so the first of 0, 90, 60 is 30 and the second 70.
    row = np.tile(np.array([0, 90, 60], np.uint8), 16)
    found = thumbnail_of(np.tile(row, (20, 1)))
    assert found.shape == (SIDE, SIDE)
    np.testing.assert_allclose(found, np.tile([30, 70], (SIDE, SIDE // 2)), rtol=1e-5)


@pytest.mark.parametrize("shape", [(112, 92), (31, 33), (48, 64), (28, 28), (5, 3), (700, 501)])
def test_a_mirrored_picture_is_0_apart(shape):
    grey = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    both = [thumbnail_of(picture)[None] for picture in (grey, np.ascontiguousarray(grey[:, ::-1]))]
    assert DISTANCE.table(rows(both[0]), rows(both[1])).item() == 0
    assert DISTANCE.between(rows(both[0]), rows(both[1])).item() == 0


def test_a_picture_at_half_its_size_is_near():
    grey = np.kron(thumbnails(1, seed=2)[0], np.ones((3, 3), np.uint8))  # 96 pixels: cells of three
    half = np.asarray(Image.fromarray(grey).resize((47, 47)))
    near = DISTANCE.table(rows(thumbnail_of(grey)[None]), rows(thumbnail_of(half)[None])).item()
    assert 0 < near < 0.06


def test_a_picture_its_mirror_image_and_its_negative():
    one = thumbnails(1)
    mirrored = np.ascontiguousarray(one[:, :, ::-1])
    lighter = (one // 2 + 100).astype(np.uint8)
    for other in (one, mirrored):
        assert DISTANCE.between(rows(one), rows(other)).item() == 0
    assert DISTANCE.between(rows(one), rows(lighter)).item() < 0.05
    # Half black, half white, from top to bottom: no window and no mirror makes the negative alike.
    half = np.zeros((1, SIDE, SIDE), np.uint8)
    half[:, : SIDE // 2] = 255
    assert DISTANCE.between(rows(half), rows(255 - half)).item() > 1.85


def test_a_part_is_near_the_whole_from_either_side():
    large = Image.fromarray(np.kron(thumbnails(1, seed=3)[0], np.ones((4, 4), np.uint8)))
    for corner in ((0, 0), (0, 13), (13, 0), (13, 13), (6, 6)):
        part = large.crop((corner[0], corner[1], corner[0] + 115, corner[1] + 115))  # nine tenths of each side
        both = [np.asarray(p.resize((SIDE, SIDE), Image.Resampling.BOX))[None] for p in (large, part)]
        near = DISTANCE.table(rows(both[0]), rows(both[1])).item()
        assert near < 0.2
        assert DISTANCE.table(rows(both[1]), rows(both[0])).item() == pytest.approx(near, abs=1e-5)
        assert DISTANCE.table(rows(both[0]), rows(thumbnails(1, seed=9))).item() > 0.5


def test_the_table_is_symmetric_and_the_same_row_by_row():
    some = rows(thumbnails(30))
    table = DISTANCE.table(some, some)
    assert torch.allclose(table, table.T, atol=1e-4)
    assert (table.diagonal() == 0).all()
    left, right = some[:29], some[1:]
    assert torch.allclose(DISTANCE.between(left, right), table.diagonal(1), atol=1e-3)


def test_a_single_colour_is_like_nothing():
    flat = np.full((1, SIDE, SIDE), 77, np.uint8)
    assert DISTANCE.table(rows(flat), rows(flat)).item() == pytest.approx(math.sqrt(2))
