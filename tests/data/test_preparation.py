"""Preparation: known small pictures, settings there and back, and what is measured."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from alikely.contracts import Preparation
from alikely.data.light import LocalLight
from alikely.data.preparation import PicturePreparation, fit_preparation, pictures_from
from alikely.data.reading import read_batch
from alikely.data.steps import (
    Colour,
    CropToContent,
    Pad,
    Resize,
    Standardise,
)
from alikely.errors import InputError, ModelError, SettingsError
from tests.data.blocks import content, ink_box, plain, with_block


def floats(preparation: PicturePreparation, pictures: torch.Tensor) -> torch.Tensor:
    return preparation.finish(pictures.float() / 255)


@pytest.mark.parametrize("shape", ["resize", "pad", "content"])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 900), (900, 1), (7, 5), (64, 64)])
def test_any_picture_gets_the_wanted_shape(shape, height, width):
    picture = np.random.default_rng(0).integers(0, 256, (height, width), dtype=np.uint8)
    preparation = fit_preparation([picture], 16, shape=shape)
    assert read_batch(preparation, [picture, picture]).shape == (2, 1, 16, 16)


def test_resize_stretches_and_averages():
    picture = np.zeros((64, 128), dtype=np.uint8)
    picture[:, ::2] = 200
    prepared = PicturePreparation((Colour("grey"), Resize(16))).read_one(picture)
    assert prepared.shape == (1, 16, 16)
    assert (prepared.int() - 100).abs().max() <= 7  # stripes finer than a pixel become their mean
    same = np.random.default_rng(0).integers(0, 256, (16, 16), dtype=np.uint8)
    assert torch.equal(PicturePreparation((Colour("grey"), Resize(16))).read_one(same)[0], torch.from_numpy(same))


def test_pad_keeps_the_aspect():
    """20 x 40, light with a dark middle: fits as 8 x 16 into 16 x 16, light above and below."""
    picture = with_block(plain(20, 40, 240), 5, 10, 10, 20, 0)
    prepared = PicturePreparation((Colour("grey"), Pad(16))).read_one(picture)[0]
    assert prepared[:4].unique().tolist() == [240]
    assert prepared[12:].unique().tolist() == [240]
    assert prepared[8, 8] == 0
    assert ink_box(prepared[None], 240) == (6, 4, 4, 8)


def test_colour_becomes_channels():
    red = np.zeros((16, 16, 3), dtype=np.uint8)
    red[..., 0] = 255
    grey = PicturePreparation((Colour("grey"), Resize(16)))
    rgb = PicturePreparation((Colour("rgb"), Resize(16)))
    assert (grey.channels, rgb.channels) == (1, 3)
    assert grey.read_one(red)[:, 0, 0].tolist() == [76]  # .299 x 255
    assert rgb.read_one(red)[:, 0, 0].tolist() == [255, 0, 0]
    assert rgb.read_one(plain(16, 16, 9))[:, 0, 0].tolist() == [9, 9, 9]


# Reading.


def test_read_keeps_the_order_and_meets_the_contract():
    pictures = [plain(20, 20, level) for level in range(100)]
    preparation = fit_preparation(pictures, 8)
    assert isinstance(preparation, Preparation)
    read = read_batch(preparation, pictures)
    assert read.dtype == torch.uint8
    assert read[:, 0, 3, 3].tolist() == list(range(100))


def test_read_names_the_first_bad_item(tmp_path: Path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"not a picture")
    with pytest.raises(InputError, match=r"bad\.png: "):
        read_batch(fit_preparation([], 8), [plain(9, 9), bad, tmp_path / "gone.png"])


def test_large_jpeg_reads_as_the_small_one(tmp_path: Path):
    small = np.random.default_rng(0).integers(60, 200, (8, 8), dtype=np.uint8)
    picture = Image.fromarray(small).resize((1600, 1600), Image.Resampling.BICUBIC)
    picture.save(tmp_path / "large.jpg", quality=95)
    preparation = PicturePreparation((Colour("grey"), Resize(32)))
    read = read_batch(preparation, [tmp_path / "large.jpg", np.asarray(picture)])
    assert (read[0].int() - read[1].int()).abs().max() <= 4


# Batches.


def test_finish_without_steps_changes_nothing():
    batch = torch.rand(2, 1, 8, 8)
    assert torch.equal(fit_preparation([], 8).finish(batch), batch)


@pytest.mark.parametrize("light", ["none", "local", "tan_triggs"])
def test_standardised_pictures_have_mean_0_and_deviation_1(light):
    random = np.random.default_rng(0)
    pictures = torch.from_numpy(random.integers((10, 50, 0), (60, 255, 20), (600, 16, 16, 3), dtype=np.uint8))
    pictures = pictures.permute(0, 3, 1, 2)
    preparation = fit_preparation([], 16, colour="rgb", light=light)
    finished = floats(preparation.standardised(pictures), pictures)
    torch.testing.assert_close(finished.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(finished.std(dim=(0, 2, 3)), torch.ones(3), atol=1e-3, rtol=0)


def test_standardising_again_measures_anew():
    pictures = torch.randint(0, 256, (9, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    once = fit_preparation([], 8).standardised(pictures // 3)
    assert once.standardised(pictures) == fit_preparation([], 8).standardised(pictures)


def test_known_mean_and_deviation():
    pictures = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1).expand(2, 1, 8, 8)
    preparation = fit_preparation([], 8).standardised(pictures)
    assert preparation.batch_steps == (Standardise((0.5,), (0.5,)),)
    assert floats(preparation, pictures)[:, 0, 0, 0].tolist() == [-1, 1]


def test_pictures_without_any_difference_only_move_to_0():
    pictures = torch.full((3, 1, 8, 8), 200, dtype=torch.uint8)
    preparation = fit_preparation([], 8).standardised(pictures)
    assert preparation.settings()["batch_steps"][0]["deviation"] == [1.0]
    assert floats(preparation, pictures).abs().max() < 1e-6


def test_nothing_can_be_measured_without_pictures():
    with pytest.raises(InputError, match="without pictures"):
        fit_preparation([], 8).standardised(torch.zeros(0, 1, 8, 8, dtype=torch.uint8))


def test_local_light_takes_a_ramp_away():
    random = torch.rand(1, 1, 40, 40, generator=torch.Generator().manual_seed(0)) * 0.2
    ramp = torch.linspace(0, 0.8, 40).expand(1, 1, 40, 40)
    step = LocalLight(logarithm=False)
    inside = (slice(None), slice(None), slice(4, -4), slice(4, -4))  # where the window does not reach the border
    even, lit = step(random), step(random + ramp)
    assert np.corrcoef(even[inside].flatten(), lit[inside].flatten())[0, 1] > 0.97
    columns = lit[inside].mean(dim=(0, 1, 2))
    assert (columns[16:].mean() - columns[:16].mean()).abs() < 0.1
    assert (random + ramp).std() > 3 * random.std()


def test_local_light_takes_a_factor_away():
    picture = 0.2 + 0.2 * torch.rand(1, 1, 30, 30, generator=torch.Generator().manual_seed(0))
    step = LocalLight()
    torch.testing.assert_close(step(picture * 2.5), step(picture), atol=0.15, rtol=0)


def test_local_light_known_answers():
    """One white pixel in black, window 3: its mean is 1/9; the deviation counts what lies apart from each own mean."""
    point = torch.zeros(1, 1, 9, 9)
    point[0, 0, 4, 4] = 1
    seen = LocalLight(window=3, logarithm=False, floor=0.02)(point)
    # 8/9 apart in the middle, 1/9 in each of the 8 pixels around it.
    deviation = (((8 / 9) ** 2 + 8 * (1 / 9) ** 2) / 9) ** 0.5
    assert seen[0, 0, 4, 4].item() == pytest.approx(8 / 9 / (deviation + 0.02), rel=1e-4)
    assert seen[0, 0, 0, 0] == 0


def test_local_light_leaves_a_flat_picture_flat():
    assert LocalLight()(torch.full((1, 3, 12, 12), 0.3)).abs().max() < 1e-3


def test_each_picture_is_finished_by_itself():
    batch = torch.rand(4, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    preparation = PicturePreparation((Colour(), Resize(16)), (LocalLight(), Standardise((0.5,), (0.2,))))
    torch.testing.assert_close(preparation.finish(batch)[2:3], preparation.finish(batch[2:3]))


# Fitting, and settings there and back.


@pytest.mark.parametrize(
    ("colour", "coloured", "channels"), [("auto", False, 1), ("auto", True, 3), ("grey", True, 1), ("rgb", False, 3)]
)
def test_colour_is_decided_by_the_pictures(colour, coloured, channels):
    pictures = [np.repeat(plain(20, 20, level)[:, :, None], 3, axis=2) for level in range(40)]
    pictures[17][:, :, 0] += 9 if coloured else 8
    assert fit_preparation(pictures, 16, colour=colour).channels == channels


def test_bad_items_do_not_decide(tmp_path: Path):
    assert fit_preparation([tmp_path / "gone.png", np.zeros((9, 9, 3), np.uint8)], 16).channels == 1


ALL = [
    PicturePreparation((Colour("grey"), Resize(64))),
    PicturePreparation(
        (Colour("rgb"), Pad(32)), (LocalLight(7, False, 0.05), Standardise((0.1, 0.2, 0.3), (1.0, 0.5, 2.0)))
    ),
    PicturePreparation((Colour("grey"), CropToContent(56, 0.9, 0.2)), (Standardise((0.1,), (1 / 3,)),)),
]


@pytest.mark.parametrize("preparation", ALL)
def test_settings_there_and_back(preparation):
    kept = json.loads(json.dumps(preparation.settings()))
    assert pictures_from(kept, {}) == preparation
    assert pictures_from(kept, {}).settings() == preparation.settings()


def test_settings_name_their_steps():
    assert ALL[0].settings() == {
        "item_steps": [{"step": "colour", "to": "grey"}, {"step": "resize", "size": 64}],
        "batch_steps": [],
    }


COLOUR, RESIZE = {"step": "colour", "to": "grey"}, {"step": "resize", "size": 64}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "item_steps must be a list of steps, got None"),
        ({"item_steps": [COLOUR, RESIZE]}, "batch_steps must be a list of steps, got None"),
        ({"item_steps": [], "batch_steps": []}, "begins with one colour step .* got no step"),
        ({"item_steps": [RESIZE, COLOUR], "batch_steps": []}, "begins with one colour step .* got Resize, Colour"),
        ({"item_steps": [COLOUR, RESIZE, RESIZE], "batch_steps": []}, "begins with one colour step"),
        (
            {"item_steps": [COLOUR, {"step": "blur"}], "batch_steps": []},
            "unknown step .*; there are colour, crop_to_found, logarithm, resize, pad",
        ),
        ({"item_steps": [COLOUR, "resize"], "batch_steps": []}, "unknown step 'resize'"),
        ({"item_steps": [COLOUR, {"step": "resize"}], "batch_steps": []}, "settings of resize do not fit"),
        ({"item_steps": [COLOUR, RESIZE | {"fill": 1}], "batch_steps": []}, "settings of resize do not fit"),
        ({"item_steps": [COLOUR, {"step": "resize", "size": 7}], "batch_steps": []}, "size must be .* from 8 to 1024"),
        (
            {"item_steps": [COLOUR, RESIZE], "batch_steps": [RESIZE]},
            "unknown step .* tan_triggs, standardise",
        ),
        ({"item_steps": [COLOUR, RESIZE], "batch_steps": [], "more": 1}, "unknown part 'more'"),
    ],
)
def test_settings_that_describe_no_preparation(settings, message):
    with pytest.raises(ModelError, match=message):
        pictures_from(settings, {})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: fit_preparation([], 7), "size must be a whole number from 8 to 1024 pixels, got 7"),
        (lambda: fit_preparation([], 8, colour="red"), "colour must be one of auto, grey, rgb, got 'red'"),
        (lambda: fit_preparation([], 8, shape="crop"), "shape must be one of resize, pad, content, got 'crop'"),
        (lambda: fit_preparation([], 8, light="some"), "light must be one of none, local, tan_triggs, got 'some'"),
        (lambda: Colour("red"), "colour must be one of grey, rgb, got 'red'"),
        (lambda: CropToContent(8, 0.0), "fill must be more than 0 and at most 1, got 0.0"),
        (lambda: CropToContent(8, 0.5, 1.0), "threshold must be at least 0 and less than 1, got 1.0"),
        (lambda: Pad(1025), "got 1025"),
        (lambda: LocalLight(8), "window must be an odd number of pixels from 3 to 255, got 8"),
        (lambda: LocalLight(9, True, 0.0), "floor must be more than 0 and at most 1, got 0.0"),
        (lambda: Standardise((0.0,), (0.0,)), "all more than 0"),
        (lambda: Standardise((0.0,), (1.0, 1.0)), "as many deviations as means"),
        (lambda: Standardise((), ()), "mean must be one number a channel"),
        (lambda: Standardise((float("nan"),), (1.0,)), "mean must be one number a channel"),
    ],
)
def test_settings_out_of_bounds(make, message):
    with pytest.raises(SettingsError, match=message):
        make()


@pytest.mark.data
def test_characters_fill_their_frame(real_data: Path):
    files = sorted((real_data / "omniglot" / "background").rglob("*.png"))[::400]
    read = read_batch(content(50), files)
    boxes = [ink_box(picture, 255) for picture in read]
    assert all(38 <= max(height, width) <= 40 for _, _, height, width in boxes)
