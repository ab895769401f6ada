"""The command train: what it tells, where its settings come from."""

import re

from alikely.storage import load_model
from tests.commands import SMALL, command, parsed


def test_train_tells_its_epochs_and_ends_with_the_figures(here, tmp_path):
    ran = command("train", "pictures", "--out", tmp_path / "model", *SMALL)

    assert ran.code == 0
    first, *notes = ran.err.splitlines()
    assert re.fullmatch(r"epoch 1/1  loss \d\.\d{4}  eer 0\.\d{4}  [\d,]+ pairs/s  \d\.\d s", first)
    assert len(notes) == 1
    assert notes[0].startswith("the false-match rate of the threshold is an estimate")
    assert ran.out.startswith("On identities never seen\n")
    assert ran.out.endswith(f"model written to {tmp_path / 'model'}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_train_in_json_prints_nothing_else_on_standard_output(here, tmp_path):
    ran = command("train", "pictures", "--out", tmp_path / "model", *SMALL, "--json")
    told = parsed(ran)

    assert told["model"] == str(tmp_path / "model")
    assert told["evaluation"] == load_model(tmp_path / "model").record["evaluation"]
    assert told["ended"] == "all epochs"
    assert told["data"]["parts"]["train"]["identities"] == 14


def test_settings_come_from_the_file_then_from_set_then_from_options(here, tmp_path):
    (tmp_path / "run.toml").write_text(
        "epochs = 5\nseed = 3\naugment = 'none'\n[encoder_settings]\nwidth = 8\ndepth = 2\ndim = 4\n"
    )
    options = ("--set", "encoder_settings.dim=8", "--set", "encoder_settings.grid=2", "--set", "seed=4")

    options += ("--set", "shape=pad", "--set", "size=16", "--epochs", "1")
    ran = command("train", "pictures", "--out", tmp_path / "model", "--config", tmp_path / "run.toml", *options)
    settings = load_model(tmp_path / "model").record["training"]["settings"]

    assert ran.code == 0, ran
    assert settings["encoder_settings"] == {"width": 8, "depth": 2, "dim": 8, "grid": 2}
    assert (settings["epochs"], settings["seed"], settings["augment"], settings["shape"]) == (1, 4, "none", "pad")
