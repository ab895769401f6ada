"""Nothing -> handwritten digits that come with a dependency, so that the demo needs no network; pictures -> folders."""

from pathlib import Path

import numpy as np
from PIL import Image

from alikely.data.ink import shades
from alikely.errors import StorageError
from alikely.types import Examples


def digits() -> Examples:
    """1,797 handwritten digits of 8 x 8 pixels, white on black, with the labels "0" to "9", some 180 of each.

    Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository 1998, as
    scikit-learn carries it.
    """
    from sklearn.datasets import load_digits

    pictures, numbers = load_digits(return_X_y=True)
    return Examples(
        items=tuple(shades(pictures.reshape(-1, 8, 8).astype(int))),
        names=tuple(f"digit {number}, picture {place}" for place, number in enumerate(numbers, start=1)),
        labels=numbers.astype(str),
    )


def write_digits(folder: Path) -> None:
    """Write `digits()` as a user would have them: see `write_pictures`."""
    write_pictures(digits(), folder)


def write_pictures(examples: Examples, folder: Path) -> None:
    """Write arrays with labels as a folder for each label, in it PNG files by their places, such as `3/0017.png`.

    Raises StorageError where they cannot be written.
    """
    assert examples.labels is not None
    try:
        for label in np.unique(examples.labels):
            (folder / str(label)).mkdir(parents=True, exist_ok=True)
        for place, (item, label) in enumerate(zip(examples.items, examples.labels, strict=True), start=1):
            Image.fromarray(np.asarray(item)).save(folder / str(label) / f"{place:04}.png")
    except OSError as problem:
        raise StorageError(
            f"{folder}: the pictures cannot be written ({problem.strerror}); choose a folder that can be written to"
        ) from problem
