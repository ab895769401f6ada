"""Heads on embeddings: they begin with what they are given, and learn from there."""

import json

import pytest
import torch
from torch.nn import functional

from alikely.encoders.given import Given
from alikely.errors import SettingsError


def rows(count=4, given=6):
    return torch.randn(count, given, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("head", ["none", "linear", "mlp"])
def test_begins_with_what_it_is_given(head):
    torch.testing.assert_close(Given(6, head)(rows()), functional.normalize(rows(), dim=1))
    torch.testing.assert_close(Given(6, head, normalise=False)(rows()), rows())


@pytest.mark.parametrize("head", ["linear", "mlp"])
def test_projection_onto_fewer_numbers_is_orthogonal(head):
    torch.manual_seed(0)
    encoder = Given(6, head, dim=3, normalise=False)
    torch.testing.assert_close(encoder.linear.weight @ encoder.linear.weight.T, torch.eye(3), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(encoder(rows()), rows() @ encoder.linear.weight.T)


@pytest.mark.parametrize(("head", "weights"), [("none", 0), ("linear", 2), ("mlp", 5)])
def test_what_learns(head, weights):
    encoder = Given(6, head, hidden=8, dropout=0.3)
    assert len(list(encoder.parameters())) == weights
    if weights:
        torch.nn.init.normal_(encoder.linear.weight)
        if head == "mlp":
            torch.nn.init.normal_(encoder.out.weight)
        (encoder(rows()) * rows()).sum().backward()
        assert all(parameter.grad.any() for parameter in encoder.parameters())


def test_mlp_known_answer():
    encoder = Given(1, "mlp", hidden=1, normalise=False)
    for weights, value in ((encoder.into.weight, 2.0), (encoder.into.bias, 1.0), (encoder.out.weight, 3.0)):
        torch.nn.init.constant_(weights, value)
    expected = 0.5 + 3 * functional.gelu(torch.tensor(2.0))  # 2 * .5 + 1
    assert encoder(torch.tensor([[0.5]])).item() == pytest.approx(expected.item())


def test_dropout_works_in_training_only():
    encoder = Given(6, "linear", dropout=0.5)
    assert not torch.equal(encoder.train()(rows()), encoder(rows()))
    assert torch.equal(encoder.eval()(rows()), encoder(rows()))


def test_settings_make_it_again():
    encoder = Given(6, "mlp", dim=3, hidden=5)
    again = Given(**json.loads(json.dumps(encoder.settings())))
    again.load_state_dict(encoder.state_dict())
    assert torch.equal(again(rows()), encoder(rows()))
    assert again.settings() == encoder.settings()


def test_another_length_is_refused():
    with pytest.raises(SettingsError, match="built for embeddings of 6 numbers, got 5"):
        Given(6)(rows(given=5))
    with pytest.raises(SettingsError, match="without a head an embedding keeps its 6 numbers, so dim cannot be 3"):
        Given(6, "none", dim=3)
