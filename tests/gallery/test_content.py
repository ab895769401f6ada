import numpy as np
import pytest
from PIL import Image

from alikely.errors import InputError, SettingsError
from alikely.gallery.content import content_in, content_of, key_of, own_name
from alikely.gallery.fields import fields_of, parse_field


def test_what_holds_the_same_has_the_same_content(tmp_path):
    (tmp_path / "a").write_bytes(b"12")
    (tmp_path / "b").write_bytes(b"12")
    (tmp_path / "c").write_bytes(b"13")
    rows = np.arange(6, dtype=np.float32)

    assert content_of(tmp_path / "a") == content_of(tmp_path / "b") != content_of(tmp_path / "c")
    assert content_of("e\u0301 \n a") == content_of("\u00e9 a") != content_of("e a")
    assert content_of({"A ": 1, "b": None}) == content_of({"b": "", "a": "1"}) != content_of({"a": 1, "b": 0})
    assert content_of(rows) == content_of(rows.copy()) != content_of(rows.reshape(2, 3))
    assert content_of(rows) != content_of(rows.astype(np.float64))
    assert content_of(Image.new("L", (2, 3))) != content_of(Image.new("L", (3, 2)))
    assert content_of("1") != content_of({"1": 1})


def test_a_file_and_its_bytes_have_the_same_content(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"whatever it holds")

    assert content_of(b"whatever it holds") == content_of(path)
    assert content_of(b"something else") != content_of(path)


def test_a_key_holds_content_and_identity():
    content = content_of("x")

    assert content_in(key_of(content, "a")) == content_in(key_of(content, "b")) == content
    assert key_of(content, "a") != key_of(content, "b")


def test_items_without_content_are_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be opened"):
        content_of(tmp_path / "none")
    with pytest.raises(InputError, match="the cell of column 'a'"):
        content_of({"a": [1]})


def test_own_names():
    assert own_name("a  text", "'a text' (line 1)", "0" * 32) == "a text"
    assert own_name({"a": 1}, "line 7", "abcdef" * 6) == "line abcdefabcdef"
    assert own_name({"a": 1}, "house 7", "abcdef" * 6) == "house 7"
    assert own_name("x" * 500, "", "abcdef" * 6) == "x" * 120 + "... abcdefabcdef"
    assert own_name("line 7", "'line 7' (line 1)", "0" * 32) == "line 7"


def test_numbers_and_truths_are_recognised_by_the_whole_column():
    columns = {
        "price": ["1", " 2.5", "-3e2"],
        "size": ["38", "", "40"],
        "code": ["007", "8", "9"],
        "phone": ["+41", "1", "2"],
        "stock": ["true", "False", ""],
        "some": ["1", "two", "3"],
        "none": ["", "", ""],
    }

    assert fields_of({name: np.array(cells) for name, cells in columns.items()}, 3) == [
        {"price": 1, "size": 38, "code": "007", "phone": "+41", "stock": True, "some": "1"},
        {"price": 2.5, "code": "8", "phone": "1", "stock": False, "some": "two"},
        {"price": -300.0, "size": 40, "code": "9", "phone": "2", "some": "3"},
    ]
    assert fields_of({}, 2) == [{}, {}]


def test_a_field_as_it_is_said():
    assert parse_field("price=12.5") == ("price", 12.5)
    assert parse_field("shop = B=C") == ("shop", "B=C")
    for wrong in ("price", "=1", "price=", "a\0b=1"):
        with pytest.raises(SettingsError):
            parse_field(wrong)
