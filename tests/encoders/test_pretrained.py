"""Networks of transformers: what comes out is what transformers gives, pooled by hand; and the folder is not needed."""

import json
import shutil
from functools import cache

import numpy as np
import pytest
import torch
from torch.nn import functional

from alikely.encoders.pretrained import Pretrained
from alikely.encoders.pretrained.adapters import ALPHA, LowRank, add_adapters
from alikely.encoders.pretrained.network import PIECE
from alikely.encoders.pretrained.pooling import pool
from alikely.errors import SettingsError
from tests.encoders.networks import picture_network, sentence_network, text_network
from tests.encoders.opened import of_texts

TEXTS = ["a man runs", "the dog sleeps the cat eats a dog", "cat"]
FAMILIES = ["bert", "roberta", "mpnet", "distilbert", "t5"]
PICTURES = ["vit", "dinov2", "swin", "convnext", "resnet"]


def of_pictures(folder, **settings):
    preparation = Pretrained.preparation("picture", {"model": str(folder)}, {})
    encoder = Pretrained(model=str(folder), **preparation.facts(), **settings)
    return preparation, encoder.eval()


def batch_of(preparation, texts=TEXTS):
    return preparation.join([preparation.read_one(text) for text in texts])


def pictures(count=3, size=32):
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(1))


