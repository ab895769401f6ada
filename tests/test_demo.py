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
from alikely.cli import main
from alikely.data.samples import digits, write_digits
from alikely.data.sources import read_source
from alikely.errors import StorageError
from alikely.storage import load_model
from alikely.types import Examples
from benchmarks import demo_choice
from tests.commands import command

KEPT = 150  # pictures, some 15 of each digit
SMALL = {"encoder_settings": {"width": 8, "depth": 1, "dim": 8}, "epochs": 1, "calibrate_share": 0.5}


def write_some(folder: Path) -> None:
    write_digits(folder)
    for picture in folder.glob("*/*.png"):
        if int(picture.stem) > KEPT:
            picture.unlink()


def make_small(patch: pytest.MonkeyPatch) -> None:
    """Few signs, few digits, and a network that learns little from them."""
    patch.setattr(alikely.demo, "SETTINGS", alikely.demo.SETTINGS.model_copy(update=SMALL))
    patch.setattr(alikely.demo, "SIGNS", 80)
    patch.setattr(alikely.demo, "DRAWINGS", 6)
    patch.setattr(alikely.demo, "RATES", (0.4, 0.2))
    patch.setattr(alikely.demo, "write_digits", write_some)


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A small demo, and the folder that it was told to write to."""
    with pytest.MonkeyPatch.context() as patch:
        make_small(patch)
        return alikely.demo.run_demo(tmp_path_factory.mktemp("demo") / "my demo")


@pytest.fixture
def short(monkeypatch):
    make_small(monkeypatch)


def test_signs_teach_and_calibrate_and_no_digit_does(shown):
    parts = load_model(shown.model).record["data"]["labels"]

    assert sum(len(labels) for labels in parts.values()) == 80
    assert {label for labels in parts.values() for label in labels} == {f"{number:02}" for number in range(1, 81)}
    assert all(len(list(folder.glob("*.png"))) == 6 for folder in shown.signs.iterdir())
    assert shown.report.identities == 10
    assert shown.report.items == KEPT


def test_half_of_the_decisions_are_about_the_same_digit(shown):
    for number, pair in enumerate(shown.decisions):
        left, right = (Path(name).parts[0] for name in (pair.left, pair.right))
        assert pair.same == (left == right) == (number < len(shown.decisions) // 2)
        assert pair.left != pair.right


def test_a_decision_is_what_the_saved_model_says(shown):
    pair = shown.decisions[-1]

    assert load_model(shown.model).compare(shown.digits / pair.left, shown.digits / pair.right) == pair.decision


def test_what_thresholds_gave_is_counted_on_all_pairs_of_new_signs_and_of_digits(shown):
    model = load_model(shown.model)
    signs = read_source(shown.signs)
    new = signs.select(np.flatnonzero(np.isin(signs.labels, model.record["data"]["labels"]["test"])))
    of_signs, of_digits = model.pair_distances(new), model.pair_distances(read_source(shown.digits))

    assert [kept.asked for kept in shown.kept] == [0.4, 0.2]
    for kept in shown.kept:
        threshold = model.calibration.threshold(fmr=kept.asked)
        assert kept.fmr_signs == pytest.approx(np.mean(of_signs.different <= threshold))
        assert kept.fmr_digits == pytest.approx(np.mean(of_digits.different <= threshold))
        assert kept.fnmr_digits == pytest.approx(np.mean(of_digits.same > threshold))
    assert shown.kept[0].fmr_digits > shown.kept[1].fmr_digits


def test_the_floor_stands_below_the_eer(shown):
    assert [name for name, _, _ in shown.rows()][:2] == ["EER", "EER of plain pixels"]
    assert shown.rows()[1][1] == f"{100 * shown.pixels:.3g} %"


def examples(shades: list[int], labels: list[str]) -> Examples:
    pictures = tuple(np.full((2, 2), shade, np.uint8) for shade in shades)
    return Examples(items=pictures, names=tuple(map(str, shades)), labels=np.array(labels))


def test_plain_pixels_known_answers():
    found = alikely.demo.plain_pixels(examples([0, 51, 255], ["a", "a", "b"]))

    assert found.same == pytest.approx([0.4])  # four pixels, 0.2 each
    assert found.different == pytest.approx([1.6, 2.0])
    assert found.eer == 0


def test_few_shots_known_answers(shown, monkeypatch):
    # One picture of each is known. Those of "b" lie among those of "a", so that pixels are wrong about some.
    shades, labels = [0, 1, 2, 3, 4, 5], ["a", "a", "b", "a", "a", "b"]
    monkeypatch.setattr(alikely.demo, "SHOTS", 1)
    found = alikely.demo.few_shot(load_model(shown.model), examples(shades, labels))
    black_and_white = alikely.demo.few_shot(load_model(shown.model), examples([0, 1, 2, 255, 254], list("aaabb")))

    assert 0 < found.pixels < 1
    assert found.pixels_spread > 0
    assert (black_and_white.pixels, black_and_white.pixels_spread) == (1, 0)


@pytest.mark.parametrize("count", [2, 8, 60])
def test_pairs_are_half_same_half_different_and_follow_from_the_seed(count):
    labels = np.repeat(["a", "b", "c"], [2, 5, 30])
    pairs = alikely.demo.some_pairs(labels, count, seed=3)
    same = [labels[left] == labels[right] for left, right in pairs]

    assert same == [True] * (count // 2) + [False] * (count // 2)
    assert all(left != right for left, right in pairs)
    assert pairs == alikely.demo.some_pairs(labels, count, seed=3)
    assert pairs != alikely.demo.some_pairs(labels, count, seed=4)


@pytest.mark.parametrize("part", ["digits", "signs"])
def test_a_folder_of_the_users_own_is_left_alone(short, tmp_path, part):
    own = tmp_path / part / "3" / "0004.png"
    own.parent.mkdir(parents=True)
    own.write_text("my own")

    with pytest.raises(StorageError, match="is not what the demo writes; remove it, or name another folder: --out"):
        alikely.demo.run_demo(tmp_path)

    assert own.read_text() == "my own"
    assert [path for path in (tmp_path / part).rglob("*") if path.is_file()] == [own]
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("change", ["more", "fewer", "a file"])
def test_digits_that_were_changed_are_left_alone(short, tmp_path, change):
    folder = tmp_path / "digits"
    write_some(folder)
    if change == "more":
        (folder / "3" / "mine.png").write_text("my own")
    elif change == "fewer":
        (folder / "0" / "0001.png").unlink()
    else:
        shutil.rmtree(folder)
        folder.write_text("my own")

    with pytest.raises(StorageError, match="is not what the demo writes"):
        alikely.demo.run_demo(tmp_path)

    assert not (tmp_path / "model").exists()


def test_an_earlier_demo_is_replaced(short, shown, tmp_path):
    shutil.copytree(shown.digits.parent, tmp_path / "again")

    again = alikely.demo.run_demo(tmp_path / "again")

    assert again.kept == shown.kept
    assert [pair.row() for pair in again.decisions] == [pair.row() for pair in shown.decisions]
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == ["digits", "model", "signs"]


def test_in_json_it_says_the_same(short, tmp_path):
    ran = command("demo", "--out", tmp_path / "demo", "--json")
    found = json.loads(ran.out)

    assert ran.code == 0
    assert set(found) == {
        *("model", "signs", "digits", "evaluation", "eer_of_plain_pixels", "kept", "few_shot", "decisions")
    }
    assert {"left", "right", "same", "verdict", "probability", "distance"} <= set(found["decisions"][0])
    assert [kept["asked"] for kept in found["kept"]] == [0.4, 0.2]


@pytest.mark.parametrize("on_the_path", ["/usr/bin/alikely", None])
def test_what_to_type_next_is_typed_as_this_was(shown, monkeypatch, capsys, on_the_path):
    monkeypatch.setattr(alikely.demo, "run_demo", lambda _: shown)
    monkeypatch.setattr(shutil, "which", lambda _: on_the_path)
    monkeypatch.setattr(sys, "argv", ["/site/alikely/__main__.py", "demo"])
    monkeypatch.setattr(sys, "orig_argv", ["my env/bin/python", "-m", "alikely", "demo"])
    with pytest.raises(SystemExit):
        main()

    steps = capsys.readouterr().out.partition("Next:\n")[2].splitlines()
    assert len(steps) == 4
    assert all(step.startswith("  'my env/bin/python' -m alikely ") for step in steps)


@pytest.mark.slow
def test_the_whole_demo_beats_plain_pixels_and_says_what_to_type_next(tmp_path):
    script = Path(sys.executable).with_name("alikely")
    ran = subprocess.run([script, "demo", "--out", "a demo"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr
    assert "warning" not in ran.stderr

    ours, pixels = (float(re.search(rf"^  {name} +([\d.]+) %", ran.stdout, re.M)[1]) for name in ("EER", "EER of .*?"))
    assert ours < 0.85 * pixels
    right, by_pixels = map(float, re.search(r"right in ([\d.]+) % .* pixels in ([\d.]+) %", ran.stdout).groups())
    assert right > by_pixels + 2
    rows = re.findall(r"^  (\d)/\d{4}\.png +(\d)/\d{4}\.png +(?:same|different)( \(wrong\))? ", ran.stdout, re.M)
    assert [left == right for left, right, _ in rows] == [True] * 4 + [False] * 4

    steps = re.findall(r"^  (\S+ (?:compare|inspect) .*)$", ran.stdout, re.M)
    assert len(steps) == 2
    for step in steps:
        done = subprocess.run(step, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        assert done.stdout


@pytest.mark.slow
def test_the_choice_of_its_settings_can_be_repeated(tmp_path, monkeypatch):
    # Two characters drawn by people, here two digits drawn large.
    for number, picture in enumerate(digits().items[:200]):
        label = digits().labels[number]
        file = tmp_path / "omniglot" / "background" / "digits" / f"{label}" / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        demo_choice.Image.fromarray(255 - np.kron(picture, np.ones((6, 6), np.uint8))).save(file)
    found = tmp_path / "found.json"
    monkeypatch.setattr(
        sys, "argv", ["demo_choice", "--data", str(tmp_path), "--quick", "--seeds", "2", "--json", str(found)]
    )
    demo_choice.main()
    result = json.loads(found.read_text())

    assert result["metrics"]["as it is"] < 0.35
    assert result["floors"]["plain pixels"]["digits"] == pytest.approx(0.2089, abs=0.001)
