"""The memory of patches: it finds what is odd and where, is saved and made again, and says what it cannot do."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from alikely.errors import InputError, ModelError, SettingsError
from alikely.tasks.anomaly.crops import Crops
from alikely.tasks.anomaly.gradients import Gradients
from alikely.tasks.anomaly.patches import (
    Describer,
    PatchSettings,
    _standardised,
    _standards,
    enlarged,
    fit_patches,
    patch_memory_from,
)
from tests.models import small_model

SMALL = PatchSettings(remembered=300, looked_at=1000)


@dataclass(frozen=True)
class Means:
    """Patches of 4 x 4 pixels, by their mean and their first pixel."""

    name: ClassVar[str] = "means"

    def describe(self, pictures):
        cells = pictures.unfold(2, 4, 4).unfold(3, 4, 4).flatten(4)
        return torch.stack([cells.mean(dim=4)[:, 0], cells[:, 0, :, :, 0]], dim=3)


def striped(items, seed=0, size=64):
    """Pictures of vertical stripes, with noise and lights of their own."""
    generator = torch.Generator().manual_seed(seed)
    stripes = 0.5 + 0.2 * torch.sin(torch.arange(size) / 2)
    light = 0.7 + 0.3 * torch.rand(items, 1, 1, 1, generator=generator)
    noise = 0.03 * torch.randn(items, 1, size, size, generator=generator)
    return ((stripes * light + noise).clamp(0, 1) * 255).round().to(torch.uint8)


def with_spot(pictures, top=40, left=24):
    changed = pictures.clone()
    changed[:, :, top : top + 8, left : left + 8] = 20
    return changed


@pytest.mark.parametrize("describer", [Gradients(windows=(8, 16)), Means()], ids=["gradients", "means"])
def test_a_spot_is_far_and_lies_where_the_map_is_highest(describer):
    memory = fit_patches([striped(30), striped(30, 1)], describer, SMALL)
    normal, odd = memory.measure(striped(20, 2)), memory.measure(with_spot(striped(20, 3)))
    assert odd.distances.min() > normal.distances.max()
    assert odd.maps.shape == (20, 64, 64)
    peaks = odd.maps.reshape(20, -1).argmax(axis=1)
    assert all(32 <= place // 64 < 56 for place in peaks)
    assert all(16 <= place % 64 < 40 for place in peaks)


def test_patches_that_were_learned_from_are_not_far():
    pictures = striped(5)
    memory = fit_patches([pictures], Means(), PatchSettings(remembered=2000, looked_at=2000))
    assert memory.measure(pictures).distances.max() < 1e-3


def test_what_is_usual_at_one_place_is_odd_at_another():
    # The left half is dark and the right half bright, in every normal picture.
    halves = torch.cat([torch.full((40, 1, 32, 16), 60), torch.full((40, 1, 32, 16), 200)], dim=3)
    halves = (halves + torch.randint(-9, 10, halves.shape, generator=torch.Generator().manual_seed(0))).to(torch.uint8)
    memory = fit_patches([halves[:30]], Means(), SMALL)
    assert memory.measure(halves[30:].flip(3)).distances.min() > 3 * memory.measure(halves[30:]).distances.max()


def test_a_memory_that_was_saved_measures_the_same_bit_for_bit():
    memory = fit_patches([striped(20)], Gradients(), SMALL, seed=4)
    again = patch_memory_from(memory.settings(), load(save(memory.tensors())), Gradients())
    asked = with_spot(striped(9, 5))
    assert np.array_equal(memory.measure(asked).distances, again.measure(asked).distances)
    assert np.array_equal(memory.measure(asked).maps, again.measure(asked).maps)
    assert again.settings() == memory.settings()


def test_the_seed_decides_what_is_remembered():
    first, same, other = (fit_patches([striped(20)], Means(), SMALL, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.patches, same.patches)
    assert not np.array_equal(first.patches, other.patches)
    assert len(first.patches) == 300


def test_covariances_become_one_over_their_number():
    rng = np.random.default_rng(0)
    away = (rng.normal(size=(4000, 1, 1, 3)) @ np.array([[3, 0, 0], [1, 0.5, 0], [0, 0, 2]])).astype(np.float32)
    for borrowed in (1.0, None):
        matrices = _standards(away, borrowed)
        found = _standardised(away, np.zeros((1, 1, 3), np.float32), matrices)[:, 0, 0]
        assert np.allclose(found.T @ found / 4000, np.eye(3) / 3, atol=0.02)
    places = np.concatenate([away, 10 * away], axis=1)
    assert _standards(places, 20.0).shape == (2, 1, 3, 3)
    assert _standards(places, None).shape == (1, 1, 3, 3)


def test_the_distance_of_a_picture_is_the_mean_of_its_farthest_patches():
    memory = fit_patches([striped(20)], Means(), PatchSettings(300, 1000, top=1.0))
    highest = fit_patches([striped(20)], Means(), PatchSettings(300, 1000, top=1e-6))
    asked = with_spot(striped(4, 5))
    assert (memory.measure(asked).distances < highest.measure(asked).distances).all()
    assert memory.measure(asked).distances == pytest.approx(memory.measure(asked).maps.mean(axis=(1, 2)), rel=0.2)


def test_a_map_is_stretched_by_the_centres_of_its_cells():
    found = enlarged(np.array([[[0.0, 4.0]]], np.float32), 1, 4)
    assert found[0, 0].tolist() == [0.0, 1.0, 3.0, 4.0]


def test_crops_of_a_model_can_be_remembered():
    model = small_model(calibrated=False)
    describer = Crops(model, side=16, step=16)
    assert isinstance(describer, Describer)
    pictures = striped(6).float() / 255
    found = describer.describe(pictures)
    assert found.shape == (6, 4, 4, model.dim)
    # A crop of the model's own size is embedded as it is.
    own = torch.from_numpy(model.embed_read(pictures[:, :, 16:32, 48:64]))
    assert torch.allclose(found[:, 1, 3], own, atol=1e-4)
    memory = fit_patches([striped(6)], describer, PatchSettings(50, 50, borrowed=None))
    assert memory.measure(striped(2, 1)).maps.shape == (2, 64, 64)


def test_crops_that_do_not_fit():
    model = small_model(calibrated=False)
    with pytest.raises(SettingsError, match="step of 1 to that"):
        Crops(model, side=8, step=9)
    with pytest.raises(SettingsError, match="no crop of 32"):
        Crops(model, side=32).describe(torch.rand(1, 1, 31, 40))
    with pytest.raises(SettingsError, match="channels"):
        Crops(model, side=16).describe(torch.rand(1, 3, 32, 32))


@pytest.mark.parametrize(
    "wrong",
    [{"remembered": 0}, {"looked_at": -1}, {"borrowed": 0.5}, {"borrowed": float("nan")}, {"top": 0.0}, {"top": 1.1}],
)
def test_settings_out_of_bounds(wrong):
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        PatchSettings(**wrong)


def test_pictures_that_do_not_fit():
    memory = fit_patches([striped(10)], Means(), SMALL)
    with pytest.raises(InputError, match="the same size"):
        memory.measure(striped(2, size=32))
    with pytest.raises(InputError, match="not finite"):
        memory.measure(torch.full((1, 1, 64, 64), float("nan")))
    with pytest.raises(InputError, match="got none"):
        fit_patches([], Means())
    with pytest.raises(InputError, match="one size"):
        fit_patches([striped(3), striped(3, size=32)], Means())
    assert memory.measure(striped(0)).maps.shape == (0, 64, 64)


def test_a_memory_that_does_not_hold_together():
    memory = fit_patches([striped(10)], Means(), SMALL)
    settings, tensors = memory.settings(), memory.tensors()
    with pytest.raises(ModelError, match="made with 'means'"):
        patch_memory_from(settings, tensors, Gradients())
    with pytest.raises(ModelError, match="hold together"):
        patch_memory_from(settings, {**tensors, "patches": torch.zeros(3, 7)}, Means())
    with pytest.raises(ModelError, match="hold together"):
        patch_memory_from(settings, {"mean": tensors["mean"]}, Means())
    with pytest.raises(ModelError, match="hold together"):
        patch_memory_from({**settings, "unknown": 1}, tensors, Means())
