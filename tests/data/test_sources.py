"""Folders, tables and lists become the same Examples; whatever is wrong with them is named."""

import builtins
import json
import os
from datetime import date

import numpy as np
import pyarrow as arrow
import pytest
from PIL import Image
from pyarrow import parquet

from alikely.data.sources import examples_from, read_items, read_source
from alikely.data.sources.names import MOST_SHOWN
from alikely.errors import InputError, SettingsError
from alikely.types import Pairs


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def table(folder, text, name="t.csv", encoding="utf-8"):
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


@pytest.fixture
def files(tmp_path):
    touch(tmp_path, "a1.png", "a2.png", "b1.png", "b2.png")
    return tmp_path


def pairs_of(examples):
    pairs = examples.pairs
    rows = zip(pairs.left, pairs.right, pairs.same, strict=True)
    return [(examples.names[i], examples.names[j], bool(same)) for i, j, same in rows]


# --- folders


def test_folder_of_identities(tmp_path):
    touch(tmp_path, "bo/2.PNG", "bo/1.jpg", "anna/x/deep/1.webp", "anna/2.tif")
    found = read_source(tmp_path)
    assert found.labels.tolist() == ["anna", "anna", "bo", "bo"]
    assert found.names == tuple(str(tmp_path / n) for n in ("anna/2.tif", "anna/x/deep/1.webp", "bo/1.jpg", "bo/2.PNG"))
    assert found.items == tuple(tmp_path / n for n in ("anna/2.tif", "anna/x/deep/1.webp", "bo/1.jpg", "bo/2.PNG"))
    assert found.groups is None
    assert found.pairs is None
    assert found.notes == ()
    assert read_source(str(tmp_path)).names == found.names


def test_what_is_left_out_of_a_folder_is_said(tmp_path):
    touch(
        tmp_path, "anna/1.png", "anna/.DS_Store", ".git/1.png", "bo/1.png", "bo/a.txt", "bo/b.TXT", "bo/c", "loose.png"
    )
    touch(tmp_path, "empty/readme.md", "__MACOSX/1.png")
    found = read_source(tmp_path)
    assert found.labels.tolist() == ["anna", "bo"]
    assert sorted(found.notes) == [
        "left out because hidden: 3",
        "left out because they end in .md: 1",
        "left out because they end in .txt: 2",
        "left out because they have no ending: 1",
        "left out folders without a picture: 1",
        "left out pictures beside the identity folders: 1",
    ]


def test_links_are_followed_but_never_in_a_circle(tmp_path):
    touch(tmp_path, "data/anna/1.png", "elsewhere/1.png")
    os.symlink(tmp_path / "elsewhere", tmp_path / "data" / "bo")
    os.symlink(tmp_path / "data", tmp_path / "data" / "anna" / "up")
    os.symlink("itself", tmp_path / "data" / "itself")
    os.symlink("nowhere.png", tmp_path / "data" / "anna" / "broken.png")
    found = read_source(tmp_path / "data")
    assert [name.removeprefix(f"{tmp_path}/data/") for name in found.names] == [
        "anna/1.png",
        "anna/broken.png",
        "bo/1.png",
    ]
    assert "left out links to a folder above them: 1" in found.notes


def test_folders_without_identities(tmp_path):
    with pytest.raises(InputError, match="holds no picture"):
        read_source(tmp_path)
    touch(tmp_path, "a.txt")
    with pytest.raises(InputError, match=r"holds no picture \(left out because they end in \.txt: 1\)"):
        read_items(tmp_path)
    touch(tmp_path, "1.png", "2.png")
    with pytest.raises(InputError, match="2 pictures lie directly in the folder"):
        read_source(tmp_path)


def test_a_folder_that_cannot_be_listed(tmp_path, monkeypatch):
    touch(tmp_path, "anna/1.png")

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(InputError, match="cannot be listed"):
        read_source(tmp_path)


def test_items_without_labels(tmp_path):
    touch(tmp_path, "1.png", "more/2.png")
    assert read_items(tmp_path).labels is None
    assert len(read_items(tmp_path)) == 2
    assert read_items(tmp_path / "1.png").items == (tmp_path / "1.png",)
    assert read_items(table(tmp_path, "path\n1.png\n")).labels is None
    assert read_items(table(tmp_path, "path,label\n1.png,a\n")).labels.tolist() == ["a"]
    (tmp_path / "1.png").unlink()
    assert read_items(tmp_path).labels.tolist() == ["more"]
    with pytest.raises(InputError, match="not there"):
        read_items(tmp_path / "1.png")


