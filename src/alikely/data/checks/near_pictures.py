"""Thumbnails of pictures -> which of them look like copies of each other: the same picture, but saved anew.

Saved again, smaller or larger, a little lighter or darker. Not found: cut, turned or mirrored copies.
"""

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8
from scipy.ndimage import convolve1d

from alikely.data.checks.measures import Measures
from alikely.data.checks.pictures import SIDE

# The distance (0 to 2) between two thumbnails, smoothed and brought to mean 0 and length 1, up to which they count as
# one picture: `python -m benchmarks.checks` shows what that finds, and what it takes for a copy wrongly.
NEAR = 0.17

# Where even different pictures are alike, as those of one machine part by a fixed camera, copies must be nearer still:
# nearer than this share of the distance that only so many of the pairs of different items are within.
SHARE = 0.25
MOST_ALIKE = 0.05
FEWEST_PAIRS = 1000  # to judge that by; with fewer, copies would be a large part of them
MOST_PAIRS = 20_000

# A thumbnail with a smaller deviation (of 255) holds little but noise.
FLAT = 2.0

AT_ONCE = 1024  # rows of a table of distances
COARSE = 4  # pixels of a thumbnail that its coarse form joins, each way

ROUNDING = 1e-5  # of a square of a distance in single precision


def near_copies(measures: Measures, marks: Int[np.ndarray, "items kinds"]) -> list[tuple[int, int]]:
    """Pairs of items with some mark apart that are nearly the same but not byte for byte, the nearest first."""
    places = _told_apart(measures)
    units, apart = _units(measures.thumbnails[places]), marks[places]
    side = SIDE // COARSE
    # Lengths along these 64 directions, at right angles to each other, are never more than the whole distance.
    coarse = units.reshape(len(units), side, COARSE, side, COARSE).sum(axis=(2, 4)).reshape(len(units), side * side)
    coarse /= COARSE
    lengths = np.square(coarse).sum(axis=1)
    limit = _limit(_some_distances(units, apart))
    found: list[tuple[float, int, int]] = []
    for start in range(0, len(places), AT_ONCE):
        rows = coarse[start : start + AT_ONCE]
        squares = lengths[start : start + AT_ONCE, None] + lengths[start:] - 2 * (rows @ coarse[start:].T)
        left, right = np.nonzero(squares <= limit**2 + ROUNDING)
        ahead = left < right
        left, right = left[ahead] + start, right[ahead] + start
        different = (apart[left] != apart[right]).any(axis=1)
        left, right = left[different], right[different]
        distances = _distances(units, left, right)
        close = distances <= limit
        found += zip(distances[close].tolist(), left[close].tolist(), right[close].tolist(), strict=True)
    pairs: dict[tuple[bytes | None, bytes | None], tuple[int, int]] = {}
    for _, one, other in sorted(found):
        ends = (int(places[one]), int(places[other]))
        digests = (measures.digests[ends[0]], measures.digests[ends[1]])
        if digests[0] != digests[1]:
            pairs.setdefault(digests, ends)
    return list(pairs.values())


def are_near_copies(
    measures: Measures, left: Int[np.ndarray, " pairs"], right: Int[np.ndarray, " pairs"]
) -> Bool[np.ndarray, " pairs"]:
    """Whether the two items of each pair, said to be different, are nearly the same."""
    told = np.zeros(len(measures.digests), dtype=bool)
    told[_told_apart(measures)] = True
    near: Bool[np.ndarray, " pairs"] = told[left] & told[right]
    rows = np.flatnonzero(near)
    used, numbers = np.unique(np.concatenate([left[rows], right[rows]]), return_inverse=True)
    distances = _distances(_units(measures.thumbnails[used]), numbers[: len(rows)], numbers[len(rows) :])
    near[rows] = distances <= _limit(distances)
    return near


def _limit(different: Float[np.ndarray, " pairs"]) -> float:
    """The distance up to which pictures count as copies, by distances between pictures that should not be."""
    if len(different) < FEWEST_PAIRS:
        return NEAR
    return min(NEAR, SHARE * float(np.quantile(different, MOST_ALIKE)))


def _some_distances(
    units: Float[np.ndarray, "items pixels"], apart: Int[np.ndarray, "items kinds"]
) -> Float[np.ndarray, " pairs"]:
    """Distances of items with some mark apart, drawn evenly: about as many as there are, at most MOST_PAIRS."""
    count = len(units)
    rng = np.random.default_rng(0)
    left, right = rng.integers(0, max(count, 1), (2, min(MOST_PAIRS, count * (count - 1) // 2)))
    different = (apart[left] != apart[right]).any(axis=1)
    return _distances(units, left[different], right[different])


def _told_apart(measures: Measures) -> Int[np.ndarray, " places"]:
    """The places of the pictures with enough in them to be told apart."""
    return np.flatnonzero(measures.readable & (measures.thumbnails.std(axis=(1, 2)) >= FLAT))


def _units(thumbnails: UInt8[np.ndarray, "items side side"]) -> Float[np.ndarray, "items pixels"]:
    """Thumbnails smoothed, with mean 0 and length 1: brighter, darker and flatter copies become one."""
    smooth = thumbnails.astype(np.float32)
    for axis in (1, 2):
        smooth = convolve1d(smooth, np.array([1, 2, 1], np.float32) / 4, axis=axis, mode="nearest")
    rows = smooth.reshape(len(smooth), SIDE * SIDE)
    rows = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def _distances(
    units: Float[np.ndarray, "items pixels"], left: Int[np.ndarray, " pairs"], right: Int[np.ndarray, " pairs"]
) -> Float[np.ndarray, " pairs"]:
    blocks = [
        np.linalg.norm(units[left[start : start + AT_ONCE]] - units[right[start : start + AT_ONCE]], axis=1)
        for start in range(0, len(left), AT_ONCE)
    ]
    return np.concatenate([np.zeros(0, np.float32), *blocks])
