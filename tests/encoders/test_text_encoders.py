"""Bag, transformer and Manhattan LSTM: known answers, padding that leaks nothing, settings that do not fit."""

import json
import math

import pytest
import torch
from torch import nn

from alikely.contracts import Encoder
from alikely.encoders.bag import Bag, signs
from alikely.encoders.manhattan_lstm import ManhattanLstm
from alikely.encoders.transformer import Transformer, waves
from alikely.errors import SettingsError

SMALL = {
    Bag: {"tokens": 11, "dim": 6},
    Transformer: {"tokens": 11, "dim": 6, "width": 8, "heads": 2},
    ManhattanLstm: {"tokens": 11, "dim": 6, "front": 5},
}
EACH = pytest.mark.parametrize("kind", SMALL)


def made(kind: type[nn.Module], **settings: object) -> nn.Module:
    torch.manual_seed(0)
    return kind(**{**SMALL[kind], **settings})


def texts(*lengths: int, longest: int | None = None) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    batch = torch.full((len(lengths), longest or max(lengths)), -1)
    for row, length in enumerate(lengths):
        batch[row, :length] = torch.randint(0, 11, (length,), generator=generator)
    return batch


@EACH
@pytest.mark.parametrize("grads", [True, False])
def test_padding_leaks_nothing_and_no_row_depends_on_another(kind, grads):
    encoder = made(kind).eval()
    lengths = (4, 1, 30, 9, 9)
    with torch.set_grad_enabled(grads):  # torch has a faster way through a transformer where nothing is learned
        together = encoder(texts(*lengths))
        assert together.shape == (5, 6)
        torch.testing.assert_close(encoder(texts(*lengths, longest=50)), together, atol=1e-5, rtol=1e-4)
        for row, length in enumerate(lengths):
            alone = texts(*lengths)[row : row + 1, :length]
            torch.testing.assert_close(encoder(alone)[0], together[row], atol=1e-5, rtol=1e-4)
    assert (together[3] - together[4]).abs().max() > 1e-4


@EACH
def test_gradients_reach_every_weight_and_are_finite_under_padding(kind):
    encoder = made(kind)
    embeddings = encoder(texts(*[9] * 20, 1))
    (embeddings * torch.randn(embeddings.shape, generator=torch.Generator().manual_seed(2))).sum().backward()
    for name, weights in encoder.named_parameters():
        assert weights.grad.isfinite().all(), name
        assert weights.grad.any(), name


@EACH
def test_meets_the_contract_in_every_precision(kind):
    encoder = made(kind).eval()
    assert isinstance(encoder, Encoder)
    with torch.autocast("cpu", torch.bfloat16):
        embeddings = encoder(texts(4, 2))
    embeddings.sum().backward()
    assert embeddings.dtype == torch.float32
    torch.testing.assert_close(embeddings, encoder(texts(4, 2)), atol=0.05, rtol=0.05)
    assert encoder.double()(texts(4, 2)).dtype == torch.float64


@EACH
def test_settings_and_weights_make_it_again(kind):
    encoder = made(kind).eval()
    settings = json.loads(json.dumps(encoder.settings()))
    again = kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()})
    again.load_state_dict(encoder.state_dict())
    assert torch.equal(again.eval()(texts(4, 2)), encoder(texts(4, 2)))


@EACH
def test_batches_that_do_not_fit(kind):
    with pytest.raises(SettingsError, match=r"built for 11 tokens \(0 to 10\), got token 11"):
        made(kind)(torch.tensor([[0, 11]]))
    if kind is ManhattanLstm:
        with pytest.raises(SettingsError, match="built for texts of tokens, got floats of 3 axes"):
            made(kind)(torch.zeros(1, 2, 3))


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (Bag, {"tokens": 0}, "bag: tokens must be a whole number from 1"),
        (Bag, {"rarity": ((2.0, 5),)}, "bag: rarity must tell of all 11 tokens, got 5; leave it out"),
        (Transformer, {"width": 9, "heads": 3}, r"width must be even and a multiple of heads \(3\), got 9"),
        (Transformer, {"width": 8, "heads": 3}, r"width must be even and a multiple of heads \(3\), got 8"),
        (Transformer, {"pooling": "last"}, "pooling must be one of attention, max, mean, got 'last'"),
        (ManhattanLstm, {"channels": 2}, "got tokens=11 and channels=2; give one of them"),
        (ManhattanLstm, {"dropout": -0.1}, "dropout must be at least 0 and less than 1, got -0.1"),
    ],
)
def test_settings_that_do_not_fit(kind, settings, message):
    with pytest.raises(SettingsError, match=message):
        made(kind, **settings)


