"""Bad settings, models and disks: each gets an error that names the thing and the way out, and nothing is written."""

import errno
import json
import os

import numpy as np
import pytest

from alikely import folders
from alikely.storage import save_model
from alikely.training import checkpoint
from tests.bad_input.spoiled import first_picture, zero_bytes
from tests.commands import SMALL, refused
from tests.models import small_model


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--encoder", "vgg"), "there is no encoder 'vgg'; choose one of cnn, resnet, koch"),
        (("--loss", "contrastiv"), "there is no loss 'contrastiv'; choose one of: contrastive, "),
        (("--distance", "hamming"), "there is no distance 'hamming'; choose one of: euclidean, "),
        (("--augment", "wild"), "there is no augmentation 'wild'; choose one of none, light, strong"),
        (("--shape", "round"), "shape = 'round': must be 'resize', 'pad' or 'content'"),
        (("--size", "4"), "size = 4: must be greater than or equal to 8"),
        (("--set", "epoch=3"), "epoch: no such setting; did you mean epochs?"),
        (("--set", "qwertz=3"), "qwertz: no such setting; there are: items, encoder, "),
        (("--set", "epochs"), "--set epochs: write NAME=VALUE"),
        (("--set", "=3"), "--set =3: write NAME=VALUE as in a TOML file"),
        (("--set", "encoder_settings.widht=3"), "encoder cnn has no setting 'widht'; it has channels, dim, width"),
        (("--set", "encoder_settings={dim='x'}"), "encoder cnn: dim must be "),
        (("--set", "loss_settings.margn=3"), "loss contrastive has no setting 'margn'"),
        (
            ("--loss=info_nce+cosface", "--set=loss_settings.cosface.scale=-1", "--set=loss_settings.cosface.margin=0"),
            "loss cosface: scale must be a number above 0",
        ),
        (("--loss", "info_nce+cosface", "--set", "loss_settings.scale=3"), "settings of a sum stand under the name"),
        (("--set", "augment={rotat=3}"), "augmentation has no strength 'rotat'"),
        (("--set", "trackers=['paper']"), "no tracker 'paper'; there are: tensorboard, mlflow, wandb"),
        (("--set", "test_share=0.9"), "1.15 together, so that nothing is left to learn from"),
        (("--fmr", "2"), "fmr = 2.0: must be less than 1"),
        (("--seed", "-1"), "seed = -1: must be greater than or equal to 0"),
    ],
)
def test_a_setting_that_is_wrong_is_told_before_anything_is_read(source, out, options, problem):
    zero_bytes(first_picture(source))

    assert problem in refused("train", source, "--out", out, *options)


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (b"epoch = 3\nsize = 'big'\n", ["epoch: no such setting", "size = 'big': must be a valid integer"]),
        (b"epochs 3\n", ["run.toml: is no TOML file", "write one `name = value` a line"]),
        (b"encoder = '\xff'\n", ["run.toml: is no TOML file"]),
        (b"[training]\nepochs = 3\n", ["training: no such setting"]),
    ],
)
def test_a_config_that_is_wrong(source, out, content, problems):
    (source.parent / "run.toml").write_bytes(content)

    message = refused("train", source, "--out", out, "--config", source.parent / "run.toml")

    assert all(problem in message for problem in problems), message


def test_a_config_that_is_not_there(source, out):
    nowhere = source.parent / "nowhere.toml"

    assert refused("train", source, "--out", out, "--config", nowhere).startswith(f"{nowhere}: cannot be read (No such")


@pytest.mark.parametrize("arguments", [("inspect",), ("compare", "a.png", "b.png"), ("evaluate", "x"), ("embed", "x")])
def test_a_model_of_another_format_version(tmp_path, arguments):
    model = save_model(small_model(), tmp_path / "model")
    described = json.loads((model / "model.json").read_text()) | {"format_version": 99}
    (model / "model.json").write_text(json.dumps(described))
    name, *others = arguments
    options = ("--out", tmp_path / "e.npz") if name == "embed" else ()

    message = refused(name, model, *others, *options)

    assert message == (
        f"{model / 'model.json'}: has format version 99, this version of Alikely reads 1; "
        "use the version of Alikely that wrote it, or make the model again\n"
    )


def test_a_model_that_is_none(tmp_path):
    assert "no such folder" in refused("inspect", tmp_path / "nowhere")
    assert "is none of these: model, gallery, answers, detector" in refused("inspect", tmp_path)


def test_embeddings_with_another_ending(source, out, model):
    message = refused("embed", model, source, "--out", out.with_suffix(".csv"))

    assert message == f"{out.with_suffix('.csv')}: embeddings are written as .npz or .parquet; name such a file\n"


def full(*arguments, **named):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    ("place", "name"), [(checkpoint, "save_file"), (folders, "_to_disk")], ids=["while writing", "when made safe"]
)
def test_a_full_disk_while_a_checkpoint_is_written(source, out, monkeypatch, place, name):
    monkeypatch.setattr(place, name, full)

    message = refused("train", source, "--out", out, *SMALL)

    assert "cannot be written (No space left on device); nothing half-written is left" in message


def test_a_full_disk_while_embeddings_are_written(source, out, model, monkeypatch):
    out.with_suffix(".npz").write_text("what was there before")
    monkeypatch.setattr(np, "savez", full)

    assert "No space left on device" in refused("embed", model, source, "--out", out.with_suffix(".npz"))
    assert out.with_suffix(".npz").read_text() == "what was there before"
    out.with_suffix(".npz").unlink()
