"""A binarised picture of a signature -> numbers that describe it: shape, strokes, texture, directions.

Specks (fewer than 12 connected pixels) are taken off, and the rest is cropped to the ink. `describe` gives, by name:

geometry    size, aspect, ink, length of the strokes, ends, crossings, parts, holes, centre, slant, roughness at scales
width       how wide the strokes are (histogram)
texture     local binary patterns of the ink at four radii (Ojala et al. 2002: 58 uniform patterns and the rest)
skeleton    the same of the strokes thinned to one pixel (Zhang and Suen 1984)
directions  of the thinned strokes, in 8 x 4 cells (histograms of oriented gradients: Dalal and Triggs 2005, soft cells)
outline     ink in each column and row; the upper and lower edge
density     ink in 8 x 4 cells
hog         directions of the strokes as they are, in 8 x 4 cells
"""

from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int
from PIL import Image
from scipy import ndimage

SPECK = 12
AROUND = np.ones((3, 3), int)
RADII = (1, 2, 3, 5)
BINS = 8
CELLS = (8, 4)  # across, down
FRAME = (128, 64)  # width, height
COLUMNS = 24
# The eight pixels around one (down, right), from above and clockwise.
CLOCKWISE = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
NORTH, EAST, SOUTH, WEST = 0, 2, 4, 6


def _uniform() -> Int[np.ndarray, " patterns"]:
    """For each of 256 patterns its number, where ink begins and ends at most once around; 58 for all others."""
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
    once = (bits != np.roll(bits, -1, axis=1)).sum(axis=1) <= 2
    return np.where(once, np.cumsum(once) - 1, 58)


UNIFORM = _uniform()


def describe(path: Path) -> dict[str, Float[np.ndarray, " _"]]:
    """The descriptors of a picture with dark ink, by name."""
    ink = cropped(cleaned(np.asarray(Image.open(path).convert("L")) < 128))
    lines = thinned(ink)
    found = {
        "geometry": geometry(ink, lines),
        "width": stroke_widths(ink, lines),
        "texture": patterns(ink),
        "skeleton": patterns(lines),
        "directions": directions(framed(ndimage.binary_dilation(lines), *FRAME)),
        "outline": outline(ink),
        "density": framed(ink, *CELLS).ravel(),
        "hog": directions(framed(ink, *FRAME)),
    }
    return {name: numbers.astype(np.float32) for name, numbers in found.items()}


def cleaned(ink: Bool[np.ndarray, "height width"]) -> Bool[np.ndarray, "height width"]:
    """Without specks; all of it where there is nothing else."""
    parts, _ = ndimage.label(ink, AROUND)
    large = np.bincount(parts.ravel()) >= SPECK
    large[0] = False
    kept: Bool[np.ndarray, "height width"] = large[parts]
    return kept if kept.any() else ink


def cropped(ink: Bool[np.ndarray, "height width"]) -> Bool[np.ndarray, "cropped_height cropped_width"]:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def thinned(ink: Bool[np.ndarray, "height width"]) -> Bool[np.ndarray, "height width"]:
    """Strokes of one pixel: border pixels are taken off from two sides in turn, as long as nothing comes apart."""
    left = np.pad(ink, 1)
    while True:
        before = left.sum()
        for first, second in ((EAST, SOUTH), (NORTH, WEST)):
            around = np.stack([np.roll(left, (-down, -right), (0, 1)) for down, right in CLOCKWISE])
            count = around.sum(axis=0)
            begins = (~around & np.roll(around, -1, axis=0)).sum(axis=0)
            others = around[NORTH if first == EAST else EAST] & around[first] & around[second]
            opposite = around[WEST if first == EAST else SOUTH] & around[first] & around[second]
            left = left & ~((count >= 2) & (count <= 6) & (begins == 1) & ~others & ~opposite)
        if left.sum() == before:
            return left[1:-1, 1:-1]


def geometry(ink: Bool[np.ndarray, "height width"], lines: Bool[np.ndarray, "height width"]) -> Float[np.ndarray, " _"]:
    height, width = ink.shape
    length, grey = max(int(lines.sum()), 1), ink.astype(np.float32)
    widths = ndimage.distance_transform_edt(np.pad(ink, 1))[1:-1, 1:-1][lines]
    meeting = ndimage.convolve(lines.astype(int), AROUND, mode="constant")[lines] - 1
    holes = np.sort(np.bincount(ndimage.label(np.pad(~ink, 1))[0].ravel())[1:])[:-1]
    rows, columns = np.nonzero(ink)
    spread = np.cov(columns / width, rows / height)
    smooth = [ndimage.gaussian_filter(grey, sigma) > 0.5 for sigma in (0.5, 1, 2, 3)]
    edges = [(ink_left & ~ndimage.binary_erosion(ink_left)).sum() for ink_left in smooth]
    strength, angle = gradients(grey, 1.5)
    slants = np.histogram(angle, bins=2 * BINS, range=(0, np.pi), weights=strength)[0]
    sizes = np.log([width, height, width / height, ink.sum(), length, length / width, length / height])
    counts = [(meeting == 1).sum(), (meeting >= 3).sum(), ndimage.label(ink, AROUND)[1], len(holes), holes.sum()]
    numbers = [
        sizes,
        [ink.mean(), widths.mean(), widths.std(), *np.percentile(widths, [10, 50, 90])],
        np.log1p([*counts, holes.max(initial=0)]),
        [columns.mean() / width, rows.mean() / height, spread[0, 0], spread[1, 1], spread[0, 1]],
        np.log1p(edges) - np.log(length),
        [kept.sum() / ink.sum() for kept in smooth[1:]],
        straightness(lines),
        slants / slants.sum(),
    ]
    return np.concatenate(numbers)


