"""`export_model` and `alikely export`: what is written, what it is held against, and what is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import alikely
from alikely import load_model, save_model
from alikely.data.sources import examples_from, read_source
from alikely.engine import OnnxEngine
from alikely.errors import CalibrationError, GalleryError, ModelError, SettingsError, StorageError
from alikely.export import EER_LOSS, export_model, making
from alikely.export.graph import onnx_of
from alikely.gallery import Gallery
from alikely.metrics import Verification
from alikely.model import distances_of_examples
from tests.commands import command, refused
from tests.models import pictures, small_model

pytestmark = pytest.mark.usefixtures("followed_once")


@pytest.fixture(scope="module")
def exported(made, tmp_path_factory):
    """The model exported in fp32, and in int8."""
    folder = tmp_path_factory.mktemp("exported")
    fp32 = export_model(made.model, out=folder / "fp32", seconds=0.0)
    return fp32, export_model(made.model, int8=True, eer_loss=1.0, out=folder / "int8", seconds=0.0)


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def eer(model, examples):
    pairs = distances_of_examples(model.embed(examples.items), examples, model.distance)
    return Verification.from_distances(pairs.same, pairs.different).eer


def calibration_digits(made, model):
    examples = read_source(made.digits)
    return examples.select(np.flatnonzero(np.isin(examples.labels, model.record["data"]["labels"]["calibrate"])))


def test_the_command_writes_the_network_and_its_proof_and_tells_of_it(own):
    before, model = content(own.model), load_model(own.model)

    ran = command("export", own.model, "--onnx")

    after, again = content(own.model), load_model(own.model)
    assert ran.code == 0, ran.err
    for said in ("largest difference", "EER of the export", "EER of the original", "speed at batch 1 ", "batch 64"):
        assert said in ran.out
    assert "3 identities it is calibrated by" in ran.out
    assert set(after) - set(before) == {"encoder.onnx", "proof.json"}
    assert {name for name in before if before[name] != after[name]} == {"model.json", "README.md"}
    proof = json.loads(after["proof.json"])
    assert proof == again.record["export"]
    assert proof["eer"] == pytest.approx(eer(again, calibration_digits(own, model)))
    assert proof["eer_before"] == pytest.approx(eer(model, calibration_digits(own, model)))
    assert proof["items"] == 36
    assert 0 < proof["largest_difference"] <= proof["tolerance"]
    assert b"Fast inference" in after["README.md"]
    assert isinstance(again.engine, OnnxEngine)
    assert model.engine is None
    assert again.fingerprint() == model.fingerprint()
    np.testing.assert_allclose(again.embed(pictures()), model.embed(pictures()), atol=1e-6)
    inspected = command("inspect", own.model).out
    assert "encoder.onnx, fp32; measured on " in inspected
    assert "speed at batch 64 " in inspected


def test_json_says_the_same(made, tmp_path):
    said = json.loads(command("export", made.model, "--onnx", "--out", tmp_path / "out", "--json").out)
    assert said["folder"] == str(tmp_path / "out")
    assert said["fingerprint"] == load_model(made.model).fingerprint()
    assert said["precision"] == "fp32"
    assert set(said["times_as_fast"]) == {"batch_1", "batch_64"}
    assert not (made.model / "encoder.onnx").exists()


def test_an_export_is_replaced_by_the_next_and_damage_is_told(own):
    first = export_model(own.model, seconds=0.0)
    again = export_model(own.model, seconds=0.0)
    assert load_model(own.model).engine.content == again.model.engine.content == first.model.engine.content
    assert not [path for path in own.model.parent.iterdir() if path.name.startswith(".")]
    for name in ("encoder.onnx", "proof.json"):
        whole = (own.model / name).read_bytes()
        (own.model / name).write_bytes(whole[:-1])
        with pytest.raises(ModelError, match=rf"{name}: was changed or cut short"):
            load_model(own.model)
        (own.model / name).unlink()
        with pytest.raises(ModelError, match=rf"{name}: is missing"):
            load_model(own.model)
        (own.model / name).write_bytes(whole)
    load_model(own.model)


def test_nothing_of_this_machine_stands_in_the_network(exported):
    assert b"/src/alikely" not in exported[0].model.engine.content
    assert b".py" not in exported[0].model.engine.content


def test_a_network_that_answers_otherwise_is_refused(own, monkeypatch):
    before = content(own.model)
    other = small_model()

    def of_another(encoder, name, kind, batch):
        return onnx_of(other.encoder, name, kind, batch)

    monkeypatch.setattr(making, "onnx_of", of_another)
    with pytest.raises(ModelError, match=r"up to 0?\.?\d+.* apart, where rounding makes 0.0001 at most; nothing was"):
        export_model(own.model, seconds=0.0)
    assert content(own.model) == before


def test_int8_is_another_model_with_a_calibration_of_its_own(made, exported, tmp_path):
    original, int8 = load_model(made.model), load_model(exported[1].folder)
    assert int8.fingerprint() == exported[1].model.fingerprint()
    assert int8.fingerprint() != original.fingerprint()
    assert int8.calibration.model == int8.fingerprint()
    assert int8.calibration.default_fmr == original.calibration.default_fmr
    assert int8.calibration.confidence == original.calibration.confidence
    assert int8.calibration.same_pairs == original.calibration.same_pairs
    assert int8.record["data"] == original.record["data"]
    assert "evaluation" not in int8.record  # it was measured with the original
    assert np.abs(int8.embed(pictures()) - original.embed(pictures())).max() > 1e-4
    assert exported[1].proof.eer == pytest.approx(exported[1].proof.eer_before, abs=0.05)
    with Gallery.create(tmp_path / "gallery", original) as gallery:
        gallery.enrol(examples_from(pictures(), list("aabbcc")))
    with pytest.raises(GalleryError, match="model"):
        Gallery.open(tmp_path / "gallery", int8)
    with Gallery.open(tmp_path / "gallery", load_model(exported[0].folder)) as gallery:
        assert gallery.search(pictures()[0], k=1)[0].identity == "a"


def test_int8_is_refused_where_the_eer_suffers(made, tmp_path, monkeypatch):
    model = load_model(made.model)
    spoilt = small_model()
    examples = calibration_digits(made, model)

    def of_another(network, batches):
        return onnx_of(spoilt.encoder, "cnn", "picture", torch.from_numpy(batches[0])), "static"

    monkeypatch.setattr(making, "quantised", of_another)
    loss = eer(replace(model, encoder=spoilt.encoder), examples) - eer(model, examples)
    assert loss > 0.01  # else this test shows nothing
    message = refused(
        "export", made.model, "--onnx", "--int8", "--out", tmp_path / "int8", "--eer-loss", str(loss - 0.001)
    )
    assert "in int8 the EER is" in message
    assert "that of the original" in message
    assert not (tmp_path / "int8").exists()
    done = export_model(made.model, int8=True, eer_loss=loss + 0.001, out=tmp_path / "int8", seconds=0.0)
    assert done.proof.eer - done.proof.eer_before == pytest.approx(loss)


def test_settings_that_do_not_fit(made, exported, tmp_path):
    assert "--onnx" in refused("export", made.model)
    assert "folder of its own" in refused("export", made.model, "--onnx", "--int8")
    assert "--eer-loss is for --int8" in refused("export", made.model, "--onnx", "--eer-loss", "0.1")
    with pytest.raises(SettingsError, match=r"from 0 to 1, got 1\.5"):
        export_model(made.model, int8=True, eer_loss=1.5, out=tmp_path / "x")
    with pytest.raises(StorageError, match="is there already"):
        export_model(made.model, out=tmp_path)
    with pytest.raises(SettingsError, match="is a model in int8 already"):
        export_model(exported[1].folder, out=tmp_path / "x")
    assert EER_LOSS == 0.005


def test_without_what_it_takes(made, exported, monkeypatch, tmp_path):
    from alikely import storage
    from alikely.export import graph

    monkeypatch.setattr(graph, "find_spec", lambda name: None if name == "onnxscript" else object())
    with pytest.raises(SettingsError, match=r"exporting needs onnxscript; run: pip install alikely\[export\]"):
        export_model(made.model, out=tmp_path / "x")
    monkeypatch.setattr(storage, "find_spec", lambda _: None)
    assert load_model(exported[0].folder).engine is None
    with pytest.raises(SettingsError, match=r"in int8, which needs onnxruntime; run: pip install alikely\[onnx\]"):
        load_model(exported[1].folder)


class Own(nn.Module):
    """An encoder of a user's own; where it `asks`, what it does depends on the numbers that it sees."""

    dim = 4

    def __init__(self, asks: bool) -> None:
        super().__init__()
        self.asks = asks
        self.linear = nn.Linear(256, 4)

    def forward(self, batch):
        if self.asks and float(batch.sum()) > 1e9:
            return self.linear(-batch.flatten(1))
        return self.linear(batch.flatten(1))


