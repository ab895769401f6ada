"""Lists and arrays of Python become Examples; what does not fit is named."""

import numpy as np
import pytest
from PIL import Image

from alikely.data.sources import examples_from, read_source
from alikely.errors import InputError
from alikely.types import Pairs
from tests.data.source_files import touch

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
