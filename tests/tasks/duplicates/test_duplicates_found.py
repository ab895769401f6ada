"""Copies among the items of a folder or a table: by how pictures look, by a model, by their words; run after run."""

import csv
import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

import alikely
from alikely.errors import CalibrationError, GalleryError, InputError, SettingsError
from alikely.tasks.duplicates import duplicates
from tests.commands import command, refused
from tests.models import small_model

COUNT = 40


def picture(number):
    """A picture unlike all others: smooth blots."""
    blots = gaussian_filter(np.random.default_rng(number).normal(size=(48, 64)), 5)
    return Image.fromarray((128 + 90 * blots / np.abs(blots).max()).astype(np.uint8))


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    for number in range(COUNT):
        picture(number).save(folder / f"p{number:02d}.png")
    return folder


@pytest.fixture
def pictures(many, tmp_path):
    """Forty pictures of which some have copies: exact, mirrored, cut, small and dark, all of it at once."""
    folder = tmp_path / "pictures"
    shutil.copytree(many, folder)
    shutil.copy(folder / "p00.png", folder / "x_exact.png")
    picture(1).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "x_mirrored.png")
    picture(2).crop((2, 2, 62, 47)).save(folder / "x_cut.png")
    picture(3).resize((32, 24)).point(lambda grey: grey * 0.8).save(folder / "x_small.jpg", quality=50)
    mirrored = picture(4).crop((0, 0, 60, 45)).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    mirrored.resize((45, 34)).point(lambda grey: grey * 0.9).save(folder / "x_all.jpg", quality=60)
    return folder


COPIES = {("p00", "x_exact"), ("p01", "x_mirrored"), ("p02", "x_cut"), ("p03", "x_small"), ("p04", "x_all")}


def stems(pairs):
    return {tuple(sorted(name.split("/")[-1].split(".")[0] for name in pair[:2])) for pair in pairs}


def test_every_copy_is_found_and_nothing_else(pictures):
    found = duplicates(pictures)
    assert stems(found.pairs) == COPIES
    assert stems(found.groups) == COPIES
    assert (found.identical, found.new, found.exit_code) == (1, COUNT + 4, 0)
    assert found.pairs.limit.fmr < 0.01
    assert next(iter(found.pairs))[2] == 0.0


def test_what_lies_beyond_the_limit_is_counted_and_shown_by_the_rate_that_is_named(pictures):
    for number, (left, top) in enumerate(((4, 0), (0, 5), (6, 6))):
        picture(7 + number).crop((left, top, left + 56, top + 42)).save(pictures / f"x_far{number}.png")
    found = duplicates(pictures)
    note = found.pairs.notes[-1]
    told = re.fullmatch(
        r"(\d+) more pairs? lies? beyond the limit, from a distance of (\S+); with --fmr (\S+) .*", note
    )
    assert told, note
    more = duplicates(pictures, fmr=float(told[3]))
    assert len(more.pairs) == len(found.pairs) + int(told[1])
    first = list(more.pairs)[len(found.pairs)][2]
    assert first > found.pairs.limit.distance
    assert f"{first:.3g}" == told[2]
    assert more.pairs.notes == ()


def test_a_further_run_looks_at_the_new_items_only_and_finds_the_same(pictures, tmp_path):
    state = tmp_path / "state"
    late = pictures / "x_mirrored.png"
    aside = shutil.move(late, tmp_path / "aside.png")
    first = duplicates(pictures, state=state)
    assert first.new == COUNT + 3
    shutil.move(aside, late)
    shutil.move(pictures / "p10.png", pictures / "renamed.png")
    second = duplicates(pictures, state=state)
    assert second.new == 1
    assert stems(second.pairs) == COPIES
    assert second.to_dict()["pairs"] == duplicates(pictures).to_dict()["pairs"]


def test_a_state_of_something_else_is_refused(pictures, tmp_path):
    duplicates(pictures, state=tmp_path / "state")
    with pytest.raises(GalleryError, match="name another folder"):
        duplicates(pictures, small_model(), state=tmp_path / "state")


def test_unreadable_pictures_are_named_and_the_others_go_on(pictures):
    (pictures / "p20.png").write_bytes(b"no picture")
    (pictures / "p21.png").write_bytes(b"")
    found = duplicates(pictures)
    assert sorted(name.split("/")[-1] for name, _ in found.pairs.skipped) == ["p20.png", "p21.png"]
    assert found.exit_code == 1
    assert stems(found.pairs) == COPIES