def test_an_encoder_of_ones_own(own, tmp_path):
    def model_of(encoder):
        return replace(load_model(own.model), encoder=encoder.eval(), encoder_name="Own", calibration=None)

    folder = save_model(model_of(Own(asks=False)), tmp_path / "own")
    assert export_model(folder, own.digits, encoder=Own(asks=False), seconds=0.0).proof.difference < 1e-5
    assert load_model(folder, encoder=Own(asks=False)).engine is not None
    folder = save_model(model_of(Own(asks=True)), tmp_path / "asks")
    with pytest.raises(SettingsError, match=r"the encoder Own cannot be exported to ONNX \(.*runs by torch"):
        export_model(folder, own.digits, encoder=Own(asks=True), seconds=0.0)


def test_a_new_calibration_keeps_the_export(own):
    export_model(own.model, seconds=0.0)
    examples = calibration_digits(own, load_model(own.model))
    found = alikely.calibrate_model(load_model(own.model), examples, confidence=0.0)
    alikely.save_calibration(found.model, own.model)
    again = load_model(own.model)
    assert again.calibration.default_fmr == found.calibration.default_fmr
    assert again.engine is not None


def test_a_model_that_is_saved_again_keeps_the_network_it_uses(exported, tmp_path):
    for done in exported:
        model = load_model(done.folder)
        again = load_model(save_model(model, tmp_path / done.proof.precision))
        assert again.fingerprint() == model.fingerprint()
        np.testing.assert_array_equal(again.embed(pictures()), model.embed(pictures()))
        assert again.record["export"] == model.record["export"]
    plain = load_model(save_model(replace(load_model(exported[0].folder), engine=None), tmp_path / "plain"))
    assert plain.engine is None
    assert "export" not in plain.record
    assert sorted(path.name for path in (tmp_path / "plain").iterdir()) == [
        "README.md",
        "calibration.json",
        "model.json",
        "weights.safetensors",
    ]
    without = replace(load_model(exported[1].folder), engine=None)
    with pytest.raises(ModelError, match="its engine was taken away"):
        save_model(without, tmp_path / "never")
    with pytest.raises(ModelError, match="its engine was taken away"):
        without.embed(pictures())


def test_an_export_goes_into_the_folder_of_its_model_only(own, exported, tmp_path):
    from alikely.storage import save_export

    with pytest.raises(ModelError, match="no exported network to save"):
        save_export(load_model(own.model), own.model)
    other = save_model(small_model(), tmp_path / "other")
    with pytest.raises(CalibrationError, match=r"what is to be saved was made for model \w+, this one is"):
        save_export(load_model(exported[0].folder), other)


def test_explaining_goes_on_with_the_encoder(made, exported):
    left, right = (str(path) for path in sorted((made.digits / "3").iterdir())[:2])
    before = alikely.explain(load_model(made.model), left, right)
    after = alikely.explain(load_model(exported[0].folder), left, right)
    np.testing.assert_allclose(after.left.map, before.left.map, atol=1e-4)
    assert np.abs(before.left.map).max() > 1e-3
