"""Bad input for decisions: each line gets an error that names the thing and the way out, and nothing is written."""

import hashlib
import json

import numpy as np
import pytest

from alikely.errors import CalibrationError
from alikely.storage import load_model, save_model
from tests.commands import SMALL, command, refused
from tests.models import small_model
from tests.pictures import pattern_folder
from tests.recalibration.made import columns, embeddings, written


@pytest.fixture
def out(tmp_path):
    """Where no calibration is yet; after the test, none may be there."""
    yield tmp_path / "calibration.json"
    assert not (tmp_path / "calibration.json").exists()
    assert not list(tmp_path.glob(".*"))


@pytest.fixture
def model(tmp_path):
    """A model in its folder, which must stay as it is."""
    folder = save_model(small_model(), tmp_path / "model")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    yield folder
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def score_rows(value="0.5", row=17, kind="distance"):
    """Twelve same pairs near 0.2, 30 different ones near 0.9, and in one row something else."""
    rows = [f"{0.2 + i / 100:.2f},1" for i in range(12)] + [f"{0.7 + i / 100:.2f},0" for i in range(30)]
    rows[row - 2] = f"{value},0"
    return [f"{kind},same", *rows]


# Too few identities, all pairs of one kind


def test_too_few_identities_for_what_is_promised(tmp_path, model, out):
    pictures = pattern_folder(tmp_path / "few", identities=5, each=4)

    message = refused("calibrate", model, pictures, "--fmr", "0.001")

    assert "a false-match rate of 0.1 % on identities never seen cannot be promised with 95 % confidence" in message
    assert "of 5 identities: it takes about " in message
    assert "The smallest rate that these can bear is " in message


def test_fewer_than_ten_pairs(tmp_path, model):
    pictures = pattern_folder(tmp_path / "few", identities=3, each=2)

    message = refused("calibrate", model, pictures)

    assert "needs at least 10 pairs of each kind, got 3 same and 12 different; add at least 7 same" in message


@pytest.mark.parametrize(
    ("same", "problem"), [(True, "got 60 same and 0 different"), (False, "got 0 same and 60 different")]
)
def test_all_pairs_same_or_all_different(tmp_path, out, same, problem):
    scores = written(tmp_path, {"distance": [i / 60 for i in range(60)], "same": [same] * 60})

    message = refused("calibrate", "--scores", scores, "--out", out)

    assert f"needs at least 10 pairs of each kind, {problem}" in message


# Distances that are none, similarities that are too large


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("nan", "the distance is nan; it must be a finite number: look at what gave it, or remove the row"),
        ("inf", "the distance is inf; it must be a finite number"),
        ("-inf", "the distance is -inf; it must be a finite number"),
        ("-0.25", "the distance is -0.25; distances are 0 (alike) or more. If these are similarities, call the column"),
        ("near", "the distance 'near' is no number; write it as 0.25"),
        ("", "the cell of column 'distance' is empty"),
    ],
)
def test_a_distance_that_is_none(tmp_path, out, value, problem):
    scores = written(tmp_path, rows=score_rows(value))

    message = refused("calibrate", "--scores", scores, "--out", out)

    assert message.startswith(f"{scores}, line 17: {problem}")


def test_embeddings_that_are_not_finite(tmp_path, out):
    made = embeddings()
    made["embeddings"][7, 3] = np.nan
    np.savez(tmp_path / "e.npz", **made)

    message = refused("calibrate", "--embeddings", tmp_path / "e.npz", "--distance", "cosine", "--out", out)

    assert "got NaN or infinity for 1 of 200 items (at 7)" in message


def test_a_similarity_above_the_largest(tmp_path, out):
    scores = written(tmp_path, rows=score_rows("1.5", kind="similarity"))

    message = refused("calibrate", "--scores", scores, "--out", out)

    assert message.startswith(f"{scores}, line 17: the similarity 1.5 is above the largest that there can be, 1;")
    assert "--largest-similarity (largest_similarity=...), here at least 1.5" in message


# The wrong direction


@pytest.mark.parametrize("kind", ["distance", "similarity"])
def test_scores_that_run_the_wrong_way(tmp_path, out, kind):
    given = columns()
    given = {
        kind: np.round((1 + np.array(given["similarity"]) * (1 if kind == "distance" else -1)) / 2, 4).tolist()
    } | {name: given[name] for name in ("same", "left_identity", "right_identity")}

    message = refused("calibrate", "--scores", written(tmp_path, given), "--out", out)

    assert "the numbers run the wrong way: a same pair is more alike than a different one in only " in message
    assert "A column `distance` is for numbers that are 0 for alike, `similarity` for those that are large" in message
    assert "same and different are exchanged" in message


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("0.3,1,anna,ben", "the pair is called same, but its identities differ: 'anna' and 'ben'; mend one of them"),
        ("0.3,0,anna,anna", "the pair is called different, but its identities are equal: 'anna' and 'anna'"),
        ("0.3,maybe,anna,ben", "the column 'same' says 'maybe'; write 1 or 0"),
        ("0.3,1,,ben", "the cell of column 'left_identity' is empty"),
    ],
)
def test_pairs_that_contradict_their_identities(tmp_path, out, row, problem):
    scores = written(tmp_path, rows=["distance,same,left_identity,right_identity", "0.2,1,anna,anna", row])

    message = refused("calibrate", "--scores", scores, "--out", out)

    assert message.startswith(f"{scores}, line 3: {problem}")