# --- tables of labels

ROWS = "path,label,group,other\na1.png,a,g,\na2.png,a,g,\nb1.png,b,h,\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", ", "])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_spellings_of_csv(files, encoding, delimiter, newline):
    found = read_source(table(files, ROWS.replace(",", delimiter).replace("\n", newline), encoding=encoding))
    assert found.names == ("a1.png", "a2.png", "b1.png")
    assert found.items == (files / "a1.png", files / "a2.png", files / "b1.png")
    assert found.labels.tolist() == ["a", "a", "b"]
    assert found.groups.tolist() == ["g", "g", "h"]
    assert found.notes == ()


def test_names_of_columns_may_be_capital(files):
    assert read_source(table(files, " Path ,LABEL\na1.png,A\n")).labels.tolist() == ["A"]


def test_quotes_and_blank_lines_and_short_rows(files):
    touch(files, "odd, name.png")
    found = read_source(table(files, '\npath,label,note\n\n"odd, name.png",a\n  \na1.png,"b ""x""",hm\n'))
    assert found.names == ("odd, name.png", "a1.png")
    assert found.labels.tolist() == ["a", 'b "x"']


def test_paths_are_relative_to_the_table_or_absolute(files, tmp_path):
    (files / "tables").mkdir()
    found = read_source(table(files, f"path,label\n../a1.png,a\n{files / 'b1.png'},b\n", name="tables/t.csv"))
    assert found.items == (files / "a1.png", files / "b1.png")
    assert found.names == ("../a1.png", str(files / "b1.png"))


@pytest.mark.parametrize("ending", ["jsonl", "ndjson"])
def test_jsonl(files, ending):
    rows = [{"path": "a1.png", "label": 1, "x": [1]}, {"label": 2, "path": "b1.png", "late": None}]
    found = read_source(table(files, "\n\n".join(map(json.dumps, rows)), name=f"t.{ending}"))
    assert found.names == ("a1.png", "b1.png")
    assert found.labels.tolist() == ["1", "2"]


def test_parquet(files):
    parquet.write_table(
        arrow.table({"Path": ["a1.png", "b1.png"], "label": [3, 4], "picture": [b"", b""]}), files / "t.parquet"
    )
    found = read_source(files / "t.parquet")
    assert found.names == ("a1.png", "b1.png")
    assert found.labels.tolist() == ["3", "4"]


def test_parquet_without_pyarrow(files, monkeypatch):
    touch(files, "t.parquet")
    real = builtins.__import__

    def refuse(name, *rest):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(SettingsError, match=r"pip install alikely\[parquet\]"):
        read_source(files / "t.parquet")


def test_rows_that_repeat_are_taken_once(files):
    found = read_source(table(files, "path,label\na1.png,a\n./a1.png,a\nb1.png,b\n"))
    assert found.names == ("a1.png", "b1.png")
    assert found.notes == ("rows that repeat another and were taken once: 1",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("path,label\n", "has no rows"),
        ("file,class\na1.png,a\n", "has the columns file, class, but needs path,label"),
        ("path\na1.png\n", "has the columns path, but needs"),
        ("left,right,is_same\na1.png,a2.png,1\n", "has the columns left, right, is_same, but needs left,right,same or"),
        ("path,label,Label\na1.png,a,b\n", "'label' stands there twice"),
        ("path,label\na1.png,a\na2.png,\n", "line 3: the cell of column 'label' is empty; "),
        ("path,label\na1.png\na2.png, \n", r"line 2: the cell of column 'label' is empty \(and in 1 more rows\)"),
        ("path,label\n,a\n", "line 2: the cell of column 'path' is empty"),
        ("path,label,group\na1.png,a,\n", "line 2: the cell of column 'group' is empty"),
        ("path,label\na1.png,a,b\n", "line 2: has 3 cells for 2 columns"),
        ('path,label\n"a1.png,a\n', "cannot be read as CSV"),
        ("path,label\na1.png,a\na1.png,b\n", "has the label 'a' in line 2 and 'b' in line 3"),
        ("path,label,group\na1.png,a,g\na1.png,a,h\n", "has the group 'g' in line 2 and 'h' in line 3"),
        ("p\0a\0t\0h\0,label\n", "zero bytes"),
        ("left,right,same\na1.png,a2.png,1\na1.png,b1.png,maybe\n", "line 3: the column 'same' says 'maybe'"),
        ("left,right,same\na1.png,./a1.png,1\n", "line 2: left and right are the same item, a1.png"),
    ],
)
def test_csv_that_cannot_be_used(files, text, problem):
    path = table(files, text)
    with pytest.raises(InputError, match=problem) as raised:
        read_source(path)
    assert str(raised.value).startswith(str(path))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"path": "a1.png", "label": "a"}\n{"path": ', "line 2: is not JSON"),
        ('["a1.png", "a"]', "line 1: is not a JSON object"),
        ('{"path": "a1.png"}\n{"path": "b1.png", "label": "a"}', "line 1: the cell of column 'label' is empty"),
        ('{"path": "a1.png", "label": null}', "line 1: the cell of column 'label' is empty"),
        ('{"path": "a1.png", "label": NaN}', "line 1: the cell of column 'label' is empty"),
        ('{"path": "a1.png", "label": ["a"]}', "line 1: .*neither text nor a number"),
    ],
)
def test_jsonl_that_cannot_be_used(files, text, problem):
    with pytest.raises(InputError, match=problem):
        read_source(table(files, text, name="t.jsonl"))


