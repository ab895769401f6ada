"""Each line of bad input: an error that names the thing and the way out, exit code 2, nothing half-written left."""

import csv
import errno
import json
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from alikely import folders
from alikely.storage import save_model
from alikely.training import checkpoint
from tests.commands import SMALL, command, refused
from tests.models import small_model
from tests.pictures import pattern_folder


@pytest.fixture
def source(tmp_path):
    """Pictures of 24 identities, 4 of each."""
    return pattern_folder(tmp_path / "pictures", identities=24, each=4)


@pytest.fixture
def out(tmp_path):
    """Where no model is yet; after the test, none may be there, and nothing beside it."""
    before = {path.name for path in tmp_path.iterdir()} | {"pictures", "table.csv", "table.jsonl", "run.toml"}
    yield tmp_path / "model"
    assert {path.name for path in tmp_path.iterdir()} <= before


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_model(small_model(), tmp_path_factory.mktemp("saved") / "model")


def first_picture(source, identity="id03"):
    return sorted((source / identity).iterdir())[0]


def png_that_claims(width, height):
    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def zero_bytes(path):
    path.write_bytes(b"")


def cut_short(path):
    path.write_bytes(path.read_bytes()[:80])


def no_picture(path):
    path.write_text("these are words")


def bomb(path):
    path.write_bytes(png_that_claims(60_000, 60_000))


def folder_with_a_pictures_name(path):
    path.unlink()
    os.mkfifo(path)


def link_to_nowhere(path):
    path.unlink()
    path.symlink_to("nowhere.png")


BAD_FILES = [
    (zero_bytes, "is empty (zero bytes); copy it again or remove it"),
    (cut_short, "cut short"),
    (no_picture, "is not a picture that can be read; give a JPEG, PNG"),
    (bomb, "has more than 100 million pixels (a decompression bomb?); make it smaller"),
    (folder_with_a_pictures_name, "is not a plain file; give a picture file"),
    (link_to_nowhere, "is not there; check the path"),
]


@pytest.mark.parametrize(("spoil", "problem"), BAD_FILES, ids=lambda value: getattr(value, "__name__", None))
def test_a_file_that_cannot_be_read(source, out, model, spoil, problem):
    bad = first_picture(source)
    spoil(bad)

    for message in (
        refused("train", source, "--out", out, *SMALL),
        refused("evaluate", model, source),
        refused("embed", model, source, "--out", out.with_suffix(".npz")),
    ):
        assert message.startswith(f"1 item cannot be read:\n  {bad}: ")
        assert problem in message
        assert "--skip-bad" in message
    assert f"{bad}: " in refused("compare", model, bad, first_picture(source, "id04"))


def test_train_lists_every_bad_file_at_once_in_words_and_in_json(source, out):
    bad = {first_picture(source, f"id{number:02d}"): spoil for number, (spoil, _) in enumerate(BAD_FILES)}
    for path, spoil in bad.items():
        spoil(path)

    message = refused("train", source, "--out", out, *SMALL)
    told = json.loads(command("train", source, "--out", out, *SMALL, "--json").out)["error"]

    assert message.startswith(f"{len(bad)} items cannot be read:\n")
    assert [line.split(":")[0].strip() for line in message.splitlines()[1:-1]] == [str(path) for path in bad]
    assert told["code"] == "bad_items"
    assert [entry["item"] for entry in told["items"]] == [str(path) for path in bad]


def test_skip_bad_goes_on_without_them_and_says_so(source, tmp_path, model):
    bad = first_picture(source)
    zero_bytes(bad)

    trained = command("train", source, "--out", tmp_path / "model", *SMALL, "--skip-bad")
    evaluated = command("evaluate", model, source, "--skip-bad")
    embedded = command("embed", model, source, "--out", tmp_path / "e.npz", "--skip-bad", "--json")

    assert (trained.code, evaluated.code, embedded.code) == (0, 0, 0)
    assert "1 items that cannot be read are left out: skipped.csv lists them" in trained.err
    with (tmp_path / "model" / "skipped.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["item", "problem"],
            [str(bad), "is empty (zero bytes); copy it again or remove it"],
        ]
    assert "1 item could not be read and was left out" in (tmp_path / "model" / "README.md").read_text()
    assert evaluated.err == f"left out: {bad}: is empty (zero bytes); copy it again or remove it\n"
    assert [entry["item"] for entry in json.loads(embedded.out)["skipped"]] == [str(bad)]
    assert str(bad) not in np.load(tmp_path / "e.npz")["names"]


