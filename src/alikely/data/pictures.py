"""One picture, however the user has it -> an 8-bit grey or RGB picture; or an error that names it and says why."""

import stat
import threading
import warnings
from io import BufferedReader, BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import Shaped, UInt8
from PIL import Image, ImageFile

from alikely.data.items import name_of
from alikely.errors import InputError
from alikely.types import Item

# Every format that is read. Formats that Pillow hands to other programs (EPS to Ghostscript) are not among them.
PICTURE_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF")
PICTURE_ENDINGS = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff"})

# A picture with more pixels than this (300 MB as RGB) is taken for a decompression bomb and not decoded.
MOST_PIXELS = 100_000_000


_FORMATS_IN_WORDS = "JPEG, PNG, GIF, BMP, WebP or TIFF"

# What a file that is not read most often is, by its first bytes: (position, bytes, name).
_OTHER_FORMATS = (
    (0, b"%!PS", "an EPS or PostScript file"),
    (0, b"\xc5\xd0\xd3\xc6", "an EPS file"),
    (0, b"%PDF", "a PDF file"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"<svg", "an SVG file"),
    (4, b"ftyp", "a HEIC or AVIF picture, or a film"),
)
_OUR_FORMATS = (
    (0, b"\xff\xd8", "JPEG"),
    (0, b"\x89PNG", "PNG"),
    (0, b"GIF8", "GIF"),
    (0, b"BM", "BMP"),
    (8, b"WEBP", "WebP"),
    (0, b"II*\x00", "TIFF"),
    (0, b"MM\x00*", "TIFF"),
)

