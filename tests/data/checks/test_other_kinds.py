"""What the checks find among texts, rows, sequences and embeddings."""

import numpy as np
import pytest

from alikely.config import TrainSettings
from alikely.data.checks import check_examples
from alikely.data.checks.measures import measure
from alikely.data.checks.words import plainest
from alikely.data.rows import draft_rows
from alikely.data.sequences import draft_sequences
from alikely.data.texts import draft_texts
from alikely.errors import InputError, SettingsError
from alikely.training.gather import gather
from alikely.training.progress import Silent
from alikely.types import Examples, Pairs
from tests.data.checks.faults import of, serious

WORDS = (
    "red",
    "green",
    "blue",
    "small",
    "old",
    "new",
    "house",
    "tree",
    "river",
    "stone",
    "bridge",
    "cat",
    "dog",
    "bird",
)
DRAFTS = {"text": draft_texts, "row": draft_rows, "sequence": draft_sequences}


def examples(kind, items, labels=None, **known):
    names = tuple(f"{kind} {place + 1}" for place in range(len(items)))
    return Examples(tuple(items), names, None if labels is None else np.array(labels), kind=kind, **known)


def checked(given, **options):
    return check_examples(given, preparation=DRAFTS[given.kind](given.items, {}), **options)


def sentences(count, seed=0, words=5):
    draw = np.random.default_rng(seed)
    return [f"{' '.join(draw.choice(WORDS, words))} {place}" for place in range(count)]


def curves(count, seed=0):
    draw = np.random.default_rng(seed)
    return [draw.normal(size=(int(draw.integers(5, 40)), 2)) for _ in range(count)]


def test_identical_items_of_every_kind_under_two_labels():
    cell = {"a": 1, "b": "x"}
    for kind, items, exactly in (
        ("text", ["one two", "three", "one two"], "letter for letter"),
        ("row", [cell, {"a": 2, "b": "y"}, {"b": "x", "a": "1"}], "cell for cell"),
        ("sequence", [np.arange(4.0), np.arange(5.0), np.arange(4.0)], "byte for byte"),
    ):
        (finding,) = of(checked(examples(kind, items, ["p", "p", "q"])), "identical")
        assert finding.pairs == ((f"{kind} 1", f"{kind} 3"),)
        assert f"1 item stands, {exactly} the same, under several labels" in finding.what


def test_a_text_that_names_a_file_is_hashed_as_a_text(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("the same as the other")
    other = tmp_path / "other.txt"
    other.write_text("the same as the other")
    assert of(checked(examples("text", [str(path), str(other), "a"], ["p", "q", "p"])), "identical") == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Hello,  World!", "hello world", True),
        ("Straße", "STRASSE", True),
        ("\ufb01ne", "fine", True),  # a ligature
        ("costs 1.50", "costs 150", False),
        ("C#", "C++", False),
        ("कि", "का", False),  # they differ in a vowel sign only
        ("नमस्ते", "नमस्ते।", True),
    ],
)
def test_the_plainest_way_to_write_a_text(one, other, same):
    assert (plainest(one) == plainest(other)) is same


def test_texts_that_differ_only_in_how_they_are_written():
    items = ["The red house", "the red house!", "The RED house", "a tree", "A tree."]
    (finding,) = of(checked(examples("text", items, ["p", "q", "p", "r", "r"])), "near_duplicate")
    assert set(finding.pairs) == {("text 1", "text 2"), ("text 2", "text 3")}
    assert "2 pairs of texts under different labels differ only in capitals, blanks and punctuation" in finding.what
    assert "text 1 (p) and text 2 (q)" in finding.what


def test_signs_alone_are_no_copies_of_each_other():
    assert of(checked(examples("text", ["?!", "...", "??", "a"], ["p", "q", "r", "p"])), "near_duplicate") == []


def test_rows_that_differ_only_in_how_their_cells_are_written():
    items = [{"name": "Ann Lee", "paid": 1.5}, {"name": "ann  lee", "paid": "1.50"}, {"name": "Bob", "paid": 1.5}]
    (finding,) = of(checked(examples("row", items, ["p", "q", "p"])), "near_duplicate")
    assert finding.pairs == (("row 1", "row 2"),)


def test_given_pairs_called_different_though_they_are_the_same():
    pairs = Pairs(np.array([0, 0, 1]), np.array([1, 2, 2]), np.array([False, False, True]))
    found = checked(examples("text", ["A cat.", "a cat", "a dog"], pairs=pairs))
    (finding,) = of(found, "near_duplicate")
    assert finding.pairs == (("text 1", "text 2"),)
    assert "though said to be different" in finding.what


def test_copies_in_two_parts():
    given = examples("text", ["a cat", "a dog", "A cat!", "a bird"], ["p", "q", "p", "q"])
    parts = np.array(["train", "train", "test", "test"])
    found = checked(given, parts=parts)
    (finding,) = of(found, "near_duplicate")
    assert finding.pairs == (("text 1", "text 3"),)


