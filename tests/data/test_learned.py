"""What tells whether items are among those that a model learned from: of every kind, and of more than are kept."""

import shutil

import numpy as np
import pytest
from PIL import Image

from alikely.data import learned
from alikely.data.learned import learned_among, learned_text
from alikely.types import Examples


def of(*items, kind="text"):
    return Examples(items, tuple(map(str, range(len(items)))), kind=kind)


def test_texts_rows_and_arrays_are_known_by_what_they_hold():
    rows = ({"a": 1, "b": "x"}, {"a": 2, "b": "y"})
    arrays = tuple(np.arange(6, dtype=np.float32).reshape(2, 3) + n for n in range(3))

    assert learned_among(learned_text(of("one", "two")), of("  two", "three", "two")) == 1
    assert learned_among(learned_text(of(*rows, kind="row")), of({"b": "y", "a": "2"}, kind="row")) == 1
    assert learned_among(learned_text(of(*arrays, kind="sequence")), of(*arrays[1:], kind="sequence")) == 2
    assert learned_among(learned_text(of("one")), of("other")) == 0


def test_a_picture_is_known_under_another_name_and_in_memory(tmp_path):
    picture = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
    picture.save(tmp_path / "a.png")
    shutil.copy(tmp_path / "a.png", tmp_path / "b.png")
    kept = learned_text(of(tmp_path / "a.png", kind="picture"))

    assert learned_among(kept, of(tmp_path / "b.png", kind="picture")) == 1
    assert learned_among(kept, of((tmp_path / "b.png").read_bytes(), kind="picture")) == 1
    assert learned_among(learned_text(of(picture, kind="picture")), of(picture.copy(), kind="picture")) == 1


def test_of_too_many_a_share_is_kept_and_who_is_beyond_it_is_not_known(monkeypatch):
    monkeypatch.setattr(learned, "MOST", 50)
    many = [f"text {n}" for n in range(500)]
    kept = learned_text(of(*many))

    assert len(kept) == 50 * 8
    assert learned_among(kept, of(*many)) == 50
    alone = [learned_among(kept, of(item)) for item in many]
    assert (alone.count(1), alone.count(None)) == (50, 450)


def test_what_is_no_such_text_is_refused():
    for said in ("%", "AAAA"):
        with pytest.raises(ValueError, match=r"."):
            learned_among(said, of("one"))
    assert learned_among("", of("one")) == 0
