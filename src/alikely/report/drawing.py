"""Numbers -> parts of an SVG picture. Colours and sizes of letters come from the page's style sheet, by class.

Everything drawn is `Markup`: what is put into it (names, labels) is escaped on the way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from markupsafe import Markup

WIDTH, HEIGHT = 480.0, 320.0
LEFT, RIGHT, TOP, BOTTOM = 66.0, 12.0, 12.0, 56.0  # room for the axes, also where a phone makes the letters larger


def plain(values: Float[np.ndarray, " values"]) -> Float[np.ndarray, " values"]:
    """An even scale."""
    return values


def deviates(rates: Float[np.ndarray, " values"]) -> Float[np.ndarray, " values"]:
    """The scale of a DET plot: normal deviates, which spread small rates out and make a normal curve straight."""
    from scipy.special import ndtri

    stretched: Float[np.ndarray, " values"] = ndtri(rates)
    return stretched


@dataclass(frozen=True)
class Axis:
    """From `low` to `high` on a scale; `ticks` are (value, what stands there)."""

    name: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    scale: Callable[[Float[np.ndarray, " values"]], Float[np.ndarray, " values"]] = plain

    def shares(self, values: Float[np.ndarray, " values"]) -> Float[np.ndarray, " values"]:
        """How far along the axis each value lies, 0..1; values beyond an end lie at it."""
        low, high = self.scale(np.array([self.low, self.high], dtype=np.float64))
        placed = self.scale(np.clip(np.asarray(values, dtype=np.float64), self.low, self.high))
        shares: Float[np.ndarray, " values"] = (placed - low) / (high - low)
        return shares


@dataclass(frozen=True)
class Frame:
    """A plot's two axes, and how values become places in it."""

    x: Axis
    y: Axis

    def across(self, values: Float[np.ndarray, " values"]) -> Float[np.ndarray, " values"]:
        """Values on the x axis -> x in the picture."""
        return LEFT + self.x.shares(values) * (WIDTH - LEFT - RIGHT)

    def up(self, values: Float[np.ndarray, " values"]) -> Float[np.ndarray, " values"]:
        """Values on the y axis -> y in the picture, which grows downwards."""
        return HEIGHT - BOTTOM - self.y.shares(values) * (HEIGHT - TOP - BOTTOM)

    def line(self, x: Float[np.ndarray, " points"], y: Float[np.ndarray, " points"], kind: str) -> Markup:
        """A line through points."""
        return Markup('<polyline class="line {}" points="{}"/>').format(kind, _points(self.across(x), self.up(y)))

    def band(
        self,
        x: Float[np.ndarray, " points"],
        low: Float[np.ndarray, " points"],
        high: Float[np.ndarray, " points"],
        kind: str,
    ) -> Markup:
        """The area between two lines."""
        across = self.across(x)
        outline = _points(np.concatenate([across, across[::-1]]), np.concatenate([self.up(low), self.up(high)[::-1]]))
        return Markup('<polygon class="band {}" points="{}"/>').format(kind, outline)

    def bars(self, edges: Float[np.ndarray, " edges"], heights: Float[np.ndarray, " bars"], kind: str) -> Markup:
        """Bars side by side, as one outline."""
        across, up = self.across(edges), self.up(heights)
        ground = float(self.up(np.array([self.y.low]))[0])
        x = np.repeat(across, 2)
        y = np.concatenate([[ground], np.repeat(up, 2), [ground]])
        return Markup('<polygon class="bars {}" points="{}"/>').format(kind, _points(x, y))

    def dots(
        self, x: Float[np.ndarray, " points"], y: Float[np.ndarray, " points"], kind: str, titles: Sequence[str] = ()
    ) -> Markup:
        """A dot at each point; with `titles`, what is said where the mouse rests on one."""
        said = [Markup("<title>{}</title>").format(title) for title in titles] or [Markup("")] * len(x)
        return Markup("").join(
            Markup('<circle class="dot {}" cx="{:.1f}" cy="{:.1f}" r="4">{}</circle>').format(kind, *place, title)
            for place, title in zip(zip(self.across(x), self.up(y), strict=True), said, strict=True)
        )

    def draw(self, said: str, *parts: Markup, kind: str = "") -> Markup:
        """The whole picture; `said` is what a screen reader reads in its place."""
        return Markup('<svg class="plot {}" viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">{}{}</svg>').format(
            kind, WIDTH, HEIGHT, said, self._axes(), Markup("").join(parts)
        )

    def _axes(self) -> Markup:
        bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
        parts = []
        for value, text in self.x.ticks:
            x = float(self.across(np.array([value]))[0])
            parts.append(
                Markup('<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>').format(x, TOP, bottom)
            )
            parts.append(_text(x, bottom + 19, text, "tick middle"))
        for value, text in self.y.ticks:
            y = float(self.up(np.array([value]))[0])
            parts.append(
                Markup('<line class="grid" x1="{1}" x2="{2}" y1="{0:.1f}" y2="{0:.1f}"/>').format(y, LEFT, right)
            )
            parts.append(_text(LEFT - 7, y + 4, text, "tick end"))
        parts.append(_text((LEFT + right) / 2, HEIGHT - 11, self.x.name, "axis middle"))
        middle = (TOP + bottom) / 2
        turned = Markup('<text class="axis middle" transform="translate(15 {:.0f}) rotate(-90)">{}</text>')
        parts.append(turned.format(middle, self.y.name))
        return Markup("").join(parts)


def ticks_between(low: float, high: float) -> tuple[tuple[float, str], ...]:
    """Four to eight round values from `low` to `high`."""
    rough = (high - low) / 5
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.8)
    values = np.arange(np.ceil(low / step), np.floor(high / step + 1e-9) + 1) * step
    return tuple((float(value), f"{value:.6g}") for value in values)


def _points(x: Float[np.ndarray, " points"], y: Float[np.ndarray, " points"]) -> str:
    return " ".join(f"{across:.1f},{up:.1f}" for across, up in zip(x, y, strict=True))


def _text(x: float, y: float, text: str, kind: str) -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(kind, x, y, text)