def test_pictures_of_one_colour_are_alike_only_if_they_are_equal(pictures):
    for name, grey in (("a", 10), ("b", 200), ("c", 200)):
        Image.new("L", (40, 40), grey).save(pictures / f"flat_{name}.png")
    assert stems(duplicates(pictures).pairs) == COPIES | {("flat_b", "flat_c")}


def test_few_pictures_only_exact_copies_with_a_note(tmp_path):
    for name, number in (("a", 1), ("b", 1), ("c", 2)):
        picture(number).save(tmp_path / f"{name}.png")
    found = duplicates(tmp_path)
    assert stems(found.pairs) == {("a", "b")}
    assert "2 pictures are too few or too alike" in found.pairs.notes[-1]
    assert found.to_dict()["limit"] is None


def test_by_a_model_with_its_calibration(pictures, tmp_path):
    model = small_model()
    found = duplicates(pictures, model, fmr=0.1)
    assert found.pairs.limit.distance == model.calibration.threshold(fmr=0.1)
    some = model.embed([pictures / "p00.png"])
    assert ("p00", "x_exact") in stems(found.pairs)
    assert np.isfinite(some).all()
    with pytest.raises(CalibrationError, match="alikely calibrate MODEL SOURCE"):
        duplicates(pictures, small_model(calibrated=False))


def test_texts_and_rows_without_a_model(tmp_path):
    texts = tmp_path / "texts.csv"
    texts.write_text('text\n"Hello, World!"\nhello world\nGood bye\n')
    assert [pair[:2] for pair in duplicates(texts).pairs] == [("Hello, World!", "hello world")]
    rows = alikely.examples_from([{"a": "1.50"}, {"a": 1.5}, {"a": 2}], kind="row")
    assert [pair[:2] for pair in duplicates(rows).pairs] == [("row 1", "row 2")]
    numbers = alikely.examples_from([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0001]], kind="embedding")
    found = duplicates(numbers)
    assert [pair[:2] for pair in found.pairs] == [("embedding 1", "embedding 2")]
    with pytest.raises(SettingsError, match="without a model, only texts"):
        duplicates(texts, fmr=0.1)


def test_three_of_one_content_are_one_group_and_two_pairs(many, tmp_path):
    for name in ("x", "y"):
        shutil.copy(many / "p00.png", tmp_path / f"{name}.png")
    shutil.copy(many / "p00.png", tmp_path / "a.png")
    found = duplicates(tmp_path)
    assert stems(found.pairs) == {("a", "x"), ("a", "y")}
    assert [len(group) for group in found.groups.groups] == [3]


def test_what_is_refused(tmp_path, many):
    with pytest.raises(InputError):
        duplicates(tmp_path)
    (tmp_path / "t.csv").write_text("text\na\nb\n")
    with pytest.raises(SettingsError, match="the model takes pictures"):
        duplicates(tmp_path / "t.csv", small_model(), items="text")
    with pytest.raises(SettingsError, match=r"must be above 0 and at most 0\.01, got 0\.5"):
        duplicates(many, fmr=0.5)
    with pytest.raises(SettingsError, match="an estimate, with no confidence"):
        duplicates(many, confidence=0.9)


def test_command(pictures, tmp_path):
    out = tmp_path / "found.csv"
    ran = command("duplicates", pictures, "--out", out)
    assert ran.code == 0, ran.err
    assert "5 pairs among 45 items" in ran.out
    assert "may be wrong" in ran.err
    with out.open(newline="") as file:
        assert stems([(row["left"], row["right"]) for row in csv.DictReader(file)]) == COPIES
    ran = command("duplicates", pictures, "--groups", "--out", out)
    assert ran.out.startswith("5 groups with 10 of 45 items; 35 by themselves")
    (pictures / "p20.png").write_bytes(b"no picture")
    ran = command("duplicates", pictures, "--json")
    assert ran.code == 1
    answer = json.loads(ran.out)
    assert stems([(pair["left"], pair["right"]) for pair in answer["pairs"]]) <= COPIES
    assert len(answer["groups"]) == len(answer["pairs"]) >= 4
    assert command("duplicates", pictures, "--fmr", "0.0001").code == 1
    assert answer["skipped"][0]["item"].endswith("p20.png")
    assert "is written as .csv" in refused("duplicates", pictures, "--out", "x.txt")
