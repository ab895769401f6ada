"""The benchmark of faces learned on LFW and judged on ORL: its crops, what it learns from ORL, and that it runs."""

import json
import sys

import numpy as np
import pytest
from PIL import Image

import alikely
from benchmarks import faces_transfer, faces_transfer_choice


def people(rows_of, each=6, count=12):
    """Items that nothing reads, with labels, and rows."""
    labels = np.repeat([f"p{i:02d}" for i in range(count)], each)
    items = [np.full((4, 4), place, np.uint8) for place in range(len(labels))]
    return alikely.examples_from(items, labels=labels), rows_of(np.repeat(np.arange(count), each))


def test_what_differs_within_some_people_is_divided_out_of_others():
    rng = np.random.default_rng(0)

    def rows_of(person):
        # Twenty numbers that are the person's, and one that is larger and changes from picture to picture.
        own = rng.normal(0, 1, (12, 20))[person] + rng.normal(0, 0.1, (len(person), 20))
        return np.column_stack([own, rng.normal(0, 15, len(person))]).astype(np.float32)

    examples, rows = people(rows_of)
    learned = examples.select(np.flatnonzero(examples.labels < "p08"))
    found = faces_transfer.judged_by(rows, examples, learned)
    assert found["orl_eer_plain"] > 0.25
    assert found["orl_eer"] < 0.1


def test_only_the_others_are_judged():
    rng = np.random.default_rng(0)
    examples, rows = people(lambda person: np.eye(12)[person] + rng.normal(0, 0.01, (len(person), 12)))
    rows = rows.astype(np.float32)
    # Two of those learned from cannot be told apart: that is no fault of the others.
    rows[:6] = rows[6:12]
    learned = examples.select(np.flatnonzero(examples.labels < "p08"))
    assert faces_transfer.judged_by(rows, examples, learned)["orl_eer_plain"] == 0


def test_a_model_that_was_kept_is_taken_where_its_settings_are_the_same(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    for person in range(8):
        folder = tmp_path / "lfw" / "images" / f"P{person}"
        folder.mkdir(parents=True)
        for number in range(3):
            Image.fromarray(rng.integers(0, 256, (64, 64), dtype=np.uint8)).save(folder / f"{number}.jpg")
    small = {
        **faces_transfer.SETTINGS,
        "encoder_settings": {"stem": 8, "stages": [8], "dim": 8},
        "size": 32,
        "epochs": 1,
        "labels_per_batch": 4,
        "items_per_label": 2,
    }
    keep = tmp_path / "keep"
    first, times = faces_transfer.learned_on_lfw(tmp_path, small, keep)
    monkeypatch.setattr(alikely, "train", None)
    again, same_times = faces_transfer.learned_on_lfw(tmp_path, small, keep)
    assert again.fingerprint() == first.fingerprint()
    assert same_times == times
    with pytest.raises(TypeError):  # other settings are learned anew
        faces_transfer.learned_on_lfw(tmp_path, {**small, "epochs": 2}, keep)


@pytest.mark.data
def test_crops_are_those_of_the_model_after_the_face_is_found(real_data):
    pytest.importorskip("cv2")
    path = sorted((real_data / "orl" / "s01").glob("*.png"))[0]
    found = faces_transfer_choice.correlations([path], np.arange(64 * 64.0).reshape(64, 64))
    assert set(found) == {"lower 0", "lower 0.04", "lower 0.08", "lower 0.12"}
    assert all(len(row) == 6 for row in found.values())


@pytest.mark.slow
@pytest.mark.data
def test_the_choice_runs(real_data, tmp_path, monkeypatch):
    found = tmp_path / "found.json"
    monkeypatch.setattr(sys, "argv", ["x", "--data", str(real_data), "--quick", "--json", str(found)])
    faces_transfer_choice.main()
    assert json.loads(found.read_text())["metrics"]["frame 0.74"] > 0.5  # of few pictures


@pytest.mark.slow
@pytest.mark.data
def test_it_runs(real_data, tmp_path, monkeypatch):
    found = tmp_path / "found.json"
    arguments = ["x", "--data", str(real_data), "--seeds", "1", "--quick", "--json", str(found)]
    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.setattr(faces_transfer, "SIZES", (1.0,))
    faces_transfer.main()
    result = json.loads(found.read_text())
    assert result["name"] == "faces_transfer"
    assert 0 < result["metrics"]["orl_eer"] < 0.4
    assert 0.05 < result["floors"]["PCA + LDA"]["orl_eer"] < 0.12
