import json
import re

import numpy as np
import pytest

import alikely
from alikely.storage import load_model, save_model
from tests.commands import SMALL, command, parsed, refused
from tests.models import small_model
from tests.pictures import pattern_folder
from tests.recalibration.made import columns, embeddings, table


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Pictures of 20 identities to calibrate on, and the files of somebody else."""
    folder = tmp_path_factory.mktemp("sources")
    pattern_folder(folder / "others", identities=20, each=4, seed=1)
    table(folder / "scores.csv", columns())
    np.savez(folder / "e.npz", **embeddings())
    return folder


@pytest.fixture
def here(sources, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in sources.iterdir():
        (tmp_path / path.name).symlink_to(path)
    save_model(small_model(), tmp_path / "model", {"metrics.csv": "epoch\n"})


def test_a_model_gets_its_calibration_in_place(here, tmp_path):
    weights = (tmp_path / "model" / "weights.safetensors").read_bytes()
    ran = command("calibrate", "model", "others", "--fmr", "0.2", "--report", "report.html")
    model = load_model("model")

    assert ran.code == 0, ran
    lines = ran.out.splitlines()
    assert lines[0] == (
        "120 same and 3,040 different pairs of 20 identities; promised for identities never seen with 95 % confidence"
    )
    assert re.split(r" {3,}", lines[2].strip()) == [
        "FMR promised",
        "same if distance <=",
        "FMR found",
        "FNMR found",
        "FNMR at most",
    ]
    first = re.split(r" {3,}", lines[4].strip())
    assert first[:2] == ["20 % (default)", f"{model.calibration.threshold(fmr=0.2):.4g}"]
    assert re.search(r"^  0\.01 % +none +it takes about [\d,]+ identities$", ran.out, re.MULTILINE)
    assert "Brier score" in ran.out
    assert lines[-2:] == ["report written to report.html", "calibration written to model"]
    assert "<html" in (tmp_path / "report.html").read_text()
    assert (tmp_path / "model" / "weights.safetensors").read_bytes() == weights
    assert (tmp_path / "model" / "metrics.csv").read_text() == "epoch\n"
    assert (model.calibration.default_fmr, model.calibration.identities) == (0.2, 20)


def test_a_model_is_copied_with_its_new_calibration(here, tmp_path):
    before = (tmp_path / "model" / "calibration.json").read_bytes()
    ran = command("calibrate", "model", "others", "--fmr", "0.2", "--out", "copy", "--json")

    assert parsed(ran)["out"] == "copy"
    assert (tmp_path / "model" / "calibration.json").read_bytes() == before
    assert load_model("copy").calibration.default_fmr == 0.2
    assert "copy: is there already" in refused("calibrate", "model", "others", "--out", "copy")

    said = command("calibrate", "model", "others", "--fmr", "0.2", "--out", "copy2").out.splitlines()[-1]
    assert said == "a copy of model with the new calibration is in copy2; model itself is unchanged"


@pytest.mark.parametrize("name", ["new.json", "NEW.JSON"])
def test_a_model_is_not_copied_into_what_looks_like_a_file(here, tmp_path, name):
    said = refused("calibrate", "model", "others", "--fmr", "0.2", "--out", name)
    assert f"--out {name}: for a model that is a new folder" in said
    assert not (tmp_path / name).exists()


def test_scores_give_a_file_that_other_programs_read(here):
    ran = command("calibrate", "--scores", "scores.csv", "--fmr", "0.05", "--fnmr", "0.2", "--out", "c.json")
    told = parsed(command("calibrate", "--scores", "scores.csv", "--fmr", "0.05", "--fnmr", "0.2", "--json"))
    with open("c.json") as file:
        kept = json.load(file)

    assert (ran.code, ran.err) == (0, "")
    assert "same if similarity >=" in ran.out
    assert "nothing is unsure: " in ran.out
    assert ran.out.endswith("calibration written to c.json\n")
    assert told == {**kept, "out": None}
    assert alikely.load_calibration("c.json").default_fmr == 0.05


def test_without_identities_it_says_so_loudly(here, tmp_path):
    given = {name: cells for name, cells in columns().items() if "identity" not in name}
    ran = command("calibrate", "--scores", table(tmp_path / "s.csv", given), "--prior", "0.1")

    assert ran.err.startswith("warning: there are no identities (columns left_identity,right_identity), so each pair")
    assert "cheapest with 10 % same pairs, a false match at 1 and a false non-match at 1: " in ran.out
    assert ran.out.endswith("nothing was written; for that: --out FILE.json\n")


def test_embeddings_and_a_report_of_them(here, tmp_path):
    options = ("--distance", "cosine", "--report", "report.html", "--confidence", "0", "--probability", "logistic")
    ran = command("calibrate", "--embeddings", "e.npz", *options)

    assert ran.code == 0, ran
    assert "200 same and 19,500 different pairs" not in ran.out
    assert "400 same and 19,500 different pairs of 40 identities; rates as they were found" in ran.out
    assert "Probability (logistic), judged on identities" in ran.out
    assert "e.npz" in (tmp_path / "report.html").read_text()


def test_identities_that_were_trained_on_are_told_and_recorded(here, tmp_path):
    """The whole way: train, calibrate on what was trained on, and what the model's folder says then."""
    pictures = pattern_folder(tmp_path / "pictures", each=4)
    assert command("train", pictures, "--out", "trained", *SMALL).code == 0

    ran = command("calibrate", "trained", pictures, "--fmr", "0.2", "--overwrite")
    record = load_model("trained").record

    assert ran.code == 0, ran
    assert ran.err.startswith("warning: 16 of 24 identities (id")
    assert "bear labels that the model was trained on" in ran.err
    assert len(record["data"]["labels"]["calibrate"]) == 24
    assert record["evaluation"]["at_threshold"] is None
    card = (tmp_path / "trained" / "README.md").read_text()
    assert f"different pairs of 24 identities of `{pictures}`." in card
    assert f"since then calibrated on `{pictures}`" in card
    assert "16 of 24 identities" in card
    assert "24 of 24 identities" in command("evaluate", "trained", pictures).err


