"""Faces compared without learning an encoder: pixels, HOG, LBP + whitened PCA, and the last with identities.

Each gives rows whose cosine distance is the answer. All are our own few lines of numpy.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int, Shaped
from sklearn.decomposition import PCA

from alikely.data.pictures import open_picture
from alikely.types import Examples, Item

CELL = 8  # pixels a side
DIRECTIONS = 9
COMPONENTS = 200
RIDGE = 0.1  # share of the mean variance that is added before the variance within people is divided out


def floors(learned: Examples, asked: Examples) -> dict[str, Float[np.ndarray, "asked dim"]]:
    """For each method the rows of the asked pictures. Only the last two learn, from the learned pictures."""
    assert learned.labels is not None  # people's names
    known, wanted = greys(learned.items), greys(asked.items)
    whitened = PCA(COMPONENTS, whiten=True, svd_solver="randomized", random_state=0).fit(lbp(known))
    seen, rows = whitened.transform(lbp(known)), whitened.transform(lbp(wanted))
    return {
        "pixels": wanted.reshape(len(wanted), -1),
        "HOG": hog(wanted),
        "LBP + whitened PCA": rows.astype(np.float32),
        "LBP + whitened PCA, with identities": (rows @ within_people(seen, learned.labels)).astype(np.float32),
    }


def greys(items: Sequence[Item]) -> Float[np.ndarray, "items height width"]:
    """Grey pixels in 0..1."""
    return np.stack([np.asarray(open_picture(item).convert("L"), np.float32) for item in items]) / 255


def hog(pictures: Float[np.ndarray, "items height width"]) -> Float[np.ndarray, "items dim"]:
    """Histograms of oriented gradients (Dalal and Triggs 2005): cells of 8x8 pixels, blocks of 2x2 cells (L2-hys)."""
    down, across = np.gradient(pictures, axis=(1, 2))
    strength = np.hypot(down, across)
    place = np.arctan2(down, across) % np.pi / np.pi * DIRECTIONS
    lower = np.floor(place)
    # Each pixel votes for the two directions nearest to its own.
    cells = np.stack(
        [
            _sums(
                strength
                * ((lower % DIRECTIONS == i) * (1 - place + lower) + ((lower + 1) % DIRECTIONS == i) * (place - lower))
            )
            for i in range(DIRECTIONS)
        ],
        axis=-1,
    )
    corners = [cells[:, i : cells.shape[1] - 1 + i, j : cells.shape[2] - 1 + j] for i in (0, 1) for j in (0, 1)]
    blocks = _length_one(np.concatenate(corners, axis=-1))
    rows: Float[np.ndarray, "items dim"] = _length_one(blocks.clip(max=0.2)).reshape(len(pictures), -1)
    return rows.astype(np.float32)


def lbp(pictures: Float[np.ndarray, "items height width"]) -> Float[np.ndarray, "items dim"]:
    """Roots of histograms of uniform local binary patterns (Ahonen et al. 2006), 8 neighbours, cells of 8x8 pixels."""
    padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1)), mode="edge")
    height, width = pictures.shape[1:]
    around = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]
    code = np.zeros(pictures.shape, np.uint8)
    for bit, (y, x) in enumerate(around):
        code |= (padded[:, y : y + height, x : x + width] >= pictures).astype(np.uint8) << bit
    bins = _uniform()
    count = int(bins.max()) + 1
    down, across = height // CELL, width // CELL
    cell = np.arange(height)[:, None] // CELL * across + np.arange(width) // CELL
    size = down * across * count
    rows = [np.bincount((cell * count + bins[picture]).ravel(), minlength=size) for picture in code]
    return np.sqrt(np.stack(rows)).astype(np.float32)


def within_people(
    rows: Float[np.ndarray, "items dim"], people: Shaped[np.ndarray, " items"]
) -> Float[np.ndarray, "dim dim"]:
    """What divides out the variance within people (WCCN, Hatch et al. 2006); people with one picture tell nothing."""
    numbers, counts = np.unique(people, return_inverse=True, return_counts=True)[1:]
    means = np.zeros((len(counts), rows.shape[1]))
    np.add.at(means, numbers, rows)
    means /= counts[:, None]
    several = counts[numbers] > 1
    away = (rows - means[numbers])[several]
    # Each person counts alike, however many pictures there are.
    away /= np.sqrt(counts[numbers][several] - 1)[:, None]
    within = away.T @ away / (counts > 1).sum()
    within += RIDGE * np.trace(within) / len(within) * np.eye(len(within))
    inverse: Float[np.ndarray, "dim dim"] = np.linalg.cholesky(np.linalg.inv(within))
    return inverse


def _uniform() -> Int[np.ndarray, " 256"]:
    """The bin of each pattern: each of the 58 with at most two changes around the circle its own, all others one."""
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    uniform = (bits != np.roll(bits, 1, axis=1)).sum(axis=1) <= 2
    return np.where(uniform, np.cumsum(uniform) - 1, int(uniform.sum()))


def _sums(maps: Float[np.ndarray, "items height width"]) -> Float[np.ndarray, "items down across"]:
    """Sums over cells."""
    down, across = maps.shape[1] // CELL, maps.shape[2] // CELL
    whole = maps[:, : down * CELL, : across * CELL]
    sums: Float[np.ndarray, "items down across"] = whole.reshape(len(maps), down, CELL, across, CELL).sum(axis=(2, 4))
    return sums


def _length_one(rows: np.ndarray) -> np.ndarray:
    scaled: np.ndarray = rows / (np.linalg.norm(rows, axis=-1, keepdims=True) + 1e-6)
    return scaled
