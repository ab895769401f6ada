"""Recurrent encoders: known answers, padding that leaks nothing, both ways read, and settings that do not fit."""

import json

import pytest
import torch
from torch import nn

from alikely.contracts import Encoder
from alikely.encoders.padded import PADDING, Front, Pooling, inside, lengths_of, turned
from alikely.encoders.recurrent import Gru, Lstm, Recurrence
from alikely.errors import SettingsError

SMALL = {"dim": 6, "front": 5, "width": 4}
BOTH = pytest.mark.parametrize("kind", [Gru, Lstm])


def texts(*lengths: int, tokens: int = 11, longest: int | None = None) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    batch = torch.full((len(lengths), longest or max(lengths)), PADDING)
    for row, length in enumerate(lengths):
        batch[row, :length] = torch.randint(0, tokens, (length,), generator=generator)
    return batch


def sequences(*lengths: int, channels: int = 3, longest: int | None = None) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    batch = torch.full((len(lengths), longest or max(lengths), channels), torch.nan)
    for row, length in enumerate(lengths):
        batch[row, :length] = torch.randn(length, channels, generator=generator)
    return batch


def made(kind: type[nn.Module], **settings: object) -> nn.Module:
    torch.manual_seed(0)
    return kind(**{**SMALL, **settings})


def test_lengths_of_texts_and_sequences():
    assert lengths_of(texts(1, 4, 2)).tolist() == [1, 4, 2]
    batch = sequences(1, 4, 2)
    batch[1, 2] = torch.nan  # a gap is inside, not at the end
    batch[2, 1, 0] = torch.nan  # a step with one channel missing is a step
    assert lengths_of(batch).tolist() == [1, 4, 2]
    assert lengths_of(torch.full((1, 3), PADDING)).tolist() == [1]
    assert inside(torch.tensor([1, 3]), 3).tolist() == [[True, False, False], [True, True, True]]


def test_turned_turns_each_item_and_leaves_the_padding():
    batch = torch.tensor([[1.0, 2.0, 3.0, 9.0], [1.0, 9.0, 9.0, 9.0]])[:, :, None]
    back = turned(batch, torch.tensor([3, 1]))
    assert back[:, :, 0].tolist() == [[3.0, 2.0, 1.0, 9.0], [1.0, 9.0, 9.0, 9.0]]
    assert torch.equal(turned(back, torch.tensor([3, 1])), batch)


@pytest.mark.parametrize(
    ("pooling", "both_ways", "expected"),
    [
        ("max", False, [[3.0, 8.0], [1.0, 7.0]]),
        ("mean", False, [[2.0, 6.0], [1.0, 7.0]]),  # (1 + 3) / 2, (8 + 4) / 2
        ("last", False, [[3.0, 4.0], [1.0, 7.0]]),
        ("last", True, [[3.0, 8.0], [1.0, 7.0]]),  # the way back ends at the first step
        ("attention", False, [[2.0, 6.0], [1.0, 7.0]]),  # with weights of 0, all steps count alike
    ],
)
def test_pooling_by_hand(pooling, both_ways, expected):
    steps = torch.tensor([[[1.0, 8.0], [3.0, 4.0], [torch.nan] * 2], [[1.0, 7.0], [9.0, 9.0], [torch.nan] * 2]])
    pool = Pooling(pooling, 2, both_ways)
    for weights in pool.parameters():
        weights.data.zero_()
    assert pool(steps.nan_to_num(99.0), torch.tensor([2, 1])).tolist() == expected


@BOTH
@pytest.mark.parametrize("layers", [1, 3])
def test_both_ways_is_what_torch_calls_bidirectional(kind, layers):
    torch.manual_seed(0)
    theirs = kind.cell(3, 4, num_layers=layers, bidirectional=True, batch_first=True)
    ours = Recurrence(kind.cell, 3, 4, layers, both_ways=True, dropout=0.0)
    for place, layer in enumerate(ours.layers):
        suffix = f"_l{place // 2}" + ("_reverse" if place % 2 else "")
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            getattr(layer, f"{name}_l0").data.copy_(getattr(theirs, name + suffix).data)
    lengths = torch.tensor([5, 2, 3])
    steps = torch.randn(3, 5, 3)
    packed = nn.utils.rnn.pack_padded_sequence(steps, lengths, batch_first=True, enforce_sorted=False)
    wanted = nn.utils.rnn.pad_packed_sequence(theirs(packed)[0], batch_first=True)[0]
    found = ours(steps, lengths) * inside(lengths, 5)[:, :, None]
    torch.testing.assert_close(found, wanted, atol=1e-6, rtol=1e-5)


