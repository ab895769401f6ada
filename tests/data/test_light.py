"""What evens out the light: known answers, what it overlooks and what it keeps, settings out of bounds."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image

from alikely.data.light import LocalLight, TanTriggs
from alikely.data.preparation import fit_preparation
from alikely.data.steps import Logarithm
from alikely.errors import SettingsError


def test_tan_triggs_of_one_bright_pixel_by_hand():
    """Gamma leaves 0 and 1 as they are; the difference of two Gaussians at the pixel; then the two means, and tanh."""
    size, inner, outer = 21, 1.0, 2.0
    point = torch.zeros(1, 1, size, size)
    point[0, 0, 10, 10] = 1
    places = np.arange(size) - 10.0

    def bell(deviation):
        weights = np.where(np.abs(places) <= np.ceil(3 * deviation), np.exp(-0.5 * (places / deviation) ** 2), 0)
        return np.outer(weights, weights) / weights.sum() ** 2

    apart = bell(inner) - bell(outer)
    once = apart / (np.abs(apart) ** 0.1).mean() ** 10
    twice = once / (np.minimum(np.abs(once), 10) ** 0.1).mean() ** 10
    expected = 10 * np.tanh(twice / 10)
    found = TanTriggs(inner=inner, outer=outer)(point)[0, 0].numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


@settings(max_examples=20, deadline=None)
@given(factor=some.floats(0.05, 1.0), seed=some.integers(0, 100))
def test_tan_triggs_does_not_see_how_bright_the_light_is(factor, seed):
    picture = torch.rand(2, 1, 24, 20, generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(TanTriggs()(factor * picture), TanTriggs()(picture), atol=1e-3, rtol=1e-2)


def test_tan_triggs_takes_a_shadow_over_half_of_the_picture_away():
    picture = 0.3 + 0.5 * torch.rand(1, 1, 40, 40, generator=torch.Generator().manual_seed(0))
    shadow = torch.where(torch.arange(40) < 20, 0.2, 1.0)
    even, lit = TanTriggs()(picture), TanTriggs()(picture * shadow)
    apart = torch.arange(40).sub(19.5).abs() > 8  # not at the edge of the shadow itself
    assert np.corrcoef(even[..., apart].flatten(), lit[..., apart].flatten())[0, 1] > 0.97
    plain = np.corrcoef(picture[..., apart].flatten(), (picture * shadow)[..., apart].flatten())[0, 1]
    assert plain < 0.6


@pytest.mark.parametrize("step", [LocalLight(), TanTriggs()])
@pytest.mark.parametrize("grey", [0.0, 0.3, 1.0])
def test_a_flat_picture_stays_flat(step, grey):
    seen = step(torch.full((2, 3, 12, 9), grey))
    assert seen.isfinite().all()
    assert seen.abs().max() < 0.5


@pytest.mark.parametrize("step", [LocalLight(), TanTriggs(), TanTriggs(outer=12.0)])
def test_each_picture_and_channel_by_itself_in_its_own_precision(step):
    batch = torch.rand(3, 2, 9, 14, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    seen = step(batch)
    assert (seen.shape, seen.dtype) == (batch.shape, batch.dtype)
    torch.testing.assert_close(seen[1:2, 1:], step(batch[1:2, 1:]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TanTriggs(gamma=0.0), "gamma must be more than 0 and at most 1, got 0.0"),
        (lambda: TanTriggs(inner=2.0, outer=2.0), "inner the smaller; got 2.0 and 2.0"),
        (lambda: TanTriggs(inner=0.0), "inner and outer must be pixels"),
        (lambda: TanTriggs(outer=float("nan")), "inner and outer must be pixels"),
        (lambda: TanTriggs(outer=65.0), "at most 64"),
    ],
)
def test_settings_out_of_bounds(make, message):
    with pytest.raises(SettingsError, match=message):
        make()


def test_the_logarithm_keeps_what_is_dark_apart_where_pictures_shrink():
    values = np.array([[0, 1, 15, 255]], dtype=np.uint8)
    known = [0, round(255 / 8), round(255 / 2), 255]  # log2(1 + v) / 8: of 1 it is 1/8, of 15 4/8
    assert np.asarray(Logarithm()(Image.fromarray(values))).tolist() == [known]
    coloured = Image.fromarray(np.stack([values] * 3, axis=2))
    assert np.asarray(Logarithm()(coloured))[0, :, 2].tolist() == known
    stripes = np.tile(np.array([0, 1], dtype=np.uint8), (32, 16))
    dark = [np.zeros((32, 32), np.uint8), stripes]
    plain, kept = (fit_preparation(dark, size=16, light=light) for light in ("none", "local"))
    assert torch.equal(plain.read_one(dark[0]), plain.read_one(dark[0]))
    assert int(kept.read_one(dark[1]).max()) - int(kept.read_one(dark[0]).max()) > 10
    assert int(plain.read_one(dark[1]).max()) - int(plain.read_one(dark[0]).max()) <= 1


def test_light_local_is_the_logarithm_and_then_the_local_light():
    prepared = fit_preparation([np.zeros((32, 32), np.uint8)], size=16, light="local")
    assert [type(step).__name__ for step in prepared.item_steps] == ["Colour", "Logarithm", "Resize"]
    assert prepared.batch_steps == (LocalLight(logarithm=False),)