def test_parquet_that_cannot_be_used(files):
    touch(files, "t.parquet")
    with pytest.raises(InputError, match=r"t\.parquet: cannot be read as Parquet"):
        read_source(files / "t.parquet")
    parquet.write_table(arrow.table({"path": ["a1.png", None], "label": ["a", "b"]}), files / "t.parquet")
    with pytest.raises(InputError, match="row 2: the cell of column 'path' is empty"):
        read_source(files / "t.parquet")


def test_another_encoding(files):
    with pytest.raises(InputError, match=r"line 3: is not UTF-8 \(byte 0xe9\); save the table as UTF-8"):
        read_source(table(files, "path,label\na1.png,a\na2.png,ren\xe9\n", encoding="latin-1"))
    path = table(files, ROWS, encoding="utf-16")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match="is not UTF-16"):
        read_source(path)


def test_all_missing_files_are_listed(files):
    rows = "".join(f"none{i}.png,a\n" for i in range(3))
    with pytest.raises(InputError) as raised:
        read_source(table(files, f"path,label\na1.png,a\n{rows}"))
    assert "3 of 4 files are not there:\n  none0.png\n  none1.png\n  none2.png\n" in str(raised.value)
    rows = "".join(f"none{i}.png,a\n" for i in range(MOST_SHOWN + 7))
    with pytest.raises(InputError) as raised:
        read_source(table(files, f"path,label\n{rows}"))
    assert f"none{MOST_SHOWN - 1}.png\n  ... and 7 more" in str(raised.value)


def test_sources_that_are_none(tmp_path):
    touch(tmp_path, "a.png", "a.xlsx")
    for name, problem in [
        ("a.png", "neither"),
        ("a.xlsx", "neither"),
        ("none.csv", "cannot be opened"),
        ("x", "not there"),
    ]:
        with pytest.raises(InputError, match=problem):
            read_source(tmp_path / name)
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(InputError, match="holds no picture"):
        read_source(tmp_path / "t.csv")


# --- tables of pairs


@pytest.mark.parametrize(
    "said", [("1", "0"), ("true", "FALSE"), ("Yes", "no"), ("same", " different "), ("1.0", "0.0")]
)
def test_pairs(files, said):
    text = f"left,right,same\na1.png,a2.png,{said[0]}\na2.png,b1.png,{said[1]}\n"
    found = read_source(table(files, text))
    assert found.names == ("a1.png", "a2.png", "b1.png")
    assert found.items == (files / "a1.png", files / "a2.png", files / "b1.png")
    assert found.labels is None
    assert pairs_of(found) == [("a1.png", "a2.png", True), ("a2.png", "b1.png", False)]


def test_pairs_as_jsonl_with_true_and_false(files):
    rows = [{"left": "a1.png", "right": "a2.png", "same": True}, {"left": "a1.png", "right": "b1.png", "same": 0}]
    found = read_source(table(files, "\n".join(map(json.dumps, rows)), name="t.jsonl"))
    assert pairs_of(found) == [("a1.png", "a2.png", True), ("a1.png", "b1.png", False)]


def test_pairs_that_repeat_are_taken_once_and_contradictions_are_kept_for_the_checks(files):
    text = "left,right,same\na1.png,a2.png,1\na2.png,a1.png,yes\na1.png,a2.png,0\n"
    found = read_source(table(files, text))
    assert pairs_of(found) == [("a1.png", "a2.png", True), ("a1.png", "a2.png", False)]
    assert found.notes == ("rows that repeat another and were taken once: 1",)


