"""Two items side by side -> their cells in one table, or their curves on one scale; an item of the map -> its card."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from markupsafe import Markup

from alikely.report.content import ShownItem, ShownPair

MOST_CELLS = 8  # of a pair
CELLS_OF_A_CARD = 8
TEXT_OF_A_CARD = 240
MOST_CURVES = 4  # channels that are drawn
STEPS_OF_A_CARD = 40
SIDE = 112.0  # of a drawing
EDGE = 6.0  # around the curves


def compared(pair: ShownPair) -> list[tuple[str, str, str, bool]]:
    """(column, left cell, right cell, whether they differ): the first of those that differ, then of the others."""
    columns = dict.fromkeys((*pair.left.cells, *pair.right.cells))
    rows = [(name, pair.left.cells.get(name, ""), pair.right.cells.get(name, "")) for name in columns]
    ordered = sorted(rows, key=lambda row: row[1] == row[2])
    return [(*row, row[1] != row[2]) for row in ordered[:MOST_CELLS]]


def further_cells(pair: ShownPair) -> int:
    """How many columns are left out of that."""
    return max(0, len({*pair.left.cells, *pair.right.cells}) - MOST_CELLS)


def curves(pair: ShownPair) -> tuple[Markup, Markup]:
    """Both sequences as SVG, over the same time, each channel on one scale; empty for one that could not be read."""
    both = [pair.left, pair.right]
    return tuple(  # type: ignore[return-value]
        Markup("") if item.curves is None else _drawn(item, _lines(item, both)) for item in both
    )


def card(item: ShownItem) -> dict[str, Any]:
    """What the map shows of an item that is no picture, for its script."""
    if item.text is not None:
        whole = len(item.text) <= TEXT_OF_A_CARD
        return {"text": item.text if whole else f"{item.text[:TEXT_OF_A_CARD].rstrip()} ..."}
    if item.cells:
        return {"cells": [list(cell) for cell in list(item.cells.items())[:CELLS_OF_A_CARD]]}
    if item.curves is not None:
        return {"curves": _lines(item, [item], STEPS_OF_A_CARD)}
    return {}


def _drawn(item: ShownItem, lines: Sequence[str]) -> Markup:
    assert item.curves is not None
    count = item.curves.shape[1]
    some = f"the first {MOST_CURVES} of {count} channels" if count > MOST_CURVES else f"{count} channel(s)"
    drawn = (Markup('<polyline class="c{}" points="{}"/>').format(place, line) for place, line in enumerate(lines))
    return Markup('<svg class="curve" viewBox="0 0 {0:.0f} {0:.0f}" role="img" aria-label="{1}">{2}</svg>').format(
        SIDE, f"{item.name}: {some} over {item.steps} steps", Markup("").join(drawn)
    )


def _lines(item: ShownItem, scaled_by: Sequence[ShownItem], most: int | None = None) -> list[str]:
    """The points of each curve, as SVG has them."""
    assert item.curves is not None
    values = item.curves[:, :MOST_CURVES]
    if most is not None:
        values = values[np.unique(np.linspace(0, len(values) - 1, min(most, len(values))).round().astype(int))]
    every = [other.curves[:, :MOST_CURVES] for other in scaled_by if other.curves is not None]
    low, high = np.min([one.min(axis=0) for one in every], axis=0), np.max([one.max(axis=0) for one in every], axis=0)
    longest = max(other.steps for other in scaled_by)
    across = np.linspace(0, (item.steps - 1) / max(longest - 1, 1), len(values))
    up = (values - low) / np.where(high > low, high - low, 1)
    up = np.where(high > low, up, 0.5)  # a channel that never changes, in the middle
    return [_points(across, up[:, channel]) for channel in range(values.shape[1])]


def _points(across: Float[np.ndarray, " points"], up: Float[np.ndarray, " points"]) -> str:
    room = SIDE - 2 * EDGE
    return " ".join(f"{EDGE + room * x:.0f},{SIDE - EDGE - room * y:.0f}" for x, y in zip(across, up, strict=True))
