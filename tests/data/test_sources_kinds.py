"""Texts, rows, sequences and embeddings, one item a row or a file: told apart where that is plain, else asked for."""

import json
from datetime import date

import numpy as np
import pyarrow as arrow
import pytest
from PIL import Image
from pyarrow import parquet

from alikely.data.sources import read_items, read_source
from alikely.errors import InputError, SettingsError
from tests.data.source_files import table

# --- a table without names


def test_no_row_is_lost_as_a_line_of_names(tmp_path):
    with pytest.raises(
        InputError, match="line 1: holds numbers and no names, so it is an item and not the line of nam"
    ):
        read_items(table(tmp_path, "0.5,1.5\n2.5,3.5\n"), "row")
    # What may be names is taken for them, and it is said which they are.
    numbered = read_items(table(tmp_path, "0,1\n2.5,3.5\n"), "row")
    assert numbered.notes == ("each row is an item, of the columns 0, 1",)
    assert len(numbered.items) == 1


# --- texts


def test_a_column_text_holds_texts(tmp_path):
    found = read_source(table(tmp_path, 'text,label,group,day\nhi,a,g,1\n"bye, bye",b,h,2\nhi,a,g,3\n'))
    assert found.kind == "text"
    assert found.items == ("hi", "bye, bye")
    assert found.names == ("'hi' (line 2)", "'bye, bye' (line 3)")
    assert found.labels.tolist() == ["a", "b"]
    assert found.groups.tolist() == ["g", "h"]
    assert found.columns["day"].tolist() == ["3", "2"]  # of what repeats another, the last counts
    assert found.notes == ("rows that repeat another and were taken once: 1",)
    assert (found.repeats, found.select(np.array([0])).repeats) == (1, 0)


def test_a_row_that_says_nothing_more_leaves_what_was_said(tmp_path):
    found = read_source(table(tmp_path, "text,label,day,city\nhi,a,1,ulm\nhi,a,2,\nhi,a, ,\nbye,b,,\n"))
    assert found.columns["day"].tolist() == ["2", ""]
    assert found.columns["city"].tolist() == ["", ""]
    assert found.repeats == 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("text\nhi\n", "has the columns text, but needs path,label or text,label"),
        ("text,label\nhi,a\n ,b\n", "line 3: the cell of column 'text' is empty"),
        ("text,label\nhi,a\nhi,b\n", r"'hi' \(line 2\) has the label 'a' in line 2 and 'b' in line 3"),
        ("path,text,label\na.png,hi,a\n", "the columns path and text, so it is not plain .*: --items picture, text"),
    ],
)
def test_texts_that_cannot_be(tmp_path, text, problem):
    with pytest.raises(InputError, match=problem):
        read_source(table(tmp_path, text))


