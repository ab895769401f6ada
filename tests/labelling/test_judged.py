"""What most people say of pairs, and the table of it: by hand, and as train and calibrate really read it."""

import io
import json
import zipfile

import numpy as np
import pytest

from alikely.data.samples import write_digits
from alikely.data.sources import read_source
from alikely.errors import InputError, SettingsError
from alikely.labelling import AnswerFile, labels_in, packed, ways_of, write_pairs
from alikely.labelling.answers import Asked
from alikely.labelling.kept import kept_item
from tests.commands import command


def answered(folder, rows, kind="text"):
    """The labels of (left, right, {who: answer}) or (left, right, {who: answer}, drawn)."""
    file = AnswerFile(folder)
    for left, right, answers, *drawn in rows:
        asked = Asked(kept_item(left, kind, "left"), kept_item(right, kind, "right"), *(drawn or ["unsure"]))
        for who, answer in answers.items():
            file.add(asked, answer, who)
    return labels_in(folder)


SAME, DIFFERENT, SKIP = "same", "different", "skip"


@pytest.fixture
def labels(tmp_path):
    return answered(
        tmp_path / "labels",
        [
            ("a, b", "c\nd", {"Ann": SAME, "Ben": SAME, "Cy": DIFFERENT}),
            ("e", "f", {"Ann": DIFFERENT, "Ben": SKIP}, "random"),
            ("e", "a, b", {"Ann": SAME, "Ben": DIFFERENT}),
            ("g", "h", {"Ann": SKIP}),
        ],
    )


def test_the_majority_decides_and_ties_are_left_out(labels):
    assert [(pair.same, pair.votes, pair.who) for pair in labels.judged] == [
        (True, (2, 1), ("Ann", "Ben", "Cy")),
        (False, (0, 1), ("Ann",)),
        (None, (1, 1), ("Ann", "Ben")),
    ]
    assert [(pair.to_dict()["left"], pair.to_dict()["right"]) for pair in labels.divided] == [("e", "a, b")]
    assert labels.by_labeller() == {
        "Ann": {"same": 2, "different": 1, "skip": 1},
        "Ben": {"same": 1, "different": 1, "skip": 1},
        "Cy": {"same": 0, "different": 1, "skip": 0},
    }
    assert labels.to_dict()["pairs"] == 2


def test_the_table_is_read_as_it_was_meant(labels, tmp_path):
    (written,) = write_pairs(labels, tmp_path / "out" / "pairs.csv")
    examples = read_source(written)
    assert set(examples.items) == {"a, b", "c\nd", "e", "f"}
    assert sorted(examples.pairs.same.tolist()) == [False, True]
    assert examples.pairs.columns["who"].tolist() == ["Ann; Ben; Cy", "Ann"]
    assert examples.pairs.columns["votes"].tolist() == ["2 of 3", "1 of 1"]


def test_only_those_found_in_one_way(labels, tmp_path):
    (written,) = write_pairs(labels, tmp_path / "pairs.csv", ways_of(["random"]))
    assert len(written.read_text().splitlines()) == 2
    few = "too few to calibrate by, which takes at least 10 of each"
    assert labels.written(("random",)) == (
        f"1 of 2 decided pairs (only those found so: random): 0 same, 1 different; {few}"
    )
    assert labels.written() == f"2 of 2 decided pairs: 1 same, 1 different; {few}"
    with pytest.raises(SettingsError, match="unsure, near, random, control; got 'hard'"):
        ways_of(["hard"])
    assert ways_of(None) == ("unsure", "near", "random", "control")


def test_bad_wishes(labels, tmp_path):
    with pytest.raises(SettingsError, match=r"ends in \.csv"):
        write_pairs(labels, tmp_path / "pairs.txt")
    with pytest.raises(InputError, match="of 2 decided pairs none was found so: near; answer more"):
        write_pairs(labels, tmp_path / "pairs.csv", ("near",))
    (tmp_path / "items.csv").write_text("id,text\n1,a\n")
    with pytest.raises(SettingsError, match=r"items\.csv lies beside it"):
        write_pairs(labels, tmp_path / "pairs.csv")
    with pytest.raises(InputError, match="holds no answers"):
        labels_in(tmp_path / "nowhere")


def test_answers_about_two_kinds_of_items_make_no_table(tmp_path):
    answered(tmp_path, [("a", "b", {"Ann": SAME})])
    both = answered(tmp_path, [({"x": 1}, {"x": 2}, {"Ann": SAME})], "row")
    with pytest.raises(InputError, match="rows and texts"):
        packed(both)


