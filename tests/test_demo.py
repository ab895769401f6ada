"""The demo: what it says of digits never seen, beside the floor; what it writes, and what it leaves alone."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import alikely.demo
from alikely.data.samples import write_digits
from alikely.data.sources import read_source
from alikely.distances import Euclidean
from alikely.errors import StorageError
from alikely.storage import load_model
from benchmarks import demo_choice
from tests.commands import command

KEPT = 150  # pictures, some 15 of each digit
SPLIT = r"^  (?:\d(?:, \d)+|mean) +([\d.]+) % +([\d.]+) %$"  # a row of the last table
SMALL = {
    "encoder_settings": {"width": 8, "depth": 2, "dim": 8, "grid": 2},
    "size": 16,
    "epochs": 1,
    "new_classes": "none",
    "items_per_label": 4,
}


def write_some(folder: Path) -> None:
    write_digits(folder)
    for picture in folder.glob("*/*.png"):
        if int(picture.stem) > KEPT:
            picture.unlink()


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A demo that learned little from few digits, and the folder that it was told to write to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alikely.demo, "SETTINGS", alikely.demo.SETTINGS.model_copy(update=SMALL))
        patch.setattr(alikely.demo, "write_digits", write_some)
        return alikely.demo.run_demo(tmp_path_factory.mktemp("demo") / "my demo")


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(alikely.demo, "SETTINGS", alikely.demo.SETTINGS.model_copy(update=SMALL))
    monkeypatch.setattr(alikely.demo, "write_digits", write_some)


def test_half_of_the_decisions_are_about_the_same_digit_and_none_about_digits_seen(shown):
    parts = load_model(shown.model).record["data"]["labels"]
    for number, pair in enumerate(shown.decisions):
        digits = [Path(name).parts[0] for name in (pair.left, pair.right)]
        assert pair.same == (digits[0] == digits[1]) == (number < len(shown.decisions) // 2)
        assert pair.left != pair.right
        assert set(digits) <= set(shown.held_back.digits)
    assert set(shown.held_back.digits).isdisjoint(parts["train"] + parts["calibrate"])


def test_a_decision_is_what_the_saved_model_says(shown):
    pair = shown.decisions[-1]

    assert load_model(shown.model).compare(shown.digits / pair.left, shown.digits / pair.right) == pair.decision


def test_the_rates_of_the_verdicts_are_those_of_all_pairs(shown):
    judged = alikely.demo.labelled(read_source(shown.digits), shown.held_back.digits)[0]
    pairs = load_model(shown.model).pair_distances(judged)
    threshold = shown.decisions[0].decision.threshold
    right = [np.mean(pairs.same <= threshold), np.mean(pairs.different > threshold)]

    found = re.fullmatch(
        r"Of all ([\d,]+) same pairs (\S+) % are called same, of all ([\d,]+) different pairs (\S+) % different\.",
        shown.verdicts(),
    )
    assert [int(found[place].replace(",", "")) for place in (1, 3)] == [len(pairs.same), len(pairs.different)]
    assert [float(found[place]) / 100 for place in (2, 4)] == pytest.approx(right, abs=0.0006)


def test_the_floor_stands_below_the_eer(shown):
    names = [name for name, _, _ in shown.rows()]

    assert names[:2] == ["EER", "EER of plain pixels"]
    assert shown.rows()[1][1] == f"{100 * shown.held_back.pixels:.3g} %"


def test_other_digits_are_held_back_from_models_of_their_own(shown):
    splits = (shown.held_back, *shown.others)
    rows = shown.other_rows()

    assert len({split.digits for split in splits}) == len(alikely.demo.OTHER_SEEDS) + 1
    assert [row[0] for row in rows] == [", ".join(split.digits) for split in splits] + ["mean"]
    assert float(rows[-1][1].split()[0]) / 100 == pytest.approx(np.mean([split.eer for split in splits]), rel=0.01)
    assert float(rows[-1][2].split()[0]) / 100 == pytest.approx(np.mean([split.pixels for split in splits]), rel=0.01)


def test_plain_pixels_known_answers():
    black, dark, white = (np.full((2, 2), shade, np.uint8) for shade in (0, 51, 255))
    labels = np.array(["a", "a", "b"])
    found = alikely.demo.plain_pixels([black, dark, white], labels, Euclidean())

    assert found.same == pytest.approx([0.4])  # four pixels, 0.2 each
    assert found.different == pytest.approx([1.6, 2.0])
    assert found.eer == 0


@pytest.mark.parametrize("count", [2, 8, 60])
def test_pairs_are_half_same_half_different_and_follow_from_the_seed(count):
    labels = np.repeat(["a", "b", "c"], [2, 5, 30])
    pairs = alikely.demo.some_pairs(labels, count, seed=3)
    same = [labels[left] == labels[right] for left, right in pairs]

    assert same == [True] * (count // 2) + [False] * (count // 2)
    assert all(left != right for left, right in pairs)
    assert pairs == alikely.demo.some_pairs(labels, count, seed=3)
    assert pairs != alikely.demo.some_pairs(labels, count, seed=4)


def test_a_folder_of_the_users_own_is_left_alone(short, tmp_path):
    own = tmp_path / "digits" / "3" / "0004.png"
    own.parent.mkdir(parents=True)
    own.write_text("my own")

    with pytest.raises(StorageError, match="is not what the demo writes; remove it, or name another folder: --out"):
        alikely.demo.run_demo(tmp_path)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [own]
    assert own.read_text() == "my own"


@pytest.mark.parametrize("change", ["more", "fewer", "a file"])
def test_digits_that_were_changed_are_left_alone(short, tmp_path, change):
    digits = tmp_path / "digits"
    write_some(digits)
    if change == "more":
        (digits / "3" / "mine.png").write_text("my own")
    elif change == "fewer":
        (digits / "0" / "0001.png").unlink()
    else:
        shutil.rmtree(digits)
        digits.write_text("my own")

    with pytest.raises(StorageError, match="is not what the demo writes"):
        alikely.demo.run_demo(tmp_path)

    assert not (tmp_path / "model").exists()


def test_an_earlier_demo_is_replaced(short, shown, tmp_path):
    shutil.copytree(shown.digits.parent, tmp_path / "again")

    again = alikely.demo.run_demo(tmp_path / "again")

    assert again.verdicts() == shown.verdicts()
    assert [pair.row() for pair in again.decisions] == [pair.row() for pair in shown.decisions]
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == ["digits", "model"]


def test_in_json_it_says_the_same(short, tmp_path):
    ran = command("demo", "--out", tmp_path / "demo", "--json")
    found = json.loads(ran.out)

    assert ran.code == 0
    assert set(found) == {"model", "digits", "held_back", "evaluation", "others", "decisions"}
    assert {"left", "right", "same", "verdict", "probability", "distance"} <= set(found["decisions"][0])
    assert found["held_back"]["eer"] == found["evaluation"]["eer"]


@pytest.mark.slow
def test_the_whole_demo_and_what_it_says_to_type_next(tmp_path):
    script = Path(sys.executable).with_name("alikely")
    ran = subprocess.run(
        [script, "demo", "--out", "a demo"], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr

    splits = [(float(ours), float(pixels)) for ours, pixels in re.findall(SPLIT, ran.stdout, re.M)]
    assert len(splits) == len(alikely.demo.OTHER_SEEDS) + 2  # with the demo's own and the mean
    assert all(max(split) < 50 for split in splits)
    assert splits[-1][0] < 30
    rows = re.findall(r"^  (\d)/\d{4}\.png +(\d)/\d{4}\.png +(?:same|different)( \(wrong\))? ", ran.stdout, re.M)
    assert [left == right for left, right, _ in rows] == [True] * 4 + [False] * 4

    steps = re.findall(r"^  (\S+ (?:compare|inspect) .*)$", ran.stdout, re.M)
    assert len(steps) == 2
    for step in steps:
        done = subprocess.run(step, shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode in (0, 1), done.stderr
        assert done.stdout


@pytest.mark.slow
def test_the_choice_of_its_settings_can_be_repeated(tmp_path, monkeypatch):
    found = tmp_path / "found.json"
    monkeypatch.setattr(sys, "argv", ["demo_choice", "--quick", "--seeds", "2", "--json", str(found)])
    demo_choice.main()
    result = json.loads(found.read_text())

    assert result["metrics"]["as it is"] < 0.35
    assert result["floors"]["pixels, euclidean"]["as it is"] == pytest.approx(0.2365, abs=0.002)
