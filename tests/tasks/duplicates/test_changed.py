"""How far changed copies lie from their own pictures."""

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from alikely.data.sources import examples_from
from alikely.tasks.duplicates.changed import CHANGES, distance_of_changed


def blots(number, fineness, size=(96, 128)):
    found = gaussian_filter(np.random.default_rng(number).normal(size=size), fineness)
    return (128 + 90 * found / np.abs(found).max()).astype(np.uint8)


def test_copies_of_smooth_pictures_lie_nearer_than_those_of_noise():
    smooth, noise = (examples_from([blots(n, fineness) for n in range(6)]) for fineness in (8, 0.3))
    assert 0 < distance_of_changed(smooth, 0) < 0.03 < distance_of_changed(noise, 0) < 1
    assert distance_of_changed(smooth, 0) == distance_of_changed(smooth, 0)


def test_each_change_by_what_it_does():
    grey = Image.fromarray(blots(0, 8))
    saved, half, lighter = (change(grey) for change in CHANGES)
    assert (saved.size, half.size) == ((128, 96), (64, 48))
    assert np.abs(np.asarray(saved, float) - np.asarray(grey, float)).mean() < 5
    assert lighter.getpixel((5, 5)) == min(255, round(grey.getpixel((5, 5)) * 1.2))
    assert CHANGES[1](Image.new("L", (1, 1))).size == (1, 1)


def test_pictures_that_cannot_be_read_are_left_out(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    Image.fromarray(blots(0, 8)).save(tmp_path / "good.png")
    both = examples_from([tmp_path / "bad.png", tmp_path / "good.png"])
    assert distance_of_changed(both, 0) == pytest.approx(distance_of_changed(examples_from([blots(0, 8)]), 0))
    assert distance_of_changed(examples_from([tmp_path / "bad.png"]), 0) == 0