def test_what_cannot_be_read_is_named_with_its_reason():
    (finding,) = of(checked(examples("text", ["a cat", " ", "a dog"], ["p", "p", "q"])), "unreadable")
    assert finding.what.startswith("1 item cannot be read: text 2: is blank")
    broken = [{"a": 1.0}, {"a": "two"}, *({"a": float(i)} for i in range(30))]
    (finding,) = of(checked(examples("row", broken, np.arange(32) // 2)), "unreadable")
    assert finding.items == ("row 2",)
    assert "row 2: column 'a': 'two' is no number" in finding.what
    gap = np.array([1.0, np.nan, 2.0])
    (finding,) = of(checked(examples("sequence", [np.arange(3.0), gap, np.arange(4.0)], ["p", "p", "q"])), "unreadable")
    assert finding.what.startswith("1 item cannot be read: sequence 2: has a gap")


def test_sequences_that_never_change_are_told():
    given = examples("sequence", [np.ones((5, 2)), *curves(3)], ["p", "p", "q", "q"])
    (finding,) = of(checked(given), "empty")
    assert "1 sequence without a change in any channel, of which nothing can be told" in finding.what


def test_statistics_of_a_text_and_of_a_sequence_by_hand(tmp_path):
    given = examples("text", ["Room 12", "a"])
    told = measure(given, preparation=draft_texts(given.items, {})).statistics
    assert {name: values.tolist() for name, values in told.items()} == {
        "characters": [7, 1],
        "words": [2, 1],
        "digits": [2 / 7, 0],
        "capitals": [1 / 4, 0],
    }
    (tmp_path / "curve.csv").write_text("t,x,y\n0,1,5\n2,3,5\n5,2,5\n")
    given = examples("sequence", [tmp_path / "curve.csv"])
    told = measure(given, preparation=draft_sequences(given.items, {})).statistics
    assert {name: values.tolist() for name, values in told.items()} == {
        "steps": [3],
        "duration": [5],
        "mean_x": [2],
        "deviation_x": [pytest.approx(np.sqrt(2 / 3))],
        "mean_y": [5],
        "deviation_y": [0],
    }


def test_the_length_of_texts_that_alone_tells_the_label():
    labels = np.repeat(np.arange(12), 8)
    items = [f"{sentence}{' so' * (9 * label)}" for sentence, label in zip(sentences(96), labels, strict=True)]
    found = of(checked(examples("text", items, labels)), "shortcut")
    assert {finding.statistic for finding in found} == {"characters", "words"}
    assert "bring all texts to one form" in found[0].what
    assert of(checked(examples("text", items, labels), ignore=["characters", "words"]), "shortcut") == []


def test_the_length_of_sequences_that_alone_tells_the_label():
    draw = np.random.default_rng(0)
    labels = np.repeat(np.arange(12), 8)
    items = [draw.normal(size=(10 + 5 * label, 1)) for label in labels]
    (finding,) = of(checked(examples("sequence", items, labels)), "shortcut")
    assert finding.statistic == "steps"


def rows(labels, **columns):
    draw = np.random.default_rng(0)
    given = {
        "x": draw.normal(size=len(labels)) + labels,
        "colour": draw.choice(["red", "blue"], len(labels)),
        **columns,
    }
    return [{name: cells[place] for name, cells in given.items()} for place in range(len(labels))]


def test_a_column_that_is_the_label_by_another_name():
    labels = np.repeat(np.arange(12), 8)
    leak = np.random.default_rng(1).permutation(12)[labels] * 1.0
    (finding,) = of(checked(examples("row", rows(labels, customer=leak), labels)), "shortcut")
    assert (finding.statistic, finding.severity) == ("customer", "warning")
    assert "the column customer alone tells same pairs from different pairs" in finding.what
    assert '"customer" = "leave_out"' in finding.what


def test_a_column_that_tells_a_class_is_what_rows_are_for():
    labels = np.repeat(np.arange(2), 60)
    assert of(checked(examples("row", rows(labels, size=labels * 10 + np.arange(120) % 10), labels)), "shortcut") == []


@pytest.mark.parametrize(("kind", "items"), [("text", sentences(80, words=7)), ("sequence", curves(80))])
def test_nothing_is_found_where_nothing_is_wrong(kind, items):
    assert serious(checked(examples(kind, items, np.arange(80) // 4))) == []


def test_names_that_are_not_known_are_refused():
    with pytest.raises(SettingsError, match=r"there is no length; there are: .*characters, words"):
        checked(examples("text", ["a", "b"], ["p", "p"]), ignore=["length"])
    with pytest.raises(SettingsError, match=r"there is no mean_9; there are: .*steps, mean_1"):
        checked(examples("sequence", curves(4), [0, 0, 1, 1]), ignore=["mean_9"])


def test_items_of_two_kinds_are_not_compared():
    given = examples("text", ["a", "b"], ["p", "p"])
    with pytest.raises(SettingsError, match="texts cannot be checked against sequences"):
        checked(given, against=examples("sequence", curves(2), [0, 0]))


def test_a_training_checks_its_items_as_it_reads_them(tmp_path):
    draw = np.random.default_rng(0)
    paths = [tmp_path / f"{place}.csv" for place in range(24)]
    for path in paths:
        lines = [f"{x:.3f},{y:.3f},pen down" for x, y in draw.normal(size=(int(draw.integers(5, 30)), 2))]
        path.write_text("\n".join(["x,y,state", *lines]))
    given = examples("sequence", paths, np.arange(24) // 4)
    settings = TrainSettings(preparation={"channels": ["x", "y"]}).resolved("sequence")

    assert gather(given, "made up", settings, False, Silent()).findings != ()
    with pytest.raises(InputError, match="which is no number"):
        check_examples(given)