def test_skip_bad_with_nothing_left(source, out, model):
    for path in source.glob("*/*.png"):
        zero_bytes(path)

    assert "96 items cannot be read" in refused("embed", model, source, "--out", out.with_suffix(".npz"), "--skip-bad")
    assert "96 items cannot be read" in refused("evaluate", model, source, "--skip-bad")
    ran = command("train", source, "--out", out, *SMALL, "--skip-bad")
    assert ran.code == 2
    assert "Traceback" not in ran.err


def test_an_empty_folder(tmp_path, out, model):
    (tmp_path / "pictures").mkdir()

    for command_line in (("train",), ("evaluate", model)):
        message = refused(*command_line, tmp_path / "pictures", *(("--out", out) if len(command_line) == 1 else ()))
        assert (
            message
            == f"{tmp_path / 'pictures'}: holds no picture; put files there that end in .jpg, .png or the like\n"
        )


def test_one_identity_only(tmp_path, out):
    source = pattern_folder(tmp_path / "pictures", identities=1, each=4)

    assert "found 4 items of 1 identity (id00)" in refused("train", source, "--out", out, *SMALL)
    assert "add items of others" in refused("train", source, "--out", out, *SMALL)


def test_too_few_identities_to_learn_and_to_judge(tmp_path, out):
    source = pattern_folder(tmp_path / "pictures", identities=3, each=4)

    assert "found 3 identities" in refused("train", source, "--out", out, *SMALL)


def test_pictures_that_lie_in_no_identity_folder(tmp_path, out):
    source = tmp_path / "pictures"
    source.mkdir()
    Image.new("L", (16, 16)).save(source / "a.png")

    assert "make a folder for each identity" in refused("train", source, "--out", out)


def test_an_identity_with_a_single_picture_is_kept_and_said(source, tmp_path):
    for path in sorted((source / "id05").iterdir())[1:]:
        path.unlink()

    ran = command("train", source, "--out", tmp_path / "model", *SMALL, "--json")

    assert ran.code == 0
    assert "data: 1 of 24 identities has a single item, of use only as different: id05" in ran.err
    assert json.loads(ran.out)["data"]["items"] == 93
    assert "id05" in [label for part in json.loads(ran.out)["data"]["labels"].values() for label in part]


def test_one_file_under_two_identities_is_said(source, tmp_path):
    twin = source / "id07" / "twin.png"
    twin.write_bytes(first_picture(source).read_bytes())

    ran = command("train", source, "--out", tmp_path / "model", *SMALL)

    assert ran.code == 0
    assert "byte for byte the same, under several labels" in ran.err
    assert f"{first_picture(source)} (id03) = {twin} (id07)" in ran.err
    assert "byte for byte the same" in (tmp_path / "model" / "README.md").read_text()


def table_of(source, name="table.csv", columns="path,label", change=lambda rows: rows):
    rows = [f"pictures/{path.parent.name}/{path.name},{path.parent.name}" for path in sorted(source.glob("*/*.png"))]
    path = source.parent / name
    path.write_text("\n".join([columns, *change(rows)]) + "\n")
    return path


