"""Sequences seen otherwise: what each strength does, by hand; what none may do; and strengths that do not fit."""

import math

import pytest
import torch

from alikely.data.augmenting_sequences import (
    AUGMENTATIONS,
    LARGEST,
    SequenceAugmentation,
    build_sequence_augmentation,
    sample,
)
from alikely.errors import SettingsError

NAN = math.nan


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def waves(*lengths, channels=3):
    """Smooth sequences, each with its own speed, padded."""
    batch = torch.full((len(lengths), max(lengths), channels), NAN)
    for row, length in enumerate(lengths):
        steps = torch.arange(length) / 9
        for channel in range(channels):
            batch[row, :length, channel] = (steps * (channel + 1) + row).sin() + 2 * channel
    return batch


def lengths_of(batch):
    return (~batch[:, :, 0].isnan()).sum(dim=1).tolist()


def test_no_strength_gives_the_batch_itself():
    batch = waves(5, 9)
    assert build_sequence_augmentation("none")(batch, generator()) is batch


ALONE = [SequenceAugmentation(**{name: largest / 2}) for name, largest in LARGEST.items()]


@pytest.mark.parametrize("augmentation", [*ALONE, AUGMENTATIONS["light"], AUGMENTATIONS["strong"]])
def test_what_holds_for_every_strength(augmentation):
    batch = waves(40, 7, 23, 2)
    seen = augmentation(batch, generator())
    assert not torch.equal(seen.nan_to_num(99), batch.nan_to_num(99))
    assert torch.equal(seen.nan_to_num(99), augmentation(batch, generator()).nan_to_num(99))
    assert not torch.equal(seen.nan_to_num(99), augmentation(batch, generator(1)).nan_to_num(99))
    # Padding is at the end, in all channels at once, and at least 2 steps are left.
    held = ~seen.isnan()
    assert (held == held[:, :, :1]).all()
    assert (held.diff(dim=1).int() <= 0).all() or (held[:, 1:] <= held[:, :-1]).all()
    assert min(lengths_of(seen)) >= 2
    assert max(lengths_of(seen)) == seen.shape[1]


@pytest.mark.parametrize("augmentation", [SequenceAugmentation(jitter=0.3), SequenceAugmentation(drop_channel=0.5)])
def test_without_changes_of_time_the_steps_stay(augmentation):
    batch = waves(8, 5)
    assert lengths_of(augmentation(batch, generator())) == [8, 5]


def test_padding_changes_nothing_of_a_sequence():
    batch = waves(12, 12)
    padded = torch.cat([batch, torch.full((2, 5, 3), NAN)], dim=1)
    times = SequenceAugmentation(stretch=0.3, warp=0.5, crop=0.3, scale=0.5, rotate=90.0, drop_channel=0.3)
    plain, other = times(batch, generator()), times(padded, generator())
    torch.testing.assert_close(plain, other, equal_nan=True)


def test_scaling_keeps_the_mean_and_the_shape():
    batch = waves(30, 20)
    seen = SequenceAugmentation(scale=0.5)(batch, generator())
    for before, after, length in zip(batch, seen, (30, 20), strict=True):
        before, after = before[:length], after[:length]
        torch.testing.assert_close(before.mean(dim=0), after.mean(dim=0))
        factors = (after.std(dim=0) / before.std(dim=0)).tolist()
        assert factors == pytest.approx([factors[0]] * 3, rel=1e-4)
        assert math.exp(-0.5) <= factors[0] <= math.exp(0.5)
    each = SequenceAugmentation(scale_each=0.5)(batch, generator())
    factors = each[0].std(dim=0) / batch[0].std(dim=0)
    assert factors.std() > 0.01


def test_rotation_turns_the_first_two_channels_about_their_mean():
    batch = waves(30)
    seen = SequenceAugmentation(rotate=180.0)(batch, generator(1))
    torch.testing.assert_close(seen[:, :, 2], batch[:, :, 2])
    before, after = batch[0, :, :2] - batch[0, :, :2].mean(dim=0), seen[0, :, :2] - seen[0, :, :2].mean(dim=0)
    torch.testing.assert_close(before.norm(dim=1), after.norm(dim=1))
    assert (before - after).abs().max() > 0.1
    alone = batch[:, :, :1]
    torch.testing.assert_close(SequenceAugmentation(rotate=180.0)(alone, generator()), alone)