_EXIF_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class _Quiet:
    """Keeps Pillow's own warnings in while any thread reads a picture; what matters becomes an error of ours.

    Whoever reads many pictures, one by one, may hold it all the while: that saves a tenth of reading a small one.

    `warnings.catch_warnings` alone is not made for threads: here the first one in sets the filter, the last one out
    takes it away.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers = 0
        self._caught = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if self._readers == 0:
                self._caught = warnings.catch_warnings()
                self._caught.__enter__()
                warnings.filterwarnings("ignore", module=r"PIL\.")
            self._readers += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._readers -= 1
            if self._readers == 0:
                self._caught.__exit__(None, None, None)


QUIET = _Quiet()


def open_picture(item: Item, *, at_least: int | None = None, most_pixels: int = MOST_PIXELS) -> Image.Image:
    """Open and check one picture. The result has the mode "L" (grey) or "RGB", 8 bits a channel, the right way up.

    - Files, and the bytes of files: JPEG, PNG, GIF, BMP, WebP, TIFF, told by their content, not by their name. Of
      several frames the first.
    - Grey stays grey; a palette of greys becomes grey. What is transparent lies on white. EXIF rotation is applied.
    - 16 bits are scaled to 8. Whole numbers of 32 bits (mode "I") are taken as 0..65535, as 16-bit files are
      sometimes opened; numbers with a point (mode "F") as 0..1.
    - Arrays: (height width) or (height width channels) with 1, 3 or 4 channels; uint8, uint16, bool, or float in 0..1.

    `at_least`, in pixels: a large JPEG may be decoded smaller (by 2, 4 or 8), with both sides still at least this long.
    `most_pixels`: one with more is not decoded.

    Raises InputError, which names the item, for anything that is no such picture. Runs no other program.
    """
    try:
        if isinstance(item, np.ndarray):
            return _from_values(item)
        with QUIET:
            if isinstance(item, Path | str):
                _check_file(Path(item))
                with Path(item).open("rb") as file:
                    return _decoded(_identified(file), at_least, most_pixels)
            if isinstance(item, bytes):
                if not item:
                    raise _Unusable("is empty (zero bytes); send it again")
                return _decoded(_identified(BytesIO(item)), at_least, most_pixels)
            if not isinstance(item, Image.Image):
                raise InputError(f"{item!r} is no picture; give a path, a Pillow picture or a NumPy array")
            return _decoded(item, None, most_pixels)
    except _Unusable as problem:
        raise InputError(f"{name_of(item)}: {problem}") from None
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise InputError(f"{name_of(item)}: cannot be opened ({reason}); check that it may be read") from problem


def stored_as(path: Path) -> tuple[str, str, int, int]:
    """How a picture file, which `open_picture` can open, is stored: format, colour mode, width and height in pixels."""
    with QUIET, path.open("rb") as file, Image.open(file, formats=PICTURE_FORMATS) as picture:
        return str(picture.format), picture.mode, picture.width, picture.height


def pixels_of(content: bytes) -> int | None:
    """How many pixels the bytes of a picture file say that it has, by its head; None where that cannot be told."""
    try:
        with QUIET, Image.open(BytesIO(content), formats=PICTURE_FORMATS) as picture:
            return picture.width * picture.height
    except Image.DecompressionBombError:
        return MOST_PIXELS + 1
    except Exception:  # what is wrong with it is told where it is read
        return None


class _Unusable(Exception):
    """What is wrong with the picture and what to do, without its name."""


def _too_large(most: int) -> _Unusable:
    return _Unusable(f"has more than {most / 1e6:g} million pixels (a decompression bomb?); make it smaller")


def _check_file(path: Path) -> None:
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise _Unusable("is not there; check the path") from None
    if stat.S_ISDIR(status.st_mode):
        raise _Unusable("is a folder, not a picture; name a file in it")
    if not stat.S_ISREG(status.st_mode):
        raise _Unusable("is not a plain file; give a picture file")
    if status.st_size == 0:
        raise _Unusable("is empty (zero bytes); copy it again or remove it")


def _identified(file: BufferedReader | BytesIO) -> Image.Image:
    """The opened picture, of which only the head has been read."""
    try:
        return Image.open(file, formats=PICTURE_FORMATS)
    except Image.DecompressionBombError:
        raise _too_large(MOST_PIXELS) from None
    # A damaged file can make Pillow raise nearly anything; a disk that fails is told by its number.
    except Exception as problem:
        if isinstance(problem, OSError) and problem.errno is not None:
            raise
    file.seek(0)
    start = file.read(16)
    for place, begin, name in _OTHER_FORMATS:
        if start[place:].startswith(begin):
            raise _Unusable(f"is {name}, which is not read; save it as PNG or JPEG")
    for place, begin, name in _OUR_FORMATS:
        if start[place:].startswith(begin):
            raise _Unusable(f"begins as {name} but is damaged or cut short; copy it again or remove it")
    raise _Unusable(f"is not a picture that can be read; give a {_FORMATS_IN_WORDS} file")


def _decoded(picture: Image.Image, at_least: int | None, most_pixels: int) -> Image.Image:
    """The pixels of an opened picture, in 8 bits, on white, the right way up."""
    # The size stands in the head of the file: a bomb is told before its pixels take any memory.
    if picture.width * picture.height > most_pixels:
        raise _too_large(most_pixels)
    if 0 in picture.size:
        raise _Unusable("has no pixels; remove it")
    if at_least is not None and isinstance(picture, ImageFile.ImageFile):
        picture.draft(None, (at_least, at_least))
    try:
        picture.load()
        turn = _TURNS.get(_orientation(picture))
    except MemoryError:
        raise _Unusable("does not fit in memory; make it smaller") from None
    except Exception as problem:
        if isinstance(problem, OSError) and problem.errno is not None:
            raise
        raise _Unusable(f"is damaged or cut short ({problem}); copy it again or remove it") from problem
    try:
        picture = _in_eight_bits(picture)
    except ValueError:
        raise _Unusable(f"has colours of the kind {picture.mode}, which is not read; save it as RGB") from None
    return picture if turn is None else picture.transpose(turn)


def _orientation(picture: Image.Image) -> int:
    try:
        orientation = picture.getexif().get(_EXIF_ORIENTATION)
    # EXIF is a side note: what is broken in it must not cost the picture.
    except Exception:
        return 1
    return orientation if isinstance(orientation, int) else 1


def _in_eight_bits(picture: Image.Image) -> Image.Image:
    if picture.mode in ("L", "RGB") and "transparency" not in picture.info:
        return picture
    if picture.mode == "I" or picture.mode == "F" or picture.mode.startswith("I;16"):
        values = np.asarray(picture)
        if picture.mode == "I":
            if values.min() < 0 or values.max() > 65535:
                raise _Unusable(f"has values {values.min()}..{values.max()}, not 0..65535; save it with 8 or 16 bits")
            values = values.astype(np.uint16)
        return Image.fromarray(_eight_bits(values))
    if picture.mode in ("LA", "La"):
        return _on_white(picture.convert("LA"), "L")
    grey = picture.mode == "1"
    if picture.mode in ("P", "PA"):
        colours = np.asarray(picture.getpalette("RGB")).reshape(-1, 3)
        grey = bool((colours == colours[:, :1]).all())
    mode = "L" if grey or picture.mode == "L" else "RGB"
    if picture.has_transparency_data:
        return _on_white(picture.convert("RGBA"), mode)
    return picture.convert("RGB").convert(mode)


def _on_white(picture: Image.Image, mode: str) -> Image.Image:
    """What shows when a picture with an alpha channel lies on white paper."""
    white = Image.new(mode, picture.size, "white")
    white.paste(picture.convert("RGB").convert(mode), mask=picture.getchannel("A"))
    return white


def _from_values(values: Shaped[np.ndarray, "..."]) -> Image.Image:
    channels = values.shape[2:]
    if values.ndim not in (2, 3) or channels not in ((), (1,), (3,), (4,)):
        raise _Unusable(
            f"has the shape {values.shape}; wanted is (height width) or (height width channels) with 1, 3 or 4 channels"
        )
    if 0 in values.shape:
        raise _Unusable(f"has no pixels (shape {values.shape}); remove it")
    shaped = values[:, :, 0] if channels == (1,) else values
    return _in_eight_bits(Image.fromarray(_eight_bits(shaped)))


def _eight_bits(values: Shaped[np.ndarray, "..."]) -> UInt8[np.ndarray, "..."]:
    """Values of any allowed type -> 0..255, rounded to the nearest."""
    kind, size = values.dtype.kind, values.dtype.itemsize
    if kind == "u" and size == 1:
        return np.ascontiguousarray(values)
    if kind == "u" and size == 2:
        return ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    if kind == "b":
        return values.astype(np.uint8) * np.uint8(255)
    if kind != "f":
        raise _Unusable(f"is of type {values.dtype}; wanted is uint8 or uint16, bool, or float in 0..1")
    if not np.isfinite(values).all():
        raise _Unusable("holds values that are not finite (NaN or infinity); replace them")
    if values.min() < 0 or values.max() > 1:
        raise _Unusable(
            f"has values {values.min():g}..{values.max():g}; numbers with a point must lie in 0..1: "
            "divide by the largest value possible, or turn them into uint8"
        )
    return np.rint(values.astype(np.float64) * 255).astype(np.uint8)
