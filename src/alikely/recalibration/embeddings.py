"""A file of embeddings with labels, or such arrays, in; the distances of all pairs out."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from alikely.data.tables import as_text
from alikely.distances import SHORTEST, build_distance
from alikely.errors import InputError, SettingsError
from alikely.metrics import all_pairs
from alikely.recalibration.chosen import chosen_items
from alikely.recalibration.elsewhere import MadeElsewhere


def embeddings_of(source: Path | str | Mapping[str, Any], distance: str, seed: int = 0) -> MadeElsewhere:
    """The distances of all pairs of embeddings; pairs with equal labels are the same.

    `source` is a file as `alikely embed` writes it: .npz with `embeddings` (items x numbers) and `labels`, or .parquet
    with the columns `embedding` (a list of numbers) and `label`; or such arrays by name, as in the .npz. `distance` is
    one by name, without weights. Of more than 6,325 items (20 million pairs) a sample is taken, by the seed.

    Raises InputError for a file that cannot be read so, SettingsError for a distance that there is not.
    """
    if distance == "learned":
        raise SettingsError(
            "the distance 'learned' has weights, which a file of embeddings does not hold; calibrate the model itself: "
            "alikely calibrate MODEL SOURCE (calibrate_model)"
        )
    build_distance(distance, 1)
    where = "the embeddings" if isinstance(source, Mapping) else str(source)
    rows, labels = _from_arrays(where, source) if isinstance(source, Mapping) else _from_file(Path(source))
    if distance == "cosine":
        _require_directions(where, rows)
    chosen, sampled = chosen_items(labels, seed)
    pairs = all_pairs(rows[chosen], labels[chosen], build_distance(distance, rows.shape[1]))
    return MadeElsewhere(pairs, distance, notes=() if sampled is None else (sampled,))


def _require_directions(where: str, rows: Float[np.ndarray, "items dim"]) -> None:
    without = np.flatnonzero(np.linalg.norm(rows, axis=1) < SHORTEST)
    if len(without):
        raise InputError(
            f"{where}: {len(without):,} of {len(rows):,} embeddings are all zeros, the first in row "
            f"{without[0] + 1}; they have no direction, so no cosine distance: leave these items out, or embed "
            "them again"
        )


def _from_file(path: Path) -> tuple[Float[np.ndarray, "items dim"], Shaped[np.ndarray, " items"]]:
    ending = path.suffix.lower()
    if ending == ".npz":
        try:
            with np.load(path, allow_pickle=False) as content:
                return _from_arrays(str(path), {name: content[name] for name in content.files if name != "names"})
        except (OSError, ValueError, zipfile.BadZipFile) as problem:
            raise InputError(
                f"{path}: cannot be read as .npz ({problem}); write it with numpy.savez: embeddings as numbers, labels "
                "as text or whole numbers"
            ) from None
    if ending in (".parquet", ".pq"):
        return _from_parquet(path)
    raise InputError(f"{path}: embeddings are read from .npz or .parquet; name such a file")


def _from_parquet(path: Path) -> tuple[Float[np.ndarray, "items dim"], Shaped[np.ndarray, " items"]]:
    try:
        import pyarrow as arrow
        from pyarrow import compute, parquet
    except ImportError:
        raise SettingsError(
            f"{path}: reading Parquet needs pyarrow; run: pip install alikely[parquet] (or write .npz)"
        ) from None
    try:
        with parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if "embedding" not in names or "label" not in names:
                raise InputError(
                    f"{path}: has the columns {', '.join(names)}, but needs embedding (a list of numbers) and label"
                )
            content = file.read(columns=["embedding", "label"])
        lists = content.column("embedding").combine_chunks()
        if not (arrow.types.is_list(lists.type) or arrow.types.is_fixed_size_list(lists.type)):
            raise InputError(f"{path}: the column 'embedding' holds {lists.type}, but needs lists of numbers")
        lengths = compute.list_value_length(lists).to_numpy(zero_copy_only=False)
        values = lists.flatten().to_numpy(zero_copy_only=False)
    except (arrow.ArrowException, OSError) as problem:
        raise InputError(f"{path}: cannot be read as Parquet ({problem}); write it again") from problem
    if lists.null_count or len(lengths) == 0 or (lengths != lengths[0]).any() or lengths[0] == 0:
        raise InputError(f"{path}: embeddings must all be there, and be equally long; their lengths are not")
    rows = values.reshape(len(lengths), -1)
    return _from_arrays(str(path), {"embeddings": rows, "labels": content.column("label").to_pylist()})


def _from_arrays(
    where: str, arrays: Mapping[str, Any]
) -> tuple[Float[np.ndarray, "items dim"], Shaped[np.ndarray, " items"]]:
    if "embeddings" not in arrays or "labels" not in arrays:
        raise InputError(
            f"{where}: holds {', '.join(arrays) or 'nothing'}, but needs embeddings and labels (who each item shows); "
            "`alikely embed` writes them for a source with labels"
        )
    rows = np.asarray(arrays["embeddings"])
    if rows.ndim != 2 or rows.dtype.kind not in "fiu":
        raise InputError(
            f"{where}: embeddings must be numbers, one row for each item, got shape {rows.shape} of {rows.dtype}"
        )
    labels = [as_text(label) for label in np.asarray(arrays["labels"]).ravel().tolist()]
    if len(labels) != len(rows):
        raise InputError(f"{where}: has {len(rows):,} embeddings and {len(labels):,} labels; each item needs one")
    missing = [row for row, label in enumerate(labels) if not label]
    if missing:
        raise InputError(
            f"{where}: {len(missing):,} items have no label, the first in row {missing[0] + 1}; give it one, or leave "
            "the item out"
        )
    kind = rows.dtype if rows.dtype in (np.float32, np.float64) else np.float32
    return rows.astype(kind, copy=False), np.array(labels)
