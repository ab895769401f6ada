"""One sequence from a file or an array, and every way in which it can be bad."""

import numpy as np
import pytest

from alikely.data.sequences import open_sequence
from alikely.errors import InputError


def written(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_csv_names_its_channels_and_its_times(tmp_path):
    opened = open_sequence(written(tmp_path, "a.csv", "X, t ,y\n1,0,5\n2,10,6\n4,15,7\n"))
    assert opened.channels == ("x", "y")
    assert opened.values.tolist() == [[1, 5], [2, 6], [4, 7]]
    assert opened.times.tolist() == [0, 10, 15]


def test_named_channels_are_taken_by_name_whatever_their_order_and_company(tmp_path):
    path = written(tmp_path, "a.tsv", "note\ty\tx\nhigh\t5\t1\nlow\t6\t2\n")
    assert open_sequence(path, ("x", "y")).values.tolist() == [[1, 5], [2, 6]]


def test_times_can_be_a_channel(tmp_path):
    opened = open_sequence(written(tmp_path, "a.csv", "x,t\n1,0\n2,10\n"), ("t", "x"))
    assert opened.values.tolist() == [[0, 1], [10, 2]]
    assert opened.times is None


@pytest.mark.parametrize("array", [np.array([1, 2, 4]), np.array([[1], [2], [4]], dtype=np.float32)])
def test_arrays_in_memory_and_in_files_are_read_alike(array, tmp_path):
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", array)
    for item in (array, tmp_path / "a.npy", str(tmp_path / "a.npz")):
        opened = open_sequence(item)
        assert opened.values.tolist() == [[1], [2], [4]]
        assert opened.channels is None


def test_an_npz_may_hold_an_array_a_channel(tmp_path):
    np.savez(tmp_path / "a.npz", Y=[5, 6], x=[1, 2], time=[0, 3])
    opened = open_sequence(tmp_path / "a.npz", ("x", "y"))
    assert opened.values.tolist() == [[1, 5], [2, 6]]
    assert opened.times.tolist() == [0, 3]


def test_steps_without_any_number_at_the_end_are_padding():
    gap = np.nan
    opened = open_sequence(np.array([[1, 2], [3, 4], [gap, gap], [gap, gap]]))
    assert opened.values.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.empty(0), "the array: has no steps; a sequence needs at least 2"),
        (np.empty((0, 3)), "the array: has no steps"),
        (np.full((4, 2), np.nan), "the array: has no steps"),
        (np.array([1.0]), "the array: has a single step"),
        (np.array([1.0, np.nan]), "the array: has a single step"),
        (np.array([1.0, np.nan, 2.0]), r"has a gap at step 2 of channel 1 \(1 in all\); fill it"),
        (np.array([[1.0, 2.0], [3.0, np.nan]]), "has a gap at step 2 of channel 2"),
        (np.array([1.0, 2.0, -np.inf]), "has an infinity at step 3 of channel 1"),
        (np.zeros((2, 3, 4)), r"has the shape \(2, 3, 4\); wanted is \(steps\) or \(steps channels\)"),
        (np.zeros((2, 0)), r"has the shape \(2, 0\)"),
        (np.array(5.0), r"has the shape \(\)"),
        (np.array(["a", "b"]), "holds <U1, not numbers"),
        (np.array([1j, 2j]), "holds complex128, not numbers"),
    ],
)
def test_bad_arrays(array, message):
    with pytest.raises(InputError, match=message):
        open_sequence(array)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y\n", "has no steps"),
        ("x,y\n1,2\n", "has a single step"),
        ("x,y\n1,2\n,4\n5,6\n", "has a gap at step 2 of channel 'x'"),
        ("x,y\n1,2\n3,inf\n", "has an infinity at step 2 of channel 'y'"),
        ("x,y\n1,2\n3,high\n", "line 3: the column 'y' holds 'high', which is no number; .* channels = "),
        ("1,2\n3,4\n5,6\n", "the first line holds numbers; write the names of the channels there, for example x,y$"),
        ("t\n1\n2\n", "has no channel beside the times"),
        ("", "is empty"),
    ],
)
def test_bad_tables(text, message, tmp_path):
    path = written(tmp_path, "a.csv", text)
    with pytest.raises(InputError, match=message) as problem:
        open_sequence(path)
    assert str(path) in str(problem.value)


def test_a_missing_channel_is_named(tmp_path):
    with pytest.raises(InputError, match=r"a\.csv: has no channel 'z'; wanted are x, z, found x, y$"):
        open_sequence(written(tmp_path, "a.csv", "x,y\n1,2\n3,4\n"), ("x", "z"))


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("a.ts", r"is no file of one sequence; there are .csv, .npy, .npz, .tsv \(a .ts file holds many"),
        ("missing.csv", "missing.csv: is not there"),
        ("folder.csv", "folder.csv: is a folder; name a file in it"),
        ("broken.npy", "broken.npy: cannot be read as numbers of NumPy"),
        ("broken.npz", "broken.npz: cannot be read as numbers of NumPy"),
        ("objects.npy", "objects.npy: cannot be read as numbers of NumPy"),
        ("none.npz", "none.npz: holds no array"),
        ("uneven.npz", r"uneven.npz: holds arrays of the shapes \(2,\), \(3,\)"),
        ("tables.npz", r"tables.npz: holds arrays of the shapes \(2, 2\)"),
    ],
)
def test_bad_files(item, message, tmp_path):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "broken.npy").write_bytes(b"no array")
    (tmp_path / "broken.npz").write_bytes(b"PK\3\4no archive")
    np.save(tmp_path / "objects.npy", np.array([{}, None], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "none.npz")
    np.savez(tmp_path / "uneven.npz", a=[1, 2], b=[1, 2, 3])
    np.savez(tmp_path / "tables.npz", a=np.ones((2, 2)), b=np.ones((2, 2)))
    with pytest.raises(InputError, match=message):
        open_sequence(tmp_path / item)


def test_something_else_is_no_sequence():
    with pytest.raises(InputError, match="is no sequence; give a path or a NumPy array"):
        open_sequence({"x": [1, 2]})


def structured(**fields):
    array = np.empty(len(next(iter(fields.values()))), dtype=[(name, np.float64) for name in fields])
    for name, values in fields.items():
        array[name] = values
    return array


def test_fields_are_channels_and_go_by_name(tmp_path):
    array = structured(Y=[5, 6], T=[0, 10], x=[1, 2])
    np.save(tmp_path / "a.npy", array)
    for item in (array, tmp_path / "a.npy"):
        opened = open_sequence(item)
        assert (opened.channels, opened.values.tolist(), opened.times.tolist()) == (
            ("y", "x"),
            [[5, 1], [6, 2]],
            [0, 10],
        )
        assert open_sequence(item, ("x", "y")).values.tolist() == [[1, 5], [2, 6]]
    with pytest.raises(InputError, match="has no channel 'z'; wanted are x, z, found y, t, x"):
        open_sequence(array, ("x", "z"))
    with pytest.raises(InputError, match="a gap at step 2 of channel 'x'"):
        open_sequence(structured(t=[0, 1, 2], x=[1, np.nan, 2]))
    with pytest.raises(InputError, match="with a field for each channel it is"):
        open_sequence(np.zeros((3, 2), dtype=[("x", float)]))
