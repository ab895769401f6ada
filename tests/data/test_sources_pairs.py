"""Tables of pairs, scores, triplets and positives: what they say becomes pairs or labels; what cannot be is named."""

import json
import time
from itertools import pairwise

import numpy as np
import pyarrow as arrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from alikely.data.sources import examples_from, read_source
from alikely.data.sources.knowledge import FEWEST_TOLD
from alikely.data.splits import split
from alikely.errors import InputError
from tests.data.source_files import pairs_of, table
from tests.pace import slower

# --- texts


def test_pairs_of_texts(tmp_path):
    found = read_source(table(tmp_path, "left,right,same\na cat,the cat,1\na cat,a dog,0\n"))
    assert found.kind == "text"
    assert found.items == ("a cat", "the cat", "a dog")
    assert found.names == ("'a cat' (line 2)", "'the cat' (line 2)", "'a dog' (line 3)")
    assert pairs_of(found) == [("a cat", "the cat", True), ("a cat", "a dog", False)]


def test_texts_that_are_read_alike_are_one_item(tmp_path):
    text = (
        "left,right,same\nYes  sir.,yes sir.,1\nYes sir.,no,0\nYes sir. ,Yes\tsir.,1\nCafe\u0301,no,0\nCaf\u00e9,no,0\n"
    )
    found = read_source(table(tmp_path, text))
    assert found.items == ("Yes  sir.", "yes sir.", "no", "Cafe\u0301")
    assert found.names == ("'Yes sir.' (line 2)", "'yes sir.' (line 2)", "'no' (line 3)", "'Caf\u00e9' (line 5)")
    assert len(found.pairs) == 3
    listed = read_source(table(tmp_path, "text,label\na b,x\na  b,x\nA b,x\n"))
    assert listed.items == ("a b", "A b")
    with pytest.raises(InputError, match=r"'a b' \(line 2\) has the label 'x' in line 2 and 'y' in line 3"):
        read_source(table(tmp_path, "text,label\na b,x\na  b,y\n"))


def test_a_decimal_comma(tmp_path):
    with pytest.raises(
        InputError, match=r"line 3: the score '3,5' is no number; write it with a decimal point, as 3\.5$"
    ):
        read_source(table(tmp_path, 'left,right,score\na,b,1\na,c,"3,5"\n'))
    with pytest.raises(InputError, match=r"the score 'much' is no number; write it as 0\.25$"):
        read_source(table(tmp_path, "left,right,score\na,b,1\na,c,much\n"))


def test_long_texts_with_line_breaks_are_named_by_their_beginning_and_first_line(tmp_path):
    long = "A letter\nof two lines and " + "very " * 40_000 + "long"
    found = read_source(table(tmp_path, f'left,right,same\n"{long}",b,1\nc,d,0\n'))
    assert found.items[0] == long
    assert found.names[0] == "'A letter of two lines and very very very very very very very...' (line 2)"
    assert found.names[2] == "'c' (line 4)"
    rows = [{"left": long, "right": "b", "same": True}, {"left": "c\r\nd", "right": "b", "same": False}]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "t.parquet")
    for source in (table(tmp_path, "\n".join(map(json.dumps, rows)), "t.jsonl"), tmp_path / "t.parquet"):
        assert read_source(source).items == (long, "b", "c\r\nd")


@pytest.mark.parametrize(
    ("ending", "kind"), [(".png", "picture"), (".JPG", "picture"), (".npy", "sequence"), (".csv", "sequence")]
)
def test_endings_say_what_the_cells_are(tmp_path, ending, kind):
    for name in "abc":
        (tmp_path / f"{name}{ending}").write_bytes(b"x")
    a, b, c = (f"{name}{ending}" for name in "abc")
    source = table(tmp_path, f"left,right,same\n{a},{b},1\n{a},{c},0\n", "t.tsv")
    assert read_source(source).kind == kind
    assert read_source(source, "text").items == (a, b, c)


def test_cells_of_which_some_only_end_as_files_must_be_named(tmp_path):
    source = table(tmp_path, "left,right,same\nsee a.png,see b.png,1\na dog,a cat,0\n")
    with pytest.raises(InputError, match="end 2 like a picture, 2 like a text; say what the items are: --items"):
        read_source(source)
    assert read_source(source, "text").kind == "text"