def test_missing_files_of_pairs(files):
    with pytest.raises(InputError, match=r"1 of 2 files are not there:\n  none\.png"):
        read_source(table(files, "left,right,same\na1.png,none.png,1\n"))


# --- lists


def test_examples_from_python(files):
    picture = Image.new("L", (2, 2))
    array = np.zeros((2, 2), np.uint8)
    found = examples_from([files / "a1.png", str(files / "a2.png"), picture, array], ["a", "a", "b", "b"], [0, 0, 1, 1])
    assert found.items == (files / "a1.png", files / "a2.png", picture, array)
    assert found.names == (str(files / "a1.png"), str(files / "a2.png"), "picture 3", "array 4")
    assert found.labels.tolist() == ["a", "a", "b", "b"]
    assert found.groups.tolist() == [0, 0, 1, 1]


def test_a_stack_of_arrays_and_an_array_of_labels():
    found = examples_from(np.zeros((3, 4, 4), np.uint8), np.array([5, 5, 7]))
    assert len(found) == 3
    assert found.items[0].shape == (4, 4)
    assert found.labels.tolist() == [5, 5, 7]


@pytest.mark.parametrize(
    "pairs",
    [
        [(0, 1, True), (1, 2, False)],
        [(0, 1, 1), (1, 2, 0), (0, 1, 1)],
        Pairs(np.array([0, 1]), np.array([1, 2]), np.array([True, False])),
    ],
)
def test_pairs_from_python(pairs):
    found = examples_from(np.zeros((3, 4, 4), np.uint8), pairs=pairs)
    assert found.pairs.left.tolist() == [0, 1]
    assert found.pairs.right.tolist() == [1, 2]
    assert found.pairs.same.tolist() == [True, False]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"labels": ["a"]}, "3 items but 1 label;"),
        ({"labels": ["a", "b", ""]}, "the label of array 3 is ''"),
        ({"labels": ["a", "b", None]}, "the label of array 3 is None"),
        ({"labels": ["a", "b", 1]}, "the label of array 3 is 1"),
        ({"labels": np.array([1.0, np.nan, 2])}, "the label of array 1 is 1.0"),
        ({"groups": [1, 2, True]}, "the group of array 3 is True"),
        ({"pairs": [(0, 1, True), (0, 3, True)]}, "pair 2 is of items 0 and 3"),
        ({"pairs": [(-1, 1, True)]}, "pair 1 is of items -1 and 1"),
        ({"pairs": [(1, 1, True)]}, "two different positions"),
        ({"pairs": [(0, 1, 2)]}, "pair 1 says same = 2"),
    ],
)
def test_lists_that_do_not_fit(given, problem):
    with pytest.raises(InputError, match=problem):
        examples_from(np.zeros((3, 4, 4), np.uint8), **given)


def test_items_that_are_none(tmp_path):
    with pytest.raises(InputError, match="no items"):
        examples_from([])
    with pytest.raises(InputError, match="is one path"):
        examples_from("a.png")
    with pytest.raises(InputError, match=r"1 of 1 files are not there:\n  .*a\.png"):
        examples_from([tmp_path / "a.png"])


def test_select_keeps_the_notes(tmp_path):
    touch(tmp_path, "a/1.png", "b/1.png", "b/x.txt")
    found = read_source(tmp_path)
    assert found.select(np.array([1])).notes == found.notes != ()


def test_a_folder_that_is_named_one_level_too_high_is_told(tmp_path):
    for name in ("north/anna", "north/ben", "south/cleo"):
        (tmp_path / name).mkdir(parents=True)
        Image.new("L", (8, 8)).save(tmp_path / name / "1.png")

    (note,) = read_source(tmp_path).notes

    assert "two folders down" in note
    assert "(north ...)" in note
    assert "(anna, ben ...)" in note
    Image.new("L", (8, 8)).save(tmp_path / "north" / "1.png")
    assert read_source(tmp_path).notes == ()


def test_a_folder_in_which_all_lies_in_one_folder_is_refused_with_the_right_one(tmp_path):
    touch(tmp_path, "images/anna/1.png", "images/ben/1.png", "pairs.csv")
    with pytest.raises(InputError, match=f"all pictures lie in images.*name {tmp_path / 'images'}"):
        read_source(tmp_path)
    assert read_source(tmp_path / "images").labels.tolist() == ["anna", "ben"]
    assert read_items(tmp_path).labels.tolist() == ["images", "images"]


