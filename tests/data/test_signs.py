"""Invented signs: strokes, lines and pictures by hand, and what holds for every seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alikely.data.ink import PENS, ink
from alikely.data.signs import APART, BETWEEN, Hand, drawn, invented_signs, invented_strokes, smooth, told_apart


def as_ink(picture):
    """Shades back to the number of inked pixels in each cell."""
    return np.rint(picture / 255 * 16).astype(int)


def test_ink_of_a_dot_is_the_pen_in_the_middle():
    dot = np.zeros((1, 3, 2), np.float32)
    # 15.5 is rounded to 16: the pen of reach 1 is a cross of 5 pixels about row and column 16 of the bitmap.
    wanted = np.zeros((8, 8), int)
    wanted[4, 4], wanted[3, 4], wanted[4, 3] = 3, 1, 1

    assert (as_ink(ink(dot, np.array([1]))[0]) == wanted).all()


def test_ink_of_a_square_fills_the_box_to_its_border():
    # Corners of a square of any size: each pen of reach 1 just touches the border, in rows and columns 0 to 2.
    corners = 7 * np.array([[[0, 0], [1, 0], [0, 1], [1, 1]]], np.float32) - 3
    found = as_ink(ink(corners, np.array([1]))[0])

    assert found[[0, 0, 7, 7], [0, 7, 0, 7]].tolist() == [5, 5, 5, 5]
    assert found.sum() == 20


@pytest.mark.parametrize(("pen", "pixels"), [(1, 5), (2, 9), (4, 13), (5, 21)])
def test_a_pen_inks_the_pixels_that_it_reaches(pen, pixels):
    assert as_ink(ink(np.ones((1, 1, 2), np.float32), np.array([pen]))[0]).sum() == pixels


def test_what_is_narrow_stays_narrow_and_in_the_middle():
    upright = np.stack([np.zeros(40), np.linspace(0, 9, 40)], axis=1)[None].astype(np.float32)
    found = as_ink(ink(upright, np.array([1]))[0])

    assert (found[:, [0, 1, 2, 5, 6, 7]] == 0).all()
    assert found.sum() == 3 * 30 + 2  # three columns of the bitmap but in its first and last row


def test_each_picture_has_its_own_pen():
    line = np.stack([np.zeros(40), np.linspace(0, 9, 40)], axis=1).astype(np.float32)
    both = ink(np.stack([line, line]), np.array([1, 5]))

    assert both[0].sum() < both[1].sum()
    assert (both[0] == ink(line[None], np.array([1]))[0]).all()


def test_a_smooth_line_passes_its_points_and_stays_straight_on_a_straight_line():
    straight = np.array([[[[0.0, 0], [1, 2], [2, 4], [3, 6]]]])
    line = smooth(straight)[0, 0]

    assert line[::BETWEEN] == pytest.approx(straight[0, 0])
    assert line[:, 1] == pytest.approx(2 * line[:, 0])
    # Halfway between (1, 0) and (2, 1), with neighbours (0, 0) and (3, 0): 9/16 of both less 1/16 of those.
    bent = smooth(np.array([[[[0.0, 0], [1, 0], [2, 1], [3, 0]]]]))[0, 0]
    assert bent[BETWEEN + BETWEEN // 2] == pytest.approx([1.5, 9 / 16])


def test_a_steady_hand_draws_the_sign_itself_and_a_shaky_one_does_not():
    signs = invented_strokes(4, np.random.default_rng(0))
    steady = [drawn(signs, Hand(0.0, 0.0, 0.0), np.random.default_rng(seed)) for seed in (1, 2)]
    shaky = drawn(signs, Hand(), np.random.default_rng(1))

    assert (steady[0] == steady[1]).all()
    assert not np.allclose(steady[0], shaky)
    sides = np.ptp(signs, axis=(1, 2)).max(axis=1)[:, None, None]
    lowest = signs.min(axis=(1, 2))[:, None]
    wanted = (smooth(signs).reshape(4, -1, 2) - lowest) / sides
    assert steady[0] == pytest.approx(wanted, abs=1e-5)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31 - 1), st.integers(1, 30))
def test_signs_stand_upright_and_have_one_to_three_strokes(seed, count):
    signs = invented_strokes(count, np.random.default_rng(seed))
    wide, high = np.ptp(signs, axis=(1, 2)).T

    assert signs.shape == (count, 3, 6, 2)
    assert np.isfinite(signs).all()
    assert (wide <= high).all()
    assert (high > 0).all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31 - 1), st.integers(1, 20), st.integers(1, 5))
def test_pictures_labels_and_names_belong_together_for_every_seed(seed, count, drawings):
    found = invented_signs(count, drawings, seed)
    again = invented_signs(count, drawings, seed)

    assert len(found.items) == len(found.names) == len(found.labels) == len(set(found.names)) == count * drawings
    assert [label for label, *_ in zip(found.labels[::drawings])] == [
        str(n).zfill(len(str(count))) for n in range(1, count + 1)
    ]
    assert all((one == other).all() for one, other in zip(found.items, again.items, strict=True))
    pictures = np.stack(found.items)
    assert (pictures.shape[1:], pictures.dtype) == ((8, 8), np.uint8)
    assert (np.isin(pictures, np.rint(np.arange(17) * 255 / 16))).all()
    assert (pictures.reshape(len(pictures), -1).max(axis=1) > 0).all()


def test_no_two_signs_look_alike():
    signs = told_apart(150, np.random.default_rng(3))
    looks = ink(drawn(signs, Hand(0.0, 0.0, 0.0), np.random.default_rng(0)), np.full(150, PENS[-1])).reshape(150, -1)
    apart = np.linalg.norm((looks[:, None] / 255.0 - looks[None] / 255.0), axis=2)[~np.eye(150, dtype=bool)]

    assert apart.min() > APART


def test_drawings_of_a_sign_are_more_alike_than_those_of_different_signs():
    found = invented_signs(60, 8, 0)
    pictures = np.stack(found.items).reshape(60, 8, 64) / 255.0
    own = np.linalg.norm(pictures[:, :1] - pictures[:, 1:], axis=2).mean()
    others = np.linalg.norm(pictures[:-1] - pictures[1:], axis=2).mean()

    assert own < 0.8 * others