def test_a_text_with_itself_is_left_out_unless_it_is_called_different(tmp_path):
    found = read_source(table(tmp_path, "left,right,same\na,a,1\na,b,1\na,c,0\n"))
    assert pairs_of(found) == [("a", "b", True), ("a", "c", False)]
    assert found.notes == ("rows whose two items are one and the same, left out: 1",)
    with pytest.raises(InputError, match=r"line 3: left and right are the same, 'a' \(line 2\), but are called differ"):
        read_source(table(tmp_path, "left,right,same\na,b,1\na,a,0\n"))
    with pytest.raises(InputError, match=r"line 2: left and right are the same, .* but are called different"):
        read_source(table(tmp_path, "left,right,score\na,a,0\na,b,5\n"))


# --- scores


def test_scores_are_brought_to_0_and_1(tmp_path):
    found = read_source(table(tmp_path, "year,left,right,score\n1,a,b,-1\n2,a,c,1\n3,b,c,3\n4,d,c,0.9\n"))
    assert found.pairs.score.tolist() == pytest.approx([0, 0.5, 1, 0.475])
    assert found.pairs.same.tolist() == [False, True, True, False]
    assert found.pairs.columns["year"].tolist() == ["1", "2", "3", "4"]
    assert found.notes == (
        "scores -1 and 3, the smallest and the largest found, count as 0 (not alike) and 1 (fully alike)",
    )


@pytest.mark.parametrize("name", ["score 0..5", "Score (0..5)", "score 0.0 .. 5.0", "score +0..5"])
def test_the_name_of_the_column_may_say_the_range(tmp_path, name):
    found = read_source(table(tmp_path, f"left,right,{name}\na,b,1\na,c,4\n"))
    assert found.pairs.score.tolist() == pytest.approx([0.2, 0.8])
    assert found.notes == ("scores 0 and 5 count as 0 (not alike) and 1 (fully alike)",)
    assert found.pairs.columns == {}


@given(st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=20, unique=True))
def test_scores_keep_their_order_and_stay_from_0_to_1(scores):
    pairs = [(0, place + 1, score) for place, score in enumerate(scores)]
    score = examples_from([f"t{i}" for i in range(len(scores) + 1)], scores=pairs, kind="text").pairs.score
    assert score.min() == 0
    assert score.max() == 1
    order = np.argsort(scores)
    assert (np.diff(score[order]) >= 0).all()


def test_scored_pairs_that_repeat_are_taken_once_and_two_opinions_are_kept(tmp_path):
    found = read_source(table(tmp_path, "left,right,score\na,b,0\nb,a,0\na,b,5\na,a,5\n"))
    assert found.pairs.score.tolist() == [0, 1]
    assert found.notes[1:] == (
        "rows that repeat another and were taken once: 1",
        "rows whose two items are one and the same, left out: 1",
    )


# --- triplets


def test_a_triplet_is_two_pairs_of_one_unit(tmp_path):
    text = "day,anchor,positive,negative\n1,a,b,c\n2,a,d,b\n3,a,b,c\n"
    found = read_source(table(tmp_path, text))
    assert pairs_of(found) == [("a", "b", True), ("a", "c", False), ("a", "d", True), ("a", "b", False)]
    assert found.pairs.units.tolist() == [0, 0, 1, 1]
    assert found.pairs.columns["day"].tolist() == ["1", "1", "2", "2"]
    assert found.notes == ("rows that repeat another and were taken once: 1",)
    given = examples_from(list("abcd"), triplets=[(0, 1, 2), (0, 3, 1)], kind="text")
    assert pairs_of(given) == pairs_of(found)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("a,b,b", "the negative is the positive, 'b'"),
        ("b,b,c", "the positive is the anchor, 'b'"),
        ("b,c,b", "the negative is the anchor, 'b'"),
    ],
)
def test_triplets_that_cannot_be(tmp_path, row, problem):
    with pytest.raises(InputError, match=f"line 3: {problem} .line [23].; mend the row, or remove it"):
        read_source(table(tmp_path, f"anchor,positive,negative\na,b,c\n{row}\n"))


# --- positives


def test_what_positives_join_is_one_label_whatever_their_order(tmp_path):
    rows = ["b,a", "c,b", "x,y", "x,x", "y,x"]
    found = read_source(table(tmp_path, "\n".join(["left,right", *rows])))
    assert dict(zip(found.items, found.labels, strict=True)) == {"a": "a", "b": "a", "c": "a", "x": "x", "y": "x"}
    assert found.pairs is None
    assert found.notes == (
        "3 pairs of alike items join 5 items to 2 labels",
        "rows that repeat another and were taken once: 1",
        "rows whose two items are one and the same, left out: 1",
    )
    again = read_source(table(tmp_path, "\n".join(["left,right", *reversed(rows)])))
    assert dict(zip(again.items, again.labels, strict=True)) == dict(zip(found.items, found.labels, strict=True))