def test_a_promise_is_not_replaced_by_one_that_is_none(here, tmp_path):
    assert command("calibrate", "model", "others", "--fmr", "0.2").code == 0
    good = {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()}

    said = refused("calibrate", "model", "others", "--confidence", "0")
    assert "model: nothing was written, for its calibration is better than the new one" in said
    assert "There now: a false-match rate of 20 %, promised with 95 % confidence" in said
    assert "The new one: a false-match rate of 1 %, an estimate that promises nothing" in said
    assert {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()} == good

    # Both ways that the message names.
    assert command("calibrate", "model", "others", "--confidence", "0", "--out", "copy").code == 0
    assert command("calibrate", "model", "others", "--confidence", "0", "--overwrite").code == 0
    assert load_model("model").calibration.confidence == 0
    assert command("calibrate", "model", "others", "--fmr", "0.2").code == 0  # a better one may always come


def test_compare_takes_a_confidence(here):
    assert command("calibrate", "model", "others", "--fmr", "0.2").code == 0
    left, right = "others/id00/000.png", "others/id01/004.png"
    promised = parsed(command("compare", "model", left, right, "--json"))
    estimated = parsed(command("compare", "model", left, right, "--confidence", "0", "--json"))
    stricter = parsed(command("compare", "model", left, right, "--confidence", "0.99", "--json"))

    assert [told["confidence"] for told in (promised, estimated, stricter)] == [0.95, 0.0, 0.99]
    assert stricter["threshold"] < promised["threshold"] < estimated["threshold"]
    assert "an estimate" in command("compare", "model", left, right, "--confidence", "0").out
    assert "confidence must be" in refused("compare", "model", left, right, "--confidence", "1")
