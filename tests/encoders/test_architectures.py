"""What is particular to each network: known shapes and numbers, worked out by hand or from the paper."""

import pytest
import torch
from torch.nn import functional

from alikely.encoders.blocks import Head, cell_weights, halve
from alikely.encoders.cnn import Cnn
from alikely.encoders.koch import SMALLEST, Koch, map_side
from alikely.encoders.resnet import ResNet
from alikely.errors import SettingsError


def pictures(count: int, channels: int, height: int, width: int) -> torch.Tensor:
    return torch.rand(count, channels, height, width, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("make", [Cnn, ResNet])
def test_embeddings_have_length_one_unless_told_otherwise(make):
    batch = pictures(4, 1, 32, 40)
    torch.testing.assert_close(make(dim=16)(batch).norm(dim=1), torch.ones(4))
    assert make(dim=16, normalise=False)(batch).norm(dim=1).std() > 0.01


@pytest.mark.parametrize("make", [Cnn, ResNet])
def test_group_norm_has_no_statistics_and_no_batch(make):
    encoder = make(dim=16, norm="group")
    batch = pictures(4, 1, 32, 32)
    assert not list(encoder.buffers())
    torch.testing.assert_close(encoder.train()(batch)[:1], encoder.train()(batch[:1]), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("make", [Cnn, ResNet])
def test_dropout_works_in_training_only(make):
    encoder = make(dim=16, norm="group", dropout=0.5)
    batch = pictures(4, 1, 32, 32)
    assert not torch.equal(encoder.train()(batch), encoder(batch))
    assert torch.equal(encoder.eval()(batch), encoder(batch))


@pytest.mark.parametrize(
    ("side", "least", "expected"),
    [
        (14, 4, 7),  # 7 cells stay
        (8, 4, 4),  # exactly as many as wanted
        (7, 4, 7),  # 3 would be too few
        (4, 1, 2),
        (3, 1, 3),  # 1 pixel would be no map
    ],
)
def test_halving_stops_in_time(side, least, expected):
    assert halve(torch.zeros(1, 2, side, side + 1), least).shape[2] == expected


def test_a_cell_averages_the_pixels_it_touches():
    thirds = torch.tensor([[0.5, 0.5, 0, 0, 0], [0, 1 / 3, 1 / 3, 1 / 3, 0], [0, 0, 0, 0.5, 0.5]])
    torch.testing.assert_close(cell_weights(5, 3, thirds), thirds)
    torch.testing.assert_close(cell_weights(3, 3, thirds), torch.eye(3))


@pytest.mark.parametrize(("height", "width", "grid"), [(7, 7, 4), (5, 9, 3), (2, 2, 4), (6, 6, 1)])
def test_cells_are_those_of_adaptive_average_pooling(height, width, grid):
    maps = pictures(2, 3, height, width)
    head = Head(3, 3 * grid * grid, grid, "group", normalise=False, dropout=0.0)
    torch.nn.init.eye_(head.linear.weight)
    torch.nn.init.zeros_(head.linear.bias)
    torch.testing.assert_close(head(maps), functional.adaptive_avg_pool2d(maps, grid).flatten(1))


def test_global_average_forgets_the_place_and_a_grid_does_not():
    here = torch.zeros(1, 1, 6, 6)
    here[0, 0, 0, 0] = 1
    there = here.rot90(2, dims=(-2, -1))
    for grid, forgets in ((1, True), (2, False)):
        head = Head(1, 8, grid, "group", normalise=False, dropout=0.0)
        assert torch.allclose(head(here), head(there)) is forgets


def test_resnet_of_the_characters_ends_in_seven_by_seven_pixels():
    network = ResNet(stages=(64, 128), dim=256)
    maps = functional.relu(network.stem(pictures(1, 1, 56, 56)))
    assert maps.shape == (1, 32, 28, 28)
    for stage, shape in zip(network.stages, [(64, 14, 14), (128, 7, 7)], strict=True):
        maps = halve(stage(maps), network.grid)
        assert maps.shape == (1, *shape)
    assert network.head.linear.in_features == 128 * 16


def test_resnet_counts_blocks_per_stage():
    assert [len(stage) for stage in ResNet(stages=(8, 16), blocks=3).stages] == [3, 3]


@pytest.mark.parametrize(
    ("make", "settings", "message"),
    [
        (Cnn, {"depth": 0}, "cnn: depth must be a whole number from 1 to 16, got 0"),
        (Cnn, {"norm": "layer"}, "cnn: norm must be one of batch, group, got 'layer'"),
        (Cnn, {"dropout": 1.0}, "cnn: dropout must be at least 0 and less than 1, got 1.0"),
        (ResNet, {"stages": ()}, "resnet: number of stages must be a whole number from 1 to 8, got 0"),
        (ResNet, {"stages": (8, 0)}, "resnet: stages must be a whole number from 1 to 4096, got 0"),
        (ResNet, {"stem_kernel": 4}, "resnet: stem_kernel must be one of 1, 3, 5, 7, 9, 11, got 4"),
        (Koch, {"size": 64}, "koch: size must be a whole number from 65 to 1024, got 64"),
    ],
)
def test_settings_out_of_bounds(make, settings, message):
    with pytest.raises(SettingsError, match=message):
        make(**settings)


def test_koch_is_as_published():
    torch.manual_seed(0)
    network = Koch()
    layers = [layer for layer in network.convolutions if isinstance(layer, torch.nn.Conv2d)]
    assert [tuple(layer.weight.shape) for layer in layers] == [
        (64, 1, 10, 10),
        (128, 64, 7, 7),
        (128, 128, 4, 4),
        (256, 128, 4, 4),
    ]
    assert tuple(network.full.weight.shape) == (4096, 9216)
    assert [network.full.weight.std().item(), network.full.bias.std().item()] == pytest.approx([0.2, 0.01], rel=0.05)
    for layer in layers:
        assert layer.weight.std().item() == pytest.approx(0.01, rel=0.05)
        assert layer.bias.mean().item() == pytest.approx(0.5, abs=0.01)
    embeddings = network.eval()(pictures(2, 1, 105, 105))
    assert embeddings.shape == (2, 4096)
    assert 0 <= embeddings.min() <= embeddings.max() <= 1


def test_koch_fits_from_65_pixels():
    assert SMALLEST == 65
    assert [map_side(64), map_side(65), map_side(105)] == [0, 1, 6]


def test_koch_refuses_another_size():
    with pytest.raises(SettingsError, match="built for pictures of 65x65 pixels, got 80x65; prepare them at size 65"):
        Koch(size=65, dim=4)(pictures(1, 1, 65, 80))
