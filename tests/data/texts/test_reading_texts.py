"""One text -> the same text checked and in one form; or an error that says what is wrong."""

import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alikely.data.texts.reading import read_text
from alikely.errors import InputError
from tests.pace import slower


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("The  Cat\tsat\r\n", "The Cat sat"),
        ("a\x00b\x1b[0m", "a b [0m"),  # control characters are spaces
        ("\ufeffHi\u2028there", "Hi there"),
        ("e\u0301", "\u00e9"),  # NFC
        ("\u00a0no\u3000break", "no break"),
        ("👩\u200d🔬", "👩\u200d🔬"),  # the joiner belongs to the sign
        ("नमस्ते दुनिया", "नमस्ते दुनिया"),
        ("مرحبا", "مرحبا"),
    ],
)
def test_one_form(given_text, expected):
    assert read_text(given_text, lower=False, most=100) == expected


@pytest.mark.parametrize(("given_text", "expected"), [("ÀB", "àb"), ("ΣΑΣ", "σας"), ("STRASSE", "strasse")])
def test_small_letters(given_text, expected):
    assert read_text(given_text, lower=True, most=100) == expected


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\x00\x01", "\u200b\u200d", "\ufeff", "\u3000\u00a0", "\u00ad"])
def test_empty_and_blank_texts_are_refused(text):
    with pytest.raises(InputError, match="is empty; remove it" if text == "" else "is blank; remove it"):
        read_text(text, lower=True, most=100)


def test_half_a_character_is_refused_with_its_place():
    with pytest.raises(InputError, match=r"half a character \(U\+D83D, character 3\).*read its file as UTF-8"):
        read_text("ab\ud83d", lower=True, most=100)


@pytest.mark.parametrize("item", [7, None, b"bytes", Path("text"), ["a"]])
def test_what_is_no_text_is_refused(item):
    with pytest.raises(InputError, match=f"is no text but {type(item).__name__}"):
        read_text(item, lower=True, most=100)


@pytest.mark.parametrize("text", ["word " * 200_000, "x" * 1_000_000, "\x00" * 999_999 + "x", "é̱" * 500_000])
def test_a_million_characters_take_no_time(text):
    begin = time.process_time()
    assert 1 <= len(read_text(text, lower=True, most=4096)) <= 4096
    assert time.process_time() - begin < slower()


@given(st.text(max_size=50), st.integers(1, 60))
def test_any_text_comes_out_in_one_form_or_is_refused(text, most):
    try:
        read = read_text(text, lower=False, most=most)
    except InputError:
        return
    assert 1 <= len(read) <= most
    assert read == unicodedata.normalize("NFC", read)
    assert read_text(read, lower=False, most=most) == read.strip()
