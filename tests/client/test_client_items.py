"""Items as Python has them -> as requests carry them; what is none is said, and by its name."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alikely.client import Client
from alikely.client.requests import body
from alikely.client.saying import said
from alikely.errors import InputError


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        (Path("not/there.png"), "not/there.png: cannot be opened"),
        ([1.0, float("nan")], "finite"),
        (["a"], "numbers"),
        ({"a": object()}, "column 'a' is a object"),
        (np.zeros((2, 2, 7), np.uint8), "no picture"),
        (Image.new("CMYK", (2, 2)), "convert"),
    ],
)
def test_what_is_no_item_is_said_before_anything_is_sent(item, problem):
    with Client("http://127.0.0.1:9") as client, pytest.raises(InputError, match=problem):
        client.compare(item, item)


def test_a_list_is_wanted_where_several_are_asked():
    with Client("http://127.0.0.1:9") as client, pytest.raises(InputError, match="in a list"):
        client.embed("one text")


def test_sequences_and_rows_are_sent_as_numbers_and_cells(tmp_path):
    np.save(tmp_path / "one.npy", np.arange(4.0))
    assert said(tmp_path / "one.npy") == [[0.0], [1.0], [2.0], [3.0]]
    assert said(np.zeros((2, 2), np.float32)) == [[0.0, 0.0], [0.0, 0.0]]
    assert said((1, 2)) == [1.0, 2.0]
    row = {"a": np.float32(0.5), "b": float("nan"), "c": date(2026, 1, 2), "d": None, "e": True}
    assert said(row) == {"a": 0.5, "b": None, "c": "2026-01-02", "d": None, "e": True}
    assert body({"a": 1, "b": None})["content"] == b'{"a": 1}'
    with pytest.raises(InputError, match="is no item"):
        said(object())
