"""Augmentation: known answers, seeds, bounds."""

from dataclasses import fields
from math import pi

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from alikely.data.augment import (
    AUGMENTATIONS,
    LARGEST,
    Augmentation,
    build_augmentation,
    ramps,
    smoothed,
    warp,
)
from alikely.errors import SettingsError

STRENGTHS = {name: largest / 2 for name, largest in LARGEST.items()}


def batch_of(count: int, channels: int = 1, height: int = 12, width: int = 12) -> torch.Tensor:
    return torch.rand(count, channels, height, width, generator=torch.Generator().manual_seed(7))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def maps_of(*rows: list[float]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float32).view(1, 3, 3)


@pytest.mark.parametrize("chosen", ["none", {}, {"rotate": 0}])
def test_no_strength_gives_the_same_values_and_draws_nothing_that_changes_them(chosen):
    batch = batch_of(3) * 1.5
    assert torch.equal(build_augmentation(chosen)(batch, seeded()), batch)


def test_identity_map_changes_nothing():
    batch = batch_of(2, 3, 9, 14)
    torch.testing.assert_close(warp(batch, torch.eye(3).expand(2, 3, 3), None), batch)


def test_map_to_the_right_shows_what_is_right_and_repeats_the_border():
    batch = batch_of(1, 1, 4, 5)
    # Two of five pixels are 4/5 of the frame from -1 to 1.
    moved = warp(batch, maps_of([1, 0, 0.8], [0, 1, 0], [0, 0, 1]), None)
    torch.testing.assert_close(moved[..., :3], batch[..., 2:])
    torch.testing.assert_close(moved[..., 3:], batch[..., 4:].expand(1, 1, 4, 2))


def test_map_of_a_quarter_turn_is_exact():
    batch = batch_of(1, 2, 6, 6)
    # What is shown on the right (1, 0) comes from below (0, 1): against the clock.
    turned = warp(batch, maps_of([0, -1, 0], [1, 0, 0], [0, 0, 1]), None)
    torch.testing.assert_close(turned, torch.rot90(batch, 1, dims=(-2, -1)))


def test_perspective_divides():
    batch = torch.linspace(-1, 1, 201).expand(1, 1, 201, 201)
    seen = warp(batch, maps_of([1, 0, 0], [0, 1, 0], [0.25, 0, 1]), None)
    # At x = .5 the pixel comes from .5 / (1 + .125).
    place = int((0.5 + 1) / 2 * 201)
    shown_x, pixel = (2 * place + 1) / 201 - 1, 200 / 201
    assert seen[0, 0, 100, place].item() == pytest.approx(shown_x / (1 + 0.25 * shown_x) / pixel, abs=1e-4)


def test_equal_bends_are_a_shift():
    batch = batch_of(1, 1, 5, 5)
    bends = torch.zeros(1, 2, 5, 5)
    bends[:, 1] = 0.4  # one of five pixels down
    torch.testing.assert_close(warp(batch, torch.eye(3)[None], bends)[:, :, :4], batch[:, :, 1:])


def test_rotation_keeps_angles_where_pictures_are_not_square():
    """A disc stays a disc of the same size at every angle."""
    x, y = torch.meshgrid(torch.arange(40) - 19.5, torch.arange(20) - 9.5, indexing="xy")
    disc = ((x**2 + y**2).sqrt() < 6).float().expand(64, 1, 20, 40)
    turned = Augmentation(rotate=180.0)(disc, seeded())
    assert (turned - disc).abs().mean(dim=(1, 2, 3)).max() < 0.03
    bar = (y.abs() < 2).float().expand(64, 1, 20, 40)
    assert (Augmentation(rotate=180.0)(bar, seeded()) - bar).abs().mean(dim=(1, 2, 3)).max() > 0.2


def test_flip_is_off_everywhere_and_exact_where_certain():
    assert all(augmentation.flip == 0 for augmentation in AUGMENTATIONS.values())
    batch = batch_of(4)
    torch.testing.assert_close(Augmentation(flip=1.0)(batch, seeded()), batch.flip(-1))


def test_flip_follows_its_probability():
    batch = torch.linspace(0, 1, 8).expand(2000, 1, 8, 8)
    flipped = Augmentation(flip=0.25)(batch, seeded())[:, 0, 0, 0] > 0.5
    assert flipped.float().mean().item() == pytest.approx(0.25, abs=0.03)  # three standard errors


def test_crop_shows_only_what_is_inside():
    x = torch.linspace(-1, 1, 100)
    # Pixels carry their place; a window never leaves the frame, so none is repeated at the border.
    places = ((x + 1) / 2).expand(200, 1, 100, 100)
    seen = Augmentation(crop=0.5)(places, seeded())[:, 0, 50]
    widths = seen[:, -1] - seen[:, 0]
    assert widths.min() > 0.48
    assert widths.max() > 0.95
    steps = seen.diff(dim=1)
    torch.testing.assert_close(steps[:, 1:-1], (widths / 99)[:, None].expand(-1, 97), atol=2e-3, rtol=0.05)


def test_brightness_is_added_within_its_strength():
    change = Augmentation(brightness=0.2)(torch.full((500, 1, 4, 4), 0.5), seeded()) - 0.5
    assert (change - change[:, :, :1, :1]).abs().max() == 0
    assert 0.19 < change.max() <= 0.2
    assert -0.2 <= change.min() < -0.19