def test_a_table_named_items_speaks_for_its_folder(files):
    touch(files, "w1/genuine/1.png", "w1/forged/1.png")
    table(files, "path,label,group\nw1/genuine/1.png,w1,w1\nw1/forged/1.png,forgery,w1\n", "items.csv")
    for found in (read_source(files), read_items(files)):
        assert found.labels.tolist() == ["w1", "forgery"]
        assert found.groups.tolist() == ["w1", "w1"]
        assert found.notes == (f"read {files / 'items.csv'}, the table that says what lies in its folder",)
    table(files, '{"path": "a1.png"}', "items.jsonl")
    with pytest.raises(InputError, match=r"holds items\.csv and items\.jsonl"):
        read_source(files)


# --- further columns


def test_further_columns_of_items_are_kept_as_text_through_select(files):
    found = read_source(table(files, "path,Light,label, year ,\na1.png,dim,a,1999,\na2.png,,a,02.50,\nb1.png,x,b,7,\n"))
    assert {name: cells.tolist() for name, cells in found.columns.items()} == {
        "light": ["dim", "", "x"],
        "year": ["1999", "02.50", "7"],
    }
    chosen = found.select(np.array([2, 0]))
    assert {name: cells.tolist() for name, cells in chosen.columns.items()} == {
        "light": ["x", "dim"],
        "year": ["7", "1999"],
    }
    assert read_source(table(files, "path,label\na1.png,a\n")).columns == {}


def test_of_rows_that_repeat_the_first_has_its_further_columns(files):
    found = read_source(table(files, "path,label,day\na1.png,a,1\na2.png,a,2\na1.png,a,3\nb1.png,b,4\n"))
    assert found.columns["day"].tolist() == ["1", "2", "4"]


def test_further_columns_of_pairs_stay_with_their_pairs(files):
    rows = ["1,a1.png,a2.png,1,p", "9,a2.png,a1.png,1,q", "2,a2.png,b1.png,0,r", "3,b1.png,b2.png,1,s"]
    found = read_source(table(files, "\n".join(["fold,left,right,same,label", *rows])))
    assert found.columns == {}
    assert {name: cells.tolist() for name, cells in found.pairs.columns.items()} == {
        "fold": ["1", "2", "3"],
        "label": ["p", "r", "s"],
    }
    kept = found.select(np.array([3, 2, 0]))
    assert pairs_of(kept) == [("b1.png", "b2.png", True)]
    assert kept.pairs.columns["fold"].tolist() == ["3"]


def test_further_columns_in_jsonl_may_be_numbers_and_what_is_no_text_is_left_out(files):
    rows = [
        {"path": "a1.png", "label": "a", "age": 3, "old": True, "box": [1, 2]},
        {"path": "b1.png", "label": "b", "age": 4.5, "old": None},
    ]
    found = read_source(table(files, "\n".join(map(json.dumps, rows)), "t.jsonl"))
    assert {name: cells.tolist() for name, cells in found.columns.items()} == {
        "age": ["3", "4.5"],
        "old": ["True", ""],
    }


def test_further_columns_in_parquet_may_be_times_and_bytes_are_left_out(files):
    columns = {
        "path": ["a1.png", "b1.png"],
        "label": ["a", "b"],
        "day": [date(2020, 1, 2), None],
        "bytes": [b"1", b"2"],
        "box": [[1], [2]],
        "size": [1, 2],
    }
    parquet.write_table(arrow.table(columns), files / "t.parquet")
    found = read_source(files / "t.parquet")
    assert {name: cells.tolist() for name, cells in found.columns.items()} == {
        "day": ["2020-01-02", ""],
        "size": ["1", "2"],
    }


def test_columns_from_python(files):
    light = ["dim", 3, None, float("nan")]
    found = examples_from([np.zeros((4, 4))] * 4, columns={"Light": light, "n": np.arange(4)})
    assert {name: cells.tolist() for name, cells in found.columns.items()} == {
        "light": ["dim", "3", "", ""],
        "n": ["0", "1", "2", "3"],
    }
    with pytest.raises(InputError, match="the column 'n' has 1 cell for 4 items"):
        examples_from([np.zeros((4, 4))] * 4, columns={"n": [1]})
    with pytest.raises(InputError, match=r"the column 'n' has \[1\]; give one text or number"):
        examples_from([np.zeros((4, 4))], columns={"n": [[1]]})


def test_pairs_from_python_keep_their_columns():
    given = Pairs(
        np.array([0, 0, 1]), np.array([1, 1, 2]), np.array([True, True, False]), {"day": np.array(list("abc"))}
    )
    found = examples_from([np.zeros((4, 4))] * 3, pairs=given)
    assert len(found.pairs) == 2
    assert found.pairs.columns["day"].tolist() == ["a", "c"]
