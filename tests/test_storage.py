import errno
import json
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import alikely
from alikely import storage
from alikely.errors import CalibrationError, ModelError, StorageError
from alikely.signed import hash_of_file, hash_of_json
from alikely.storage import load_model, save_model
from tests.models import pictures, small_model


@pytest.fixture
def saved(tmp_path):
    return save_model(small_model(), tmp_path / "model")


@pytest.mark.parametrize(("encoder", "distance", "size"), [("cnn", "euclidean", 16), ("resnet", "learned", 32)])
def test_a_loaded_model_answers_bit_equal(tmp_path, encoder, distance, size):
    model = small_model(encoder, distance, size)
    items = pictures(size=size)

    again = load_model(save_model(model, tmp_path / "model"))

    np.testing.assert_array_equal(again.embed(items), model.embed(items))
    assert again.compare(items[0], items[1]) == model.compare(items[0], items[1])
    assert again.fingerprint() == model.fingerprint()


def test_a_fresh_process_answers_bit_equal(tmp_path):
    model = small_model()
    left, right = (tmp_path / name for name in ("left.png", "right.png"))
    for path, pixels in zip((left, right), pictures(2), strict=True):
        Image.fromarray(pixels).save(path)
    save_model(model, tmp_path / "model")
    program = textwrap.dedent(f"""
        import alikely, torch
        torch.set_num_threads({torch.get_num_threads()})
        model = alikely.load_model({str(tmp_path / "model")!r})
        print(model.compare({str(left)!r}, {str(right)!r}).distance.hex())
    """)

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()

    assert answer == model.compare(left, right).distance.hex()


def test_the_folder_holds_what_the_docs_say(saved):
    assert sorted(path.name for path in saved.iterdir()) == [
        "README.md",
        "calibration.json",
        "model.json",
        "weights.safetensors",
    ]
    described = json.loads((saved / "model.json").read_text())
    assert described["format_version"] == 1
    assert described["encoder"]["name"] == "cnn"
    assert "identities it has never seen" in (saved / "README.md").read_text()


@pytest.mark.parametrize("name", ["weights.safetensors", "calibration.json", "model.json"])
@pytest.mark.parametrize("damage", ["cut", "edited", "gone"])
def test_a_damaged_folder_is_refused_by_name(saved, name, damage):
    path = saved / name
    content = path.read_bytes()
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "edited":
        place = content.rindex(b"1") if name != "weights.safetensors" else len(content) - 5
        path.write_bytes(content[:place] + bytes([content[place] ^ 3]) + content[place + 1 :])
    else:
        path.unlink()

    with pytest.raises(ModelError, match=name):
        load_model(saved)


def test_another_format_version_says_what_to_do(saved):
    described = json.loads((saved / "model.json").read_text()) | {"format_version": 99}
    (saved / "model.json").write_text(json.dumps(described))

    with pytest.raises(ModelError, match=r"format version 99.*reads 1"):
        load_model(saved)


@pytest.mark.parametrize("content", ["[]", "{}", "null", '{"format": "other"}'])
def test_json_that_describes_no_model_is_refused(saved, content):
    (saved / "model.json").write_text(content)

    with pytest.raises(ModelError, match=r"model\.json"):
        load_model(saved)


def test_folders_that_are_none_are_refused(tmp_path):
    with pytest.raises(ModelError, match="no such folder"):
        load_model(tmp_path / "nowhere")
    with pytest.raises(ModelError, match="no model folder"):
        load_model(tmp_path)


def test_a_full_disk_leaves_the_old_model_and_nothing_half_written(saved, monkeypatch):
    before = {path.name: path.read_bytes() for path in saved.iterdir()}

    def full(*arguments, **named):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(storage, "model_card", full)
    with pytest.raises(StorageError, match="No space left"):
        save_model(small_model(distance="cosine"), saved)

    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before
    assert [path.name for path in saved.parent.iterdir()] == ["model"]


def test_weights_with_a_pickle_in_them_are_not_read(saved):
    torch.save({"encoder.weight": torch.zeros(1)}, saved / "weights.safetensors")
    described = json.loads((saved / "model.json").read_text())
    described["files"]["weights.safetensors"] = hash_of_file(saved / "weights.safetensors")
    del described["sha256"]
    described["sha256"] = hash_of_json(described)
    (saved / "model.json").write_text(json.dumps(described))

    with pytest.raises(ModelError, match="does not hold together"):
        load_model(saved)


class Own(nn.Module):
    """An encoder of a user's own: the mean of each of 16 columns."""

    dim = 16

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, batch):
        return batch.mean(dim=(1, 2)) * self.scale


def test_an_own_encoder_is_given_again_when_loading(tmp_path):
    from dataclasses import replace

    from alikely.model import ready

    model = replace(small_model(calibrated=False), encoder=ready(Own()), encoder_name="Own")
    save_model(model, tmp_path / "model")

    with pytest.raises(ModelError, match=r"load_model\(.*encoder=\.\.\.\)"):
        load_model(tmp_path / "model")
    again = alikely.load_model(tmp_path / "model", encoder=Own())
    np.testing.assert_array_equal(again.embed(pictures()), model.embed(pictures()))


def test_a_model_without_calibration_gives_no_verdict(tmp_path):
    model = load_model(save_model(small_model(calibrated=False), tmp_path / "model"))
    left, right = pictures(2)

    assert model.distance_of(left, right) > 0
    with pytest.raises(CalibrationError, match="no calibration"):
        model.compare(left, right)


def test_a_calibration_of_another_model_is_refused():
    with pytest.raises(CalibrationError, match="another"):
        small_model(distance="cosine").with_calibration(small_model().calibration)


def test_wrong_kinds_of_arguments_get_an_error_of_ours():
    program = textwrap.dedent("""
        import alikely, torch
        from tests.models import pictures, small_model
        from torch import nn

        class Short(nn.Module):
            dim = 16
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(256, 8)
            def forward(self, batch):
                return self.layer(batch.flatten(1))

        from tests.pictures import pattern_examples
        model = small_model()
        for attempt in (
            lambda: model.compare("a.png", 3),
            lambda: model.embed("a.png"),
            lambda: alikely.train("nowhere", {"epochs": 1}),
            lambda: alikely.train(pattern_examples(12), alikely.TrainSettings(size=16), encoder=Short()),
        ):
            try:
                attempt()
            except alikely.AlikelyError as error:
                print(error.code, error)
    """)

    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.splitlines()

    assert [line.split()[0] for line in told] == ["input", "input", "settings", "settings"]
    assert "a.png" in told[0]
    assert "put it in a list" in told[1]
    assert "TrainSettings" in told[2]
    assert "gives (2, 8)" in told[3]
    assert "must give (2, 16)" in told[3]
