"""A file with many arrays in it -> Examples: a .ts archive of sequences, or embeddings as .npz or .npy."""

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from alikely.data.sequences import read_ts
from alikely.data.sources.lists import examples_from
from alikely.errors import InputError
from alikely.types import Examples

ARRAY_ENDINGS = frozenset({".npz", ".npy"})


def examples_of_archive(path: Path) -> Examples:
    """The sequences of a .ts file, with their labels where it has them."""
    arrays, labels = read_ts(path)
    names = tuple(f"case {number}" for number in range(1, len(arrays) + 1))
    return Examples(tuple(arrays), names, labels, kind="sequence")


def examples_of_arrays(path: Path) -> Examples:
    """Embeddings, one a row: .npy; or .npz with `embeddings`, and `labels`, `groups`, `names` where there are such.

    Raises InputError for a file that is not so.
    """
    arrays = _arrays(path)
    if "embeddings" not in arrays:
        raise InputError(
            f"{path}: holds {', '.join(arrays)}, but needs embeddings, and labels where they are known; a file of one "
            "sequence stands in a folder or a table"
        )
    rows = arrays["embeddings"]
    if rows.ndim != 2 or rows.dtype.kind not in "fiu":
        raise InputError(
            f"{path}: its embeddings are {rows.dtype} of shape {rows.shape}; give numbers (items, numbers of each)"
        )
    try:
        made = examples_from(list(rows), arrays.get("labels"), arrays.get("groups"), kind="embedding")
    except InputError as problem:
        raise InputError(f"{path}: {problem}") from None
    names = arrays.get("names")
    if names is None or len(names) != len(rows):
        return made
    return Examples(made.items, tuple(map(str, names.tolist())), made.labels, made.groups, kind="embedding")


def _arrays(path: Path) -> dict[str, Any]:
    try:
        read = np.load(path, allow_pickle=False)
        if isinstance(read, np.ndarray):
            return {"embeddings": read}
        with read:
            return {name: read[name] for name in read.files}
    except OSError as problem:
        if problem.strerror:
            raise InputError(f"{path}: cannot be opened ({problem.strerror}); check the path and the rights") from None
        raise InputError(f"{path}: cannot be read as arrays of NumPy ({problem}); write it again") from None
    except (ValueError, EOFError, BadZipFile) as problem:
        raise InputError(f"{path}: cannot be read as arrays of NumPy ({problem}); write it again") from None
