"""Whole archives and long tables: many sequences in one file."""

import numpy as np
import pytest

from alikely.data.checks.arrays import look_at_sequence
from alikely.data.sequences import draft_sequences, is_long_table, open_sequence, read_long_table, read_ts, read_ucr
from alikely.errors import InputError

HEAD = "# a comment\n@problemName Made\n@timeStamps false\n@classLabel true up down\n@data\n"


def written(folder, text, name="a.ts"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_ts_file_has_a_case_a_line(tmp_path):
    arrays, labels = read_ts(written(tmp_path, HEAD + "1,2,3:4,5,6:up\n\n7,8:9,10:down\n"))
    assert [array.tolist() for array in arrays] == [[[1, 4], [2, 5], [3, 6]], [[7, 9], [8, 10]]]
    assert labels.tolist() == ["up", "down"]


def test_padding_at_the_end_of_a_case_is_left_off_and_gaps_stay(tmp_path):
    arrays, _ = read_ts(written(tmp_path, HEAD + "1,?,3,NaN,NaN:4,5,?,NaN,NaN:up\n"))
    np.testing.assert_array_equal(arrays[0], [[1, 4], [np.nan, 5], [3, np.nan]])


def test_without_class_labels_there_are_none(tmp_path):
    arrays, labels = read_ts(written(tmp_path, "@classLabel false\n@data\n1,2:3,4\n"))
    assert arrays[0].tolist() == [[1, 3], [2, 4]]
    assert labels is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no case behind a line @data"),
        (HEAD, "holds no case behind a line @data"),
        (HEAD + "1,2,3\n", "line 6: has no label behind a last colon"),
        (HEAD + "1,2:\n", "line 6: has no label behind a last colon"),
        (HEAD + "1,2:up\n1,2:3,4:up\n", "line 7: has 2 channels, the first case 1"),
        (HEAD + "1,two:up\n", "line 6: 'two' is no number"),
        (HEAD + "?,?:up\n", "line 6: holds no number; remove the line"),
        ("@timeStamps true\n@data\n(0,1),(1,2):up\n", "has times beside its numbers"),
        ("1,2,3:up\n", "line 1: stands before @data"),
    ],
)
def test_bad_ts_files(text, message, tmp_path):
    with pytest.raises(InputError, match=message):
        read_ts(written(tmp_path, text))


@pytest.mark.parametrize("text", ["  1.0e+00  2 3\n  -1 4 5\n", "1,2,3\n-1,4,5\n", "1\t2\t3\tNaN\n-1\t4\t5\tNaN\n"])
def test_an_old_file_has_its_label_first(text, tmp_path):
    arrays, labels = read_ucr(written(tmp_path, text, "a.txt"))
    assert [array.tolist() for array in arrays] == [[[2], [3]], [[4], [5]]]
    assert labels.tolist() == ["1", "-1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n", "holds no case"),
        ("1.5 2 3\n", "line 1: begins with '1.5', which is no whole number as label"),
        ("nan 2 3\n", "line 1: begins with 'nan'"),
        ("1 2 x\n", "line 1: 'x' is no number"),
    ],
)
def test_bad_old_files(text, message, tmp_path):
    with pytest.raises(InputError, match=message):
        read_ucr(written(tmp_path, text, "a.txt"))


@pytest.mark.parametrize("read", [read_ts, read_ucr])
def test_files_that_cannot_be_opened(read, tmp_path):
    with pytest.raises(InputError, match="cannot be opened"):
        read(tmp_path / "missing.ts")
    (tmp_path / "other.ts").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(InputError, match="is not UTF-8"):
        read(tmp_path / "other.ts")


LONG = (
    "id,t,x,y,label,group\nb,2,3,30,up,g1\na,5,7,70,down,g2\nb,1,2,20,up,g1\na,4,6,60,down,g2\na,4.5,6.5,65,down,g2\n"
)


def test_a_long_table_has_a_row_for_each_step_in_any_order(tmp_path):
    table = read_long_table(written(tmp_path, LONG, "a.csv"))
    assert table.names == ("b", "a")  # as they first stand there
    first, second = (open_sequence(array) for array in table.arrays)
    assert (first.values.tolist(), first.times.tolist()) == ([[2, 20], [3, 30]], [1, 2])
    assert (second.values.tolist(), second.times.tolist()) == ([[6, 60], [6.5, 65], [7, 70]], [4, 4.5, 5])
    assert first.channels == ("x", "y")
    assert table.labels.tolist() == ["up", "down"]
    assert table.groups.tolist() == ["g1", "g2"]


