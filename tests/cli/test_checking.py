"""alikely check: what it prints, its JSON, its exit codes."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.commands import command, refused
from tests.data.checks.faults import CHANGES, pattern, patterns


@pytest.fixture
def clean(tmp_path, monkeypatch):
    """A folder with 20 identities of two pictures each, and the folder it lies in."""
    monkeypatch.chdir(tmp_path)
    for number, picture in enumerate(patterns(40)):
        folder = tmp_path / "clean" / f"id{number // 2:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / f"{number}.png")
    return tmp_path / "clean"


def parsed(ran):
    return json.loads(ran.out)["findings"]


def test_nothing_found(clean):
    ran = command("check", "clean")
    assert (ran.code, ran.out, ran.err) == (0, "40 items checked: nothing found\n", "")
    ran = command("check", "clean", "--json")
    assert (ran.code, parsed(ran)) == (0, [])


def test_notes_alone_do_not_fail(clean):
    (clean / "id00" / "notes.txt").touch()
    ran = command("check", "clean")
    assert ran.code == 0
    assert ran.out.splitlines()[0] == "40 items checked: 1 finding"
    assert ran.out.splitlines()[-2] == "  note   source   1       left out because they end in .txt: 1"


def test_faults_fail_and_are_listed(clean):
    CHANGES["half"](pattern(0)).save(clean / "id05" / "again.png")
    (clean / "id07" / "broken.png").write_bytes(b"no")
    ran = command("check", "clean")
    assert ran.code == 1
    assert ran.out.splitlines()[0] == "42 items checked: 2 findings"
    assert ran.out.endswith(
        "unreadable:\n  clean/id07/broken.png\n\nnear_duplicate:\n  clean/id00/0.png - clean/id05/again.png\n\n"
    )
    found = parsed(command("check", "clean", "--json"))
    assert [(row["check"], row["severity"], row["count"], row["auc"]) for row in found] == [
        ("unreadable", "error", 1, None),
        ("near_duplicate", "warning", 1, None),
    ]
    assert found[0]["items"] == ["clean/id07/broken.png"]
    assert found[1]["pairs"] == [["clean/id00/0.png", "clean/id05/again.png"]]
    assert command("check", "clean", "--ignore", "unreadable", "--ignore", "near_duplicate").code == 0


def test_of_many_cases_the_first_are_listed_and_json_has_all(clean):
    for number in range(30):
        (clean / "id00" / f"broken{number:02d}.png").write_bytes(b"no")
    out = command("check", "clean").out
    assert "broken19.png\n" in out
    assert "  broken20.png" not in out
    assert "  ... and 10 more (--json has all)\n" in out
    assert len(parsed(command("check", "clean", "--json"))[0]["items"]) == 30


def test_a_shortcut_has_its_auc(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(40):
        label = number // 4
        (tmp_path / f"id{label}").mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (24, 20 + label), dtype=np.uint8)).save(
            tmp_path / f"id{label}" / f"{number}.png"
        )
    ran = command("check", tmp_path, "--json")
    assert ran.code == 1
    found = {row["statistic"]: row for row in parsed(ran) if row["check"] == "shortcut"}
    assert found["width"]["auc"] == 1.0
    assert found["width"]["what"].startswith("width alone tells same pairs from different pairs, AUC 1.000")


def test_against_another_source(clean, tmp_path):
    other = tmp_path / "other" / "id99"
    other.mkdir(parents=True)
    (other / "1.png").write_bytes((clean / "id03" / "6.png").read_bytes())
    Image.fromarray(patterns(1, first=77)[0]).save(other / "2.png")
    ran = command("check", "clean", "--against", "other", "--json")
    assert ran.code == 1
    (finding,) = parsed(ran)
    assert finding["check"] == "identical"
    assert finding["pairs"] == [["clean/id03/6.png", "other/id99/1.png"]]


def test_what_cannot_be_read_or_is_not_known(clean):
    assert "is not there" in refused("check", "nowhere")
    assert "is not there" in refused("check", "clean", "--against", "nowhere")
    assert "ignore: there is no bogus; there are: too_few, unreadable" in refused("check", "clean", "--ignore", "bogus")
    assert json.loads(command("check", "nowhere", "--json").out)["error"]["code"] == "input"


def test_help_says_the_exit_codes():
    text = " ".join(command("check", "--help").out.split())
    assert "0 nothing or notes only, 1 errors or warnings, 2 the source cannot be read" in text
