"""The items that some pages look at, and a seed -> two of them as a client would send them, to try the service with."""

import base64
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from alikely.data.items import name_of
from alikely.data.sequences.opening import open_sequence
from alikely.errors import InputError
from alikely.server.looked import Looked
from alikely.server.problems import RefusedError
from alikely.types import Item, Kind


def pair_to_try(looked: Looked | None, kind: Kind, seed: int) -> dict[str, Any]:
    """Two different items; where they have labels, as often of one label as of two. Equal seeds give equal pairs.

    `items` holds of each its name, label (or null) and, in `item`, what JSON takes of it. Raises RefusedError (404)
    where fewer than two items are looked at, InputError for one that cannot be read any more.
    """
    if looked is None or len(looked) < 2:
        raise RefusedError(
            404,
            "no_items",
            "no items are looked at; whoever runs the service can start it with some (alikely serve MODEL --items "
            "SOURCE)",
        )
    draw = np.random.default_rng(seed)
    first = int(draw.integers(len(looked)))
    others = np.delete(np.arange(len(looked)), first)
    labels = looked.examples.labels
    if labels is not None:
        wanted = (labels[others] == labels[first]) == (draw.random() < 0.5)
        others = others[wanted] if wanted.any() else others
    places = (first, int(draw.choice(others)))
    return {
        "items": [
            {
                "name": Path(looked.examples.names[place]).name,
                "label": None if labels is None else str(labels[place]),
                "item": as_json(looked.examples.items[place], kind),
            }
            for place in places
        ]
    }


def as_json(item: Item, kind: Kind) -> Any:
    """An item as JSON says it: a picture in base64, a text, a row, a list of numbers. Raises InputError."""
    if kind == "picture":
        return base64.b64encode(_picture_file(item)).decode("ascii")
    if kind == "sequence":
        values = open_sequence(item).values
        return (values[:, 0] if values.shape[1] == 1 else values).tolist()
    if kind == "embedding":
        return np.asarray(item, dtype=np.float64).tolist()
    if kind == "row":
        assert not isinstance(item, (Path, str, bytes, Image.Image, np.ndarray))
        return {str(name): None if cell is None else str(cell) for name, cell in item.items()}
    return str(item)


def _picture_file(item: Item) -> bytes:
    if isinstance(item, bytes):
        return item
    if isinstance(item, (Path, str)):
        try:
            return Path(item).read_bytes()
        except OSError as error:
            raise InputError(f"{name_of(item)}: cannot be read any more ({error.strerror or error})") from None
    file = BytesIO()
    (Image.fromarray(item) if isinstance(item, np.ndarray) else item).save(file, "PNG")  # type: ignore[union-attr]
    return file.getvalue()