def test_label_and_group_may_lack(tmp_path):
    table = read_long_table(written(tmp_path, "ID,Time,X\n1,0,5\n1,1,6\n", "a.csv"))
    assert table.labels is None
    assert table.groups is None
    assert open_sequence(table.arrays[0]).values.tolist() == [[5], [6]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,x\n1,2\n", "has the columns id, x; a table of sequences needs id, t"),
        ("id,t\n1,2\n", "has the columns id, t; a table"),
        ("id,t,x\n1,,2\n", "line 2: has no time in the column 't'"),
        ("id,t,x\n1,0,2\n,1,2\n", "line 3: the cell of column 'id' is empty"),
        ("id,t,x\n1,0,high\n", "line 2: the column 'x' holds 'high'"),
        (
            "id,t,x,label\n1,0,2,a\n2,0,2,b\n1,1,2,b\n",
            "line 4: the sequence '1' has the label 'b' here and 'a' at line 2; give each one label",
        ),
        ("id,t,x\na,1,5\na,0,1\nb,0,2\na,0,3\n", "line 5: the sequence 'a' has the t 0 here and at line 3 already"),
        ("id,t,x,group\n1,0,2,a\n1,1,2,b\n", "the group 'b' here and 'a' at line 2"),
    ],
)
def test_bad_long_tables(text, message, tmp_path):
    with pytest.raises(InputError, match=message):
        read_long_table(written(tmp_path, text, "a.csv"))


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (("id", "t", "x"), True),
        (("id", "time", "x", "label"), True),
        (("id", "t"), False),
        (("id", "t", "label", "group"), False),
        (("id", "x", "label"), False),
        (("t", "x"), False),
        (("id", "path", "t", "label"), False),  # a table of files
    ],
)
def test_what_a_long_table_is_told_by(columns, expected):
    assert is_long_table(columns) is expected


@pytest.mark.data
def test_the_archives_are_read_whole(real_data):
    folder = real_data / "timeseries"
    arrays, labels = read_ts(folder / "JapaneseVowels" / "JapaneseVowels_TRAIN.ts")
    assert (len(arrays), len(set(labels)), arrays[0].shape[1]) == (270, 9, 12)
    assert (min(map(len, arrays)), max(map(len, arrays))) == (7, 26)
    arrays, labels = read_ucr(folder / "ucr_txt" / "Coffee" / "Coffee_TRAIN.txt")
    assert (len(arrays), len(set(labels)), arrays[0].shape) == (28, 2, (286, 1))


def test_channels_of_a_long_table_go_by_name(tmp_path):
    first = read_long_table(written(tmp_path, LONG, "a.csv")).arrays
    turned = read_long_table(written(tmp_path, "y,x,t,id\n20,2,1,b\n30,3,2,b\n", "b.csv")).arrays
    other = read_long_table(written(tmp_path, "id,t,x,z\nb,1,2,20\nb,2,3,30\n", "c.csv")).arrays
    gap = read_long_table(written(tmp_path, "id,t,x,y\nb,1,2,20\nb,2,,30\nb,3,4,40\n", "d.csv")).arrays
    preparation = draft_sequences(first, {})
    assert preparation.read_one(turned[0]).tolist() == preparation.read_one(first[0]).tolist() == [[2, 20], [3, 30]]
    with pytest.raises(InputError, match="has no channel 'y'; wanted are x, y, found t, x, z"):
        preparation.read_one(other[0])
    with pytest.raises(InputError, match="a gap at step 2 of channel 'x'"):
        preparation.read_one(gap[0])
    assert draft_sequences(first, {"channels": ["y"]}).read_one(first[0]).tolist() == [[20], [30]]
    assert draft_sequences(first, {"step": 0.25}).read_one(first[0])[:, 0].tolist() == [2, 2.25, 2.5, 2.75, 3]
    assert {"mean_x", "deviation_y", "duration"} <= set(look_at_sequence(first[0], None).statistics)