def test_contrast_keeps_the_mean():
    batch = batch_of(8) * 0.2 + 0.4
    changed = Augmentation(contrast=0.5)(batch, seeded())
    torch.testing.assert_close(changed.mean(dim=(1, 2, 3)), batch.mean(dim=(1, 2, 3)))
    factor = (changed.std(dim=(1, 2, 3)) / batch.std(dim=(1, 2, 3))).log()
    assert factor.abs().max() <= 0.5
    assert factor.std() > 0.1


def test_gamma_leaves_black_and_white():
    batch = torch.tensor([0.0, 0.5, 1.0]).view(1, 1, 1, 3).repeat(20, 1, 3, 1)
    changed = Augmentation(gamma=1.0)(batch, seeded())
    assert torch.equal(changed[..., [0, 2]], batch[..., [0, 2]])
    assert changed[..., 1].std() > 0.1


def test_ramp_is_linear_in_its_direction():
    batch = torch.zeros(2, 1, 4, 4)
    light = ramps(batch, torch.tensor([0.4, 0.4]), torch.tensor([0.0, pi / 2]))
    # The middles of four pixels lie at -.75, -.25, .25, .75.
    torch.testing.assert_close(light[0, 0], torch.tensor([-0.3, -0.1, 0.1, 0.3]).expand(4, 4))
    torch.testing.assert_close(light[1, 0], torch.tensor([-0.3, -0.1, 0.1, 0.3])[:, None].expand(4, 4))


def test_smoothing_spreads_a_point_by_binomial_weights():
    point = torch.zeros(1, 1, 7, 7)
    point[0, 0, 3, 3] = 1
    row = torch.tensor([0, 1, 4, 6, 4, 1, 0]) / 16
    torch.testing.assert_close(smoothed(point)[0, 0], torch.outer(row, row))
    torch.testing.assert_close(smoothed(torch.ones(1, 2, 3, 9)), torch.ones(1, 2, 3, 9))


def test_erase_fills_one_rectangle_with_the_mean_of_each_channel():
    batch = batch_of(50, 2)
    erased = Augmentation(erase=0.5)(batch, seeded())
    for before, after in zip(batch, erased, strict=True):
        changed = (before != after).any(dim=0)
        rows, columns = changed.any(dim=1), changed.any(dim=0)
        assert torch.equal(changed, rows[:, None] & columns[None, :])
        assert rows.sum() <= 7  # half of twelve, and one that is touched
        torch.testing.assert_close(after[:, changed], before.mean(dim=(1, 2))[:, None].expand_as(after[:, changed]))
    assert (batch != erased).any(dim=(1, 2, 3)).float().mean() > 0.5


@pytest.mark.parametrize("name", LARGEST)
def test_each_strength_alone_changes_most_items_and_keeps_shape_and_range(name):
    batch = batch_of(40, 3, 16, 20)
    changed = Augmentation(**{name: STRENGTHS[name]})(batch, seeded())
    assert changed.shape == batch.shape
    assert 0 <= changed.min() <= changed.max() <= 1
    assert ((changed - batch).abs().amax(dim=(1, 2, 3)) > 1e-4).float().mean() > 0.3


@settings(max_examples=30, deadline=None)
@given(
    strengths=st.fixed_dictionaries({name: st.floats(0, largest) for name, largest in LARGEST.items()}),
    seed=st.integers(0, 2**31),
)
def test_any_strengths_keep_range_and_repeat_by_seed(strengths, seed):
    batch = batch_of(3, 2, 9, 11)
    augmentation = Augmentation(**strengths)
    changed = augmentation(batch, seeded(seed))
    assert changed.isfinite().all()
    assert 0 <= changed.min() <= changed.max() <= 1
    assert torch.equal(augmentation(batch, seeded(seed)), changed)
    assert build_augmentation(augmentation.settings()) == augmentation


@pytest.mark.parametrize("preset", ["light", "strong"])
def test_generator_goes_on_and_global_randomness_stays(preset):
    batch = batch_of(4)
    generator = seeded()
    before = torch.get_rng_state()
    first = AUGMENTATIONS[preset](batch, generator)
    assert not torch.equal(AUGMENTATIONS[preset](batch, generator), first)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(batch, batch_of(4))


def test_items_are_drawn_apart_and_do_not_touch_each_other():
    same = batch_of(1).expand(6, 1, 12, 12)
    changed = AUGMENTATIONS["strong"](same, seeded())
    assert len({tuple(item.flatten().tolist()) for item in changed}) == 6
    other = same.clone()
    other[0] = 1 - other[0]
    torch.testing.assert_close(AUGMENTATIONS["strong"](other, seeded())[1:], changed[1:])


def test_precision_comes_from_the_batch():
    assert AUGMENTATIONS["strong"](batch_of(2).double(), seeded()).dtype == torch.float64


@pytest.mark.parametrize("name", LARGEST)
def test_strengths_out_of_bounds(name):
    for wrong in (-0.1, LARGEST[name] * 1.01, float("nan"), "much", True):
        with pytest.raises(SettingsError, match=f"{name} must be a number from 0 to {LARGEST[name]:g}, got {wrong!r}"):
            build_augmentation({name: wrong})


def test_every_strength_has_a_bound():
    assert [field.name for field in fields(Augmentation)] == list(LARGEST)


def test_unknown_presets_and_strengths_list_the_choices():
    with pytest.raises(SettingsError, match="no augmentation 'hard'; choose one of none, light, strong"):
        build_augmentation("hard")
    with pytest.raises(SettingsError, match="no strength 'rotation'; it has rotate, scale"):
        build_augmentation({"rotation": 3})