def straightness(lines: Bool[np.ndarray, "height width"]) -> Float[np.ndarray, " _"]:
    """How much the lines around each of their points keep to one direction: mean and deviation, at three scales."""
    found = []
    for sigma in (1.5, 3, 6):
        down, right = (ndimage.gaussian_filter(lines.astype(np.float32), sigma, order) for order in ((1, 0), (0, 1)))
        across, along, mixed = (
            ndimage.gaussian_filter(product, sigma)[lines] for product in (right**2, down**2, right * down)
        )
        one_way = np.hypot(across - along, 2 * mixed) / (across + along + 1e-9)
        found += [one_way.mean(), one_way.std()]
    return np.array(found)


def stroke_widths(
    ink: Bool[np.ndarray, "height width"], lines: Bool[np.ndarray, "height width"]
) -> Float[np.ndarray, " _"]:
    widths = ndimage.distance_transform_edt(np.pad(ink, 1))[1:-1, 1:-1][lines]
    return np.sqrt(np.histogram(widths, bins=12, range=(0, 6))[0] / max(len(widths), 1))


def patterns(ink: Bool[np.ndarray, "height width"]) -> Float[np.ndarray, " _"]:
    """For each radius, how often each pattern of eight points around a pixel of ink occurs (square roots of shares)."""
    found = []
    for radius in RADII:
        padded = np.pad(ink, radius)
        code = np.zeros(int(ink.sum()), np.intp)
        for place, angle in enumerate(np.arange(8) * np.pi / 4):
            down, right = round(radius * np.sin(angle)), round(radius * np.cos(angle))
            code += (
                np.roll(padded, (-down, -right), (0, 1))[radius:-radius, radius:-radius][ink].astype(np.intp) << place
            )
        counts = np.bincount(UNIFORM[code], minlength=UNIFORM.max() + 1)
        found.append(np.sqrt(counts / max(len(code), 1)))
    return np.concatenate(found)


def directions(picture: Float[np.ndarray, "height width"]) -> Float[np.ndarray, " _"]:
    """For each cell, how much of its edges runs in each direction (square roots of shares of all)."""
    strength, angle = gradients(picture, 1.0)
    place = angle / np.pi * BINS
    lower = np.floor(place).astype(int)
    upper = place - lower
    height, width = picture.shape[0] / CELLS[1], picture.shape[1] / CELLS[0]
    rows, columns = ((np.arange(count) + 0.5) * size for count, size in ((CELLS[1], height), (CELLS[0], width)))
    found = []
    for direction in range(BINS):
        share = np.where(lower % BINS == direction, 1 - upper, 0) + np.where((lower + 1) % BINS == direction, upper, 0)
        soft = ndimage.gaussian_filter(strength * share, (height / 2, width / 2), mode="constant")
        found.append(soft[np.ix_(rows.astype(int), columns.astype(int))])
    whole = np.stack(found)
    shares: Float[np.ndarray, " _"] = np.sqrt(whole / (whole.sum() + 1e-9)).ravel()
    return shares


def outline(ink: Bool[np.ndarray, "height width"]) -> Float[np.ndarray, " _"]:
    shares = framed(ink, COLUMNS, COLUMNS)
    tall = framed(ink, COLUMNS, FRAME[1]) > 0.15
    inked = tall.any(axis=0)
    upper = np.where(inked, tall.argmax(axis=0), FRAME[1] / 2) / FRAME[1]
    lower = np.where(inked, FRAME[1] - tall[::-1].argmax(axis=0), FRAME[1] / 2) / FRAME[1]
    return np.concatenate([shares.sum(axis=0) / shares.sum(), shares.sum(axis=1) / shares.sum(), upper, lower])


def framed(ink: Bool[np.ndarray, "_ _"], width: int, height: int) -> Float[np.ndarray, "height width"]:
    """The ink stretched to a frame, 0..1."""
    picture = Image.fromarray(ink.astype(np.uint8) * 255)
    filtering = Image.Resampling.BOX if ink.shape[1] >= width else Image.Resampling.BILINEAR
    return np.asarray(picture.resize((width, height), filtering), np.float32) / 255


def gradients(
    picture: Float[np.ndarray, "height width"], sigma: float
) -> tuple[Float[np.ndarray, "height width"], Float[np.ndarray, "height width"]]:
    """Strength, and angle from 0 to pi, of the change of a smoothed picture."""
    down, right = np.gradient(ndimage.gaussian_filter(picture, sigma))
    return np.hypot(right, down), np.arctan2(down, right) % np.pi
