"""A small set of identities of every kind of item, for tests: the same items whenever and wherever they are made."""

from datetime import date, timedelta

import numpy as np

from alikely.types import Examples, Item, Kind
from tests.pictures import pattern_examples

IDENTITIES, EACH = 10, 4
GIVEN = 5  # numbers in an embedding
WORDS = ("red", "green", "blue", "small", "old", "new", "house", "tree", "river", "stone", "bridge", "cat", "bird")


def examples_of(kind: Kind, identities: int = IDENTITIES, each: int = EACH) -> Examples:
    """Items of different lengths, where their kind has lengths, with labels id00, id01 ..."""
    if kind == "picture":
        return pattern_examples(identities, each)
    draw = np.random.default_rng(0)
    items: list[Item] = []
    for number in range(identities):
        topic = draw.choice(WORDS, 4, replace=False)
        items += [_item(kind, number, topic, draw) for _ in range(each)]
    names = tuple(f"{kind} {place + 1}" for place in range(len(items)))
    labels = np.array([f"id{number:02d}" for number in range(identities) for _ in range(each)])
    return Examples(tuple(items), names, labels, kind=kind)


def _item(kind: Kind, number: int, topic: np.ndarray, draw: np.random.Generator) -> Item:
    if kind == "text":
        return " ".join(draw.choice(topic, int(draw.integers(2, 12))))
    if kind == "row":
        return {
            "amount": float(number + draw.normal(0, 0.3)) if draw.random() > 0.1 else None,
            "colour": str(topic[0]),
            "paid": bool(number % 2),
            "day": date(2026, 1, 1) + timedelta(days=int(7 * number + draw.integers(0, 3))),
        }
    if kind == "sequence":
        steps = np.linspace(0, 3, int(draw.integers(6, 20)))
        channels = np.stack([np.sin(steps * (1 + number / 3)), np.cos(steps + number)], axis=1)
        channels += draw.normal(0, 0.05, channels.shape)
        # Their shape alone tells them apart.
        return (channels - channels.mean(axis=0)) / channels.std(axis=0)
    return (np.eye(GIVEN)[number % GIVEN] * (1 + number) + draw.normal(0, 0.2, GIVEN)).astype(np.float32)