def test_bag_by_hand():
    bag = Bag(tokens=5, dim=2, rarity=((3.0, 2), (1.0, 3)), normalise=False)
    assert bag.weights.tolist() == [3.0, 3.0, 1.0, 1.0, 1.0]
    one, two, three, four, five = signs(torch.arange(5)[None])[0].tolist()
    alone = bag(torch.arange(5)[:, None])
    assert alone.tolist() == [[3.0 * one, 0.0], [0.0, 3.0 * two], [three, 0.0], [0.0, four], [five, 0.0]]
    # Tokens 0, 2, 4 stand at the first place, 1 and 3 at the second; token 4 is there twice.
    together = bag(torch.tensor([[0, 2, 4, 4], [3, 1, -1, -1]]))
    assert together.tolist() == [[3.0 * one + three + 2 * five, 0.0], [0.0, four + 3.0 * two]]
    made_short = Bag(tokens=5, dim=2)(torch.tensor([[0, 1]]))
    assert made_short[0].abs().tolist() == pytest.approx([math.sqrt(0.5), math.sqrt(0.5)])


def test_signs_are_as_often_plus_as_minus_and_neighbours_agree_as_often_as_not():
    drawn = signs(torch.arange(100_000)[None])[0].double()
    for step in (0, 1, 2, 256, 1024):  # deviation 1 / sqrt(100000) = 0.003
        seen = drawn if step == 0 else drawn[step:] * drawn[:-step]
        assert abs(seen.mean().item()) < 0.012, step


def test_bag_does_not_know_the_order():
    encoder = made(Bag)
    assert torch.allclose(encoder(torch.tensor([[1, 2, 3]])), encoder(torch.tensor([[3, 1, 2]])))


def test_products_of_bags_are_those_of_the_full_vectors_on_average():
    tokens, dim = 5_000, 256
    bag = Bag(tokens=tokens, dim=dim, normalise=False)
    generator = torch.Generator().manual_seed(0)
    batch = torch.stack([torch.randperm(tokens, generator=generator)[:50] for _ in range(200)])
    full = torch.zeros(200, tokens).scatter(1, batch, 1.0)
    error = (bag(batch) @ bag(batch).T - full @ full.T)[~torch.eye(200, dtype=torch.bool)]
    # Each of 50 * 50 couples meets by chance with probability 1 / dim: deviation sqrt(2500 / 256) = 3.1, mean 0.
    assert abs(error.mean().item()) < 0.1
    assert error.std().item() == pytest.approx(3.125, rel=0.1)


def test_transformer_sees_the_order_and_any_length():
    encoder = made(Transformer).eval()
    one, other = encoder(torch.tensor([[1, 2, 3], [3, 2, 1]]))
    assert (one - other).abs().max() > 1e-4
    assert encoder(texts(700)).isfinite().all()


def test_waves_by_hand():
    assert torch.equal(waves(1, torch.zeros(1, 4)), torch.tensor([[0.0, 0.0, 1.0, 1.0]]))
    expected = [math.sin(2), math.sin(0.02), math.cos(2), math.cos(0.02)]  # speeds 1 and 10000 ** -(2 / 4)
    assert waves(3, torch.zeros(1, 4))[2].tolist() == pytest.approx(expected)


def test_manhattan_lstm_is_as_published():
    torch.manual_seed(0)
    network = ManhattanLstm(tokens=1000)
    (lstm,) = network.recurrence.layers
    assert (lstm.input_size, lstm.hidden_size, lstm.num_layers, lstm.bidirectional) == (300, 50, 1, False)
    bias = lstm.bias_ih_l0 + lstm.bias_hh_l0
    assert bias.view(4, 50).unique(dim=1).squeeze().tolist() == [0.0, 2.5, 0.0, 0.0]
    assert lstm.weight_hh_l0.std().item() == pytest.approx(0.1, rel=0.05)
    batch = texts(5, 3)
    # The last state of torch's own LSTM over each text alone.
    for row, length in enumerate((5, 3)):
        _, (state, _) = lstm(network.first.layer(batch[row : row + 1, :length]))
        torch.testing.assert_close(network(batch)[row], state[0, 0])
