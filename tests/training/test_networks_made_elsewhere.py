"""Networks made elsewhere, from training to a model folder that needs nothing beside it; and own classes by name."""

import numpy as np
import pytest
import torch

import alikely
from alikely import TrainSettings
from alikely.data.preparation import PicturePreparation
from alikely.data.texts.given import GivenTextPreparation
from alikely.encoders.pretrained import Pretrained
from alikely.errors import ModelError, SettingsError
from alikely.training.encoder import learns, make_encoder, what_learns
from alikely.training.progress import Silent
from alikely.types import Examples
from tests.encoders.networks import WORDS, picture_network, text_network
from tests.encoders.test_onnx import of_rows

QUICK = {"epochs": 2, "confidence": 0, "labels_per_batch": 8}


def texts(seed=0):
    """12 identities: each has two words of its own, between others."""
    rng = np.random.default_rng(seed)
    made = [[" ".join([*rng.permutation(WORDS[4:])[:6]]) for _ in range(4)] for _ in range(12)]
    items = tuple(text for identity in made for text in identity)
    names = tuple(f"text {number}" for number in range(len(items)))
    return Examples(items, names, labels=np.repeat(np.arange(12), 4).astype(str), kind="text")


def embeddings(dim=5):
    rng = np.random.default_rng(0)
    rows = np.repeat(rng.normal(size=(12, dim)), 4, axis=0) + 0.3 * rng.normal(size=(48, dim))
    names = tuple(f"row {number}" for number in range(48))
    return Examples(tuple(rows), names, labels=np.repeat(np.arange(12), 4).astype(str), kind="embedding")


def pictures():
    rng = np.random.default_rng(0)
    items = tuple(rng.integers(0, 256, (48, 40, 36, 3), dtype=np.uint8))
    return Examples(items, tuple(f"p{i}" for i in range(48)), labels=np.repeat(np.arange(12), 4).astype(str))


def trained(examples, folder, **settings):
    chosen = TrainSettings(**{**QUICK, **settings})
    return alikely.train(examples, chosen, out=folder, reporter=Silent())


@pytest.mark.parametrize(
    "chosen", [{"head": "linear"}, {"tuning": "adapters"}, {"tuning": "fine_tuned"}], ids=["head", "adapters", "all"]
)
def test_texts_are_learned_saved_and_compared_without_the_network_s_folder(tmp_path, chosen):
    network = text_network(tmp_path / "network")
    examples = texts()
    settings = {"model": str(network), **chosen}
    done = trained(examples, tmp_path / "model", encoder="pretrained", encoder_settings=settings)
    network.rename(tmp_path / "gone")
    loaded = alikely.load_model(tmp_path / "model")
    assert isinstance(loaded.preparation, GivenTextPreparation)
    assert np.array_equal(loaded.embed(examples.items[:3]), done.model.embed(examples.items[:3]))
    before = Pretrained(model=str(tmp_path / "gone"), tokens=len(WORDS), **chosen).eval()
    changed = [
        name
        for name, tensor in before.state_dict().items()
        if not torch.equal(tensor, loaded.encoder.state_dict()[name])
    ]
    frozen = chosen.get("tuning", "frozen") == "frozen"
    assert all(name.startswith("head.") for name in changed) == frozen
    assert changed


def test_pictures_are_seen_as_the_network_saw_them(tmp_path):
    network = picture_network(tmp_path / "network", "resnet")
    settings = {"model": str(network), "head": "linear", "dim": 6}
    trained(pictures(), tmp_path / "model", encoder="pretrained", encoder_settings=settings)
    loaded = alikely.load_model(tmp_path / "model")
    assert isinstance(loaded.preparation, PicturePreparation)
    again = Pretrained.preparation("picture", {"model": str(network)}, {})
    assert loaded.preparation == again  # its mean and deviation, not those of our pictures
    assert loaded.dim == 6


def test_what_is_frozen_is_computed_once(tmp_path, monkeypatch):
    network = text_network(tmp_path)
    seen = []
    features = Pretrained.features
    monkeypatch.setattr(Pretrained, "features", lambda self, batch: seen.append(len(batch)) or features(self, batch))
    shares = {"validate_share": 0, "calibrate_share": 0, "test_share": 0}
    chosen = {"encoder": "pretrained", "encoder_settings": {"model": str(network), "head": "linear"}, **shares}
    alikely.train(texts(), TrainSettings(**QUICK, **chosen), reporter=Silent())
    assert sum(seen) == 48 + 1  # every text, and the one that is tried to see how long an embedding is
    seen.clear()
    chosen["encoder_settings"]["tuning"] = "adapters"
    alikely.train(texts(), TrainSettings(**QUICK, **chosen), reporter=Silent())
    assert sum(seen) > 2 * 48 - 8