def test_items_says_which_column_counts(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    source = table(tmp_path, "path,text,label\na.png,hi,a\n")
    assert read_source(source, "text").items == ("hi",)
    assert read_source(source, "text").columns["path"].tolist() == ["a.png"]
    assert read_source(source, "picture").items == (tmp_path / "a.png",)
    assert read_source(source, "row").items == ({"path": "a.png", "text": "hi"},)
    with pytest.raises(InputError, match="has the columns path, text, label, but needs"):
        read_source(source, "embedding")
    with pytest.raises(SettingsError, match="items = 'word': must be auto, picture, text, row, sequence, embedding"):
        read_source(source, "word")


def test_bytes_that_are_no_utf8_in_parquet(tmp_path):
    column = arrow.StringArray.from_buffers(2, *arrow.array([b"fine", b"caf\xe9"]).buffers()[1:])
    parquet.write_table(arrow.table({"text": column, "label": ["a", "b"]}), tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"t\.parquet, row 2: the cell of column 'text' is not UTF-8"):
        read_source(tmp_path / "t.parquet")


# --- rows


def test_a_table_with_labels_and_further_columns_holds_rows(tmp_path):
    found = read_source(table(tmp_path, "id,age,city,label,group\n7,31,Bern,a,g\n8,,Wien,b,h\n"))
    assert found.kind == "row"
    assert found.items == ({"age": "31", "city": "Bern"}, {"age": "", "city": "Wien"})
    assert found.names == ("7", "8")
    assert found.labels.tolist() == ["a", "b"]
    assert found.groups.tolist() == ["g", "h"]
    assert found.columns == {}
    assert found.notes == ("each row is an item, of the columns age, city",)


def test_cells_of_rows_keep_their_types(tmp_path):
    rows = [
        {"age": 31, "old": True, "day": date(2020, 1, 2), "x": None, "label": 1, "box": [1]},
        {"age": 4.5, "old": None, "day": None, "x": "7", "label": 2, "box": []},
    ]
    parquet.write_table(arrow.Table.from_pylist([row | {"age": float(row["age"])} for row in rows]), tmp_path / "t.pq")
    found = read_source(tmp_path / "t.pq")
    assert found.items[0] == {"age": 31.0, "old": True, "day": date(2020, 1, 2), "x": None}
    assert found.names == ("row 1", "row 2")
    lines = "\n".join(json.dumps(row | {"day": str(row["day"])}) for row in rows)
    found = read_source(table(tmp_path, lines, "t.jsonl"))
    assert found.items[1] == {"age": 4.5, "old": None, "day": "None", "x": "7"}
    assert found.labels.tolist() == ["1", "2"]
    assert found.notes[1] == "left out columns that are neither text nor numbers: box"


def test_columns_that_name_a_part_are_no_cells(tmp_path):
    found = read_source(table(tmp_path, "age,city,Split,label\n31,x,train,a\n5,y,test,b\n"))
    assert found.items[0] == {"age": "31", "city": "x"}
    assert found.columns["split"].tolist() == ["train", "test"]


def test_rows_that_are_equal_stay_items_of_their_own(tmp_path):
    found = read_source(table(tmp_path, "age,city,label\n1,x,a\n1,x,b\n"))
    assert len(found) == 2
    assert found.names == ("line 2", "line 3")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("age,label\n1,a\n", "has the columns age, label, but needs path,label"),
        ("age,city\n1,a\n", "has the columns age, city, but needs path,label"),
        ("file,day,label\na.png,1,a\n", "the column 'file' holds paths; call it path, or name the items: --items row"),
        ("age,city,label\n1,x,\n", "line 2: the cell of column 'label' is empty"),
    ],
)
def test_tables_that_are_not_plainly_rows(tmp_path, text, problem):
    with pytest.raises(InputError, match=problem):
        read_source(table(tmp_path, text))


def test_rows_without_labels(tmp_path):
    found = read_items(table(tmp_path, "age,city\n1,x\n"), "row")
    assert found.items == ({"age": "1", "city": "x"},)
    assert found.labels is None
    with pytest.raises(InputError, match=r"has the columns age, city, but needs .* say so: --items row"):
        read_items(tmp_path / "t.csv")


# --- sequences


