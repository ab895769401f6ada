"""The items that an export is judged on: those of the record, the user's own, with and without labels."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from alikely import load_model, save_model
from alikely.data.sources import examples_from, read_source
from alikely.errors import InputError, ModelError
from alikely.export import export_model
from tests.models import pictures

pytestmark = pytest.mark.usefixtures("followed_once")


def test_the_source_of_the_record_must_be_there_and_hold_the_same(own, made, tmp_path):
    moved = shutil.copytree(made.digits, tmp_path / "moved")
    model = load_model(own.model)

    def at(source):
        data = {**model.record["data"], "source": source and str(source)}
        save_model(replace(model, record={**model.record, "data": data}), own.model)
        return own.model

    with pytest.raises(InputError, match=r"gone: is not there \(any more\).*--source SOURCE"):
        export_model(at(tmp_path / "gone"))
    with pytest.raises(InputError, match="does not say what it was made from"):
        export_model(at(None))
    assert export_model(at(moved), seconds=0.0).proof.items == 36
    one = model.record["data"]["labels"]["calibrate"][0]
    next((moved / one).iterdir()).unlink()
    with pytest.raises(InputError, match=r"holds 35 items .* calibrated by 36; name"):
        export_model(own.model)
    shutil.rmtree(moved / one)
    with pytest.raises(InputError, match="holds other identities than the model's"):
        export_model(own.model)
    done = export_model(own.model, source=moved, seconds=0.0)  # as the user says so
    assert "2 identities it is calibrated by" in done.proof.measured_on
    assert done.proof.items == 24


def test_a_source_of_the_users_own(own, tmp_path):
    model = load_model(own.model)
    labels = model.record["data"]["labels"]
    examples = read_source(own.digits)

    def only(names):
        return examples.select(np.flatnonzero(np.isin(examples.labels, names)))

    with pytest.raises(InputError, match="only identities that the model learned from"):
        export_model(own.model, only(labels["train"]))
    done = export_model(own.model, only(labels["train"] + labels["test"]), seconds=0.0)
    assert done.proof.measured_on == "examples given from Python: 3 identities it did not learn from"
    int8 = export_model(
        own.model, only(labels["test"]), int8=True, eer_loss=1.0, out=tmp_path / "int8", seconds=0.0
    ).model
    assert int8.record["data"]["calibrated_on"] == "examples given from Python"
    assert int8.record["data"]["labels"]["calibrate"] == labels["test"]


def test_without_labels_the_eer_is_not_known(own, tmp_path):
    examples = examples_from(pictures(8))
    done = export_model(own.model, examples, seconds=0.0)
    assert done.proof.eer is None
    assert [name for name, _, _ in done.proof.rows()] == ["largest difference", "speed at batch 1", "speed at batch 64"]
    with pytest.raises(ModelError, match="do not tell how much worse"):
        export_model(own.model, examples, int8=True, out=tmp_path / "int8", seconds=0.0)
    paired = examples_from(pictures(8), pairs=[(0, 1, True), (2, 3, False), (4, 5, True)])
    assert export_model(own.model, paired, seconds=0.0).proof.eer is not None


def test_a_model_without_calibration_stays_without(own, tmp_path):
    model = replace(load_model(own.model), calibration=None)
    folder = save_model(model, tmp_path / "plain")
    int8 = export_model(folder, own.digits, int8=True, eer_loss=1.0, out=tmp_path / "int8", seconds=0.0)
    assert int8.model.calibration is None
    assert load_model(tmp_path / "int8").calibration is None
