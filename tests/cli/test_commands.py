from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alikely.config import TrainSettings
from alikely.data.preparations import draft_preparation
from alikely.data.texts import draft_texts
from alikely.distances import build_distance
from alikely.encoders import build_encoder, default_settings
from alikely.model import SiameseModel, ready
from alikely.storage import load_model, save_model
from tests.commands import SMALL, block, command, parsed, refused
from tests.models import small_model
from tests.pictures import pattern_folder

LEFT, RIGHT = "others/id00/000.png", "others/id01/004.png"


@pytest.mark.parametrize(
    ("distance", "options", "code", "line"),
    [
        (
            0.0,
            (),
            0,
            "same (probability of same 0.99; distance 0, threshold 0.406 for a false-match rate of 1 %, an estimate)\n",
        ),
        (
            1.25,
            (),
            1,
            "different (probability of same 0.02; distance 1.250, threshold 0.406 for a false-match rate of 1 %, "
            "an estimate)\n",
        ),
        (
            0.6,
            ("--fnmr", "0.1"),
            3,
            "unsure (probability of same 0.61; distance 0.600, threshold 0.406 for a false-match rate of 1 %, "
            "an estimate, 0.699 for a false non-match rate of 10 %, an estimate)\n",
        ),
    ],
)
def test_compare_says_its_verdict_in_a_line_and_by_its_exit_code(here, monkeypatch, distance, options, code, line):
    monkeypatch.setattr(SiameseModel, "distance_of", lambda *_: distance)

    ran = command("compare", "model", LEFT, RIGHT, *options)

    assert (ran.code, ran.out, ran.err) == (code, line, "")


def test_compare_in_json_is_what_python_gives(here):
    ran = command("compare", "model", LEFT, RIGHT, "--fmr", "0.02", "--prior", "0.1", "--json")
    decision = load_model("model").compare(LEFT, RIGHT, fmr=0.02, prior=0.1)

    assert parsed(ran) == decision.to_dict()
    assert ran.code == decision.exit_code
    assert ran.err == ""


def test_compare_without_a_calibration_gives_the_distance_and_says_how_to_get_a_verdict(here, tmp_path):
    save_model(small_model(calibrated=False), tmp_path / "bare")
    distance = load_model(tmp_path / "bare").distance_of(LEFT, RIGHT)
    note = (
        "note: the model has no calibration, so there is no verdict; make one of labelled items or of pairs: "
        f"alikely calibrate {tmp_path / 'bare'} SOURCE\n"
    )
    ran = command("compare", tmp_path / "bare", LEFT, RIGHT)
    machine = command("compare", tmp_path / "bare", LEFT, RIGHT, "--json")

    assert (ran.code, ran.out, ran.err) == (3, f"no verdict (distance {distance:.3g})\n", note)
    assert (machine.code, machine.err) == (3, note)
    assert parsed(machine) == {
        **dict.fromkeys(load_model("model").compare(LEFT, RIGHT).to_dict()),
        "distance": distance,
    }
    assert "has no calibration" in refused("compare", tmp_path / "bare", LEFT, RIGHT, "--fmr", "0.01")


def test_compare_of_texts_that_name_files_says_that_the_names_are_compared(here, monkeypatch):
    model, texts = small_model(calibrated=False), draft_preparation("text", ("a", "b"), {})
    monkeypatch.setattr("alikely.storage.load_model", lambda *_, **__: replace(model, preparation=texts))
    monkeypatch.setattr(SiameseModel, "distance_of", lambda *_: 0.5)

    note = command("compare", "model", LEFT, "a long text " * 1000).err.splitlines()[0]
    assert note.endswith(f"compares the names themselves, not what the files hold: {LEFT}")
    assert "names themselves" not in command("compare", "model", "a text", "another\0").err


def test_an_error_in_json_has_its_code_and_message(here):
    ran = command("compare", "model", LEFT, "nowhere.png", "--json")

    assert ran.code == 2
    assert parsed(ran) == {"error": {"code": "input", "message": "nowhere.png: is not there; check the path"}}
    assert ran.err == "error: nowhere.png: is not there; check the path\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("frobnicate",), "no such command 'frobnicate'; see alikely --help\n"),
        (("train", "x"), "missing option '--out'; see alikely train --help\n"),
        (("inspect", "model", "--bogus"), "no such option: --bogus; see alikely inspect --help\n"),
        (
            ("train", "x", "--out", "y", "--groups-per-batch", "4"),
            "no such option: --groups-per-batch; it is a setting: --set groups_per_batch=VALUE; "
            "see alikely train --help\n",
        ),
        (("inspect", "model", "--seed", "1"), "no such option: --seed; see alikely inspect --help\n"),
        (("compare", "model", "x"), "missing argument 'RIGHT'; see alikely compare --help\n"),
    ],
)
def test_a_wrong_command_line_is_one_line_that_says_where_to_look(here, arguments, message):
    assert refused(*arguments) == message
    ran = command(*arguments, "--json")
    assert parsed(ran)["error"] == {"code": "usage", "message": message.rstrip("\n")}


