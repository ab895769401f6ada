"""Bad input that is no picture: each line gets an error that names the thing and the way out, nothing is written."""

import json

import numpy as np
import pytest

import alikely
from alikely.config import TrainSettings
from tests.commands import command, refused

WORDS = ["red", "blue", "green", "small", "large", "round", "old", "new", "warm", "cold"]


@pytest.fixture
def out(tmp_path):
    """Where no model is yet; after the test, none may be there."""
    yield tmp_path / "model"
    assert not (tmp_path / "model").exists()
    assert not (tmp_path / "model.training").exists()


def written(folder, text, name="t.csv"):
    """A file of these lines; the bytes as they are where there are bytes."""
    content = text if isinstance(text, bytes) else "\n".join(text).encode()
    (folder / name).write_bytes(content)
    return folder / name


def texts(change="", line=7):
    """A table of 24 texts of 6 labels, and in one line something else."""
    rows = [f"{word} {noun},{noun}" for noun in ("cat", "dog", "car", "tree", "cup", "hat") for word in WORDS[:4]]
    rows[line - 2] = change or rows[line - 2]
    return ["text,label", *rows]


# Texts


def test_an_empty_text(tmp_path, out):
    message = refused("train", written(tmp_path, texts(",cat")), "--out", out)

    assert message == f"{tmp_path / 't.csv'}, line 7: the cell of column 'text' is empty; fill it, or remove the row\n"


def test_a_text_that_nobody_can_see(tmp_path, out):
    message = refused("train", written(tmp_path, texts("\u200b\u2060,cat")), "--out", out)

    assert "(line 7): is blank; remove it, or give a text" in message


@pytest.mark.parametrize("text", ["x" * 1_000_000, "a\x07b\x1b[31mc", "\u202egnirts \U0001f600\u0301"])
def test_odd_texts_are_read(tmp_path, text):
    ran = command("check", written(tmp_path, texts(f'"{text}",cat')), "--json")

    assert ran.code in (0, 1)
    assert not [finding for finding in json.loads(ran.out)["findings"] if finding["severity"] == "error"]
    assert len(ran.out) < 100_000


def test_bytes_that_are_no_utf8(tmp_path, out):
    lines = "\n".join(texts("caf\xe9,cat")).encode("latin-1")

    message = refused("train", written(tmp_path, lines), "--out", out)

    assert message.startswith(f"{tmp_path / 't.csv'}, line 7: is not UTF-8 (byte 0xe9); save the table as UTF-8")


def test_a_text_under_two_labels(tmp_path, out):
    message = refused("train", written(tmp_path, texts("red cat,dog")), "--out", out)

    assert "'red cat' (line 2) has the label 'cat' in line 2 and 'dog' in line 7; keep the right row" in message


# What the items are


def test_a_source_that_does_not_show_what_its_items_are(tmp_path, out):
    lines = ["left,right,same", "look at a.png,look at b.png,1", "a dog,a cat,0"]

    message = refused("train", written(tmp_path, lines), "--out", out)

    assert "say what the items are: --items picture, text, row, sequence or embedding" in message


def test_items_that_there_are_not(tmp_path, out):
    source = written(tmp_path, texts())

    message = refused("train", source, "--out", out, "--items", "word")

    assert "items = 'word': must be 'auto', 'picture', 'text', 'row', 'sequence' or 'embedding'" in message
    assert "items = 'word': must be auto, picture, text" in refused("check", source, "--items", "word")


def test_items_that_the_table_has_not(tmp_path, out):
    message = refused("train", written(tmp_path, texts()), "--out", out, "--items", "sequence")

    assert "has the columns text, label, but needs path,label or text,label" in message


# Scores


@pytest.mark.parametrize(
    ("name", "score", "problem"),
    [
        ("score", "high", "line 4: the score 'high' is no number; write it as 0.25"),
        ("score", "2,5", "line 4: has 4 cells for 3 columns"),
        ("score", "nan", "line 4: the score is nan; it must be a finite number"),
        ("score", "inf", "line 4: the score is inf; it must be a finite number"),
        ("score", "", "line 4: the cell of column 'score' is empty; fill it"),
        ("score 0..5", "5.1", "line 4: the score 5.1 is outside the range 0 to 5; mend it"),
        ("score 0..5", "-1", "line 4: the score -1 is outside the range 0 to 5; mend it"),
        ("score 5..0", "1", "line 2: the score 1 is outside the range 5 to 0"),
    ],
)
def test_scores_that_cannot_be(tmp_path, out, name, score, problem):
    lines = [f"left,right,{name}", "a,b,1", "a,c,2", f"a,d,{score}", "e,f,4"]

    message = refused("train", written(tmp_path, lines), "--out", out)

    assert message.startswith(f"{tmp_path / 't.csv'}, {problem}")


def test_scores_that_are_all_equal(tmp_path, out):
    message = refused("train", written(tmp_path, ["left,right,score", "a,b,3", "a,c,3"]), "--out", out)

    assert "the scores go from 3 to 3, so none says more than another; give scores that differ, or name" in message


# Pairs and triplets


