"""What is no picture, or is damaged, is an error that names the file, and leaves no trace."""

import os
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alikely.data.pictures import open_picture
from alikely.errors import InputError
from tests.data.saved_pictures import GREY, content, pixels, saved


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (np.array([[0, np.nan]]), "not finite"),
        (np.array([[0, np.inf]]), "not finite"),
        (np.array([[0, 1.5]]), r"0\.\.1"),
        (np.array([[-0.1, 1.0]]), r"0\.\.1"),
        (np.array([[0, 255]]), "type int64"),
        (np.array([["a"]]), "type <U1"),
        (np.zeros(4, np.uint8), "shape"),
        (np.zeros((), np.uint8), "shape"),
        (np.zeros((2, 2, 2), np.uint8), "shape"),
        (np.zeros((2, 2, 3, 1), np.uint8), "shape"),
        (np.zeros((0, 2), np.uint8), "no pixels"),
        (np.zeros((0, 2)), "no pixels"),
    ],
)
def test_arrays_that_are_no_pictures(values, problem):
    with pytest.raises(InputError, match=problem):
        open_picture(values)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "zero bytes"),
        (b"this is a letter to my aunt", "not a picture"),
        (b"\x00" * 1000, "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(/etc/passwd) run\n", "EPS"),
        (b"\x00\x00\x00\x18ftypheic" + b"\x00" * 40, "HEIC"),
        (b"P6 1 1 255 abc", "not a picture"),
        (b"\x89PNG\r\n\x1a\n", "begins as PNG"),
        (b"\xff\xd8\xff", "begins as JPEG"),
    ],
)
def test_files_that_are_no_pictures(tmp_path, data, problem):
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with pytest.raises(InputError, match=problem) as raised:
        open_picture(path)
    assert str(raised.value).startswith(f"{path}: ")


@pytest.mark.parametrize("ending", ["png", "jpeg", "gif", "bmp", "webp", "tiff"])
def test_files_cut_short(tmp_path, ending):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    data = content(noise, ending)
    path = tmp_path / f"a.{ending}"
    for share in (0.5, 0.9):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(InputError, match="cut short"):
            open_picture(path)


def test_a_decompression_bomb_is_told_before_it_is_decoded(tmp_path):
    path = tmp_path / "bomb.png"
    data = content(Image.new("1", (1, 1)), "png")
    for side in (10_001, 12_000, 60_000):  # below, within and above Pillow's own warning and error
        head = b"IHDR" + side.to_bytes(4, "big") * 2 + data[24:29]
        path.write_bytes(data[:12] + head + zlib.crc32(head).to_bytes(4, "big") + data[33:])
        with pytest.raises(InputError, match="million pixels"):
            open_picture(path)


def test_a_limit_of_the_users_own_is_an_error_of_ours_too(tmp_path, monkeypatch):
    path = saved(tmp_path, "a.png", Image.new("L", (100, 100)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(InputError, match="pixels"):
        open_picture(path)


def test_paths_that_are_no_files(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        open_picture(tmp_path)
    with pytest.raises(InputError, match="is not there"):
        open_picture(tmp_path / "none.png")
    saved(tmp_path, "a.png", Image.fromarray(GREY))
    with pytest.raises(InputError, match="is not there"):
        open_picture(tmp_path / "a.png" / "b.png")
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(InputError, match="plain file"):
        open_picture(tmp_path / "pipe.png")


def test_no_right_to_read(tmp_path, monkeypatch):
    path = saved(tmp_path, "a.png", Image.fromarray(GREY))

    def refuse(self, *_):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match="Permission denied"):
        open_picture(path)


def test_pictures_without_a_file():
    assert np.array_equal(pixels(Image.fromarray(GREY)), GREY)
    with pytest.raises(InputError, match="no pixels"):
        open_picture(Image.new("L", (0, 3)))


def test_a_picture_whose_file_was_closed(tmp_path):
    with Image.open(saved(tmp_path, "a.png", Image.fromarray(GREY))) as picture:
        pass
    with pytest.raises(InputError, match=r"a\.png: "):
        open_picture(picture)
