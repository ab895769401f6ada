"""Cropping to what is found: faces by OpenCV, boxes by one's own function, nothing found, and what does not fit."""

import sys

import numpy as np
import pytest
import torch
from PIL import Image

import alikely
from alikely.data.detecting import CropToFound, _equalised, _own, cropped, found_by, largest_face
from alikely.data.preparation import fit_preparation, pictures_from
from alikely.data.preparations import own_code_of
from alikely.data.reading import read_batch
from alikely.errors import InputError, ModelError, SettingsError
from alikely.training.progress import Silent

STRIPES = np.arange(30, dtype=np.uint8)[:, None] * 3 + np.arange(20, dtype=np.uint8) * 7  # 20 wide, 30 high


@pytest.fixture
def own_finders(tmp_path, monkeypatch):
    """Functions in a module `crops` of the current folder."""
    (tmp_path / "crops.py").write_text(
        "number = 3\n"
        "def middle(picture): return 5, 10, 15, 20\n"
        "def none(picture): return None if picture.getextrema()[1] < 100 else (0, 0, *picture.size)\n"
        "def three(picture): return 1, 2, 3\n"
        "def empty(picture): return 5, 5, 5, 9\n"
        "def words(picture): return 'abcd'\n"
        "def fails(picture): raise RuntimeError('no light')\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "crops", raising=False)
    _own.cache_clear()
    yield tmp_path
    sys.modules.pop("crops", None)
    _own.cache_clear()


@pytest.mark.parametrize(
    ("box", "frame", "columns", "rows"),
    [
        ((5, 10, 15, 20), 1.0, (5, 14), (10, 19)),
        ((5, 10, 15, 20), 0.5, (8, 12), (12, 16)),  # 5 of 10, around the middle; (5 + 15 - 5) / 2 = 7.5 is rounded to 8
        ((5, 10, 15, 20), 2.0, (0, 19), (5, 24)),
        ((-4, 0, 4, 8), 1.0, (0, 3), (0, 7)),  # reaches over the left border, whose column repeats
    ],
)
def test_a_crop_by_hand(box, frame, columns, rows):
    place = np.stack([*np.meshgrid(np.arange(20), np.arange(30)), np.zeros((30, 20))], axis=-1)
    seen = np.asarray(cropped(Image.fromarray(place.astype(np.uint8)), box, frame))
    assert (seen[0, 0, 0], seen[0, -1, 0]) == columns
    assert (seen[0, 0, 1], seen[-1, 0, 1]) == rows
    assert seen.shape[:2] == (round((box[3] - box[1]) * frame), round((box[2] - box[0]) * frame))


def test_equalised_by_hand():
    # Of 8 pixels, 4 at most 10, 6 at most 20, all at most 200: (4 - 4) / 4, (6 - 4) / 4, (8 - 4) / 4 of 255.
    pixels = np.array([[10, 10, 10, 10], [20, 20, 200, 200]], np.uint8)
    assert _equalised(pixels).tolist() == [[0, 0, 0, 0], [128, 128, 255, 255]]
    assert _equalised(np.full((2, 2), 7, np.uint8)).tolist() == [[0, 0], [0, 0]]


def test_no_face_is_an_error_that_names_the_item(tmp_path):
    pytest.importorskip("cv2")
    path = tmp_path / "flat.png"
    Image.fromarray(np.full((80, 60), 90, np.uint8)).save(path)
    preparation = fit_preparation([path], 16, detect="face")
    assert largest_face(Image.open(path)) is None
    with pytest.raises(InputError, match=r"flat\.png: no face is found in it; leave the picture out, or crop"):
        preparation.read_one(path)
    with pytest.raises(InputError, match=r"flat\.png: no face is found"):
        read_batch(preparation, [path])


@pytest.mark.data
def test_faces_are_found_where_they_are(real_data):
    pytest.importorskip("cv2")
    picture = Image.open(real_data / "orl" / "s01" / "01.png")
    left, top, right, bottom = largest_face(picture)
    assert right - left == bottom - top
    assert abs((left + right) / 2 - 46) < 12
    # The same face at the right in a picture five times as large: five times the box, moved.
    wide = Image.new("L", (1200, 700), 120)
    wide.paste(picture.resize((460, 560)), (600, 70))
    alone = np.array(largest_face(wide))
    np.testing.assert_allclose((alone - [600, 70, 600, 70]) / 5, (left, top, right, bottom), atol=8)
    # Of two faces the larger.
    wide.paste(picture.resize((230, 280)), (100, 100))
    np.testing.assert_allclose(largest_face(wide), alone, atol=12)


def test_without_opencv_it_says_what_to_install(monkeypatch):
    import alikely.data.detecting as module

    monkeypatch.setitem(sys.modules, "cv2", None)
    monkeypatch.setattr(module, "_found", type(module._found)())
    with pytest.raises(SettingsError, match=r"detect = face needs OpenCV; run: pip install alikely\[faces\]"):
        largest_face(Image.fromarray(STRIPES))


def test_ones_own_function_finds(own_finders):
    preparation = fit_preparation([STRIPES], 10, detect="crops:middle")
    assert torch.equal(preparation.read_one(STRIPES)[0], torch.from_numpy(STRIPES[10:20, 5:15].copy()))
    half = fit_preparation([STRIPES], 8, detect="crops:middle", frame=0.8)
    assert torch.equal(half.read_one(STRIPES)[0], torch.from_numpy(STRIPES[11:19, 6:14].copy()))
    down = fit_preparation([STRIPES], 10, detect="crops:middle", lower=-0.3)
    assert torch.equal(down.read_one(STRIPES)[0], torch.from_numpy(STRIPES[7:17, 5:15].copy()))
    with pytest.raises(InputError, match="the array: nothing by crops:none is found in it"):
        fit_preparation([STRIPES], 10, detect="crops:none").read_one(STRIPES // 4)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("crops:three", r"crops:three gives \(1, 2, 3\); it must give \(left, top, right, bottom\)"),
        ("crops:words", "crops:words gives 'abcd'; it must give"),
        ("crops:empty", r"crops:empty gives \(5, 5, 5, 9\), a box without any pixel"),
        ("crops:fails", "crops:fails fails: RuntimeError: no light"),
        ("crops:number", "crops:number is no function; write def number"),
        ("crops:gone", "crops:gone: crops has no gone"),
        ("nowhere:find", "nowhere:find: it cannot be found, neither in"),
        (":find", "':find' names no function; write module:function"),
    ],
)
def test_functions_that_do_not_fit(own_finders, name, message):
    with pytest.raises(SettingsError, match=message):
        found_by(name, Image.fromarray(STRIPES))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CropToFound("nose"), "detect must be none, face, or module:function .* got 'nose'"),
        (lambda: CropToFound("face", 0.0), "frame must be a number from 0.1 to 4, got 0.0"),
        (lambda: CropToFound("face", float("nan")), "frame must be a number"),
        (lambda: CropToFound("face", 1.0, 1.5), "lower must be a number from -1 to 1, got 1.5"),
        (lambda: fit_preparation([], 8, frame=0.5), "frame and lower belong to detect, which is none"),
        (lambda: fit_preparation([], 8, lower=0.1), "frame and lower belong to detect, which is none"),
        (lambda: fit_preparation([], 8, detect="nose"), "got 'nose'"),
    ],
)
def test_settings_out_of_bounds(make, message):
    with pytest.raises(SettingsError, match=message):
        make()


