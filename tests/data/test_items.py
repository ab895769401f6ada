"""What messages call an item, and the reading of many."""

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from alikely.data.items import ITEMS_AT_ONCE, MOST_THREADS, name_of, read_all
from alikely.data.pictures import open_picture
from alikely.errors import InputError

GREY = np.array([[0, 100, 255], [30, 60, 90]], np.uint8)


def pixels(item):
    return np.asarray(open_picture(item))


def test_names(tmp_path):
    assert name_of(Path("a/b.png")) == "a/b.png"
    assert name_of(Path("a/b.png"), 3) == "a/b.png"
    assert name_of(GREY, 0) == "array 1"
    assert name_of(Image.fromarray(GREY), 4) == "picture 5"
    assert name_of(GREY) == "the array"
    path = tmp_path / "a.png"
    Image.fromarray(GREY).save(path)
    with Image.open(path) as picture:
        assert name_of(picture, 4) == str(path)


@given(bad=st.sets(st.integers(0, 99)), count=st.integers(0, 100))
def test_read_all_keeps_the_order_and_lists_all_that_is_bad(bad, count):
    pictures = [np.full((1, 1), i, np.uint8) if i not in bad else np.zeros(1) for i in range(count)]
    steps = []
    values, problems = read_all(
        pictures,
        [f"n{i}" for i in range(count)],
        lambda item: int(pixels(item)[0, 0]),
        lambda *step: steps.append(step),
    )
    assert values == [None if i in bad else i for i in range(count)]
    assert [name for name, _ in problems] == [f"n{i}" for i in range(count) if i in bad]
    assert all(problem.startswith("has the shape") for _, problem in problems)
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert not count or steps[-1] == (count, count)


def test_read_all_does_not_name_a_file_twice(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"")
    assert read_all([path], ["a.png"], open_picture) == (
        [None],
        [("a.png", "is empty (zero bytes); copy it again or remove it")],
    )


def test_read_all_tells_every_so_often_and_ends_at_the_items_that_are_being_read():
    begun, told, released = [], [], threading.Event()

    def read_one(item):
        begun.append(item)
        released.wait(30)

    def stop(*step):
        told.append(step)
        # Who does not stop would read all others in this time.
        threading.Timer(0.5, released.set).start()
        raise KeyboardInterrupt

    items = [f"n{i}" for i in range(MOST_THREADS * ITEMS_AT_ONCE)]
    with pytest.raises(KeyboardInterrupt):
        read_all(items, items, read_one, stop)
    assert told == [(0, len(items))]
    assert len(begun) <= MOST_THREADS


def test_read_all_stops_at_a_bug_of_ours():
    def broken(item):
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        read_all([GREY] * 1000, ["a"] * 1000, broken)


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ("a/b c.png", "a/b c.png"),
        ("", "the text ''"),
        (" ", "the text ' '"),
        ("a\nb", r"the text 'a\nb'"),
        ("x" * 1_000_000, f"the text {'x' * 100!r}..."),
    ],
)
def test_what_messages_call_a_path_or_a_text(item, name):
    assert name_of(item) == name


def test_a_problem_names_its_file_once(tmp_path):
    path = tmp_path / "a.csv"

    def refuse(item):
        raise InputError(f"{item}, line 3: has no number")

    assert read_all([path], ["a"], refuse)[1] == [("a", "line 3: has no number")]