@pytest.mark.parametrize(
    ("columns", "change", "problem"),
    [
        ("path,name", lambda rows: rows, "has the columns path, name, but needs path,label"),
        (
            "path,label",
            lambda rows: [*rows[:5], "pictures/id01/004.png,", *rows[6:]],
            "line 7: the cell of column 'label'",
        ),
        ("path,label", lambda rows: [*rows[:2], ",id00", *rows[3:]], "line 4: the cell of column 'path' is empty"),
        (
            "path,label",
            lambda rows: [*rows, "pictures/nowhere.png,id00"],
            "1 of 97 files are not there:\n  pictures/nowhere.png",
        ),
        ("path,label", lambda rows: [*rows, f"{rows[0].split(',')[0]},id09"], "has the label 'id00' in line 2"),
        ("path,label", lambda rows: [*rows, "a,b,c,d"], "line 98: has 4 cells for 2 columns"),
        ("path,label", lambda rows: rows[:0], "has no rows"),
    ],
)
def test_a_table_with_a_fault(source, out, columns, change, problem):
    table = table_of(source, columns=columns, change=change)

    message = refused("train", table, "--out", out, *SMALL)

    assert message.startswith(str(table))
    assert problem in message


def test_a_table_in_another_encoding(source, out):
    table = table_of(source)
    table.write_bytes(table.read_bytes().replace(b"id07\n", "Jürgen\n".encode("latin-1")))

    message = refused("train", table, "--out", out, *SMALL)

    assert f"{table}, line 30: is not UTF-8" in message
    assert "save the table as UTF-8" in message


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_table_with_a_byte_order_mark_is_read(source, tmp_path, encoding):
    table = table_of(source)
    table.write_bytes(table.read_text().encode(encoding))

    ran = command("train", table, "--out", tmp_path / "model", *SMALL, "--json")

    assert json.loads(ran.out)["data"]["items"] == 96


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("table.csv", "", "is empty; it needs a line with the names of the columns"),
        ("table.jsonl", '{"path": "a.png", "label": "a"}\n{oops\n', "line 2: is not JSON"),
        ("table.csv", 'path,label\n"a.png,b\n', "cannot be read as CSV"),
        ("table.csv", "left,right,same\na.png,b.png,perhaps\n", "line 2: the column 'same' says 'perhaps'"),
        ("table.csv", "left,right,same\na.png,a.png,1\n", "line 2: left and right are the same item"),
    ],
)
def test_a_table_that_is_none(tmp_path, out, name, content, problem):
    (tmp_path / name).write_text(content)

    message = refused("train", tmp_path / name, "--out", out)

    assert message.startswith(str(tmp_path / name))
    assert problem in message


def test_a_source_that_is_not_there(tmp_path, out, model):
    nowhere = tmp_path / "nowhere"

    for message in (
        refused("train", nowhere, "--out", out),
        refused("evaluate", model, nowhere),
        refused("embed", model, nowhere, "--out", out.with_suffix(".npz")),
    ):
        assert message.startswith(f"{nowhere}: is not there; give a folder, or a table that ends in ")


def test_an_out_that_is_there_is_left_alone(source, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "dear.txt").write_text("mine")

    message = refused("train", source, "--out", tmp_path / "model", *SMALL)

    assert message.startswith(
        f"{tmp_path / 'model'}: is there already; name another folder, or replace it: --overwrite"
    )
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["dear.txt"]


def test_overwrite_replaces_a_model_but_nothing_else(source, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "dear.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")

    for name in ("model", "file"):
        message = refused("train", source, "--out", tmp_path / name, *SMALL, "--overwrite")
        assert message == f"{tmp_path / name}: is there but is no model, so it is not replaced; name another folder\n"
    (tmp_path / "model" / "dear.txt").unlink()
    for _ in range(2):
        assert command("train", source, "--out", tmp_path / "model", *SMALL, "--overwrite").code == 0
    assert (tmp_path / "file").read_text() == "mine"


def test_an_out_below_a_file(source, model, tmp_path):
    (tmp_path / "file").write_text("mine")

    assert "cannot be written" in refused("train", source, "--out", tmp_path / "file" / "model", *SMALL)
    assert "cannot be written" in refused("embed", model, source, "--out", tmp_path / "file" / "e.npz")


@pytest.mark.parametrize("name", [".", "..", "/", "pictures/.."])
def test_an_out_that_is_no_name(source, monkeypatch, name):
    monkeypatch.chdir(source.parent)

    assert "name" in refused("train", source, "--out", name, *SMALL)


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
    assert "holds no model.json, so it is no model folder" in refused("inspect", tmp_path)


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
