"""Each line of bad input: an error that names the thing and the way out, exit code 2, nothing half-written left."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from tests.bad_input.spoiled import BAD_FILES, first_picture, zero_bytes
from tests.commands import SMALL, command, refused
from tests.pictures import pattern_folder


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