def test_head_on_features_learns_as_the_whole_encoder_does(tmp_path):
    from alikely.data.reading import prepare

    network = text_network(tmp_path)
    chosen = {"model": str(network), "head": "mlp"}
    settings = TrainSettings(encoder="pretrained", encoder_settings=chosen).resolved("text")
    items, _ = prepare(texts(), Pretrained.preparation("text", chosen, {}))
    encoder = make_encoder(None, items, settings)
    part = what_learns(encoder, items, items, settings, Silent())
    assert part.encoder is encoder.head
    assert learns(part.encoder)
    whole = encoder(items.take(np.arange(5)))
    torch.testing.assert_close(part.encoder(part.items.take(np.arange(5))), whole, atol=1e-5, rtol=1e-4)
    assert torch.equal(part.watched.take(np.arange(48)), part.items.take(np.arange(48)))
    augmented = settings.model_copy(update={"augment": "light"})
    assert what_learns(encoder, items, None, augmented, Silent()).encoder is encoder


def test_encoder_without_weights_is_taken_as_it_is(tmp_path):
    done = trained(embeddings(), tmp_path / "model", encoder_settings={"head": "none"})
    assert done.history.ended == "nothing to learn"
    assert done.history.epochs == ()
    rows = np.stack(embeddings().items).astype(np.float32)
    expected = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    loaded = alikely.load_model(tmp_path / "model")
    np.testing.assert_allclose(loaded.embed(embeddings().items), expected, rtol=1e-5, atol=1e-6)
    assert loaded.compare(*embeddings().items[:2]).verdict in ("same", "different")


def test_embeddings_take_a_head_by_themselves(tmp_path):
    done = trained(embeddings(), tmp_path / "model", encoder_settings={"dim": 3})
    assert done.model.encoder_name == "given"
    assert alikely.load_model(tmp_path / "model").dim == 3


def test_onnx_file_is_kept_in_the_model_folder(tmp_path):
    file = tmp_path / "network.onnx"
    of_rows(file)
    trained(embeddings(), tmp_path / "model", encoder="onnx", encoder_settings={"file": str(file), "head": "linear"})
    expected = alikely.load_model(tmp_path / "model").embed(embeddings().items)
    file.unlink()
    assert np.array_equal(alikely.load_model(tmp_path / "model").embed(embeddings().items), expected)


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The name of a class in the current folder."""
    name = f"mine_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(
        "from torch import nn\n"
        "class Mine(nn.Module):\n"
        "    def __init__(self, given, dim=4):\n"
        "        super().__init__()\n"
        "        self.dim, self.linear = dim, nn.Linear(given, dim)\n"
        "    def forward(self, batch):\n"
        "        return self.linear(batch)\n"
    )
    monkeypatch.chdir(tmp_path)
    return f"{name}:Mine"


def test_own_class_by_name_is_imported_only_where_that_is_allowed(tmp_path, own):
    done = trained(embeddings(), tmp_path / "model", encoder=own, encoder_settings={"dim": 3})
    expected = done.model.embed(embeddings().items)
    assert done.model.encoder_name == own
    with pytest.raises(ModelError, match=r"its encoder .*:Mine is not one of Alikely's; pass it.*own_code=True"):
        alikely.load_model(tmp_path / "model")
    loaded = alikely.load_model(tmp_path / "model", own_code=True)
    assert np.array_equal(loaded.embed(embeddings().items), expected)
    given = alikely.load_model(tmp_path / "model", encoder=type(done.model.encoder)(5, 3))
    assert np.array_equal(given.embed(embeddings().items), expected)


def test_own_class_that_does_not_meet_the_contract(own):
    with pytest.raises(SettingsError, match="Mine has no setting 'width'"):
        alikely.train(
            embeddings(), TrainSettings(**QUICK, encoder=own, encoder_settings={"width": 3}), reporter=Silent()
        )


def test_missing_network_is_told_before_anything_is_read(tmp_path):
    settings = TrainSettings(encoder="pretrained", encoder_settings={"model": str(tmp_path / "absent")})
    with pytest.raises(alikely.AlikelyError, match="no such folder"):
        alikely.train(texts(), settings, reporter=Silent())
