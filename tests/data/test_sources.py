"""Folders, tables and lists become the same Examples; whatever is wrong with them is named."""

import builtins
import json

import pyarrow as arrow
import pytest
from pyarrow import parquet

from alikely.data.sources import read_items, read_source
from alikely.data.sources.names import MOST_SHOWN
from alikely.errors import InputError, SettingsError
from tests.data.source_files import pairs_of, table, touch

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
    assert pairs_of(found, "names") == [("a1.png", "a2.png", True), ("a2.png", "b1.png", False)]


def test_pairs_as_jsonl_with_true_and_false(files):
    rows = [{"left": "a1.png", "right": "a2.png", "same": True}, {"left": "a1.png", "right": "b1.png", "same": 0}]
    found = read_source(table(files, "\n".join(map(json.dumps, rows)), name="t.jsonl"))
    assert pairs_of(found, "names") == [("a1.png", "a2.png", True), ("a1.png", "b1.png", False)]


def test_pairs_that_repeat_are_taken_once_and_contradictions_are_kept_for_the_checks(files):
    text = "left,right,same\na1.png,a2.png,1\na2.png,a1.png,yes\na1.png,a2.png,0\n"
    found = read_source(table(files, text))
    assert pairs_of(found, "names") == [("a1.png", "a2.png", True), ("a1.png", "a2.png", False)]
    assert found.notes == ("rows that repeat another and were taken once: 1",)


def test_missing_files_of_pairs(files):
    with pytest.raises(InputError, match=r"1 of 2 files are not there:\n  none\.png"):
        read_source(table(files, "left,right,same\na1.png,none.png,1\n"))


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
