"""Every encoder with every kind of item that it takes goes to ONNX and answers the same there, or says why it does not.

Found from the table: what is in it is tested.
"""

import numpy as np
import pytest
import torch

from alikely.data.reading import read_batch
from alikely.encoders.pretrained import Pretrained
from alikely.engine import OnnxEngine
from alikely.errors import AlikelyError, SettingsError
from alikely.export import export_model
from alikely.export.graph import onnx_of
from alikely.onnx_session import OnnxSession
from alikely.storage import load_model, save_model
from tests.encoders.networks import picture_network, text_network
from tests.kinds import examples_of
from tests.test_every_kind import ENCODERS_OF_KINDS, made_elsewhere, trained  # noqa: F401

IS_ONNX = "onnx"
TEXTS = ["a man runs", "the dog sleeps the cat eats a dog", "cat", "a", "the dog the cat"]
# The exporter takes seconds for each: these, which are most unlike each other, in every run, the others on CI.
AT_ONCE = {("cnn", "picture"), ("gru", "text"), ("lstm", "sequence"), ("mlp", "row"), ("onnx", "picture")}
CASES = [pytest.param(*case, marks=() if case in AT_ONCE else pytest.mark.slow) for case in sorted(ENCODERS_OF_KINDS)]
# No product of matrices is in them, but for recurrent layers.
REFUSED_IN_INT8 = [("bag", "text"), ("manhattan_lstm", "text"), ("parts", "picture")]
IN_INT8 = [case for case in CASES if case.values[0] != IS_ONNX and case.values not in REFUSED_IN_INT8]


@pytest.mark.parametrize(("encoder", "kind"), CASES)
def test_export_answers_as_the_encoder(encoder, kind, made_elsewhere, tmp_path):  # noqa: F811
    model = trained(encoder, kind, made_elsewhere)
    folder, examples = save_model(model, tmp_path / "model"), examples_of(kind)
    if encoder == IS_ONNX:
        with pytest.raises(SettingsError, match="ONNX already"):
            export_model(folder, examples, seconds=0.0)
        assert load_model(folder).engine is None
        return

    done = export_model(folder, examples, seconds=0.0)

    again = load_model(folder)
    assert isinstance(again.engine, OnnxEngine)
    assert again.fingerprint() == model.fingerprint()
    assert done.proof.difference < 1e-5
    assert done.proof.eer == pytest.approx(done.proof.eer_before, abs=0.02)
    # Batches of other sizes than the exporter saw, items of other lengths, each alone and together.
    for count in (1, 2, 7, len(examples.items)):
        items = examples.items[:count]
        np.testing.assert_allclose(again.embed(items), model.embed(items), atol=1e-5)
    assert again.embed([]).shape == (0, model.dim)


@pytest.mark.parametrize(("encoder", "kind"), IN_INT8)
def test_in_int8_an_item_alone_has_the_embedding_that_it_has_beside_others(encoder, kind, made_elsewhere, tmp_path):  # noqa: F811
    folder, examples = save_model(trained(encoder, kind, made_elsewhere), tmp_path / "model"), examples_of(kind)
    model = export_model(folder, examples, int8=True, eer_loss=1.0, out=tmp_path / "int8", seconds=0.0).model
    alone = np.concatenate([model.embed([item]) for item in examples.items])

    # Others of other lengths, some longer, some shorter; the same item first and last.
    for places in (range(2), range(7), range(len(alone)), range(len(alone) - 1, -1, -1)):
        together = model.embed([examples.items[place] for place in places])
        np.testing.assert_allclose(together, alone[list(places)], rtol=0, atol=1e-6)
    # Read beside a longer one, and asked without it: its padding is still there.
    read = read_batch(model.preparation, examples.items)
    np.testing.assert_allclose(model.embed_read(read[3:4]), alone[3:4], rtol=0, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("encoder", "kind"), REFUSED_IN_INT8)
def test_encoders_that_int8_does_not_take(encoder, kind, made_elsewhere, tmp_path):  # noqa: F811
    folder = save_model(trained(encoder, kind, made_elsewhere), tmp_path / "model")
    with pytest.raises(AlikelyError):
        export_model(folder, examples_of(kind), int8=True, eer_loss=1.0, out=tmp_path / "int8", seconds=0.0)
    assert not (tmp_path / "int8").exists()


@pytest.mark.slow
@pytest.mark.parametrize("family", ["roberta", "mpnet", "distilbert", "t5"])
def test_networks_for_texts_of_other_families(family, tmp_path):
    folder = text_network(tmp_path / family, family)
    preparation = Pretrained.preparation("text", {"model": str(folder)}, {})
    require_same(Pretrained(model=str(folder), **preparation.facts()).eval(), "text", read_batch(preparation, TEXTS))


@pytest.mark.slow
@pytest.mark.parametrize("family", ["dinov2", "swin", "convnext", "resnet"])
def test_networks_for_pictures_of_other_families(family, tmp_path):
    folder = picture_network(tmp_path / family, family)
    preparation = Pretrained.preparation("picture", {"model": str(folder)}, {})
    require_same(Pretrained(model=str(folder), **preparation.facts()).eval(), "picture", torch.rand(5, 3, 32, 32))


def require_same(encoder, kind, batch):
    """Its export answers as it does, for batches of any size."""
    session = OnnxSession(onnx_of(encoder, "pretrained", kind, batch), "encoder.onnx")
    for some in (batch, batch[:1], torch.cat([batch] * 7)):
        np.testing.assert_allclose(session.run(some.numpy()), encoder(some).detach().numpy(), atol=1e-5)
