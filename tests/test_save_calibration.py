"""A new calibration in a model's folder: nothing else changes, and whatever happens the folder is whole."""

import errno
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from alikely import folders, storage
from alikely.calibration import calibrate
from alikely.errors import CalibrationError, ModelError, StorageError
from alikely.signed import SignedFormat
from alikely.storage import load_model, save_calibration, save_model
from tests.models import made_up_pairs, pictures, small_model

CHANGED = {"calibration.json", "model.json", "README.md"}


def recalibrated(model, seed=1):
    made = calibrate(made_up_pairs(seed), model.distance_name, model.fingerprint(), confidence=0.0)
    return model.with_calibration(made)


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def saved(tmp_path):
    folder = save_model(small_model(), tmp_path / "model", {"metrics.csv": "epoch\n1\n", "report.html": "<html>"})
    (folder / "notes").mkdir()
    (folder / "notes" / "mine.txt").write_bytes(b"\xff my own")
    return folder


def test_only_calibration_description_and_card_change(saved):
    before, model = content(saved), load_model(saved)
    new = recalibrated(model)

    assert save_calibration(new, saved) == saved
    after, again = content(saved), load_model(saved)

    assert {name for name in before if before[name] != after[name]} == CHANGED
    assert before.keys() == after.keys()
    assert again.calibration.to_dict() == new.calibration.to_dict() != model.calibration.to_dict()
    np.testing.assert_array_equal(again.embed(pictures()), model.embed(pictures()))
    assert sorted(path.name for path in saved.parent.iterdir()) == ["model"]


def test_into_a_copy_the_old_one_stays(saved):
    before = content(saved)
    new = recalibrated(load_model(saved))

    save_calibration(new, saved, saved.parent / "copy")

    assert content(saved) == before
    copy = content(saved.parent / "copy")
    assert {name for name in before if before[name] != copy[name]} == CHANGED
    assert copy["README.md"].startswith(b"# copy\n")
    assert load_model(saved.parent / "copy").calibration.to_dict() == new.calibration.to_dict()
    with pytest.raises(StorageError, match="copy: is there already"):
        save_calibration(new, saved, saved.parent / "copy")


def test_a_link_to_the_folder_stays_a_link(saved):
    link = saved.parent / "current"
    link.symlink_to("model")

    save_calibration(recalibrated(load_model(link)), link)

    assert link.is_symlink()
    assert load_model(link).calibration.to_dict() == load_model(saved).calibration.to_dict()


def test_the_record_goes_with_the_calibration(saved):
    new = replace(recalibrated(load_model(saved)), record={"data": {"labels": {"calibrate": ["a"]}}})

    save_calibration(new, saved)

    assert load_model(saved).record["data"]["labels"] == {"calibrate": ["a"]}


def test_a_calibration_that_cannot_be_read_can_be_made_anew(saved):
    (saved / "calibration.json").write_text("{}")
    with pytest.raises(ModelError, match="was changed"):
        load_model(saved)

    save_calibration(recalibrated(load_model(saved, without_calibration=True)), saved)

    assert load_model(saved).calibration is not None


def test_another_model_and_a_model_without_calibration_are_refused(saved):
    before = content(saved)

    with pytest.raises(CalibrationError, match=r"was made for model \w+, this one is"):
        save_calibration(recalibrated(small_model(distance="cosine")), saved)
    with pytest.raises(CalibrationError, match="no calibration to save"):
        save_calibration(small_model(calibrated=False), saved)
    (saved / "weights.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="weights"):
        save_calibration(small_model(), saved)

    assert {name for name, old in content(saved).items() if old != before[name]} == {"weights.safetensors"}


@pytest.mark.parametrize("call", ["copytree", "rename", "fsync", "write"])
def test_a_full_disk_leaves_the_old_state(saved, monkeypatch, call):
    before, new = content(saved), recalibrated(load_model(saved))

    def full(*arguments, **named):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(folders, "_exchanged", lambda *_: False)
    place = {"copytree": storage.shutil, "fsync": os, "write": SignedFormat, "rename": type(saved)}[call]
    monkeypatch.setattr(place, call, full)
    with pytest.raises(StorageError, match="No space left"):
        save_calibration(new, saved)
    monkeypatch.undo()

    assert content(saved) == before
    assert [path.name for path in saved.parent.iterdir()] == ["model"]


KILLED = """
import os, sys
from alikely.storage import load_model, save_calibration
from tests.test_save_calibration import recalibrated

STEPS = ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.copytree", "ctypes.call_function")
folder, left = sys.argv[1], 0
old = load_model(folder)
new = recalibrated(old)

def count(event, arguments):
    global left
    if event in STEPS:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)

step, ended = 0, 1
while ended:
    step += 1
    child = os.fork()
    if child == 0:
        left = step
        sys.addaudithook(count)
        save_calibration(new, folder)
        os._exit(0)
    ended = os.waitpid(child, 0)[1]
    found = load_model(folder).calibration.to_dict()
    states = {"old": old.calibration.to_dict(), "new": new.calibration.to_dict()}
    print(*(name for name, state in states.items() if state == found))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets two folders change places in one step")
def test_killed_at_any_step_the_folder_is_the_old_one_or_the_new_one(saved):
    ran = subprocess.run([sys.executable, "-c", KILLED, str(saved)], capture_output=True, text=True, check=True)
    found = ran.stdout.splitlines()
    change = found.index("new")

    assert len(found) > 20
    assert set(found[:change]) == {"old"}
    assert set(found[change:]) == {"new"}
    assert [path.name for path in saved.parent.iterdir()] == ["model"]