def test_labels_of_texts_that_begin_alike_differ():
    start = "how do I " * 20
    found = examples_from([start + end for end in "abcd"], positives=[(3, 2), (0, 1)], kind="text")
    first, second = found.labels[0], found.labels[2]
    assert found.labels.tolist() == [first, first, second, second]
    assert second == f"{first} (2)"
    assert len(first) < 70


def test_items_in_no_pair_are_labels_by_themselves():
    assert examples_from(list("abc"), positives=[(0, 2)], kind="text").labels.tolist() == ["a", "b", "a"]


def test_a_chain_that_joins_much_is_told(tmp_path):
    chain = [f"t{i:02d}" for i in range(FEWEST_TOLD + 1)]
    rows = ["left,right", *map(",".join, pairwise(chain)), *(f"x{i},y{i}" for i in range(20))]
    found = read_source(table(tmp_path, "\n".join(rows)))
    assert (
        f"{len(chain)} of 51 items are one label, t00, as pairs of alike items join them one to the next"
        in (found.notes[1])
    )
    assert len(read_source(table(tmp_path, "\n".join([rows[0], *rows[2:]]))).notes) == 1


def test_a_table_of_left_and_right_with_an_answer_under_another_name_is_refused(tmp_path):
    with pytest.raises(InputError, match="has the columns left, right, duplicate, but needs left,right,same or"):
        read_source(table(tmp_path, "left,right,duplicate\na,b,1\na,c,0\n"))


# --- real data


@pytest.mark.data
def test_scored_pairs_of_sts_b(real_data):
    found = read_source(real_data / "stsb" / "train.csv")
    assert found.kind == "text"
    assert len(found) == 10_534  # different texts, apart from blanks
    assert 0 <= found.pairs.score.min() < found.pairs.score.max() <= 1
    assert found.notes[0].startswith("scores 0 and 5, the smallest and the largest found, count as 0")


@pytest.mark.data
def test_sequences_of_signatures_and_of_an_archive(real_data):
    found = read_source(real_data / "susig")
    assert found.kind == "sequence"
    assert len(found) == 4760
    found = read_source(real_data / "timeseries" / "GunPoint" / "GunPoint_TRAIN.ts")
    assert (len(found), sorted(set(found.labels))) == (50, ["1", "2"])


# --- splits


@pytest.mark.parametrize("form", ["scores", "triplets", "positives"])
def test_no_item_stands_in_two_parts_of_a_split(form):
    rng = np.random.default_rng(0)
    ends = rng.permuted(np.tile(np.arange(400), (1, 1)), axis=1).reshape(-1, 4)
    rows = {
        "scores": [(a, b, 5) for a, b, _, _ in ends] + [(a, c, 0) for a, _, c, _ in ends],
        "triplets": [(a, b, c) for a, b, c, _ in ends],
        "positives": [(a, b) for a, b, c, d in ends] + [(c, d) for a, b, c, d in ends],
    }
    found = examples_from([f"t{i}" for i in range(400)], kind="text", **{form: rows[form]})
    parts = split(found, 0)
    places = np.concatenate(list(parts.positions.values()))
    assert sorted(places) == list(range(400))
    for part in parts.positions:
        inside = getattr(parts, part)
        if form == "positives":
            assert not set(inside.labels) & {label for label in found.labels if label not in inside.labels}
        else:
            assert len(inside.pairs) > 0
    if form != "positives":
        # What is joined lies in one part, but for the few that are cut at the borders.
        assert parts.dropped_pairs <= 6


def test_splitting_20_000_pairs_of_two_is_quick():
    count = 20_000
    scores = [(2 * i, 2 * i + 1, i % 6) for i in range(count)]
    found = examples_from([f"text {i}" for i in range(2 * count)], scores=scores, kind="text")
    start = time.process_time()
    parts = split(found, 0)
    assert time.process_time() - start < 5 * slower()
    assert parts.dropped_pairs <= 6
    assert abs(len(parts.test.pairs) / count - 0.15) < 0.05
