"""Pictures cropped to what is on them: centred, as large as wanted, whatever their background."""

import numpy as np
import pytest
import torch
from PIL import Image

from alikely.data.preparation import PicturePreparation
from alikely.data.steps import (
    Colour,
    CropToContent,
    Pad,
    background_of,
    content_box,
)
from tests.data.blocks import content, ink_box, plain, with_block

# What one picture becomes.


@pytest.mark.parametrize(("background", "ink"), [(255, 0), (0, 255), (200, 90), (30, 120)])
def test_content_is_centred_and_fills_its_share(background, ink):
    """A block 10 high and 20 wide becomes 20 x 40 in the middle of 50, dark on light and light on dark."""
    picture = with_block(plain(60, 90, background), 5, 60, 10, 20, ink)
    prepared = content().read_one(picture)
    assert ink_box(prepared, background) == (15, 5, 20, 40)
    assert prepared[0, 25, 25] == ink
    assert prepared[0, 0, 0] == background


def test_content_does_not_depend_on_place_size_and_frame():
    here = content().read_one(with_block(plain(60, 90), 5, 60, 10, 20, 0))
    there = content().read_one(with_block(plain(300, 200), 250, 10, 30, 60, 0))
    assert torch.equal(here, there)


def test_content_cropped_twice_stays():
    once = content().read_one(with_block(plain(60, 90), 5, 60, 10, 20, 0))
    assert torch.equal(content().read_one(once[0].numpy()), once)


def test_content_of_an_empty_picture_is_the_whole_picture():
    faint = with_block(plain(40, 20, 250), 10, 5, 8, 8, 250 - 24)
    kept = content(40).read_one(faint)
    assert torch.equal(kept, PicturePreparation((Colour("grey"), Pad(40))).read_one(faint))
    seen = content(40).read_one(with_block(plain(40, 20, 250), 10, 5, 8, 8, 250 - 25))
    assert seen[0, 20, 20] == 225


def test_content_of_coloured_ink_on_coloured_paper():
    picture = np.zeros((40, 40, 3), dtype=np.uint8)
    picture[:] = (200, 180, 120)
    picture[4:14, 20:30] = (200, 180, 20)
    prepared = PicturePreparation((Colour("rgb"), CropToContent(50, 0.8))).read_one(picture)
    assert prepared[:, 25, 25].tolist() == [200, 180, 20]
    assert prepared[:, 0, 0].tolist() == [200, 180, 120]
    assert prepared[2, 5, 25] == 20
    assert prepared[2, 4, 25] == 120


def test_ink_is_what_differs_by_more_than_its_share():
    """The largest difference is 200: at a threshold of .35, ink differs by more than 70."""
    picture = with_block(plain(30, 30, 250), 10, 10, 5, 5, 50)
    boxes = [
        content_box(Image.fromarray(with_block(picture, 20, 20, 2, 2, 250 - difference)), (250,), 0.35)
        for difference in (70, 71)
    ]
    assert boxes == [(10, 10, 15, 15), (10, 10, 22, 22)]


def test_background_is_the_median_of_the_border():
    picture = with_block(plain(10, 10, 200), 2, 2, 6, 6, 0)
    picture[0, :9] = 10  # 9 of the 40 border pixels
    assert background_of(Image.fromarray(picture)) == (200,)
    assert background_of(Image.new("RGB", (3, 1), (1, 2, 3))) == (1, 2, 3)
