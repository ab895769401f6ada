"""A seed -> invented signs, each drawn many times by a shaky hand, in pictures as those of the demo's digits.

Signs stand in for the many identities that ten digits are not: who learns on hundreds of signs which differences are
the hand's and which the sign's can judge writing that nobody has shown it.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from alikely.data.ink import PENS, ink
from alikely.types import Examples

MOST_STROKES = 3
BENDS = 6  # control points of a stroke
APART = 2.0  # of pictures with pixels 0 to 1: signs whose pictures are nearer look like copies of each other
BETWEEN = 10  # points of the line from one control point to the next

Strokes = Float[np.ndarray, "*drawings strokes bends 2"]


@dataclass(frozen=True)
class Hand:
    """How much one drawing of a sign differs from another; lengths are shares of the sign's larger side.

    `shake` moves control points, and strokes as a whole; `bend` is how far smooth waves move the plane, `slant` how far
    it is sheared and stretched.
    """

    shake: float = 0.05
    bend: float = 0.06
    slant: float = 0.1


def invented_signs(count: int, drawings: int, seed: int, hand: Hand = Hand()) -> Examples:
    """`count` signs, each drawn `drawings` times: 8 x 8 pixels, white on black, 17 shades, with labels "001" and so on.

    The drawings of a sign follow one another, and no two signs look alike: that has room for some 2,000 of them. Equal
    seeds give equal pictures.
    """
    draw = np.random.default_rng(seed)
    signs = np.repeat(told_apart(count, draw), drawings, axis=0)
    pictures = ink(drawn(signs, hand, draw), draw.choice(PENS, len(signs)))
    names = [f"{number:0{len(str(count))}}" for number in range(1, count + 1)]
    return Examples(
        items=tuple(pictures),
        names=tuple(f"sign {name}, drawing {number}" for name in names for number in range(1, drawings + 1)),
        labels=np.repeat(names, drawings),
    )


def told_apart(count: int, draw: np.random.Generator) -> Float[np.ndarray, "count strokes bends 2"]:
    """Signs of which no two are alike: who comes too near an earlier one, drawn by a steady hand, is left out."""
    steady, kept = Hand(0.0, 0.0, 0.0), np.zeros((0, MOST_STROKES, BENDS, 2))
    seen = np.zeros((0, 8, 8))
    while len(kept) < count:
        further = invented_strokes(count, draw)
        looks = ink(drawn(further, steady, draw), np.full(count, PENS[-1])) / 255
        for sign, look in zip(further, looks, strict=True):
            if (np.square(seen - look).sum(axis=(1, 2)) > APART**2).all():
                kept, seen = np.append(kept, sign[None], axis=0), np.append(seen, look[None], axis=0)
    return kept[:count]


def invented_strokes(count: int, draw: np.random.Generator) -> Float[np.ndarray, "count strokes bends 2"]:
    """One to three strokes a sign: the pen goes on while its heading turns at a steady rate, with a corner at times.

    A stroke that a sign has not got lies on its first one. What lies is stood up: writing is higher than wide.
    """
    steps = (count, MOST_STROKES, BENDS - 1)
    steady = draw.normal(0, 0.8, steps[:2])[..., None]
    corners = draw.normal(0, 1.2, steps) * (draw.random(steps) < 0.25)
    heading = draw.uniform(0, 2 * np.pi, steps[:2])[..., None] + np.cumsum(steady + corners, axis=2)
    length = draw.uniform(0.1, 0.3, steps[:2])[..., None]
    moves = np.stack([length * np.cos(heading), 1.3 * length * np.sin(heading)], axis=-1)
    paths = np.cumsum(np.pad(moves, ((0, 0), (0, 0), (1, 0), (0, 0))), axis=2)
    for stroke in range(1, MOST_STROKES):
        before, every = paths[:, stroke - 1], np.arange(count)
        touched = before[every, draw.integers(BENDS, size=count)]
        beside = before.mean(axis=1) + draw.normal(0, 0.4, (count, 2))
        begin = np.where(draw.random((count, 1)) < 0.5, touched, beside)
        paths[:, stroke] += begin[:, None] - paths[every, stroke, draw.integers(BENDS, size=count)][:, None]
    strokes = draw.choice(MOST_STROKES, p=(0.5, 0.35, 0.15), size=count)[:, None] >= np.arange(MOST_STROKES)
    paths = np.where(strokes[..., None, None], paths, paths[:, :1])
    wide, high = np.moveaxis(np.ptp(paths, axis=(1, 2)), -1, 0)
    return np.where((wide > high)[:, None, None, None], paths[..., ::-1], paths)


def drawn(signs: Strokes, hand: Hand, draw: np.random.Generator) -> Float32[np.ndarray, "drawings points 2"]:
    """The points of each sign's lines, drawn once by this hand."""
    signs = signs - signs.min(axis=(1, 2), keepdims=True)
    signs = signs / signs.max(axis=(1, 2, 3), keepdims=True)
    count, strokes = signs.shape[:2]
    shaken = signs + draw.normal(0, hand.shake, signs.shape) + draw.normal(0, hand.shake, (count, strokes, 1, 2))
    lines = smooth(shaken).reshape(count, -1, 2)
    # Waves of about the sign's own size: along one axis they move points along the other, and along itself.
    axes = (count, 1, 2, 2)
    waves = np.sin(lines[..., None] * draw.uniform(3, 8, axes) + draw.uniform(0, 2 * np.pi, axes))
    bent = lines + (waves * draw.normal(0, hand.bend, axes)).sum(axis=2)
    slanted = np.eye(2) + draw.normal(0, hand.slant, (count, 2, 2))
    points: Float32[np.ndarray, "drawings points 2"] = (bent @ slanted).astype(np.float32)
    return points


def smooth(strokes: Strokes) -> Float[np.ndarray, "*drawings strokes points 2"]:
    """A smooth line through the control points, by Catmull and Rom 1974: each is passed, none is overshot far."""
    ends = (2 * strokes[..., :1, :] - strokes[..., 1:2, :], 2 * strokes[..., -1:, :] - strokes[..., -2:-1, :])
    points = np.concatenate([ends[0], strokes, ends[1]], axis=-2)[..., None, :]
    a, b, c, d = (points[..., first : first + strokes.shape[-2] - 1, :, :] for first in range(4))
    t = np.linspace(0, 1, BETWEEN, endpoint=False)[:, None]
    line = b + t * (c - a) / 2 + t**2 * (a - 2.5 * b + 2 * c - d / 2) + t**3 * (1.5 * (b - c) + (d - a) / 2)
    return np.concatenate([line.reshape(*strokes.shape[:-2], -1, 2), strokes[..., -1:, :]], axis=-2)