def test_rows_stand_in_a_table_beside(tmp_path):
    rows = [({"age": 31, "City": "Bern"}, {"age": None, "City": "Chur"}, {"Ann": DIFFERENT})]
    labels = answered(tmp_path / "labels", rows, "row")
    pairs, items = write_pairs(labels, tmp_path / "out" / "people.csv")
    assert (pairs.name, items.name) == ("people.csv", "items.jsonl")
    examples = read_source(pairs, "row")
    assert [{name: cell or None for name, cell in item.items()} for item in examples.items] == [
        {"age": "31", "city": "Bern"},
        {"age": None, "city": "Chur"},
    ]
    assert examples.pairs.same.tolist() == [False]
    # Once more to the same place: the table of items is its own.
    write_pairs(labels, tmp_path / "out" / "people.csv")
    name, content = packed(labels)
    assert name == "pairs.zip"
    assert sorted(zipfile.ZipFile(io.BytesIO(content)).namelist()) == ["items.jsonl", "pairs.csv"]


def test_sequences_in_memory_stand_in_a_table_beside(tmp_path):
    one, other = np.arange(6.0).reshape(3, 2), np.ones((4, 2))
    labels = answered(tmp_path / "labels", [(one, other, {"Ann": SAME})], "sequence")
    examples = read_source(write_pairs(labels, tmp_path / "out" / "pairs.csv")[0])
    assert examples.kind == "sequence"
    assert {np.shape(item) for item in examples.items} == {(3, 2), (4, 2)}


def test_what_no_table_can_hold(tmp_path):
    with pytest.raises(InputError, match="nobody can judge embeddings"):
        kept_item(np.ones(3), "embedding", "it")
    with pytest.raises(InputError, match="it: is a picture in memory"):
        kept_item(np.ones((3, 3)), "picture", "it")


@pytest.fixture(scope="module")
def labelled_digits(tmp_path_factory):
    """The folder of a service in which two people judged 240 pairs of digits, each by one or both."""
    folder = tmp_path_factory.mktemp("judged")
    write_digits(folder / "digits")
    draw = np.random.default_rng(0)
    paths = [sorted((folder / "digits" / str(label)).glob("*.png"))[:24] for label in range(10)]
    rows = []
    for number in range(240):
        label = number % 10
        other = label if number % 3 == 0 else (label + number % 9 + 1) % 10
        left, right = divmod(number, 24)
        answers = {"Ann": SAME if label == other else DIFFERENT}
        if number % 5 == 0:
            answers["Ben"] = answers["Ann"] if number % 10 else DIFFERENT
        rows.append((paths[label][left], paths[other][10 + right // 2], answers))
    draw.shuffle(rows)
    answered(folder / "state" / "labels", rows, "picture")
    return folder


@pytest.mark.slow
def test_train_and_calibrate_read_the_table_of_the_command(labelled_digits, monkeypatch):
    monkeypatch.chdir(labelled_digits)
    ran = command("labels", "state", "--out", "labels/pairs.csv")
    assert ran.code == 0
    assert "  Ann   240       80" in ran.out
    assert "pairs are decided" in ran.out
    assert "Cohen's kappa" in ran.out
    assert "written: labels/pairs.csv" in ran.out
    assert "The table has 232 of 232 decided pairs: 72 same, 160 different." in ran.out

    settings = ["--set", "epochs=1", "--set", "size=8", "--set", "encoder_settings={depth=1,width=16,dim=16}"]
    trained = command("train", "labels/pairs.csv", "--out", "model", *settings)
    assert trained.code == 0, trained.err
    calibrated = command("calibrate", "model", "labels/pairs.csv", "--confidence", "0")
    assert calibrated.code == 0, calibrated.err


def test_the_command_says_it_as_json_and_refuses_what_is_none(labelled_digits, monkeypatch):
    monkeypatch.chdir(labelled_digits)
    ran = command("labels", "state", "--json")
    told = json.loads(ran.out)
    assert told["by_labeller"]["Ann"]["skip"] == 0
    assert told["agreement"]["judged_twice"] == 48
    assert told["out"] == []
    ran = command("labels", "nowhere")
    assert ran.code == 2
    assert "holds no answers" in ran.err


def test_who_the_items_show_stands_in_the_table_where_it_is_known(tmp_path):
    file = AnswerFile(tmp_path / "labels")
    rows = [("a", "b", "=Ann", "=Ann"), ("a", "c", "=Ann", "Ben"), ("c", "d", "Ben", None)]
    for left, right, one, other in rows:
        ends = kept_item(left, "text", "left", one), kept_item(right, "text", "right", other)
        file.add(Asked(*ends, "random"), "different", "Cy")
    (written,) = write_pairs(labels_in(tmp_path / "labels"), tmp_path / "pairs.csv")

    pairs = read_source(written, "text").pairs
    assert pairs.columns["left_identity"].tolist() == ["=Ann", "=Ann", "Ben"]
    assert pairs.columns["right_identity"].tolist() == ["=Ann", "Ben", ""]
