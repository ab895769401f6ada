"""Explanations of pairs: their figures, words and pictures, what is refused, and the command that writes them."""

import json
import re

import numpy as np
import pytest
from PIL import Image

import alikely
from alikely.data.reading import read_batch
from alikely.errors import InputError, ModelError, SettingsError
from alikely.explaining import ExplainedPicture, Explanation, drawn, random_covers, relevance
from alikely.explaining.drawing import ALIKE, UNLIKE, colours, wrapped
from alikely.explaining.explanation import REGIONS
from alikely.storage import load_model, save_model
from tests.commands import command, refused
from tests.models import pictures, small_model


def explained(values, name="one.png"):
    values = np.array(values, np.float32)
    return ExplainedPicture(name, np.zeros((*values.shape, 1), np.uint8), values)


def test_it_says_what_compare_says_and_shows_what_the_encoder_sees():
    model = small_model()
    left, right = pictures(2)
    found = alikely.explain(model, left, right)

    assert found.decision == model.compare(left, right)
    assert found.distance == model.distance_of(left, right)
    assert (found.left.name, found.right.name) == ("array 1", "array 2")
    assert found.left.pixels[..., 0] == pytest.approx(left)
    assert found.right.map.shape == (16, 16)
    assert found.verdict() == found.decision.sentence()


def test_the_other_way_round_the_sides_change_places():
    model = small_model()
    left, right = pictures(2)
    one, other = alikely.explain(model, left, right), alikely.explain(model, right, left)

    assert np.array_equal(one.left.map, other.right.map)
    assert np.array_equal(one.right.map, other.left.map)


def test_each_map_is_about_the_distance_to_the_other_picture():
    model = small_model()
    items = pictures(2)
    read, rows = read_batch(model.preparation, items), model.embed(items)
    found = alikely.explain(model, *items)

    assert np.array_equal(found.left.map, relevance(model, read[0], rows[1], random_covers(16, 16)))
    assert np.array_equal(found.right.map, relevance(model, read[1], rows[0], random_covers(16, 16)))


def test_it_follows_from_the_seed():
    model = small_model()
    left, right = pictures(2)
    maps = [alikely.explain(model, left, right, seed=seed).left.map for seed in (0, 0, 1)]

    assert np.array_equal(maps[0], maps[1])
    assert not np.array_equal(maps[0], maps[2])


def test_regions_are_the_sums_of_ninths_row_by_row():
    # 7 pixels a side are parted 3, 2, 2.
    regions = explained(np.ones((7, 7))).regions()

    assert tuple(regions) == REGIONS
    assert list(regions.values()) == [9, 6, 6, 6, 4, 4, 6, 4, 4]


@pytest.mark.parametrize(
    ("left", "right", "sentence"),
    [
        (
            [[3, 0, 0], [0, 1, 0], [0, 0, -2]],
            [[0, 0, 0], [0, 0, 2], [-1, 0, 0]],
            "alike most in the upper left of the left picture and the middle right of the right picture; "
            "unlike most in the lower right of the left picture and the lower left of the right picture",
        ),
        ([[0, 1, 0], [0, 0, 0], [0, 0, 0]], [[0] * 3] * 3, "alike most in the upper middle of the left picture"),
        # What holds a hundredth of the map is not worth a word.
        ([[0, 0, 0], [0, -99, 0], [0, 1, 0]], [[0] * 3] * 3, "unlike most in the centre of the left picture"),
        ([[0] * 3] * 3, [[0] * 3] * 3, "no region counts more than another"),
    ],
)
def test_the_regions_that_count_most_in_words(left, right, sentence):
    assert Explanation(explained(left), explained(right), 1.0, None).sentence() == sentence


def test_without_calibration_there_is_a_distance_and_no_verdict():
    found = alikely.explain(small_model(calibrated=False), *pictures(2))

    assert found.decision is None
    assert re.fullmatch(r"distance [\d.]+ \(the model has no calibration, so no verdict\)", found.verdict())
    assert found.to_dict()["decision"] is None


def test_for_json_it_has_the_distance_the_decision_and_the_regions():
    found = alikely.explain(small_model(), *pictures(2))
    described = json.loads(json.dumps(found.to_dict(), allow_nan=False))

    assert described == {
        "distance": found.distance,
        "decision": found.decision.to_dict(),
        "left": {"name": "array 1", "regions": found.left.regions()},
        "right": {"name": "array 2", "regions": found.right.regions()},
    }


def test_colours_say_the_sign_and_how_much():
    rgba = colours(np.array([-1, -0.5, 0, 0.5, 2], np.float32))

    assert rgba[:, :3].tolist() == [list(UNLIKE)] * 3 + [list(ALIKE)] * 2
    assert rgba[:, 3].tolist() == [204, 102, 0, 102, 204]


def blueness(picture, box):
    """Mean of blue less red in a part of a picture."""
    pixels = np.asarray(picture.crop(box)).astype(float)
    return (pixels[..., 2] - pixels[..., 0]).mean()


