"""The mlp: rows one by one and together, categories, the skip, and settings that do not fit."""

import json
from math import sqrt

import pytest
import torch
from torch import nn

from alikely.contracts import Encoder
from alikely.encoders import build_encoder, default_settings
from alikely.encoders.mlp import Mlp
from alikely.errors import SettingsError

FACTS = {
    "numbers": {"numbers": 5},
    "categories": {"categories": [4, 40]},
    "both": {"numbers": 3, "categories": [4]},
    "given": {"given": 6},
}
CHOICES = {
    "plain": {},
    "linear": {"depth": 0},
    "layer": {"norm": "layer"},
    "no norm": {"norm": "none", "normalise": False},
    "skip": {"skip": True},
    "dropout": {"dropout": 0.5},
}


def batch_of(facts: dict, count: int = 6) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    plain = torch.randn(count, facts.get("numbers", 0) + facts.get("given", 0), generator=generator)
    codes = [torch.randint(size, (count, 1), generator=generator).float() for size in facts.get("categories", [])]
    return torch.cat([plain, *codes], dim=1)


def small(facts: dict, choices: dict) -> nn.Module:
    torch.manual_seed(0)
    return build_encoder("mlp", default_settings("mlp", facts) | {"dim": 7, "width": 16} | choices)


@pytest.mark.parametrize("facts", FACTS.values(), ids=FACTS)
@pytest.mark.parametrize("choices", CHOICES.values(), ids=CHOICES)
def test_rows_together_as_one_by_one_and_again_from_settings_and_weights(facts, choices):
    batch = batch_of(facts)
    encoder = small(facts, choices)
    encoder.train()(batch)
    encoder.eval()
    together = encoder(batch)
    assert isinstance(encoder, Encoder)
    assert together.shape == (6, encoder.dim)
    for place in range(6):
        torch.testing.assert_close(encoder(batch[place : place + 1])[0], together[place], atol=1e-5, rtol=1e-4)
    again = build_encoder("mlp", json.loads(json.dumps(encoder.settings())))
    again.load_state_dict(encoder.state_dict())
    assert torch.equal(again.eval()(batch), together)
    assert again.settings() == encoder.settings()


@pytest.mark.parametrize("facts", FACTS.values(), ids=FACTS)
def test_gradient_reaches_every_parameter(facts):
    encoder = small(facts, {})
    # A row of each code: 40 of the longest column.
    batch = batch_of(facts, 41)
    for place, size in enumerate(facts.get("categories", [])):
        batch[:, facts.get("numbers", 0) + place] = torch.arange(41) % size
    embeddings = encoder(batch)
    (embeddings * torch.randn(embeddings.shape, generator=torch.Generator().manual_seed(2))).sum().backward()
    still = [name for name, weights in encoder.named_parameters() if weights.grad is None or not weights.grad.any()]
    assert still == []


def test_linear_by_hand():
    encoder = Mlp(numbers=2, dim=2, depth=0, normalise=False)
    with torch.no_grad():
        encoder.head.weight.copy_(torch.tensor([[1.0, 2.0], [0.0, -1.0]]))
        encoder.head.bias.copy_(torch.tensor([0.5, 0.0]))
    torch.testing.assert_close(encoder(torch.tensor([[3.0, 4.0]])), torch.tensor([[11.5, -4.0]]))


def test_normalise_gives_length_1_and_skip_joins_the_numbers_behind():
    batch = batch_of(FACTS["both"])
    encoder = small(FACTS["both"], {"skip": True}).eval()
    embeddings = encoder(batch)
    assert encoder.dim == 7 + 3
    torch.testing.assert_close(embeddings[:, :7].norm(dim=1), torch.ones(6))
    torch.testing.assert_close(embeddings[:, 7:], batch[:, :3] / sqrt(3))
    assert not torch.equal(small(FACTS["both"], {"normalise": False})(batch).norm(dim=1), torch.ones(6))


def test_a_category_never_seen_is_zeros_and_stays_so():
    encoder = small(FACTS["categories"], {"depth": 0, "normalise": False})
    optimizer = torch.optim.SGD(encoder.parameters(), lr=1.0)
    encoder(torch.zeros(4, 2)).sum().backward()
    optimizer.step()
    assert not encoder.embeddings[0].weight[0].any()
    torch.testing.assert_close(encoder(torch.zeros(1, 2))[0], encoder.head.bias)


def test_precision_is_kept():
    encoder = small(FACTS["both"], {"skip": True}).eval()
    batch = batch_of(FACTS["both"])
    with torch.autocast("cpu", torch.bfloat16):
        assert encoder(batch).dtype == torch.float32
    assert encoder.double()(batch.double()).dtype == torch.float64


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "takes numbers and categories of rows, or the length of given embeddings"),
        ({"numbers": 3, "given": 3}, "and one of both; got numbers=3, categories=\\[\\], given=3"),
        ({"numbers": -1}, "numbers must be a whole number from 0 to 65536, got -1"),
        ({"categories": [0]}, "each of categories must be a whole number from 1"),
        ({"numbers": 3, "dim": 0}, "dim must be a whole number from 1 to 65536, got 0"),
        ({"numbers": 3, "depth": 17}, "depth must be a whole number from 0 to 16, got 17"),
        ({"numbers": 3, "norm": "group"}, "norm must be one of batch, layer, none, got 'group'"),
        ({"numbers": 3, "dropout": 1.0}, "dropout must be at least 0 and less than 1, got 1.0"),
        ({"numbers": "3"}, "numbers must be int, got '3'"),
        ({"columns": 3}, "has no setting 'columns'; it has numbers, categories"),
    ],
)
def test_settings_that_do_not_fit(settings, problem):
    with pytest.raises(SettingsError, match=problem):
        build_encoder("mlp", settings)


def test_columns_that_do_not_fit():
    with pytest.raises(SettingsError, match="mlp was built for 4 columns, got 3; prepare the items as those"):
        small(FACTS["both"], {})(torch.zeros(2, 3))