@pytest.mark.parametrize(
    ("name", "lines", "problem"),
    [
        ("pairs", ["left,right,same", "p1,p2,1", "p1,p9,0"], "line 3: the column 'right' names the item 'p9', which"),
        (
            "scores",
            ["left,right,score", "p0,p2,1"],
            "line 2: the column 'left' names the item 'p0', which is not among",
        ),
        ("triplets", ["anchor,positive,negative", "p1,p2,p7"], "line 2: the column 'negative' names the item 'p7'"),
    ],
)
def test_a_pair_that_names_an_unknown_item(tmp_path, out, name, lines, problem):
    (tmp_path / "data").mkdir()
    written(tmp_path / "data", ["id,age,city", "p1,31,Bern", "p2,47,Wien"], "items.csv")
    table = written(tmp_path / "data", lines, f"{name}.csv")

    message = refused("train", tmp_path / "data", "--items", "row", "--out", out)

    assert message.startswith(f"{table}, {problem}")
    assert "mend the id, or add the item" in message


def test_two_items_of_one_id(tmp_path, out):
    (tmp_path / "data").mkdir()
    items = written(tmp_path / "data", ["id,age,city", "p1,31,Bern", "p1,47,Wien"], "items.csv")
    written(tmp_path / "data", ["left,right,same", "p1,p2,1"], "pairs.csv")

    message = refused("train", tmp_path / "data", "--items", "row", "--out", out)

    assert message == f"{items}, line 3: the id 'p1' stands there for a second item; give each its own\n"


def test_a_triplet_whose_positive_is_its_negative(tmp_path, out):
    lines = ["anchor,positive,negative", "a,b,c", "a,d,d"]

    message = refused("train", written(tmp_path, lines), "--out", out)

    assert message == (
        f"{tmp_path / 't.csv'}, line 3: the negative is the positive, 'd' (line 3); mend the row, or remove it\n"
    )


def test_a_text_that_is_called_different_from_itself(tmp_path, out):
    message = refused("train", written(tmp_path, ["left,right,same", "a,b,1", "c,c,0"]), "--out", out)

    assert "line 3: left and right are the same, 'c' (line 3), but are called different; remove the row" in message


def test_an_answer_under_another_name(tmp_path, out):
    message = refused("train", written(tmp_path, ["left,right,duplicate", "a,b,1", "c,d,0"]), "--out", out)

    assert "has the columns left, right, duplicate, but needs left,right,same or left,right,score; where all" in message


# Two items to compare


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A model of texts, of rows, of sequences and of embeddings, each trained for an epoch."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(24), 4)
    numbers = rng.normal(size=(96, 3)) + labels[:, None]
    items = {
        "text": [f"{WORDS[i % 10]} {WORDS[i // 10 % 10]} thing{label}" for i, label in enumerate(labels)],
        "row": [{"x": float(x), "y": float(y), "city": "Bern" if z > 12 else "Wien"} for x, y, z in numbers],
        "sequence": [np.cumsum(row)[:, None] + np.arange(12) for row in numbers],
        "embedding": list(numbers),
    }
    folder = tmp_path_factory.mktemp("models")
    for kind, given in items.items():
        settings = TrainSettings(epochs=1, test_share=0, confidence=0)
        model = alikely.train(alikely.examples_from(given, labels, kind=kind), settings).model
        alikely.save_model(model, folder / kind)
    np.save(folder / "a.npy", items["sequence"][0])
    np.save(folder / "gap.npy", np.array([[1.0] * 12, [np.nan] * 12, [2.0] * 12]))
    np.save(folder / "empty.npy", np.zeros((0, 12)))
    return folder


@pytest.mark.parametrize(
    ("kind", "item"),
    [("text", "red thing"), ("text", "a.png"), ("row", '{"x": 1, "y": 2, "city": "Bern"}'), ("embedding", "[1, 2, 3]")],
)
def test_an_item_is_the_same_as_itself(models, kind, item):
    ran = command("compare", models / kind, item, item, "--json")

    assert (ran.code, json.loads(ran.out)["distance"]) == (0, pytest.approx(0, abs=1e-3))


def test_a_sequence_is_the_same_as_itself(models):
    assert command("compare", models / "sequence", models / "a.npy", models / "a.npy").code == 0


def test_a_text_that_begins_with_a_hyphen(models):
    assert command("compare", models / "text", "--", "-5 degrees", "-5 degrees").code == 0


@pytest.mark.parametrize(
    ("kind", "item", "problem"),
    [
        ("text", "", "the text '': is empty; remove it, or give its text"),
        ("row", "x=1", 'x=1: is not JSON (Expecting value: line 1 column 1 (char 0)); write the row as {"age": 31'),
        ("row", "[1]", "[1] is a list; give a mapping from columns to cells"),
        ("row", '{"x": 1, "y": 2}', "city"),
        ("row", '{"x": "two", "y": 2, "city": "Bern"}', "'two' is no number"),
        ("row", '{"x": 1e999, "y": 2, "city": "Bern"}', "infinite"),
        ("row", '{"x": 1, "y": 2, "city": 7}', "7"),
        ("sequence", "none.npy", "none.npy: is not there"),
        ("sequence", "gap.npy", "step 2"),
        ("sequence", "empty.npy", "step"),
        ("embedding", "[1, 2]", "an embedding of 2 numbers, where the others have 3"),
        ("embedding", "1 2 3", "1 2 3: is not JSON"),
    ],
)
def test_items_that_cannot_be_compared(models, kind, item, problem):
    item = models / item if kind == "sequence" else item

    assert problem in refused("compare", models / kind, item, item)


def test_a_new_category_is_no_error(models):
    row = '{"x": 1, "y": 2, "city": "Rome"}'
    assert command("compare", models / "row", row, row).code == 0
