"""What patches look like by their edges: known answers, light, size, settings out of bounds."""

import math

import pytest
import torch

from alikely.errors import SettingsError
from alikely.tasks.anomaly.gradients import Gradients, _around


def ramp(angle, size=48):
    """Waves of light whose edges all lie in one direction and against it."""
    across, down = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="xy")
    along = across * math.cos(angle) + down * math.sin(angle)
    return (0.5 + 0.3 * torch.sin(along))[None, None].float()


def test_edges_across_and_down_are_told_apart():
    describer = Gradients(step=8, windows=(8,), directions=4)
    sideways = describer.describe(ramp(0.0))[0, 2, 2]
    downwards = describer.describe(ramp(math.pi / 2))[0, 2, 2]
    # Directions are right, down, left, up.
    assert sideways[[0, 2]].min() > 5 * sideways[[1, 3]].max()
    assert downwards[[1, 3]].min() > 5 * downwards[[0, 2]].max()


def test_an_edge_counts_for_a_direction_by_the_fourth_power_of_the_cosine():
    places = torch.arange(12.0)
    slope = 0.01 * (places[:, None] + places[None, :])[None, None]
    found = Gradients(directions=4)._edges(slope)[0, :, 5, 5]
    strength = 0.02 * math.sqrt(2)
    assert found.tolist() == pytest.approx([strength / 4, strength / 4, 0, 0], abs=1e-6)


def test_a_flat_picture_has_nothing_to_tell():
    assert Gradients().describe(torch.full((2, 1, 32, 32), 0.4)).abs().max() < 1e-3


def test_another_exposure_looks_much_the_same():
    picture = ramp(0.7)
    bright, dark = (Gradients().describe(light * picture) for light in (1.0, 0.5))
    assert (bright - dark).abs().max() < 0.1 * bright.abs().max()


def test_the_grid_and_its_numbers():
    found = Gradients(step=8, windows=(8, 24), directions=6).describe(torch.rand(3, 2, 43, 32))
    assert found.shape == (3, 5, 4, 2 * 2 * 6)
    assert (found >= 0).all()


def test_no_picture_depends_on_another():
    pictures = torch.rand(4, 1, 32, 32)
    together = Gradients().describe(pictures)
    assert torch.allclose(together[2:3], Gradients().describe(pictures[2:3]), atol=1e-6)


def test_the_mean_around_counts_what_lies_inside():
    maps = torch.tensor([[[[1.0, 2.0, 6.0]]]])
    assert _around(maps, 3).flatten().tolist() == pytest.approx([1.5, 3.0, 4.0])
    # An even side reaches one farther to the left.
    assert _around(maps, 2).flatten().tolist() == pytest.approx([1.0, 1.5, 4.0])
    assert _around(maps.transpose(2, 3), 3).flatten().tolist() == pytest.approx([1.5, 3.0, 4.0])


@pytest.mark.parametrize(
    "wrong",
    [{"step": 1}, {"windows": ()}, {"windows": (12,)}, {"windows": (4,)}, {"directions": 1}, {"evened": 10}],
)
def test_settings_out_of_bounds(wrong):
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        Gradients(**wrong)


def test_a_picture_without_a_patch():
    with pytest.raises(SettingsError, match="7 x 32 pixels have no patch of 8"):
        Gradients().describe(torch.rand(1, 1, 7, 32))
