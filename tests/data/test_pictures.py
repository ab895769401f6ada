"""Every kind of picture opens to known pixels; everything else is an error that names the file."""

import warnings

import numpy as np
import pytest
from PIL import Image

from alikely.data import pictures
from alikely.data.items import read_all
from alikely.data.pictures import PICTURE_ENDINGS, open_picture
from alikely.errors import InputError
from tests.data.saved_pictures import GREY, pixels, saved

COLOUR = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [10, 20, 30]]], np.uint8)
# Flat areas of 16 pixels, so that a lossy format keeps them.
PATCHES = np.kron(np.array([[20, 120], [200, 250]], np.uint8), np.ones((16, 16), np.uint8))


@pytest.mark.parametrize("ending", ["png", "bmp", "tif", "gif", "tiff"])
def test_lossless_grey(tmp_path, ending):
    path = saved(tmp_path, f"a.{ending}", Image.fromarray(GREY))
    assert open_picture(path).mode == "L"
    assert np.array_equal(pixels(path), GREY)


@pytest.mark.parametrize("ending", ["png", "bmp", "tif", "webp"])
def test_lossless_colour(tmp_path, ending):
    options = {"lossless": True} if ending == "webp" else {}
    path = saved(tmp_path, f"a.{ending}", Image.fromarray(COLOUR), **options)
    assert open_picture(path).mode == "RGB"
    assert np.array_equal(pixels(path), COLOUR)


@pytest.mark.parametrize(("ending", "mode"), [("jpg", "L"), ("jpg", "RGB"), ("webp", "RGB")])
def test_lossy(tmp_path, ending, mode):
    path = saved(tmp_path, f"a.{ending}", Image.fromarray(PATCHES).convert(mode), quality=95)
    assert open_picture(path).mode == mode
    found = np.asarray(open_picture(path).convert("L")).astype(int)
    assert np.abs(found - PATCHES).max() <= 3


def test_the_content_counts_and_not_the_ending(tmp_path):
    saved(tmp_path, "a.png", Image.fromarray(GREY)).rename(tmp_path / "a.jpg")
    assert np.array_equal(pixels(tmp_path / "a.jpg"), GREY)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate"])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bits_are_scaled(tmp_path, ending, compression):
    deep = np.array([[0, 255, 257], [32768, 65000, 65535]], np.uint16)
    path = saved(
        tmp_path, f"a.{ending}", Image.fromarray(deep), **({"compression": compression} if ending == "tif" else {})
    )
    # The nearest of v / 257.
    assert pixels(path).tolist() == [[0, 1, 1], [128, 253, 255]]


def test_bytes_are_read_as_the_file_that_holds_them(tmp_path):
    large = np.kron(PATCHES, np.ones((8, 8), np.uint8))
    path = saved(tmp_path, "a.jpg", Image.fromarray(large))

    for options in ({}, {"at_least": 32}):
        assert np.array_equal(pixels(path.read_bytes(), **options), pixels(path, **options))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the picture: is empty"),
        (b"%PDF-1.7", "the picture: is a PDF file"),
        (b"\x89PNG\r\n", "the picture: begins as PNG but is damaged"),
        (b"no picture at all", "the picture: is not a picture that can be read"),
    ],
)
def test_bytes_that_are_no_picture(content, message):
    with pytest.raises(InputError, match=message):
        open_picture(content)


def test_sixteen_bits_big_endian(tmp_path):
    deep = np.array([[0, 257, 65535]], ">u2")
    picture = Image.frombytes("I;16B", (3, 1), deep.tobytes())
    assert pixels(picture).tolist() == [[0, 1, 255]]
    assert pixels(saved(tmp_path, "a.tif", picture)).tolist() == [[0, 1, 255]]


def test_whole_numbers_of_32_bits():
    assert pixels(Image.fromarray(np.array([[0, 257, 65535]], np.int32))).tolist() == [[0, 1, 255]]
    with pytest.raises(InputError, match=r"not 0\.\.65535"):
        open_picture(Image.fromarray(np.array([[0, 65536]], np.int32)))


