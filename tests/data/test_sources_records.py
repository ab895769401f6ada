"""Records, lists and single items of Python and of a command line become Examples."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from alikely.data.sources import examples_from, examples_from_records, parse_item, read_said, read_source
from alikely.errors import InputError
from alikely.types import Pairs
from tests.data.source_files import table

# --- records


def test_records_follow_the_rules_of_tables():
    found = examples_from_records([{"Text": "hi", "label": 0}, {"Text": "bye", "label": 1, "day": 3}])
    assert found.kind == "text"
    assert found.labels.tolist() == ["0", "1"]
    assert found.names == ("'hi' (record 1)", "'bye' (record 2)")
    assert found.columns["day"].tolist() == ["", "3"]
    pairs = examples_from_records([{"left": "a", "right": "b", "score": 1.5}, {"left": "a", "right": "c", "score": 4}])
    assert pairs.pairs.score.tolist() == [0, 1]


def test_records_may_hold_the_items_themselves():
    picture, curve = Image.new("L", (4, 4)), [[1, 2], [3, 4], [5, 6]]
    found = examples_from_records([{"image": picture, "label": 0}, {"image": Image.new("L", (4, 4)), "label": 1}])
    assert found.kind == "picture"
    assert found.items[0] is picture
    found = examples_from_records([{"sequence": curve, "label": "a"}])
    assert found.kind == "sequence"
    assert found.items[0].tolist() == curve
    found = examples_from_records([{"embedding": (1, 2), "label": "a"}])
    assert found.kind == "embedding"


def test_hugging_face_datasets():
    datasets = pytest.importorskip("datasets")
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])})
    given = datasets.Dataset.from_dict({"text": ["a", "b", "c"], "label": [0, 1, 1]}, features=features)
    found = examples_from_records(given)
    assert found.items == ("a", "b", "c")
    assert found.labels.tolist() == ["0", "1", "1"]
    assert examples_from_records(given.to_iterable_dataset()).items == ("a", "b", "c")
    with pytest.raises(InputError, match=r'record 1: is a str; .*of a Hugging Face DatasetDict one part: dataset\["tr'):
        examples_from_records(datasets.DatasetDict({"train": given}))
    pictures = datasets.Dataset.from_dict(
        {"image": [np.zeros((4, 4), np.uint8)] * 2, "label": [0, 1]},
        features=datasets.Features({"image": datasets.Image(), "label": datasets.Value("int64")}),
    )
    assert isinstance(examples_from_records(pictures).items[0], Image.Image)


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        ([], "records: has no rows"),
        ([{"text": "a", "label": "x"}, 5], "record 2: is a int; give mappings"),
        ([{"embedding": [1, "x"], "label": "a"}], "record 1: the cell of column 'embedding' holds something else than"),
        ([{"embedding": None, "label": "a"}], "record 1: the cell of column 'embedding' is a NoneType; give a list or"),
        ([{"image": {}, "label": "a"}], "record 1: the cell of column 'image' is a dict; give a path, the bytes of"),
        ([{"text": ["a"], "label": "a"}], "record 1: the cell of column 'text' is neither text nor a number"),
    ],
)
def test_records_that_cannot_be(records, problem):
    with pytest.raises(InputError, match=problem):
        examples_from_records(records)


# --- lists


def test_items_of_any_kind_from_python(tmp_path):
    assert examples_from(["a", "b"], [0, 1], kind="text").items == ("a", "b")
    assert examples_from(["a", "b"], [0, 1], kind="text").names == ("'a' (item 1)", "'b' (item 2)")
    assert examples_from([{"x": 1}], kind="row").names == ("row 1",)
    assert examples_from([[1, 2, 3]], kind="sequence").items[0].tolist() == [1, 2, 3]
    assert examples_from([[1, 2]], kind="embedding").names == ("embedding 1",)
    np.save(tmp_path / "a.npy", np.zeros(3))
    assert examples_from([str(tmp_path / "a.npy")], kind="sequence").items == (tmp_path / "a.npy",)
    with pytest.raises(InputError, match="files are not there"):
        examples_from([str(tmp_path / "b.npy")], kind="sequence")


@pytest.mark.parametrize(
    ("items", "given", "problem"),
    [
        ([5], {"kind": "text"}, "item 1 is a int; give a str"),
        (["a"], {"kind": "row"}, "item 1 is a str; give a mapping from columns to cells"),
        ([["a"]], {"kind": "sequence"}, "item 1 holds something else than numbers"),
        (["a", "b"], {"pairs": [(0, 1, 1)], "scores": [(0, 1, 1)]}, "give pairs and scores not together"),
        (["a", "b"], {"labels": [0, 0], "positives": [(0, 1)]}, "give labels and positives not together"),
        (["a", "b"], {"scores": [(0, 1, "x")]}, "score 1 is 'x'; give a number"),
        (["a", "b"], {"scores": [(0, 1, np.nan)]}, "scores, row 1: the score is nan; it must be a finite number"),
        (["a", "b"], {"scores": [(0, 1, 7)], "score_range": (0, 5)}, "row 1: the score 7 is outside the range 0 to 5"),
        (["a", "b"], {"scores": [(0, 1, 7)]}, "scores, row 1: the scores go from 7 to 7, so none says more"),
        (["a", "b"], {"triplets": [(0, 1)]}, r"row 1 of triplets is \(0, 1\); give \(anchor, positive, negative\)"),
        (["a", "b"], {"triplets": [(0, 1, 1)]}, "triplets, row 1: the negative is the positive, 'b' .item 2."),
        (["a", "b"], {"triplets": [(0, 1, 2)]}, "triplet 1 is of items 0 and 1 and 2; give three different positions"),
        (
            ["a", "b"],
            {"pairs": Pairs(np.array([0]), np.array([1]), np.array([True]), score=np.array([5.0]))},
            r"the scores of Pairs are from 0 to 1; give others as scores=\[",
        ),
        (["a", "b"], {"kind": "picture"}, 'mend the paths. If the items are texts, say kind="text"'),
        (["a", "b"], {"positives": [(0, 0)]}, "positive 1 is of items 0 and 0; give two different positions"),
        (["a", "b"], {"positives": []}, "there are no positives; leave positives out"),
    ],
)
def test_lists_that_do_not_fit(items, given, problem):
    with pytest.raises(InputError, match=problem):
        examples_from(items, **({"kind": "text"} | given))


# --- one item, as a command line says it


def test_one_item(tmp_path):
    assert parse_item("a.png", "text") == "a.png"
    assert parse_item("a.png", "picture").name == "a.png"
    assert parse_item("a.npy", "sequence").name == "a.npy"
    assert parse_item('{"age": 3, "x": null}', "row") == {"age": 3, "x": None}
    assert parse_item("[1, 2.5]", "embedding").tolist() == [1, 2.5]


@pytest.mark.parametrize(
    ("said", "kind", "problem"),
    [
        ("age=3", "row", r"age=3: is not JSON .*; write the row as \{\"age\": 31"),
        ("[1]", "row", r"\[1\] is a list; give a mapping"),
        ('{"x": 1}', "embedding", "is a dict; give a list or array of numbers"),
        ('["x"]', "embedding", "holds something else than numbers"),
    ],
)
def test_one_item_that_cannot_be(said, kind, problem):
    with pytest.raises(InputError, match=problem):
        parse_item(said, kind)


def test_a_source_or_one_item(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table(tmp_path, "text\nhello\nbye\n")
    assert read_said("t.csv", "text").items == ("hello", "bye")
    one = read_said("one  text here", "text")
    assert (one.items, one.names, one.kind) == (("one  text here",), ("'one text here' (item 1)",), "text")
    assert read_said("long " * 1000, "text").items == ("long " * 1000,)
    assert read_said('{"age": 3}', "row").items == ({"age": 3},)
    assert read_said("[1, 2]", "embedding").items[0].tolist() == [1, 2]
    with pytest.raises(InputError, match=r"missing\.csv: cannot be opened"):
        read_said("missing.csv", "text")
    with pytest.raises(InputError, match="is not JSON"):
        read_said("missing", "row")
    with pytest.raises(InputError, match="is not there"):
        read_said("missing", "picture")


def test_texts_without_labels_can_be_learned_from(tmp_path):
    with pytest.raises(
        InputError, match=r"has the columns text, but needs .* or learn from texts without labels: --loss vic"
    ):
        read_source(table(tmp_path, "text\nhello\nbye\n"))


def test_no_records_at_all():
    # Outside of the tests, where nothing checks types.
    code = (
        "import alikely\nfrom alikely.errors import InputError\n"
        "try: alikely.examples_from_records(None)\nexcept InputError as error: print(error)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "records: are a NoneType; give a list of mappings from columns to cells\n"
