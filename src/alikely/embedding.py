"""A model and items in; their embeddings out, or in a file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from jaxtyping import Float

from alikely.data.reading import Prepared, prepare
from alikely.data.sources import read_items
from alikely.errors import BadItemsError, SettingsError
from alikely.folders import whole_file
from alikely.model import BATCH, SiameseModel
from alikely.types import Examples

Progress = Callable[[str, int, int], None]  # what is being done, how much of it is done, how much there is


def read_for(
    model: SiameseModel, examples: Examples, skip_bad: bool, progress: Progress | None
) -> tuple[Prepared, list[tuple[str, str]]]:
    """The items of the examples as this model takes them, and what could not be read.

    Raises BadItemsError with all items that cannot be read (with `skip_bad`: where none is left), SettingsError where
    the model takes items of another kind.
    """
    if examples.kind != model.preparation.kind:
        raise SettingsError(f"the model takes {model.preparation.kind}s, and these items are {examples.kind}s")
    told = None if progress is None else lambda done, total: progress("reading", done, total)
    items, skipped = prepare(examples, model.preparation, skip_bad=skip_bad, progress=told)
    if len(items) == 0:
        raise BadItemsError(skipped, "None is left; name other items.")
    return items, skipped


def embed_items(
    model: SiameseModel, items: Prepared, progress: Progress | None = None
) -> Float[np.ndarray, "items dim"]:
    """The embeddings of items that have been read."""
    rows = np.zeros((len(items), model.dim), np.float32)
    order = items.by_length()
    for start in range(0, len(items), BATCH):
        some = order[start : start + BATCH]
        rows[some] = model.embed_read(items.take(some))
        if progress:
            progress("embedding", start + len(some), len(items))
    return rows


@dataclass(frozen=True)
class Embedded:
    """What went into a file of embeddings: how many items, how long each embedding, what could not be read."""

    items: int
    dim: int
    skipped: tuple[tuple[str, str], ...]


def embed_to_file(
    model: SiameseModel,
    source: Path | str | Examples,
    out: Path | str,
    skip_bad: bool = False,
    progress: Progress | None = None,
) -> Embedded:
    """Embed every item of a source into `out`, .npz or .parquet: names, labels (where known) and embeddings.

    The source may be a folder or table with or without labels, or one item. Raises SettingsError for another ending,
    InputError (BadItemsError with all items that cannot be read, unless `skip_bad`), StorageError.
    """
    out = Path(out)
    ending = out.suffix.lower()
    if ending not in (".npz", ".parquet"):
        raise SettingsError(f"{out}: embeddings are written as .npz or .parquet; name such a file")
    if ending == ".parquet" and find_spec("pyarrow") is None:
        raise SettingsError(f"{out}: writing Parquet needs pyarrow; run: pip install alikely[parquet] (or write .npz)")
    examples = source if isinstance(source, Examples) else read_items(source, model.preparation.kind)
    items, skipped = read_for(model, examples, skip_bad, progress)
    embeddings = embed_items(model, items, progress)
    kept = items.examples
    labels = None if kept.labels is None else [str(label) for label in kept.labels]
    with whole_file(out) as partial:
        if ending == ".npz":
            known = {} if labels is None else {"labels": np.array(labels)}
            with partial.open("wb") as file:
                np.savez(file, allow_pickle=False, names=np.array(kept.names), embeddings=embeddings, **known)
        else:
            _write_parquet(partial, kept.names, labels, embeddings)
    return Embedded(len(kept), model.dim, tuple(skipped))


def _write_parquet(
    path: Path, names: Sequence[str], labels: Sequence[str] | None, embeddings: Float[np.ndarray, "items dim"]
) -> None:
    import pyarrow
    from pyarrow import parquet

    columns = {"name": pyarrow.array(names)}
    if labels is not None:
        columns["label"] = pyarrow.array(labels)
    flat = pyarrow.array(embeddings.ravel())
    columns["embedding"] = pyarrow.FixedSizeListArray.from_arrays(flat, embeddings.shape[1])
    parquet.write_table(pyarrow.table(columns), path)
