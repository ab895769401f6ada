"""Items -> what one look at each of them gives: a hash, a thumbnail, and simple statistics of its file and pixels."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int, Shaped, UInt8
from PIL import Image

from alikely.data.items import open_picture, read_all, stored_as
from alikely.errors import InputError
from alikely.types import Examples, Item

SIDE = 32  # of a thumbnail, in pixels
LARGE_ENOUGH = 256  # a large JPEG is decoded smaller, with sides of at least this many pixels

NUMBERS = (
    "width",
    "height",
    "aspect",
    "bytes_per_pixel",
    "mean_grey",
    "background_grey",
    "border_grey",
    "darkest_pixel",
    "lightest_pixel",
    "contrast",
)
KINDS = ("format", "colour_mode")


@dataclass(frozen=True)
class Measures:
    """What one look at each item gives; row i is item i.

    `digests` are hashes of the bytes, None where there are none. `problems` say why an item cannot be read, None where
    it can. `thumbnails` are grey, the whole picture stretched to a square; all 0 for an item that cannot be read.
    `statistics` are numbers (NaN where an item has none) or texts (empty where it has none), by name:

    width, height (pixels), aspect (width / height), bytes_per_pixel, format, colour_mode: as the file is stored.
    mean_grey, darkest_pixel, lightest_pixel (0 black to 255 white), contrast (their standard deviation).
    background_grey: the most frequent grey. border_grey: the median grey of the outermost pixels.
    """

    digests: tuple[bytes | None, ...]
    problems: tuple[str | None, ...]
    thumbnails: UInt8[np.ndarray, "items side side"]
    statistics: Mapping[str, Shaped[np.ndarray, " items"]]

    @property
    def readable(self) -> Bool[np.ndarray, " items"]:
        """Which items are pictures that can be read."""
        return np.array([problem is None for problem in self.problems], dtype=np.bool_)

    @property
    def empty(self) -> Bool[np.ndarray, " items"]:
        """Which pictures have one colour only."""
        return np.asarray(self.statistics["contrast"] == 0)

    def select(self, keep: Int[np.ndarray, " kept"]) -> "Measures":
        """Those of the items at the positions `keep`, in that order."""
        return Measures(
            digests=tuple(self.digests[place] for place in keep),
            problems=tuple(self.problems[place] for place in keep),
            thumbnails=self.thumbnails[keep],
            statistics={name: values[keep] for name, values in self.statistics.items()},
        )


def measure(examples: Examples, progress: Callable[[int, int], None] | None = None) -> Measures:
    """Look at every item once, in a few threads; only thumbnails stay in memory. Nothing is raised for bad items.

    Of items that are no pictures only the hash is taken.
    """
    look = _look if examples.kind == "picture" else _look_at_content
    found, _ = read_all(examples.items, examples.names, look, progress)
    looks = [look for look in found if look is not None]
    assert len(looks) == len(examples)  # `_look` raises nothing that `read_all` passes over
    rows = [look.statistics for look in looks]
    numbers = {name: np.array([row.get(name, np.nan) for row in rows], dtype=float) for name in NUMBERS}
    kinds = {name: np.array([row.get(name, "") for row in rows], dtype=str) for name in KINDS}
    return Measures(
        digests=tuple(look.digest for look in looks),
        problems=tuple(look.problem for look in looks),
        thumbnails=np.stack([look.thumbnail for look in looks]),
        statistics=numbers | kinds,
    )


@dataclass(frozen=True)
class _Look:
    digest: bytes | None
    problem: str | None
    thumbnail: UInt8[np.ndarray, "side side"]
    statistics: Mapping[str, float | str]


def _look(item: Item) -> _Look:
    digest = None
    try:
        digest = _digest(item)
        picture = open_picture(item, at_least=LARGE_ENOUGH)
        stored = _stored(item, picture)
    except (InputError, OSError) as problem:
        return _Look(digest, str(problem), np.zeros((SIDE, SIDE), np.uint8), {})
    grey = picture.convert("L")
    thumbnail = np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BOX))
    return _Look(digest, None, thumbnail, stored | _light(grey))


def _look_at_content(item: Item) -> _Look:
    return _Look(_digest(item), None, np.zeros((SIDE, SIDE), np.uint8), {})


def _digest(item: Item) -> bytes | None:
    """A hash of a file's bytes, or of the values of what is in memory; None for an empty file."""
    if isinstance(item, Path | str):
        try:
            content, kind = Path(item).read_bytes(), "file"
        except (OSError, ValueError):
            return None
    elif isinstance(item, Image.Image):
        content, kind = open_picture(item).tobytes(), f"picture {item.mode} {item.size}"
    elif isinstance(item, np.ndarray):
        content, kind = item.tobytes(), f"array {item.dtype.str} {item.shape}"
    else:
        content, kind = repr(item).encode(), "row"
    return hashlib.sha256(kind.encode() + b"\0" + content).digest() if content else None


def _stored(item: Item, picture: Image.Image) -> dict[str, float | str]:
    if isinstance(item, Path | str):
        kind, mode, width, height = stored_as(Path(item))
        of_file: dict[str, float | str] = {
            "format": kind,
            "bytes_per_pixel": Path(item).stat().st_size / (width * height),
        }
    else:
        mode, (width, height), of_file = picture.mode, picture.size, {}
    return {"colour_mode": mode, "width": width, "height": height, "aspect": width / height, **of_file}


def _light(grey: Image.Image) -> dict[str, float | str]:
    counts = np.array(grey.histogram())
    levels = np.arange(len(counts))
    mean = counts @ levels / counts.sum()
    there = np.flatnonzero(counts)
    pixels = np.asarray(grey)
    border = np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])
    return {
        "mean_grey": float(mean),
        "background_grey": float(counts.argmax()),
        "border_grey": float(np.median(border)),
        "darkest_pixel": float(there[0]),
        "lightest_pixel": float(there[-1]),
        "contrast": float(np.sqrt(counts @ (levels - mean) ** 2 / counts.sum())),
    }