# Rates and settings out of bounds


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--fmr", "1.5"), "FMR must lie between 0 and 1, got 1.5; 1 % is 0.01"),
        (("--fmr", "-0.1"), "FMR must lie between 0 and 1, got -0.1"),
        (("--fmr", "nan"), "FMR must lie between 0 and 1, got nan"),
        (("--fmr", "0"), "no number of identities can"),
        (("--fnmr", "2"), "false non-match rate must lie between 0 and 1, got 2.0"),
        (("--fnmr", "0.0001"), "a false non-match rate of 0.01 % on identities never seen cannot be promised"),
        (
            ("--confidence", "1"),
            "the confidence must be at least 0 (no promise) and less than 1, got 1.0; 95 % is 0.95",
        ),
        (("--confidence", "-1"), "the confidence must be at least 0"),
        (("--prior", "0"), "the prior of same must lie between 0 and 1, both excluded, got 0.0"),
        (("--prior", "0.1", "--cost-false-match", "-1"), "costs must be above 0"),
        (("--cost-false-match", "10"), "give --prior too, such as 0.01"),
        (("--probability", "platt"), "there is no probability 'platt'; choose one of: logistic, isotonic"),
        (("--largest-similarity", "inf"), "the largest similarity must be a finite number"),
    ],
)
def test_settings_out_of_bounds(tmp_path, out, options, problem):
    assert problem in refused("calibrate", "--scores", written(tmp_path), "--out", out, *options)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "give one thing to calibrate: MODEL SOURCE, or --scores FILE, or --embeddings FILE --distance NAME"),
        (("model",), "model: give SOURCE too"),
        (("model", "others", "--scores", "s.csv"), "give one thing to calibrate"),
        (("--embeddings", "e.npz"), "embeddings need --distance: euclidean, squared_euclidean, manhattan or cosine"),
        (("--embeddings", "e.npz", "--distance", "learned"), "the distance 'learned' has weights"),
        (("--embeddings", "e.npz", "--distance", "angle"), "there is no distance 'angle'"),
        (("--scores", "s.csv", "--distance", "cosine"), "--distance is for --embeddings"),
        (("model", "others", "--largest-similarity", "2"), "--largest-similarity is for --scores"),
        (("--scores", "nowhere.csv"), "nowhere.csv: cannot be opened (No such file"),
        (("--scores", "scores.xlsx"), "scores.xlsx: scores are read from a table that ends in "),
        (("nowhere", "others"), "nowhere: no such folder"),
    ],
)
def test_what_does_not_go_together(tmp_path, monkeypatch, arguments, problem):
    monkeypatch.chdir(tmp_path)

    assert problem in refused("calibrate", *arguments)


# A calibration of another model


def test_a_calibration_copied_from_another_model_is_found_by_its_hash(tmp_path, model):
    other = save_model(small_model(distance="cosine"), tmp_path / "other")
    (other / "calibration.json").write_bytes((model / "calibration.json").read_bytes())

    message = refused("compare", other, "a.png", "b.png")

    assert message.startswith(f"{other / 'calibration.json'}: was changed or cut short after it was saved; ")


def test_a_calibration_copied_with_its_hash_is_found_by_the_model_that_it_names(tmp_path, model):
    other = save_model(small_model(distance="cosine"), tmp_path / "other")
    (other / "calibration.json").write_bytes((model / "calibration.json").read_bytes())
    described = json.loads((other / "model.json").read_text())
    described["files"]["calibration.json"] = hashlib.sha256((other / "calibration.json").read_bytes()).hexdigest()
    del described["sha256"]
    described["sha256"] = hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
    (other / "model.json").write_text(json.dumps(described))

    message = refused("compare", other, "a.png", "b.png")

    assert f"the calibration was made for model {load_model(model).fingerprint()}, this one is " in message
    assert "distances of another model mean something else: calibrate this model" in message
    with pytest.raises(CalibrationError, match="was made for model"):
        load_model(other)


def test_a_calibration_of_scores_does_not_fit_a_model(tmp_path):
    from alikely import calibrate_scores

    with pytest.raises(CalibrationError, match="was made for no model of ours"):
        small_model().with_calibration(calibrate_scores(columns(), confidence=0.0).calibration)


# Training that asks for more than the data bear


def test_a_rate_that_training_cannot_promise_is_an_alarm_and_the_model_keeps_what_can_be(tmp_path):
    pictures = pattern_folder(tmp_path / "pictures", each=4)

    ran = command("train", pictures, "--out", tmp_path / "model", *SMALL, "--fmr", "0.001")

    assert ran.code == 0, ran
    assert "warning: a false-match rate of 0.1 % on identities never seen cannot be promised with 95 %" in ran.err
    calibration = load_model(tmp_path / "model").calibration
    assert calibration.default_fmr >= 0.01
    assert calibration.note is not None


def test_training_takes_a_confidence(tmp_path):
    pictures = pattern_folder(tmp_path / "pictures", each=4)

    assert command("train", pictures, "--out", tmp_path / "model", *SMALL, "--confidence", "0").code == 0
    assert load_model(tmp_path / "model").calibration.confidence == 0
    message = refused("train", pictures, "--out", tmp_path / "other", *SMALL, "--confidence", "1")
    assert message == "confidence = 1.0: must be less than 1\n"


# A full disk


def test_a_full_disk_leaves_the_old_calibration(tmp_path, model, monkeypatch):
    import errno
    import os

    from alikely import folders

    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    pictures = pattern_folder(tmp_path / "others", identities=20, each=4)
    monkeypatch.setattr(folders, "_to_disk", full)

    assert "cannot be written (No space left on device)" in refused("calibrate", model, pictures, "--fmr", "0.2")
    scores = written(tmp_path)
    assert "No space left" in refused("calibrate", "--scores", scores, "--out", tmp_path / "c.json")
    assert not (tmp_path / "c.json").exists()