def again(encoder):
    """Made from the settings as JSON holds them, and the weights."""
    made = Pretrained(**json.loads(json.dumps(encoder.settings())))
    made.load_state_dict(encoder.state_dict())
    return made.eval()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of the network of a family, made once."""
    makers = dict.fromkeys(FAMILIES, text_network) | dict.fromkeys(PICTURES, picture_network)
    return cache(lambda family: makers[family](tmp_path_factory.mktemp(family), family))


@pytest.mark.parametrize("family", FAMILIES)
def test_texts_are_what_transformers_gives_averaged_over_their_tokens(made, family):
    from transformers import AutoModel

    preparation, encoder = of_texts(made(family))
    found = encoder(batch_of(preparation))
    network = AutoModel.from_pretrained(made(family)).eval()
    network = network.get_encoder() if family == "t5" else network
    for place, text in enumerate(TEXTS):
        tokens = preparation.read_one(text)[None]
        with torch.no_grad():
            states = network(input_ids=tokens, attention_mask=torch.ones_like(tokens)).last_hidden_state
        expected = functional.normalize(states.mean(dim=1), dim=1)
        torch.testing.assert_close(found[place : place + 1], expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_padding_leaks_nothing(made, family):
    preparation, encoder = of_texts(made(family), normalise=False)
    batch = batch_of(preparation)
    for pooling in ("mean", "cls", "max", "last", "mean_sqrt"):
        encoder.pooling = pooling
        together = encoder(batch)
        wider = encoder(functional.pad(batch, (0, 5), value=-1))
        torch.testing.assert_close(wider, together, atol=1e-5, rtol=1e-4)
        for place, text in enumerate(TEXTS):
            torch.testing.assert_close(encoder(batch_of(preparation, [text]))[0], together[place], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_large_batch_goes_through_in_pieces_of_like_length(made, family):
    preparation, encoder = of_texts(made(family), tuning="fine_tuned")
    texts = [" ".join(["cat", "dog", "man"] * (1 + place % 4))[: 3 + 7 * (place % 5)] for place in range(2 * PIECE + 3)]
    together = encoder(batch_of(preparation, texts))
    alone = torch.cat([encoder(batch_of(preparation, [text])) for text in texts])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)
    together.square().sum(dim=1).mul(torch.arange(len(texts))).sum().backward()
    assert encoder.body.get_input_embeddings().weight.grad is not None


@pytest.mark.parametrize(
    ("family", "expected"),
    [("vit", "cls"), ("dinov2", "cls"), ("swin", "pooled"), ("convnext", "pooled"), ("resnet", "pooled")],
)
def test_pictures_are_pooled_as_their_network_means_it(made, family, expected):
    from transformers import AutoModel

    _, encoder = of_pictures(made(family), normalise=False)
    assert encoder.pooling == expected
    with torch.no_grad():
        answer = AutoModel.from_pretrained(made(family)).eval()(pixel_values=pictures())
    rows = answer.last_hidden_state[:, 0] if expected == "cls" else answer.pooler_output.flatten(1)
    torch.testing.assert_close(encoder(pictures()), rows)
    assert encoder.dim == rows.shape[1]


@pytest.mark.parametrize("tuning", ["frozen", "fine_tuned", "adapters"])
def test_settings_and_weights_make_it_again_without_its_folder(tmp_path, tuning):
    folder = sentence_network(tmp_path / "net", ("mean", "max"), "x.Tanh")
    preparation, encoder = of_texts(folder, tuning=tuning, head="mlp", dim=5)
    with torch.no_grad():
        for weights in encoder.parameters():
            weights.add_(0.01)
    batch = batch_of(preparation)
    shutil.rmtree(folder)
    assert torch.equal(again(encoder)(batch), encoder(batch))
    assert again(encoder).settings() == encoder.settings()


@pytest.mark.parametrize("family", PICTURES)
def test_networks_for_pictures_are_made_again_without_their_folder(made, family):
    _, encoder = of_pictures(made(family))
    encoder.model = "gone"
    assert torch.equal(again(encoder)(pictures()), encoder(pictures()))


def test_what_follows_the_pooling_is_that_of_the_folder(tmp_path):
    from safetensors.torch import load_file

    preparation, encoder = of_texts(sentence_network(tmp_path, ("mean", "cls"), "torch.nn.modules.activation.Tanh"))
    assert encoder.pooling == "cls+mean"
    dense = load_file(tmp_path / "2_Dense" / "model.safetensors")
    states, present, _ = encoder._read(batch_of(preparation))
    rows = pool("cls+mean", states, present, None)
    expected = torch.tanh(rows @ dense["linear.weight"].T + dense["linear.bias"])
    torch.testing.assert_close(encoder(batch_of(preparation)), functional.normalize(expected, dim=1))
    assert encoder.dim == 6


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        ("mean", [2.0, 3.0]),
        ("mean_sqrt", [4 / 2**0.5, 6 / 2**0.5]),
        ("max", [3.0, 5.0]),
        ("cls", [1.0, 5.0]),
        ("last", [3.0, 1.0]),
        ("pooled", [7.0]),
        ("cls+pooled", [1.0, 5.0, 7.0]),
    ],
)
def test_pooling_known_answers(pooling, expected):
    states = torch.tensor([[[1.0, 5.0], [3.0, 1.0], [90.0, 90.0]]])  # the third place is padding
    found = pool(pooling, states, torch.tensor([[True, True, False]]), torch.tensor([[7.0]]))
    torch.testing.assert_close(found, torch.tensor([expected]))


def learning(encoder):
    return {name for name, weights in encoder.named_parameters() if weights.requires_grad}


def test_only_what_should_learn_gets_a_gradient(made):
    folder = made("bert")
    for tuning, head in [("frozen", "linear"), ("adapters", "none"), ("fine_tuned", "none")]:
        preparation, encoder = of_texts(folder, tuning=tuning, head=head)
        encoder.train()
        embeddings = encoder(batch_of(preparation))
        (embeddings * torch.randn(embeddings.shape, generator=torch.Generator().manual_seed(2))).sum().backward()
        reached = {name for name, weights in encoder.named_parameters() if weights.grad is not None}
        # A new adapter's first layer has a gradient of 0, as its second layer begins at 0.
        assert reached == learning(encoder)
        if tuning == "frozen":
            assert reached == {"head.linear.weight", "head.linear.bias"}
        if tuning == "adapters":
            assert all(".down." in name or ".up." in name for name in reached)
            assert len(reached) == 2 * 4 * 2  # two layers, four projections each, two matrices each
        if tuning == "fine_tuned":
            assert "body.embeddings.word_embeddings.weight" in reached
            assert not any("pooler" in name for name in reached)


def test_frozen_network_neither_drops_nor_counts_in_training(made):
    _, encoder = of_pictures(made("resnet"))
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    assert torch.equal(encoder.train()(pictures()), encoder.eval()(pictures()))
    assert all(torch.equal(tensor, before[name]) for name, tensor in encoder.state_dict().items())
    preparation, encoder = of_texts(made("bert"))
    assert torch.equal(encoder.train()(batch_of(preparation)), encoder.eval()(batch_of(preparation)))
    preparation, tuned = of_texts(made("bert"), tuning="fine_tuned")
    assert not torch.equal(tuned.train()(batch_of(preparation)), tuned.eval()(batch_of(preparation)))


def test_adapter_adds_a_low_rank_update():
    linear = torch.nn.Linear(3, 2)
    adapter = LowRank(linear, 4)
    rows = torch.randn(5, 3)
    torch.testing.assert_close(adapter(rows), linear(rows))  # begins as the layer itself
    torch.nn.init.normal_(adapter.up.weight)
    update = ALPHA / 4 * rows @ (adapter.up.weight @ adapter.down.weight).T
    torch.testing.assert_close(adapter(rows), linear(rows) + update)


def test_adapters_need_attention(made):
    with pytest.raises(SettingsError, match="ResNetModel has no attention to put adapters on"):
        of_pictures(made("resnet"), tuning="adapters")
    assert add_adapters(of_pictures(made("swin"))[1].body, 2) == 8


def test_precision_is_that_of_the_weights(made):
    preparation, encoder = of_texts(made("bert"), head="linear")
    with torch.autocast("cpu", torch.bfloat16):
        assert encoder(batch_of(preparation)).dtype == torch.float32
    assert encoder.double()(batch_of(preparation)).dtype == torch.float64


def test_random_state_of_the_user_is_all_that_a_new_head_draws_from(made):
    torch.manual_seed(3)
    left = of_texts(made("bert"), head="mlp", dim=7)[1]
    torch.manual_seed(3)
    right = of_texts(made("bert"), head="mlp", dim=7)[1]
    assert all(torch.equal(a, b) for a, b in zip(left.parameters(), right.parameters(), strict=True))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tuning": "half"}, "tuning must be one of frozen, fine_tuned, adapters, got 'half'"),
        ({"pooling": "sum"}, "pooling must be one of mean, cls, max"),
        ({"pooling": "mean+sum"}, "got 'mean.sum'"),
        ({"rank": 0}, "rank must be a whole number from 1 to 1024, got 0"),
        ({"dim": 5}, "without a head an embedding keeps its 32 numbers, so dim cannot be 5"),
        ({"head": "deep"}, "head must be one of none, linear, mlp, got 'deep'"),
        ({"tokens": 13}, "the tokenizer knows 13 tokens, the network 12"),
        ({"tokens": 0}, "either tokens .* or channels and size .* must be set"),
        ({"tokens": 0, "channels": 3, "size": 32}, "reads texts, not pictures"),
        ({"architecture": {"config": {}}}, "is no architecture"),
    ],
)
def test_settings_that_do_not_fit(made, settings, message):
    with pytest.raises(SettingsError, match=message):
        Pretrained(**{"model": str(made("bert")), "tokens": 12, **settings})


def test_network_for_pictures_reads_no_texts(made):
    with pytest.raises(SettingsError, match="reads no texts; choose a network for texts"):
        Pretrained(model=str(made("vit")), tokens=12)


def test_pictures_of_another_size_are_refused(made):
    _, encoder = of_pictures(made("vit"))
    with pytest.raises(SettingsError, match=r"built for pictures of 3x32x32 .*, got 3x40x40"):
        encoder(pictures(size=40))
    with pytest.raises(SettingsError, match="cannot take such items"):
        Pretrained(model=str(made("vit")), channels=3, size=40)


def test_features_and_head_are_the_two_halves(made):
    preparation, encoder = of_texts(made("bert"), head="linear", dim=4)
    assert encoder.fixed
    assert not of_texts(made("bert"), tuning="adapters")[1].fixed
    batch = batch_of(preparation)
    assert torch.equal(encoder.head(encoder.features(batch)), encoder(batch))
    assert np.isfinite(encoder.features(batch).numpy()).all()