def test_numbers_with_a_point(tmp_path):
    picture = Image.fromarray(np.array([[0, 0.5, 1]], np.float32))
    assert pixels(picture).tolist() == [[0, 128, 255]]
    assert pixels(saved(tmp_path, "a.tif", picture)).tolist() == [[0, 128, 255]]
    with pytest.raises(InputError, match=r"0\.\.1"):
        open_picture(Image.fromarray(np.array([[0, 255]], np.float32)))


@pytest.mark.parametrize("ending", ["png", "tif", "bmp"])
def test_one_bit(tmp_path, ending):
    path = saved(tmp_path, f"a.{ending}", Image.fromarray(np.array([[True, False, True]])))
    assert open_picture(path).mode == "L"
    assert pixels(path).tolist() == [[255, 0, 255]]


def test_palette(tmp_path):
    picture = Image.new("P", (3, 1))
    picture.putpalette([255, 0, 0, 0, 255, 0, 7, 8, 9])
    picture.putdata([0, 1, 2])
    for name in ("a.png", "a.gif", "a.bmp", "a.tif"):
        path = saved(tmp_path, name, picture)
        assert pixels(path).tolist() == [[[255, 0, 0], [0, 255, 0], [7, 8, 9]]], name


def test_a_palette_of_greys_is_grey(tmp_path):
    picture = Image.new("P", (3, 1))
    picture.putpalette([200, 200, 200, 5, 5, 5, 9, 9, 9])
    picture.putdata([0, 1, 2])
    assert pixels(saved(tmp_path, "a.png", picture)).tolist() == [[200, 5, 9]]


@pytest.mark.parametrize("transparency", [1, bytes([255, 0, 255])])
def test_a_transparent_colour_of_a_palette_is_white(tmp_path, transparency):
    picture = Image.new("P", (3, 1))
    picture.putpalette([255, 0, 0, 0, 255, 0, 7, 8, 9])
    picture.putdata([0, 1, 2])
    path = saved(tmp_path, "a.png", picture, transparency=transparency)
    assert pixels(path).tolist() == [[[255, 0, 0], [255, 255, 255], [7, 8, 9]]]


def test_a_transparent_grey_is_white(tmp_path):
    path = saved(tmp_path, "a.png", Image.fromarray(GREY), transparency=0)
    assert pixels(path).tolist() == [[255, 100, 255], [30, 60, 90]]


@pytest.mark.parametrize("ending", ["png", "tif", "webp"])
def test_alpha_lies_on_white(tmp_path, ending):
    values = np.array([[[255, 0, 0, 255], [255, 0, 0, 0], [0, 0, 0, 51]]], np.uint8)
    options = {"lossless": True, "exact": True} if ending == "webp" else {}
    path = saved(tmp_path, f"a.{ending}", Image.fromarray(values), **options)
    # 51 / 255 = 0.2 of black over white: 204.
    expected = [[[255, 0, 0], [255, 255, 255], [204, 204, 204]]]
    assert pixels(path).tolist() == expected
    assert pixels(values).tolist() == expected


def test_grey_with_alpha_stays_grey(tmp_path):
    picture = Image.merge("LA", [Image.fromarray(GREY), Image.fromarray(np.full_like(GREY, 51))])
    path = saved(tmp_path, "a.png", picture)
    # 255 - 0.2 * (255 - v)
    assert pixels(path).tolist() == [[204, 224, 255], [210, 216, 222]]


@pytest.mark.parametrize("ending", ["jpg", "tif"])
def test_cmyk(tmp_path, ending):
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    found = pixels(saved(tmp_path, f"a.{ending}", cyan)).astype(int)
    assert found.shape == (16, 16, 3)
    assert np.abs(found - [0, 255, 255]).max() <= 2