def test_evaluate_prints_a_table_and_the_same_in_json(here):
    ran, machine = command("evaluate", "model", "others"), command("evaluate", "model", "others", "--json")
    found = parsed(machine)
    lines = ran.out.splitlines()

    assert (ran.code, ran.err, machine.code, machine.err) == (0, "", 0, "")
    assert lines[0] == "36 same and 240 different pairs of 6 identities"
    assert [line[:31].strip() for line in lines[4:10]] == [
        "EER",
        "AUC",
        "FNMR at FMR 1 %",
        "FNMR at FMR 0.1 %",
        "FMR of the model's verdicts",
        "FNMR of the model's verdicts",
    ]
    assert "an FMR of 0.1 % takes 1,000 different pairs, there are 240" in lines[7]
    assert (found["same_pairs"], found["different_pairs"], found["identities"], found["items"]) == (36, 240, 6, 24)
    assert found["skipped"] == []


def test_evaluate_by_a_column_and_by_label(here, tmp_path):
    pictures = sorted(Path("others").resolve().glob("*/*.png"))
    lines = [f"{path},{path.parent.name},{('dark', 'bright')[place % 2]}" for place, path in enumerate(pictures)]
    table = tmp_path / "others.csv"
    table.write_text("\n".join(["path,label,light", *lines]))

    ran = command("evaluate", "model", table, "--by", "light", "--by", "label")
    machine = parsed(command("evaluate", "model", table, "--by", "light", "--by", "label", "--json"))

    assert ran.code == 0
    assert "By light: pairs whose two items share a value, at the model's threshold" in ran.out
    by_light = [line.split()[0] for line in ran.out.split("By light")[1].splitlines()[4:7]]
    assert by_light == ["bright", "dark", "(different"]
    assert "Identities with the most false matches, at the model's threshold" in ran.out
    assert "Identities with the most false non-matches, at the model's threshold" in ran.out
    assert [row["value"] for row in machine["by"]["light"]] == ["bright", "dark", None]
    assert len(machine["by"]["label"]) == 6
    wrong = command("evaluate", "model", table, "--by", "wether")
    assert (wrong.code, "no column 'wether'" in wrong.err, "it has: label, light" in wrong.err) == (2, True, True)


def test_embed_takes_one_text(tmp_path):
    preparation = draft_texts([], {}).fitted(["one text", "another text"], [])
    network = build_encoder("bag", default_settings("bag", preparation.facts()))
    model = SiameseModel(
        preparation=preparation,
        encoder=ready(network),
        encoder_name="bag",
        distance=build_distance("cosine", network.dim),
        distance_name="cosine",
    )
    save_model(model, tmp_path / "texts")
    ran = command("embed", tmp_path / "texts", "one text here", "--out", tmp_path / "e.npz")
    with np.load(tmp_path / "e.npz") as file:
        content = dict(file)

    assert ran.out == f"1 embedding of {network.dim} numbers written to {tmp_path / 'e.npz'}\n"
    assert content["names"].tolist() == ["'one text here' (item 1)"]
    np.testing.assert_array_equal(content["embeddings"], model.embed(["one text here"]))


def test_embed_writes_the_embeddings_that_python_gives(here, tmp_path):
    ran = command("embed", "model", "others", "--out", tmp_path / "e.npz")
    with np.load(tmp_path / "e.npz") as file:
        content = dict(file)

    assert ran.out == f"24 embeddings of 8 numbers written to {tmp_path / 'e.npz'}\n"
    assert (ran.code, ran.err) == (0, "")
    np.testing.assert_array_equal(content["embeddings"], load_model("model").embed(content["names"].tolist()))
    assert content["labels"].tolist() == [f"id{number:02d}" for number in range(6) for _ in range(4)]
    assert parsed(command("embed", "model", LEFT, "--out", tmp_path / "one.npz", "--json")) == {
        "out": str(tmp_path / "one.npz"),
        "items": 1,
        "dim": 8,
        "skipped": [],
    }


