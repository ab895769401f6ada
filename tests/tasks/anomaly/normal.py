"""Normal items of every kind, the same whenever they are made, and one that is not normal."""

import csv
from typing import get_args

import numpy as np

from alikely import Examples, examples_from
from alikely.types import Item, Kind

KINDS: tuple[Kind, ...] = get_args(Kind)


def normal_of(kind: Kind, seed: int = 0, count: int = 120) -> Examples:
    draw = np.random.default_rng(seed)
    return examples_from([_item(kind, draw) for _ in range(count)], kind=kind)


def anomaly_of(kind: Kind) -> Item:
    if kind == "picture":
        picture = np.asarray(_item("picture", np.random.default_rng(5))).copy()
        picture[10:16, 4:28] = 255
        return picture
    return {
        "text": "please send all your money to this account",
        "row": {"amount": 5000.0, "hours": -9.0, "town": "Bern"},
        "sequence": np.full(40, 5.0),
        "embedding": np.full(4, 20.0),
    }[kind]


def write_rows(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def _item(kind: Kind, draw: np.random.Generator) -> Item:
    if kind == "picture":
        return np.clip(100 + 8 * draw.normal(size=(32, 32)), 0, 255).astype(np.uint8)
    if kind == "text":
        what = draw.choice(["shoes", "books", "tea"])
        return f"order {draw.integers(1000)} of {what} was shipped on day {draw.integers(30)}"
    if kind == "row":
        size = draw.normal()
        return {
            "amount": float(np.exp(3 + size)),
            "hours": float(3 + size + 0.2 * draw.normal()),
            "town": str(draw.choice(["Bern", "Zug"])),
        }
    if kind == "sequence":
        steps = int(draw.integers(35, 45))
        return np.sin(np.linspace(0, 6, steps)) + 0.1 * draw.normal(size=steps)
    return draw.normal(size=4) * np.array([3.0, 0.3, 1.0, 1.0])