def test_the_crop_is_kept_with_the_model(own_finders):
    preparation = fit_preparation([], 10, colour="grey", detect="crops:middle", frame=0.8, lower=0.1)
    steps = preparation.settings()["item_steps"]
    assert steps[1] == {"step": "crop_to_found", "finder": "crops:middle", "frame": 0.8, "lower": 0.1}
    assert pictures_from(preparation.settings(), {}) == preparation
    assert own_code_of(preparation) == "crops:middle"
    assert own_code_of(fit_preparation([], 10, colour="grey", detect="face")) is None
    assert own_code_of(fit_preparation([], 10, colour="grey")) is None


def test_a_model_with_ones_own_function_is_trained_saved_and_loaded_where_it_is_trusted(own_finders):
    random = np.random.default_rng(0)
    items = [random.integers(0, 256, (30, 20), dtype=np.uint8) for _ in range(24)]
    examples = alikely.examples_from(items, labels=np.repeat([f"p{i}" for i in range(8)], 3))
    chosen = {"epochs": 1, "size": 16, "validate_share": 0, "calibrate_share": 0, "test_share": 0, "augment": "none"}
    settings = alikely.TrainSettings(**chosen, encoder_settings={"dim": 4}, detect="crops:middle", labels_per_batch=4)
    model = alikely.train(examples, settings, reporter=Silent()).model
    alikely.save_model(model, "model")
    with pytest.raises(ModelError, match=r"its pictures are cropped by crops:middle, .* own_code=True \(--own-code\)"):
        alikely.load_model("model")
    loaded = alikely.load_model("model", own_code=True)
    assert loaded.fingerprint() == model.fingerprint()
    np.testing.assert_array_equal(loaded.embed(items[:3]), model.embed(items[:3]))
    # What lies outside of the box does not matter.
    other = items[0].copy()
    other[:10] = 0
    np.testing.assert_array_equal(model.embed([other]), model.embed(items[:1]))
    plain = settings.model_copy(update={"detect": "none"})
    assert alikely.train(examples, plain, reporter=Silent()).model.fingerprint() != model.fingerprint()
