"""What every encoder of pictures in the table promises: being in the table is being tested."""

import json

import pytest
import torch
from torch import nn

from alikely.contracts import Encoder
from alikely.encoders import ENCODERS, build_encoder, default_settings
from alikely.errors import SettingsError

OF_PICTURES = [name for name, kind in ENCODERS.items() if kind.kinds == ("picture",)]
# Small enough to be quick; every other setting as it comes.
SMALL = {
    "cnn": {"dim": 24, "width": 8},
    "resnet": {"dim": 24, "stem": 4, "stages": [8, 12]},
    "koch": {"dim": 24},
    "parts": {"parts": 1, "dim": 24, "learns": True},
}
SIZES = {"cnn": (8, 28, 57), "resnet": (16, 32, 57), "koch": (65, 66), "parts": (8,)}
CASES = [(name, channels, size) for name in OF_PICTURES for channels in (1, 3) for size in SIZES[name]]


def small_encoder(name: str, channels: int = 1, size: int | None = None) -> nn.Module:
    torch.manual_seed(0)
    return build_encoder(
        name, default_settings(name, {"channels": channels, "size": size or SIZES[name][-1]}) | SMALL[name]
    )


def pictures(count: int, channels: int, size: int) -> torch.Tensor:
    return torch.rand(count, channels, size, size, generator=torch.Generator().manual_seed(1))


def worn(encoder: nn.Module, batch: torch.Tensor) -> nn.Module:
    """In eval mode, with running statistics that are no longer those of a new network."""
    encoder.train()(batch)
    return encoder.eval()


@pytest.mark.parametrize(("name", "channels", "size"), CASES)
def test_batch_answers_as_items_one_by_one_in_their_order(name, channels, size):
    batch = pictures(5, channels, size)
    encoder = worn(small_encoder(name, channels, size), batch)
    together = encoder(batch)
    assert together.shape == (5, 24)
    assert encoder.dim == 24
    for place in range(5):
        torch.testing.assert_close(encoder(batch[place : place + 1])[0], together[place], atol=1e-5, rtol=1e-4)
    assert (together[0] - together[1]).abs().max() > 1e-6


@pytest.mark.parametrize("name", OF_PICTURES)
def test_gradient_reaches_every_parameter(name):
    encoder = small_encoder(name)
    # Koch's biases of .5 leave every unit open: two pictures are enough for a gradient everywhere.
    embeddings = encoder(pictures(6, 1, SIZES[name][-1]))
    (embeddings * torch.randn(embeddings.shape, generator=torch.Generator().manual_seed(2))).sum().backward()
    still = [name for name, weights in encoder.named_parameters() if weights.grad is None or not weights.grad.any()]
    assert still == []


@pytest.mark.parametrize("name", OF_PICTURES)
def test_settings_and_weights_make_it_again_bit_for_bit(name):
    batch = pictures(3, 3, SIZES[name][0])
    encoder = worn(small_encoder(name, 3, SIZES[name][0]), batch)
    again = build_encoder(name, json.loads(json.dumps(encoder.settings())))
    again.load_state_dict(encoder.state_dict())
    assert torch.equal(again.eval()(batch), encoder(batch))
    assert again.settings() == encoder.settings()


@pytest.mark.parametrize("name", OF_PICTURES)
def test_settings_hold_every_argument(name):
    assert set(small_encoder(name).settings()) == set(default_settings(name, {"channels": 1, "size": 65}))


@pytest.mark.parametrize("name", OF_PICTURES)
def test_meets_the_contract_and_keeps_the_precision_of_the_pictures(name):
    encoder = small_encoder(name)
    assert isinstance(encoder, Encoder)
    batch = pictures(2, 1, SIZES[name][-1])
    assert encoder(batch).dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        assert encoder(batch).dtype == torch.float32
    assert encoder.double()(batch.double()).dtype == torch.float64


@pytest.mark.parametrize("name", OF_PICTURES)
def test_channels_last_changes_nothing(name):
    batch = pictures(3, 3, SIZES[name][-1])
    encoder = small_encoder(name, 3).eval()
    plain = encoder(batch)
    last = encoder.to(memory_format=torch.channels_last)(batch.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(last, plain, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", OF_PICTURES)
def test_equal_seeds_give_equal_weights(name):
    left, right = small_encoder(name), small_encoder(name)
    assert all(torch.equal(a, b) for a, b in zip(left.parameters(), right.parameters(), strict=True))


@pytest.mark.parametrize("name", OF_PICTURES)
def test_pictures_that_do_not_fit_are_refused(name):
    encoder = small_encoder(name)
    with pytest.raises(SettingsError, match=rf"{name} was built for pictures of 1 channel, got 3"):
        encoder(pictures(2, 3, SIZES[name][-1]))
    smallest = SIZES[name][0]
    with pytest.raises(
        SettingsError, match=f"at least {smallest}x{smallest} pixels, got {smallest - 1}x{smallest - 1}"
    ):
        encoder(pictures(2, 1, smallest - 1))


@pytest.mark.parametrize("name", OF_PICTURES)
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dim": 0}, "dim must be a whole number from 1 to 65536, got 0"),
        ({"channels": 0}, "channels must be a whole number from 1 to 1024, got 0"),
        ({"dim": "64"}, "dim must be int, got '64'"),
        ({"dim": 64.5}, "dim must be int, got 64.5"),
        ({"dim": True}, "dim must be int, got True"),
        ({"channels": None}, "channels must be int, got None"),
        ({"dim": {1, 2}}, "dim must be int"),
        ({"dimension": 64}, "has no setting 'dimension'; it has channels, "),
    ],
)
def test_settings_that_do_not_fit(name, settings, message):
    with pytest.raises(SettingsError, match=message):
        build_encoder(name, settings)


def test_unknown_encoder_lists_the_choices():
    for call in (lambda: build_encoder("vgg", {}), lambda: default_settings("vgg", {})):
        with pytest.raises(SettingsError, match="no encoder 'vgg'; choose one of cnn, resnet, koch"):
            call()


def test_default_settings_follow_the_pictures():
    assert default_settings("cnn", {"channels": 3, "size": 64})["channels"] == 3
    assert default_settings("cnn", {"channels": 3, "size": 64})["dim"] == 128
    assert default_settings("resnet", {"dim": 32})["dim"] == 32
    assert default_settings("resnet", {})["stages"] == [64, 128, 256]
    assert default_settings("koch", {"channels": 1, "size": 80}) == {"channels": 1, "size": 80, "dim": 4096}
