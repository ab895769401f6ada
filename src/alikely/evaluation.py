"""A model and a source -> how good it is there, or its embeddings in a file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from alikely.data.preparation import PicturePreparation
from alikely.data.reading import Pictures, read_pictures
from alikely.data.sources import read_items, read_source
from alikely.errors import BadItemsError, ModelError, SettingsError
from alikely.folders import whole_file
from alikely.metrics import AtThreshold, PairDistances, Verification, VerificationReport, summary
from alikely.model import BATCH, SiameseModel, distances_of_examples
from alikely.types import Examples

Progress = Callable[[str, int, int], None]  # what is being done, how much of it is done, how much there is


@dataclass(frozen=True)
class Evaluation:
    """How well a model tells apart the identities of a source.

    `skipped` could not be read. `known` are the labels of the source that the model was made from too (its test
    identities left out): with them, the figures are too good.
    """

    report: VerificationReport
    skipped: tuple[tuple[str, str], ...] = ()
    known: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the figures of the report, `skipped` and `known`."""
        skipped = [{"item": name, "problem": problem} for name, problem in self.skipped]
        return {**self.report.to_dict(), "skipped": skipped, "known": list(self.known)}

    def rows(self) -> list[tuple[str, str, str]]:
        """For printing: (name, value, interval or remark)."""
        return self.report.rows()

    def warning(self) -> str | None:
        """What makes the figures too good, in words; None where nothing is known to."""
        if not self.known:
            return None
        few = ", ".join(self.known[:3]) + (" ..." if len(self.known) > 3 else "")
        return (
            f"{len(self.known)} of {self.report.identities} identities ({few}) bear labels that the model was made "
            "from; if they are the same, the figures are too good: evaluate on others"
        )


def evaluate(
    model: SiameseModel, source: Path | str | Examples, skip_bad: bool = False, progress: Progress | None = None
) -> Evaluation:
    """Measure `model` on all pairs of a source (on its known pairs, where it is a table of pairs).

    For an honest figure the source holds identities that the model has not learned from. Raises InputError
    (BadItemsError with all items that cannot be read, unless `skip_bad`), TooFewError without pairs of both kinds.
    """
    examples = source if isinstance(source, Examples) else read_source(source)
    pictures, skipped = _read(model, examples, skip_bad, progress)
    pairs = distances_of_examples(embed_pictures(model, pictures, progress), pictures.examples, model.distance)
    return Evaluation(judge(model, pairs), tuple(skipped), _known_labels(model, pictures.examples))


def judge(model: SiameseModel, pairs: PairDistances) -> VerificationReport:
    """What these distances could do at best, and what the model's own threshold makes of them."""
    report = summary(pairs)
    if model.calibration is None:
        return report
    wanted = model.calibration.default_fmr
    threshold = model.calibration.threshold(fmr=wanted)
    fmr, fnmr = Verification.from_distances(pairs.same, pairs.different).rates_at(np.array([threshold]))
    return replace(report, at_threshold=AtThreshold(threshold, wanted, float(fmr[0]), float(fnmr[0])))


def embed_pictures(
    model: SiameseModel, pictures: Pictures, progress: Progress | None = None
) -> Float[np.ndarray, "items dim"]:
    """The embeddings of pictures that have been read."""
    rows = [np.zeros((0, model.dim), np.float32)]
    for start in range(0, len(pictures), BATCH):
        end = min(start + BATCH, len(pictures))
        rows.append(model.embed_read(pictures.take(np.arange(start, end))))
        if progress:
            progress("embedding", end, len(pictures))
    return np.concatenate(rows)


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

    The source may be a folder or table with or without labels, or one picture. Raises SettingsError for another ending,
    InputError (BadItemsError with all items that cannot be read, unless `skip_bad`), StorageError.
    """
    out = Path(out)
    ending = out.suffix.lower()
    if ending not in (".npz", ".parquet"):
        raise SettingsError(f"{out}: embeddings are written as .npz or .parquet; name such a file")
    if ending == ".parquet" and find_spec("pyarrow") is None:
        raise SettingsError(f"{out}: writing Parquet needs pyarrow; run: pip install alikely[parquet] (or write .npz)")
    examples = source if isinstance(source, Examples) else read_items(source)
    pictures, skipped = _read(model, examples, skip_bad, progress)
    embeddings = embed_pictures(model, pictures, progress)
    kept = pictures.examples
    labels = None if kept.labels is None else [str(label) for label in kept.labels]
    with whole_file(out) as partial:
        if ending == ".npz":
            known = {} if labels is None else {"labels": np.array(labels)}
            with partial.open("wb") as file:
                np.savez(file, allow_pickle=False, names=np.array(kept.names), embeddings=embeddings, **known)
        else:
            _write_parquet(partial, kept.names, labels, embeddings)
    return Embedded(len(kept), model.dim, tuple(skipped))


def _known_labels(model: SiameseModel, examples: Examples) -> tuple[str, ...]:
    if examples.labels is None:
        return ()
    parts = model.record.get("data", {}).get("labels", {})
    used = {label for part, labels in parts.items() if part != "test" for label in labels}
    return tuple(sorted(used & {str(label) for label in examples.labels}))


def _read(
    model: SiameseModel, examples: Examples, skip_bad: bool, progress: Progress | None
) -> tuple[Pictures, list[tuple[str, str]]]:
    if not isinstance(model.preparation, PicturePreparation):
        raise ModelError(f"the model reads no pictures ({type(model.preparation).__name__})")
    told = None if progress is None else lambda done, total: progress("reading", done, total)
    pictures, skipped = read_pictures(examples, model.preparation, skip_bad=skip_bad, progress=told)
    if len(pictures) == 0:
        raise BadItemsError(skipped, "None is left; name other items.")
    return pictures, skipped


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
