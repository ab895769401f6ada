"""Columns beside those that are known stay with their items and pairs."""

import json
from datetime import date

import numpy as np
import pyarrow as arrow
import pytest
from pyarrow import parquet

from alikely.data.sources import examples_from, read_source
from alikely.errors import InputError
from alikely.types import Pairs
from tests.data.source_files import pairs_of, table

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


def test_of_rows_that_repeat_the_last_has_its_further_columns(files):
    found = read_source(table(files, "path,label,day\na1.png,a,1\na2.png,a,2\na1.png,a,3\nb1.png,b,4\n"))
    assert found.columns["day"].tolist() == ["3", "2", "4"]


def test_further_columns_of_pairs_stay_with_their_pairs(files):
    rows = ["1,a1.png,a2.png,1,p", "9,a2.png,a1.png,1,q", "2,a2.png,b1.png,0,r", "3,b1.png,b2.png,1,s"]
    found = read_source(table(files, "\n".join(["fold,left,right,same,label", *rows])))
    assert found.columns == {}
    assert {name: cells.tolist() for name, cells in found.pairs.columns.items()} == {
        "fold": ["1", "2", "3"],
        "label": ["p", "r", "s"],
    }
    kept = found.select(np.array([3, 2, 0]))
    assert pairs_of(kept, "names") == [("b1.png", "b2.png", True)]
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
