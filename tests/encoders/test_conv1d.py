"""Convolutions over time: padding that leaks nothing, known answers by hand, and settings that do not fit."""

import json

import pytest
import torch
from torch import nn

from alikely.contracts import Encoder
from alikely.encoders.convolution1d import Block, Conv1d, StepNorm, _means
from alikely.errors import SettingsError

SMALL = {"channels": 3, "dim": 6, "stages": (4, 5, 6), "blocks": 2}


def sequences(*lengths, channels=3, longest=None):
    drawn = torch.Generator().manual_seed(1)
    batch = torch.full((len(lengths), longest or max(lengths), channels), torch.nan)
    for row, length in enumerate(lengths):
        batch[row, :length] = torch.randn(length, channels, generator=drawn)
    return batch


def made(**settings):
    torch.manual_seed(0)
    return Conv1d(**{**SMALL, **settings})


def worn(**settings):
    """In eval mode, with running statistics that are no longer those of a new network."""
    encoder = made(**settings)
    encoder.train()(sequences(9, 30, 17))
    return encoder.eval()


@pytest.mark.parametrize("norm", ["batch", "layer"])
@pytest.mark.parametrize(("cells", "statistics"), [(1, True), (1, False), (5, True)])
def test_a_batch_answers_as_items_one_by_one_whatever_the_padding(norm, cells, statistics):
    encoder = worn(norm=norm, cells=cells, statistics=statistics)
    lengths = (1, 2, 3, 8, 33)
    together = encoder(sequences(*lengths))
    torch.testing.assert_close(encoder(sequences(*lengths, longest=70)), together, atol=1e-5, rtol=1e-4)
    for row, length in enumerate(lengths):
        alone = encoder(sequences(*lengths)[row : row + 1, :length])
        torch.testing.assert_close(alone[0], together[row], atol=1e-5, rtol=1e-4)
    assert (together[0] - together[1]).abs().max() > 1e-4


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_padding_leaks_nothing_into_training(norm):
    batch, padded = sequences(6, 9, 14), sequences(6, 9, 14, longest=40)
    torch.testing.assert_close(made(norm=norm)(padded), made(norm=norm)(batch), atol=1e-5, rtol=1e-4)


def test_statistics_of_the_norm_are_those_of_the_steps_that_are_held():
    norm = StepNorm("batch", 1)
    present = torch.tensor([[True, True, True], [True, False, False]])
    seen = norm(torch.tensor([[[1.0, 2.0, 3.0]], [[6.0, 50.0, 50.0]]]), present)
    # 1, 2, 3, 6: mean 3, variance (4 + 1 + 0 + 9) / 4.
    expected = torch.tensor([[-2.0, -1.0, 0.0], [3.0, 0.0, 0.0]]) / (14 / 4 + 1e-5) ** 0.5
    torch.testing.assert_close(seen[:, 0], expected)


def test_means_of_equal_parts_of_the_time():
    present = torch.tensor([[True, True, True, True, True], [True, False, False, False, False]])
    maps = torch.tensor([[[1.0, 2, 3, 4, 9], [0.0, 0, 0, 0, 5]], [[6.0, 0, 0, 0, 0], [7.0, 0, 0, 0, 0]]])
    assert _means(maps, present, 1).tolist() == [[pytest.approx(3.8), 1], [6, 7]]
    # Two cells of five steps touch the first three and the last three; one step is in both.
    assert _means(maps, present, 2).tolist() == [[2, pytest.approx(16 / 3), 0, pytest.approx(5 / 3)], [6, 6, 7, 7]]


@pytest.mark.parametrize(("steps", "stride", "left"), [(5, 1, 5), (5, 2, 3), (6, 2, 3), (1, 2, 1)])
def test_a_stride_of_two_halves_the_steps_rounded_up(steps, stride, left):
    maps, present = Block(2, 3, 5, stride, 1, "layer")(torch.randn(2, 2, steps), torch.ones(2, steps, dtype=bool))
    assert maps.shape == (2, 3, left)
    assert present.shape == (2, left)


def test_each_block_of_a_stage_looks_twice_as_far():
    layers = made(blocks=3).layers
    assert [layer.second.dilation[0] for layer in layers] == [1, 2, 4] * 3
    assert [layer.stride for layer in layers] == [1, 1, 1, 2, 1, 1, 2, 1, 1]


def test_the_order_of_the_steps_matters():
    batch = sequences(20, 20)
    encoder = worn(statistics=False)
    assert (encoder(batch) - encoder(batch.flip(1))).abs().max() > 1e-3


def test_gradient_reaches_every_parameter_and_is_finite():
    encoder = made()
    batch = sequences(4, 30, 17, 9)
    batch[0, :4] = 1.0  # no deviation at all
    embeddings = encoder(batch)
    (embeddings * torch.randn(embeddings.shape, generator=torch.Generator().manual_seed(2))).sum().backward()
    for name, weights in encoder.named_parameters():
        assert weights.grad is not None, name
        assert weights.grad.any(), name
        assert weights.grad.isfinite().all(), name


def test_settings_and_weights_make_it_again_bit_for_bit():
    batch = sequences(5, 12)
    encoder = worn()
    settings = json.loads(json.dumps(encoder.settings()))
    again = Conv1d(**settings | {"stages": tuple(settings["stages"])})
    again.load_state_dict(encoder.state_dict())
    assert torch.equal(again.eval()(batch), encoder(batch))


def test_it_meets_the_contract_and_keeps_the_precision():
    encoder = made()
    assert isinstance(encoder, Encoder)
    assert isinstance(encoder, nn.Module)
    batch = sequences(5, 12)
    torch.testing.assert_close(encoder(batch).norm(dim=1), torch.ones(2))
    with torch.autocast("cpu", torch.bfloat16):
        assert encoder(batch).dtype == torch.float32
    assert encoder.double()(batch.double()).dtype == torch.float64
    assert made(normalise=False)(batch).norm(dim=1).std() > 1e-3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"channels": 0}, "conv1d: channels must be a whole number from 1 to 65536, got 0"),
        ({"dim": 0}, "conv1d: dim must be a whole number"),
        ({"stages": ()}, "conv1d: number of stages must be a whole number from 1 to 12, got 0"),
        ({"stages": (8, 0)}, "conv1d: stages must be a whole number from 1 to 4096, got 0"),
        ({"blocks": 0}, "conv1d: blocks must be a whole number from 1 to 12, got 0"),
        ({"kernel": 4}, "conv1d: kernel must be one of 1, 3, 5, 7, 9, 11, got 4"),
        ({"norm": "group"}, "conv1d: norm must be one of batch, layer, got 'group'"),
        ({"cells": 0}, "conv1d: cells must be a whole number from 1 to 256, got 0"),
        ({"dropout": 1.0}, "conv1d: dropout must be at least 0 and less than 1, got 1.0"),
    ],
)
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises(SettingsError, match=message):
        made(**settings)


def test_a_batch_that_does_not_fit():
    with pytest.raises(SettingsError, match="built for sequences of 3 channels, got 2; build it with channels=2"):
        made()(sequences(4, channels=2))