@BOTH
@pytest.mark.parametrize("pooling", ["attention", "max", "mean", "last"])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("sort", ["text", "sequence"])
def test_padding_leaks_nothing_and_no_row_depends_on_another(kind, pooling, bidirectional, sort):
    facts = {"tokens": 11} if sort == "text" else {"channels": 3}
    encoder = made(kind, pooling=pooling, bidirectional=bidirectional, layers=2, **facts).eval()
    draw = texts if sort == "text" else sequences
    lengths = (4, 1, 30, 9, 9)
    together = encoder(draw(*lengths))
    assert together.shape == (5, 6)
    torch.testing.assert_close(encoder(draw(*lengths, longest=50)), together, atol=1e-5, rtol=1e-4)
    for row, length in enumerate(lengths):
        alone = draw(*lengths)[row : row + 1, :length]
        torch.testing.assert_close(encoder(alone)[0], together[row], atol=1e-5, rtol=1e-4)
    assert (together[3] - together[4]).abs().max() > 1e-4


@BOTH
def test_order_matters(kind):
    encoder = made(kind, tokens=3).eval()
    one, other = encoder(torch.tensor([[0, 1, 2], [2, 1, 0]]))
    assert (one - other).abs().max() > 1e-4


@BOTH
@pytest.mark.parametrize("facts", [{"tokens": 11}, {"channels": 3}])
def test_gradients_reach_every_weight_and_are_finite_under_padding(kind, facts):
    encoder = made(kind, layers=2, **facts)
    batch = texts(*[9] * 20, 1) if "tokens" in facts else sequences(4, 9, 1)
    embeddings = encoder(batch)
    (embeddings * torch.randn(embeddings.shape, generator=torch.Generator().manual_seed(2))).sum().backward()
    for name, weights in encoder.named_parameters():
        assert weights.grad is not None, name
        assert weights.grad.isfinite().all(), name
        assert weights.grad.any(), name


@BOTH
def test_meets_the_contract_in_every_precision(kind):
    encoder = made(kind, channels=3)
    assert isinstance(encoder, Encoder)
    batch = sequences(4, 2)
    with torch.autocast("cpu", torch.bfloat16):
        embeddings = encoder(batch)
        embeddings.sum().backward()
    assert embeddings.dtype == torch.float32
    torch.testing.assert_close(embeddings, encoder(batch), atol=0.05, rtol=0.05)
    assert encoder.double()(batch.double()).dtype == torch.float64
    assert embeddings.norm(dim=1).tolist() == pytest.approx([1.0, 1.0])
    assert made(kind, channels=3, normalise=False)(batch).norm(dim=1).tolist() != pytest.approx([1.0, 1.0])


@BOTH
def test_settings_and_weights_make_it_again(kind):
    encoder = made(kind, tokens=11, layers=2, pooling="max", dropout=0.2).eval()
    again = kind(**json.loads(json.dumps(encoder.settings()))).eval()
    again.load_state_dict(encoder.state_dict())
    assert torch.equal(again(texts(4, 2)), encoder(texts(4, 2)))


@BOTH
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "takes texts .tokens of 1 and up. or sequences .channels of 1 and up., got tokens=0 and channels=0"),
        ({"tokens": 5, "channels": 2}, "got tokens=5 and channels=2; give one of them"),
        ({"tokens": -1}, "tokens must be a whole number from 0 to 10000000, got -1"),
        ({"tokens": 5, "layers": 0}, "layers must be a whole number from 1 to 16, got 0"),
        ({"tokens": 5, "pooling": "sum"}, "pooling must be one of attention, max, mean, last, got 'sum'"),
        ({"tokens": 5, "dropout": 1.0}, "dropout must be at least 0 and less than 1, got 1.0"),
    ],
)
def test_settings_that_do_not_fit(kind, settings, message):
    with pytest.raises(SettingsError, match=f"{kind.name}.*{message}"):
        made(kind, **settings)


@pytest.mark.parametrize(
    ("facts", "batch", "message"),
    [
        ({"tokens": 5}, sequences(2), "built for texts of tokens, got floats of 3 axes"),
        ({"tokens": 5}, torch.tensor([[0, 5]]), r"built for 5 tokens \(0 to 4\), got token 5"),
        ({"channels": 3}, texts(2), "built for sequences of floats, got whole numbers of 2 axes"),
        ({"channels": 3}, torch.zeros(2, 4, 1), "built for sequences of 3 channels, got 1; build it with channels=1"),
        ({"channels": 1}, torch.zeros(2, 4, 3), "built for sequences of 1 channel, got 3"),
    ],
)
def test_batches_that_do_not_fit(facts, batch, message):
    with pytest.raises(SettingsError, match=message):
        made(Gru, **facts)(batch)


def test_front_of_a_gap_is_that_of_the_mean():
    front = Front("gru", 0, 2, 4)
    batch = torch.tensor([[[torch.nan, 1.0]]])
    assert torch.equal(front(batch), front(torch.tensor([[[0.0, 1.0]]])))
