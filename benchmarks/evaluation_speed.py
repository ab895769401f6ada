"""All pairs of 13,233 faces: exact error rates and their intervals, in a stream; beside scikit-learn's `roc_curve`.

The embeddings are the pixels of the LFW pictures in DIR/lfw/images/NAME/*.jpg, projected on their first 256 principal
components: quick, the same every time, and what they are worth does not matter here. Without `--data`, made-up ones,
with as many pictures of as many people. Each measurement is made in a process of its own that loads the embeddings,
with two threads (PyTorch's; the reports' intervals are drawn in as many):

- `metrics.seconds`: the whole report of cosine distances, with intervals. `seconds_exact`: the error rates alone.
  `processor_...`: the time that processors spent, which does not count waiting for other work on the machine.
  `..._euclidean`: the same of Euclidean distances, most of it spent in `torch.cdist`.
- `metrics.peak_gb`: the most memory that the process ever held, in 10^9 bytes: Python, its libraries and the embeddings
  (together `loaded_gb`) and all that the report took.
- `metrics.eer_difference`, `metrics.fnmr_difference` (at FMR 0.1 %): ours against scikit-learn's on the same distances.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np
import torch
from jaxtyping import Float, Int
from PIL import Image

from alikely.distances import build_distance
from alikely.errors import InputError
from alikely.metrics import ErrorRates, summary
from alikely.metrics.pairs import as_tensor, upper_strips
from alikely.metrics.verification import equal_error_rate, smallest_fnmr
from benchmarks.report import Options, Result, publish, read_options

DIM, FMR, THREADS = 256, 0.001, 2
ITEMS, PEOPLE = 13_233, 5_749
QUICK = 1_500
PEER = "scikit-learn roc_curve"
Embeddings: TypeAlias = tuple[Float[np.ndarray, "items dim"], Int[np.ndarray, " items"]]  # and whose they are
Found = TypeVar("Found")


def pixel_components(data: Path) -> Embeddings:
    """The embeddings of all LFW pictures, and whose they are."""
    from sklearn.decomposition import PCA

    paths = sorted((data / "lfw" / "images").glob("*/*.jpg"))
    if not paths:
        raise InputError(f"{data}: has no lfw/images/NAME/*.jpg; name the folder with the unpacked data")
    pixels = np.stack([np.asarray(Image.open(path).convert("L"), dtype=np.float32).ravel() for path in paths])
    dim = min(DIM, *pixels.shape)
    found = PCA(dim, svd_solver="randomized", random_state=0).fit_transform(pixels / 255)
    return found.astype(np.float32), np.unique([path.parent.name for path in paths], return_inverse=True)[1]


def made_up(items: int = ITEMS, people: int = PEOPLE) -> Embeddings:
    """Embeddings of as many people with as many pictures, most of them with one and few with hundreds, as in LFW."""
    generator = np.random.default_rng(0)
    share = np.arange(1, people + 1) ** -0.9
    extra = generator.choice(people, items - people, p=share / share.sum())
    labels = np.sort(np.concatenate([np.arange(people), extra]))
    centres = generator.normal(size=(people, DIM))
    return (centres[labels] + 1.5 * generator.normal(size=(items, DIM))).astype(np.float32), labels


def prepare(folder: Path, options: Options) -> tuple[int, int]:
    """Write the embeddings and labels that are measured; how many, how long."""
    embeddings, labels = made_up() if options.data == Path() else pixel_components(options.data)
    if options.quick:
        embeddings, labels = embeddings[:QUICK], labels[:QUICK]
    np.save(folder / "embeddings.npy", embeddings)
    np.save(folder / "labels.npy", labels)
    return embeddings.shape


def ours(folder: Path, distance: str) -> dict[str, float]:
    """Our report, in a process of its own."""
    embeddings, labels = np.load(folder / "embeddings.npy"), np.load(folder / "labels.npy")
    loaded, clock = peak_gb(), Clock()
    rates = ErrorRates.from_embeddings(embeddings, labels, build_distance(distance, DIM))
    exact = clock.read()
    report = summary(rates, fmrs=(FMR,))
    whole = clock.read()
    fnmr = report.fnmr_at_fmr[0][1]
    assert report.eer.value is not None  # there are pairs of both kinds
    return {
        "seconds": whole[0],
        "processor_seconds": whole[1],
        "seconds_exact": exact[0],
        "processor_seconds_exact": exact[1],
        "peak_gb": peak_gb(),
        "loaded_gb": loaded,
        "eer": report.eer.value,
        "fnmr": float("nan") if fnmr.value is None else fnmr.value,
        "same_pairs": rates.same_pairs,
        "different_pairs": rates.different_pairs,
    }


def theirs(folder: Path, distance: str) -> dict[str, float]:
    """All distances in memory and scikit-learn's curve of them, in a process of its own."""
    from sklearn.metrics import roc_curve

    embeddings, labels = np.load(folder / "embeddings.npy"), np.load(folder / "labels.npy")
    loaded, clock = peak_gb(), Clock()
    kind = build_distance(distance, DIM)
    pairs = len(labels) * (len(labels) - 1) // 2
    alike, same, filled = np.empty(pairs, np.float32), np.empty(pairs, bool), 0
    for start, table in upper_strips(as_tensor(embeddings, kind), kind):
        once = np.arange(table.shape[1])[None, :] > np.arange(len(table))[:, None]
        place = slice(filled, filled := filled + int(once.sum()))
        alike[place] = -table[once]
        same[place] = (labels[start : start + len(table), None] == labels[None, start:])[once]
    fmr, tar, _ = roc_curve(same, alike)
    seconds, processor = clock.read()
    return {
        "seconds_exact": seconds,
        "processor_seconds_exact": processor,
        "peak_gb": peak_gb(),
        "loaded_gb": loaded,
        "eer": equal_error_rate(fmr, 1 - tar),
        "fnmr": smallest_fnmr(fmr, 1 - tar, FMR),
    }


class Clock:
    """Seconds since it was made, on the wall and on the processors."""

    def __init__(self) -> None:
        self.wall, self.processor = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """(on the wall, on the processors of this process)."""
        return time.perf_counter() - self.wall, time.process_time() - self.processor


def peak_gb() -> float:
    """The most memory that this process ever held."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def in_a_process(work: Callable[..., Found], *given: object) -> Found:
    """What `work` gives in a fresh process with so many threads."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, initializer=torch.set_num_threads, initargs=(THREADS,)) as process:
        found: Found = process.submit(work, *given).result()
    return found


def main() -> None:
    """Measure, print, write."""
    options = read_options(__doc__ or "", needs_data=False)
    start = time.perf_counter()
    given = options.data != Path()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shape = in_a_process(prepare, folder, options)
        found = in_a_process(ours, folder, "cosine")
        euclidean = in_a_process(ours, folder, "euclidean")
        peer = in_a_process(theirs, folder, "cosine")
    metrics = found | {
        "eer_difference": abs(found["eer"] - peer["eer"]),
        "fnmr_difference": abs(found["fnmr"] - peer["fnmr"]),
        "seconds_euclidean": euclidean["seconds"],
        "processor_seconds_euclidean": euclidean["processor_seconds"],
    }
    settings = {
        "embeddings": f"{'LFW pixels, ' if given else 'made up, '}{shape[1]} numbers",
        "items": shape[0],
        "threads": THREADS,
        "torch": torch.__version__,
        "numpy": np.__version__,
    }
    publish(Result("evaluation_speed", metrics, time.perf_counter() - start, {PEER: peer}, {}, settings), options)


if __name__ == "__main__":
    main()