def test_the_drawing_colours_the_place_that_the_map_names():
    values = np.zeros((16, 16), np.float32)
    values[:4, :4], values[-4:, -4:] = 1, -1
    grey = Image.new("RGB", (16, 16), (120, 120, 120))
    whole = drawn([("left", grey, values), ("right", grey, np.zeros_like(values))], ["words"])
    x, y, side = 20, 36 + 360 + 10, 360

    assert blueness(whole, (x, y, x + side // 5, y + side // 5)) > 80
    assert blueness(whole, (x + side * 4 // 5, y + side * 4 // 5, x + side, y + side)) < -80
    assert blueness(whole, (x + side // 5 * 2, y + side // 5 * 2, x + side // 5 * 3, y + side // 5 * 3)) == 0
    assert blueness(whole, (x + side + 20, y, x + 2 * side + 20, y + side)) == 0
    # Above, the pictures stand as they are.
    assert np.asarray(whole.crop((x, 36, x + side, 36 + side))).tolist() == [[[120] * 3] * side] * side


def test_long_words_make_the_drawing_longer_not_wider():
    sides = [(title, Image.new("RGB", (8, 8)), np.zeros((8, 8), np.float32)) for title in ("left", "right")]
    short, long = drawn(sides, ["word"]), drawn(sides, ["word " * 100])

    assert short.width == long.width == 780
    assert long.height > short.height + 100


def test_a_percent_sign_stays_with_its_number():
    assert wrapped("a" * 94 + " 1 % of") == ["a" * 94, "1 % of"]


def test_pictures_in_colour_are_explained_and_drawn():
    noise = np.random.default_rng(0).integers(0, 256, (2, 20, 30, 3), dtype=np.uint8)
    model = small_model()
    grey = alikely.explain(model, *noise)

    assert grey.left.pixels.shape == (16, 16, 1)
    assert grey.picture().mode == "RGB"
    coloured = ExplainedPicture("one", noise[0], np.zeros((20, 30), np.float32))
    assert np.array_equal(np.asarray(coloured.image()), noise[0])


def test_two_equal_pictures_and_two_blank_ones_are_explained():
    model = small_model()
    same = pictures(1)[0]
    blank = np.full((16, 16), 200, np.uint8)

    assert alikely.explain(model, same, same).distance == 0
    found = alikely.explain(model, blank, blank)
    assert found.sentence() == "no region counts more than another"
    assert found.picture().width == 780


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_out_of_bounds_is_refused(seed):
    with pytest.raises(SettingsError, match=f"seed must be a whole number from 0 .*, got {seed}"):
        alikely.explain(small_model(), *pictures(2), seed=seed)


def test_a_model_that_reads_no_pictures_is_refused():
    class Texts:
        kind = "text"
        rereads = True

        def read_one(self, item): ...
        def join(self, read): ...
        def fitted(self, items, read): ...
        def finish(self, batch): ...
        def facts(self): ...
        def settings(self): ...
        def files(self): ...

    model = small_model(calibrated=False)
    other = alikely.SiameseModel(Texts(), model.encoder, "cnn", model.distance, "euclidean")
    with pytest.raises(ModelError, match="explain shows regions of pictures, and this model takes texts"):
        alikely.explain(other, "one", "two")


def test_an_unreadable_picture_is_named():
    with pytest.raises(InputError, match=r"nowhere\.png: is not there"):
        alikely.explain(small_model(), pictures(1)[0], "nowhere.png")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a model and two pictures, to work in."""
    save_model(small_model(), tmp_path / "model")
    for name, picture in zip(("one.png", "two.png"), pictures(2), strict=True):
        Image.fromarray(picture).save(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("out", "kind"),
    [("seen.png", "PNG"), ("seen.JPG", "JPEG"), ("seen.webp", "WEBP"), ("new/folder/seen.png", "PNG")],
)
def test_the_command_writes_the_picture_and_says_the_rest(here, out, kind):
    ran = command("explain", "model", "one.png", "two.png", "--out", out)
    found = alikely.explain(load_model("model"), "one.png", "two.png")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [found.verdict(), found.sentence(), f"picture written to {out}"]
    with Image.open(here / out) as written:
        assert (written.format, written.size) == (kind, found.picture().size)


def test_the_command_in_json_is_what_python_gives(here):
    ran = command("explain", "model", "one.png", "two.png", "--out", "seen.png", "--json")
    found = alikely.explain(load_model("model"), "one.png", "two.png")

    assert json.loads(ran.out) == {"out": "seen.png", **found.to_dict()}


@pytest.mark.parametrize(
    ("right", "out", "message"),
    [
        ("two.png", "seen.gif", "seen.gif: the picture is written as .png, .jpg, .jpeg, .webp; name such a file"),
        ("two.png", "seen", "seen: the picture is written as"),
        ("nowhere.png", "seen.png", "nowhere.png: is not there; check the path"),
        ("model/model.json", "seen.png", "model/model.json: "),
        ("two.png", "one.png/seen.png", "cannot be written"),
    ],
)
def test_the_command_refuses_and_leaves_nothing_behind(here, right, out, message):
    before = sorted(here.rglob("*"))

    assert message in refused("explain", "model", "one.png", right, "--out", out)
    assert sorted(here.rglob("*")) == before