def test_inspect_shows_what_the_model_is(here):
    ran = command("inspect", "model")
    described = parsed(command("inspect", "model", "--json"))

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == block("""
        model

                                          value
          ----------------------------------------------------------------------------
          items                           pictures in grey, 16 x 16 pixels
                                          steps: colour, resize
          encoder                         cnn, 952 weights, embeddings of 8 numbers
          distance                        euclidean
          quality                         not measured on identities that were used for nothing else
          same at a distance of at most   0.406
          false-match rate of that        at most 1 %, as found, nothing promised for others
          calibrated on                   40 same and 200 different pairs of 20 identities

        """)
    assert described["calibration"]["threshold"] == load_model("model").calibration.threshold(fmr=0.01)
    assert described["encoder"]["name"] == "cnn"


def test_inspect_shows_the_settings_that_were_chosen_and_a_line_for_each_finding(here, tmp_path):
    finding = {"check": "single", "what": "1 of 5 identities has a single item"}
    settings = TrainSettings(epochs=7, seed=20231, encoder_settings={"depth": 2}, loss="triplet")
    record = {
        "training": {
            "settings": settings.model_dump(mode="json"),
            "alarms": ["the loss stands still"],
            "best_epoch": 3,
            "epochs_done": 7,
            "ended": "all epochs",
        },
        "data": {
            "source": "photos",
            "items": 26630,
            "labels": {"train": ["a"]},
            "parts": {"dropped_pairs": 0, "train": {"identities": 20, "items": 1300, "pairs": 0}},
            "skipped": 0,
            "findings": [finding, {"check": "copies", "what": "two labels are alike"}],
        },
        "evaluation": {
            "eer": 0.02778,
            "eer_interval": [0.0, 0.5],
            "auc": None,
            "auc_interval": None,
            "auc_reason": "too few",
            "tar_at_far_0.01": 0.5,
            "tar_at_far_0.01_interval": None,
            "same_pairs": 1200,
            "confidence": 0.95,
            "at_threshold": {"wanted_fmr": 0.01, "fmr": 0.0125, "fnmr": 0.25},
        },
    }
    save_model(replace(small_model(calibrated=False), record=record), tmp_path / "bare")
    lines = [" ".join(line.split()) for line in command("inspect", tmp_path / "bare").out.splitlines()]
    shown = lines[lines.index("distance euclidean") + 1 : -1]

    assert [line for line in shown if not line.startswith("versions ")] == [
        "training 7 epochs (all epochs); the weights are those of epoch 3",
        'settings encoder_settings = {"depth": 2}',
        'loss = "triplet"',
        "epochs = 7",
        "seed = 20231",
        "others at their defaults (docs/settings.md)",
        "alarms during the training the loss stands still",
        "data photos: 26,630 items",
        "used for learning 20 identities, 1,300 items",
        "found by the data checks 1 of 5 identities has a single item",
        "two labels are alike",
        "quality measured on identities that were used for nothing else:",
        "1,200 same pairs",
        "in brackets: the 95 % interval over identities",
        "EER 2.78 % (0 % to 50 %)",
        "AUC not known (too few)",
        "FMR of the model's verdicts 1.25 %; its threshold was set for 1 %",
        "FNMR of the model's verdicts 25 %",
        "calibration none: distances, but no verdicts",
    ]
    described = parsed(command("inspect", tmp_path / "bare", "--json"))
    assert {key: described[key] for key in record} == record


def test_every_command_has_a_help_with_its_exit_codes_or_options(here):
    for name in ("train", "evaluate", "compare", "embed", "inspect", "demo"):
        ran = command(name, "--help")
        assert ran.code == 0
        assert ran.out.startswith(f"Usage: alikely {name} ")
        assert "--json" in ran.out
    assert "[default: contrastive; for scores cosent]" in " ".join(command("train", "--help").out.split())
    assert "0 same, 1 different, 2 error, 3 unsure" in " ".join(command("compare", "--help").out.split())
    assert command().out == command("--help").out
    assert command("--version").out == "alikely 0.1.0\n"


def test_names_that_no_terminal_can_show_are_no_trouble(here, tmp_path):
    source = pattern_folder(tmp_path / "pictures", identities=24, each=4)
    (source / "id03").rename(source / b"M\xfcller".decode(errors="surrogateescape"))

    ran = command("train", source, "--out", tmp_path / "model", *SMALL, "--json")

    assert ran.code == 0
    assert any("ller" in name for part in parsed(ran)["data"]["labels"].values() for name in part)
    assert command("inspect", tmp_path / "model").code == 0


def test_a_picture_with_markup_in_its_name_is_told_as_it_is(here, tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "[red]x.png")

    assert "[red]y.png: is not there" in refused("compare", "model", tmp_path / "[red]x.png", tmp_path / "[red]y.png")
