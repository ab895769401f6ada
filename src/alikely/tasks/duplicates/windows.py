"""Pictures in; thumbnails, how these look through windows, and a distance that overlooks cuts and mirrors, out.

A picture that was cut is what another picture shows through a window. So each picture is described whole and through
windows over it, and the distance of two is the smallest between either one whole and the other through any window, as
it is or mirrored. Brightness and contrast are taken away, and little of the detail is left: saving anew and resizing
change nearly nothing. Nothing is learned.

Every number is the mean over an area, pixels on its border counted by their share: so a mirrored picture gives
mirrored numbers, and one at another size nearly the same.
"""

from itertools import product

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from alikely.data.checks.pictures import SIDE

GRID = 10  # each view is brought to so many cells each way
SCALES = (0.95, 0.9, 0.8)  # sides of the windows, as shares of the picture's
PLACES = (0.0, 0.5, 1.0)  # where they lie, each way: at the beginning, in the middle, at the end
WINDOWS = (
    (0.0, 0.0, 1.0),
    *(
        (across * (1 - scale), down * (1 - scale), scale)
        for scale in SCALES
        for across, down in product(PLACES, PLACES)
    ),
)
FLAT = 2.0  # a thumbnail with a smaller deviation (of 255) holds little but noise
ROUNDING = 5e-6  # of squared distances: what the arithmetic of 32 bits makes of 0


def thumbnail_of(grey: UInt8[np.ndarray, "height width"]) -> Float[np.ndarray, "side side"]:
    """The mean grey (0 to 255) of each of 32 x 32 equal parts of a picture, the whole stretched to a square."""
    height, width = grey.shape
    whole = _means(SIDE, height, 0.0, 1.0) @ grey.astype(np.float32) @ _means(SIDE, width, 0.0, 1.0).T
    return np.asarray(whole, np.float32)


def views_of(thumbnails: Float[np.ndarray, "items side side"]) -> Float[np.ndarray, "items numbers"]:
    """Each picture whole and then through each window: 28 times 100 numbers, each view with mean 0 and length 1."""
    views = [_unit(_through(thumbnails, window)) for window in WINDOWS]
    return np.stack(views, axis=1).reshape(len(thumbnails), len(WINDOWS) * GRID * GRID)


class ThroughWindows:
    """The distance of pictures by their `views_of`: 0 for a picture and a part of it, or its mirror image; at most 2.

    The straight-line distance of two views of length 1: sqrt(2 - 2 c), with c their correlation.
    """

    def between(self, left: Float[Tensor, "pairs dim"], right: Float[Tensor, "pairs dim"]) -> Float[Tensor, " pairs"]:
        """Row by row."""
        one, other = _views(left), _views(right)
        best = torch.full((len(left),), -1.0)
        for whole, views in ((one[:, 0], other), (_mirrored(one[:, 0]), other), (other[:, 0], one)):
            best = torch.maximum(best, torch.einsum("pd,pwd->pw", whole, views).amax(dim=1))
        best = torch.maximum(best, torch.einsum("pd,pwd->pw", _mirrored(other[:, 0]), one).amax(dim=1))
        return _from_correlation(best)

    def table(
        self, left: Float[Tensor, "rows dim"], right: Float[Tensor, "columns dim"]
    ) -> Float[Tensor, "rows columns"]:
        """All by all."""
        one, other = _views(left), _views(right)
        best = torch.full((len(left), len(right)), -1.0)
        wholes = (torch.cat([one[:, 0], _mirrored(one[:, 0])]), torch.cat([other[:, 0], _mirrored(other[:, 0])]))
        for window in range(len(WINDOWS)):
            both = wholes[0] @ other[:, window].T
            torch.maximum(best, torch.maximum(both[: len(left)], both[len(left) :]), out=best)
            both = one[:, window] @ wholes[1].T
            torch.maximum(best, torch.maximum(both[:, : len(right)], both[:, len(right) :]), out=best)
        return _from_correlation(best)


def _views(rows: Float[Tensor, "items dim"]) -> Float[Tensor, "items windows cells"]:
    return rows.reshape(len(rows), len(WINDOWS), GRID * GRID)


def _mirrored(views: Float[Tensor, "items cells"]) -> Float[Tensor, "items cells"]:
    return views.reshape(-1, GRID, GRID).flip(2).reshape(-1, GRID * GRID)


def _from_correlation(correlations: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    squares = 2 - 2 * correlations
    return squares.where(squares > ROUNDING, 0.0).sqrt()


def _through(
    pictures: Float[np.ndarray, "items side side"], window: tuple[float, float, float]
) -> Float[np.ndarray, "items grid grid"]:
    """What lies in a window, as the mean grey of each cell of a grid over it."""
    across, down, scale = window
    rows, columns = _means(GRID, SIDE, down, scale), _means(GRID, SIDE, across, scale)
    return np.asarray(rows @ pictures @ columns.T, np.float32)


def _means(cells: int, count: int, start: float, length: float) -> Float[np.ndarray, "cells count"]:
    """Weights that give, of `count` pixels, the mean of each cell between `start` and `start + length` (of 1)."""
    edges = (start + length * np.linspace(0, 1, cells + 1)) * count
    pixels = np.arange(count)
    shared = np.clip(np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels), 0, None)
    means: Float[np.ndarray, "cells count"] = (shared / shared.sum(axis=1, keepdims=True)).astype(np.float32)
    return means


def _unit(views: Float[np.ndarray, "items grid grid"]) -> Float[np.ndarray, "items cells"]:
    rows = views.reshape(len(views), GRID * GRID)
    rows = rows - rows.mean(axis=1, keepdims=True)
    # Through a window there may be a single colour: that is like nothing.
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.where(lengths > FLAT, rows / np.maximum(lengths, FLAT), 0.0), np.float32)