def test_stretching_and_cropping_change_the_number_of_steps_within_their_bounds():
    batch = waves(*[100] * 50)
    stretched = lengths_of(SequenceAugmentation(stretch=0.5)(batch, generator()))
    assert math.floor(100 * math.exp(-0.5)) <= min(stretched) < 75
    assert 130 < max(stretched) <= math.ceil(100 * math.exp(0.5))
    cropped = lengths_of(SequenceAugmentation(crop=0.4)(batch, generator()))
    assert 60 <= min(cropped) < 70
    assert 90 < max(cropped) <= 100


def test_a_crop_is_a_window_of_the_sequence():
    line = torch.arange(101.0)[None, :, None].repeat(20, 1, 1)
    seen = SequenceAugmentation(crop=0.5)(line, generator())
    for row, length in zip(seen, lengths_of(seen), strict=True):
        assert row[0, 0] >= 0
        assert row[length - 1, 0] <= 100
        torch.testing.assert_close(row[:length, 0].diff(), torch.full((length - 1,), 1.0), atol=0.02, rtol=0)
    assert seen[:, 0, 0].std() > 1


def test_warping_keeps_both_ends_and_the_order():
    line = torch.arange(101.0)[None, :, None].repeat(20, 1, 1)
    seen = SequenceAugmentation(warp=0.9)(line, generator())[:, :, 0]
    assert seen.shape == (20, 101)
    torch.testing.assert_close(seen[:, 0], torch.zeros(20))
    torch.testing.assert_close(seen[:, -1], torch.full((20,), 100.0))
    speeds = seen.diff(dim=1)
    assert speeds.min() >= 0.1 - 1e-3
    assert speeds.max() <= 1.9 + 1e-3
    assert speeds.max() > 1.3


def test_jitter_is_in_shares_of_the_deviation():
    batch = torch.randn(1, 4000, 2, generator=generator(3)) * torch.tensor([1.0, 100.0])
    added = SequenceAugmentation(jitter=0.5)(batch, generator()) - batch
    torch.testing.assert_close(added.std(dim=1)[0], torch.tensor([0.5, 50.0]), rtol=0.05, atol=0)


def test_dropped_channels_are_flat_and_one_always_stays():
    batch = waves(*[20] * 200)
    seen = SequenceAugmentation(drop_channel=0.9)(batch, generator())
    flat = seen.std(dim=1) < 1e-5
    torch.testing.assert_close(seen.mean(dim=1), batch.mean(dim=1))
    assert (flat.sum(dim=1) < 3).all()
    assert (flat.sum(dim=1) == 2).float().mean() > 0.8


def test_samples_lie_between_steps():
    batch = torch.tensor([[0.0, 10.0, 30.0], [5.0, 7.0, NAN]])[:, :, None]
    taken = sample(batch, torch.tensor([[0.0, 0.5, 2.0], [0.25, 1.0, 1.0]]))[:, :, 0]
    assert taken.tolist() == [[0, 5, 30], [5.5, 7, 7]]


def test_settings_make_it_again():
    strong = AUGMENTATIONS["strong"]
    assert build_sequence_augmentation(strong.settings()) == strong
    assert build_sequence_augmentation("strong") is strong


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("wild", "there is no augmentation 'wild'; choose one of none, light, strong"),
        ({"flip": 0.5}, "augmentation has no strength 'flip'; it has jitter, scale"),
        ({"warp": 1.5}, "augmentation: warp must be a number from 0 to 0.9, got 1.5"),
        ({"jitter": -0.1}, "jitter must be a number from 0 to 2, got -0.1"),
        ({"crop": True}, "crop must be a number"),
    ],
)
def test_strengths_that_do_not_fit(setting, message):
    with pytest.raises(SettingsError, match=message):
        build_sequence_augmentation(setting)