@pytest.fixture
def curves(tmp_path):
    for name in ("up/1.npy", "up/2.npy", "down/1.npy", "down/2.npy"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        np.save(tmp_path / name, np.arange(5.0))
    return tmp_path


def test_a_folder_of_sequences(curves):
    table(curves, "x\n1\n2\n", "up/3.csv")
    found = read_source(curves)
    assert found.kind == "sequence"
    assert found.labels.tolist() == ["down", "down", "up", "up", "up"]
    assert found.items[0] == curves / "down/1.npy"
    assert read_source(curves, "sequence").items == found.items
    with pytest.raises(InputError, match=r"holds no picture .left out because they end in .csv: 1"):
        read_source(curves, "picture")
    with pytest.raises(InputError, match="is a folder, and rows are read from a table"):
        read_source(curves, "row")


def test_a_folder_of_pictures_and_sequences_must_be_named(curves):
    Image.new("L", (4, 4)).save(curves / "up" / "plot.png")
    with pytest.raises(InputError, match="holds 1 files that end as pictures and 4 that end as sequences; say what"):
        read_source(curves)
    for number in range(4):
        Image.new("L", (4, 4)).save(curves / "up" / f"{number}.png")
    assert read_source(curves).kind == "picture"
    assert len(read_source(curves, "sequence")) == 4


def test_a_table_of_sequences(curves):
    found = read_source(table(curves, "path,label,pen\nup/1.npy,a,x\ndown/1.npy,b,y\n"))
    assert found.kind == "sequence"
    assert found.items == (curves / "up/1.npy", curves / "down/1.npy")
    assert found.columns["pen"].tolist() == ["x", "y"]
    Image.new("L", (4, 4)).save(curves / "p.png")
    with pytest.raises(InputError, match="has paths of pictures and of sequences; say what"):
        read_source(table(curves, "path,label\nup/1.npy,a\np.png,b\n"))


def test_a_long_table_holds_a_step_in_each_row(tmp_path):
    text = "id,t,x,y,label\na,1,5,6,up\na,0,3,4,up\nb,0,1,2,down\nb,1,1,1,down\n"
    found = read_source(table(tmp_path, text))
    assert found.kind == "sequence"
    assert found.names == ("a", "b")
    assert found.items[0][["x", "y"]].tolist() == [(3, 4), (5, 6)]
    assert found.labels.tolist() == ["up", "down"]


def test_a_table_with_an_id_and_a_time_in_each_row_holds_rows(tmp_path):
    found = read_source(table(tmp_path, "id,time,amount,label\n1,9,3,a\n2,9,4,b\n"))
    assert found.kind == "row"
    assert found.items[0] == {"time": "9", "amount": "3"}


def test_pairs_of_the_sequences_of_a_long_table(tmp_path):
    table(tmp_path, "id,t,x\na,0,5\na,1,6\nb,0,1\nb,1,2\nc,0,1\nc,1,1\n", "items.csv")
    table(tmp_path, "left,right,same\na,b,1\na,c,0\n", "pairs.csv")
    found = read_source(tmp_path)
    assert found.kind == "sequence"
    assert found.pairs.right.tolist() == [1, 2]


def test_an_archive(tmp_path):
    text = "@problemName x\n@classLabel true a b\n@data\n1,2,3:a\n4,5:b\n"
    found = read_source(table(tmp_path, text, "x.ts"))
    assert found.kind == "sequence"
    assert found.labels.tolist() == ["a", "b"]
    assert found.names == ("case 1", "case 2")
    assert found.items[1].tolist() == [[4], [5]]


def test_one_sequence_as_items(curves):
    assert read_items(curves / "up/1.npy", "sequence").items == (curves / "up/1.npy",)
    assert read_items(curves, "sequence").labels.tolist() == ["down", "down", "up", "up"]
    one = table(curves, "t,x\n0,5\n1,6\n", "one.csv")
    assert read_items(one, "sequence").items == (one,)
    assert read_items(curves, "sequence").labels is None
    assert len(read_items(table(curves, "id,t,x\na,0,5\na,1,6\nb,0,1\nb,1,2\n"), "sequence")) == 2
    assert len(read_items(table(curves, "path\nup/1.npy\nup/2.npy\n"), "sequence")) == 2


# --- embeddings


def test_embeddings_of_npz_npy_and_parquet(tmp_path):
    rows = np.arange(6, dtype=np.float32).reshape(3, 2)
    np.savez(tmp_path / "e.npz", embeddings=rows, labels=np.array(["a", "a", "b"]), names=np.array(["x", "y", "z"]))
    np.save(tmp_path / "e.npy", rows)
    columns = {"name": ["x", "y", "z"], "label": ["a", "a", "b"], "embedding": rows.tolist()}
    parquet.write_table(arrow.table(columns), tmp_path / "e.parquet")
    for name in ("e.npz", "e.parquet"):
        found = read_source(tmp_path / name)
        assert found.kind == "embedding"
        assert np.array_equal(np.stack(found.items), rows)
        assert found.names == ("x", "y", "z")
        assert found.labels.tolist() == ["a", "a", "b"]
        assert found.columns == {}
    assert np.array_equal(np.stack(read_items(tmp_path / "e.npy", "embedding").items), rows)
    with pytest.raises(InputError, match=r"e\.npy: holds no labels, so that nothing is known of its items"):
        read_source(tmp_path / "e.npy")
    lines = "\n".join(json.dumps({"embedding": row.tolist(), "label": "a"}) for row in rows)
    assert np.array_equal(np.stack(read_source(table(tmp_path, lines, "e.jsonl")).items), rows)


@pytest.mark.parametrize(
    ("arrays", "problem"),
    [
        ({"x": np.zeros(2)}, r"e\.npz: holds x, but needs embeddings"),
        ({"embeddings": np.zeros(3)}, r"e\.npz: its embeddings are float64 of shape \(3,\)"),
        ({"embeddings": np.zeros((2, 3)), "labels": np.array(["a"])}, r"e\.npz: found 2 items but 1 label;"),
        (None, r"e\.npz: cannot be read as arrays of NumPy"),
    ],
)
def test_embeddings_that_cannot_be(tmp_path, arrays, problem):
    (tmp_path / "e.npz").write_bytes(b"PK no")
    if arrays is not None:
        np.savez(tmp_path / "e.npz", **arrays)
    with pytest.raises(InputError, match=problem):
        read_source(tmp_path / "e.npz")


def test_an_array_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be opened"):
        read_source(tmp_path / "e.npz", "embedding")