def test_colours_that_pillow_cannot_turn_into_rgb(monkeypatch):
    picture = Image.new("HSV", (2, 2))

    def refuse(self, mode):
        raise ValueError("conversion not supported")

    monkeypatch.setattr(Image.Image, "convert", refuse)
    with pytest.raises(InputError, match="kind HSV"):
        open_picture(picture)


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, [[1, 2], [3, 4]]),
        (2, [[2, 1], [4, 3]]),
        (3, [[4, 3], [2, 1]]),
        (4, [[3, 4], [1, 2]]),
        (5, [[1, 3], [2, 4]]),
        (6, [[3, 1], [4, 2]]),
        (7, [[4, 2], [3, 1]]),
        (8, [[2, 4], [1, 3]]),
        (99, [[1, 2], [3, 4]]),
    ],
)
@pytest.mark.parametrize("ending", ["png", "tif", "jpg", "webp"])
def test_exif_rotation(tmp_path, ending, orientation, expected):
    exif = Image.Exif()
    exif[0x0112] = orientation
    patches = np.kron(np.array([[1, 2], [3, 4]], np.uint8) * np.uint8(50), np.ones((16, 16), np.uint8))
    path = saved(tmp_path, f"a.{ending}", Image.fromarray(patches), exif=exif)
    found = np.asarray(open_picture(path).convert("L"))[8::16, 8::16]
    assert np.rint(found / 50).astype(int).tolist() == expected


def test_exif_that_is_broken_costs_nothing(tmp_path):
    path = saved(tmp_path, "a.jpg", Image.fromarray(PATCHES), exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x00broken")
    assert pixels(path).shape == PATCHES.shape


@pytest.mark.parametrize("ending", ["gif", "png", "webp", "tif"])
def test_first_frame(tmp_path, ending):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("#ff0000", "#00ff00")]
    options = {"lossless": True} if ending == "webp" else {}
    path = saved(tmp_path, f"a.{ending}", frames[0], save_all=True, append_images=frames[1:], **options)
    with Image.open(path) as opened:
        assert opened.n_frames == 2
    assert (pixels(path) == [255, 0, 0]).all()


def test_a_large_jpeg_is_decoded_no_larger_than_needed(tmp_path):
    path = saved(tmp_path, "a.jpg", Image.new("RGB", (1600, 800), "#808080"))
    assert open_picture(path, at_least=100).size == (200, 100)
    assert open_picture(path, at_least=101).size == (400, 200)
    assert open_picture(path, at_least=2000).size == (1600, 800)
    assert open_picture(path).size == (1600, 800)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (GREY, GREY.tolist()),
        (GREY[:, :, None], GREY.tolist()),
        (GREY[:, ::-1], GREY[:, ::-1].tolist()),
        (COLOUR, COLOUR.tolist()),
        (np.array([[0, 32768, 65535]], np.uint16), [[0, 128, 255]]),
        (np.array([[0, 32768, 65535]], ">u2"), [[0, 128, 255]]),
        (np.array([[True, False]]), [[255, 0]]),
        (np.array([[0, 0.25, 1]], np.float64), [[0, 64, 255]]),
        (np.array([[0, 0.25, 1]], np.float16), [[0, 64, 255]]),
        (np.zeros((1, 1, 4)), [[[255, 255, 255]]]),
    ],
)
def test_arrays(values, expected):
    assert pixels(values).tolist() == expected


def test_what_is_given_is_not_changed():
    values = GREY.copy()
    open_picture(values).paste(7, (0, 0, 3, 2))
    assert np.array_equal(values, GREY)
    picture = Image.new("LA", (2, 2), (0, 0))
    open_picture(picture)
    assert picture.mode == "LA"


def test_no_warning_of_pillow_leaks(tmp_path):
    # A TIFF whose tag points behind the end of the file makes Pillow warn.
    picture = Image.fromarray(GREY)
    path = saved(tmp_path, "a.tif", picture, tiffinfo={305: "software" * 4})
    data = bytearray(path.read_bytes())
    place = data.index((305).to_bytes(2, "little"))
    data[place + 8 : place + 12] = (10**6).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with Image.open(path) as opened:
            opened.load()
        assert caught
        del caught[:]
        assert np.array_equal(pixels(path), GREY)
        assert not caught
        warnings.warn("the user's own are heard as before", stacklevel=1)
        assert len(caught) == 1


def test_endings_are_in_small_letters():
    assert all(ending == ending.lower() and ending.startswith(".") for ending in PICTURE_ENDINGS)


def test_threads_leave_the_warnings_as_they_were(tmp_path):
    path = saved(tmp_path, "a.png", Image.fromarray(GREY))
    before = list(warnings.filters)
    read_all([path] * 300, ["a"] * 300, open_picture)
    assert list(warnings.filters) == before
    assert pictures.QUIET._readers == 0
