"""Queries a second of the local store (keys, identities and distances out) beside bare FAISS with the same index.

    python -m benchmarks.search

Made-up embeddings, 128 numbers each, as an encoder gives them: identities with 20 templates each lie around 500 centres
in a space of 24 dimensions (identities 0.7 from their centre, templates 0.25 from their identity, both as standard
deviations, the centres 1), which a random matrix turns into 128; with noise of 0.02, and made 1 long. Queries are
further templates of some of these identities. 100,000 and 1,000,000 of them; the store chooses its index by the size.
Recall is that of the 10 nearest against all distances.

Bare FAISS is the index that the store has written to its disk, read back, asked with the same settings in the same
process. Ours and theirs take turns, with unlike queries, so that other work on the machine falls on both: one at a
time, the ratio is that of the medians of all calls; in batches of 1,000, the median of the ratios of turns that follow
each other. `metrics.over_faiss` is the smallest of the four ratios (two sizes, one at a time and in batches).

Beside it: with the fields of what was found; with a condition that a tenth of the templates meets, the first time
and again; templates put in a second (in writes of 10,000), building the index, closing, opening until the first answer,
removing an identity, and the memory that the opened store takes.
"""

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from alikely.stores.index import Index, Sizes, ready
from alikely.stores.index_file import load_index
from alikely.stores.local import INDEX, LocalStore, create_local, open_local, read_about
from alikely.types import Templates
from benchmarks.report import Options, Result, publish, read_options

DIM, LATENT, CENTRES, OF_IDENTITY = 128, 24, 500, 20
K, BATCH, PUT_AT_ONCE = 10, 1_000, 10_000
SHOPS = "ABCDEFGHIJ"
CONDITION = "shop = 'C'"
SIZES, QUICK_SIZES = (100_000, 1_000_000), (3_000, 6_000)
SMALL = Sizes(exact_up_to=1_000, graph_up_to=4_000, few=100)


def made_up(count: int, queries: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of `count` templates and of some queries, as the module says."""
    generator = np.random.default_rng(seed)
    identities = -(-count // OF_IDENTITY)
    centres = generator.standard_normal((CENTRES, LATENT), dtype=np.float32)
    people = centres[generator.integers(CENTRES, size=identities)]
    people = people + 0.7 * generator.standard_normal(people.shape, dtype=np.float32)
    turn = generator.standard_normal((LATENT, DIM), dtype=np.float32) / np.float32(LATENT**0.5)

    def seen(who: np.ndarray) -> np.ndarray:
        items = (people[who] + 0.25 * generator.standard_normal((len(who), LATENT), dtype=np.float32)) @ turn
        items += 0.02 * generator.standard_normal(items.shape, dtype=np.float32)
        return ready(items, "cosine")

    templates = seen(np.arange(count) // OF_IDENTITY)
    return templates, seen(generator.integers(identities, size=queries))


def enrol(store: LocalStore, embeddings: np.ndarray) -> float:
    """Put them all; templates a second."""
    start = time.perf_counter()
    for at in range(0, len(embeddings), PUT_AT_ONCE):
        numbers = range(at, min(at + PUT_AT_ONCE, len(embeddings)))
        store.put(
            Templates(
                keys=tuple(f"template {number}" for number in numbers),
                identities=tuple(f"person {number // OF_IDENTITY}" for number in numbers),
                embeddings=embeddings[at : at + len(numbers)],
                fields=tuple({"shop": SHOPS[number % 10], "price": number % 1000 / 10} for number in numbers),
            )
        )
    return len(embeddings) / (time.perf_counter() - start)


def bare_search(index: Index) -> Callable[[np.ndarray], object]:
    """FAISS itself, with the settings that the store has chosen."""
    if index.kind == "lists":
        parameters = faiss.SearchParametersIVF(nprobe=index.effort)
    else:
        parameters = faiss.SearchParametersHNSW(efSearch=max(K, index.effort))
    return lambda queries: index.inner.search(queries, K, params=parameters)


def one_at_a_time(ways: list[Callable[[np.ndarray], object]], queries: np.ndarray, rounds: int) -> list[float]:
    """The median seconds of a call of each way; they take turns, each with another query than the one before.

    With two ways and an odd number of queries, both are asked all in two rounds.
    """
    times: list[list[float]] = [[] for _ in ways]
    for turn in range(rounds * len(queries)):
        way = turn % len(ways)
        place = turn % len(queries)
        query = queries[place : place + 1]
        start = time.perf_counter()
        ways[way](query)
        times[way].append(time.perf_counter() - start)
    return [statistics.median(some) for some in times]


def in_batches(
    ours: Callable[[np.ndarray], object], bare: Callable[[np.ndarray], object], queries: np.ndarray, rounds: int
) -> tuple[float, float, float]:
    """Our queries a second, theirs, and the median of the ratios of turns that follow each other."""
    ratios: list[float] = []
    seconds: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds):
        spent = [0.0, 0.0]
        for way in (0, 1) if turn % 2 else (1, 0):
            start = time.perf_counter()
            (ours, bare)[way](queries)
            spent[way] = time.perf_counter() - start
            seconds[way].append(spent[way])
        ratios.append(spent[1] / spent[0])
    ours_second, bare_second = (len(queries) / statistics.median(some) for some in seconds)
    return ours_second, bare_second, statistics.median(ratios)


def memory_mb() -> float:
    """What this process holds now, in MB; NaN where the system does not tell."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * 4096 / 1e6 if status.exists() else float("nan")


def measure(count: int, folder: Path, quick: bool) -> tuple[dict[str, float], dict[str, float], str]:
    """Ours, bare FAISS, and which index it was."""
    embeddings, queries = made_up(count, BATCH, seed=0)
    sizes = SMALL if quick else Sizes()
    ours: dict[str, float] = {}
    store = create_local(folder, DIM, "euclidean", {}, sizes)
    ours["put_per_second"] = enrol(store, embeddings)
    ours["build_seconds"] = _seconds(lambda: store.search(queries[:1], K))
    ours["close_seconds"] = _seconds(store.close)
    exact = faiss.IndexFlatL2(DIM)
    exact.add(embeddings)
    truth = [set(row) for row in exact.search(queries[:200], K)[1].tolist()]
    del embeddings, exact
    before = memory_mb()
    start = time.perf_counter()
    store = open_local(folder, sizes)
    store.search(queries[:1], K)
    ours["open_seconds"], ours["memory_mb"] = time.perf_counter() - start, memory_mb() - before

    loaded = load_index(folder / INDEX, read_about(folder)["store"], "euclidean", DIM)
    assert loaded is not None
    bare = bare_search(loaded[0])
    found = store.search(queries[:200], K).keys
    hits = [len({f"template {number}" for number in right} & set(row)) for right, row in zip(truth, found, strict=True)]
    ours["recall"] = sum(hits) / (K * len(hits))

    def plain(some: np.ndarray) -> object:
        return store.search(some, K)

    rounds = 1 if quick else 4
    one, bare_one = one_at_a_time([plain, bare], queries[: 101 if quick else BATCH - 1], rounds)
    ours["one_per_second"], theirs = 1 / one, {"one_per_second": 1 / bare_one}
    ours["one_over_faiss"] = bare_one / one
    batch, bare_batch, ratio = in_batches(plain, bare, queries, 3 if quick else 51)
    ours["batch_per_second"], ours["batch_over_faiss"], theirs["batch_per_second"] = batch, ratio, bare_batch
    ways: dict[str, Callable[[np.ndarray], object]] = {
        "with_fields": lambda some: store.search(some, K, with_fields=True),
        "with_condition": lambda some: store.search(some, K, CONDITION),
    }
    for name, way in ways.items():
        ours[f"{name}_first_seconds"] = _seconds(partial(way, queries[:1]))
        ours[f"{name}_one_per_second"] = 1 / one_at_a_time([way], queries[:101], 1)[0]
        ours[f"{name}_batch_per_second"] = len(queries) / _seconds(partial(way, queries))
    ours["remove_seconds"] = _seconds(lambda: store.remove(identities=["person 7"]))
    ours["search_after_remove_seconds"] = _seconds(lambda: store.search(queries[:1], K))
    store.close()
    return ours, theirs, f"{loaded[0].kind}, effort {loaded[0].effort}"


def _seconds(step: Callable[[], object]) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def run(options: Options) -> Result:
    """Both sizes."""
    start = time.perf_counter()
    metrics: dict[str, float] = {}
    floors: dict[str, float] = {}
    settings: dict[str, Any] = {}
    for count in QUICK_SIZES if options.quick else SIZES:
        folder = Path(tempfile.mkdtemp(prefix="alikely-search-"))
        try:
            ours, theirs, settings[f"index_{count}"] = measure(count, folder, options.quick)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        metrics |= {f"{name}_{count}": value for name, value in ours.items()}
        floors |= {f"{name}_{count}": value for name, value in theirs.items()}
    metrics["over_faiss"] = min(value for name, value in metrics.items() if "_over_faiss_" in name)
    metrics["recall"] = min(value for name, value in metrics.items() if name.startswith("recall_"))
    settings |= {"dim": DIM, "k": K, "threads": faiss.omp_get_max_threads(), "faiss": faiss.__version__}
    return Result("search", metrics, time.perf_counter() - start, {"bare FAISS": floors}, {}, settings)


def main() -> None:
    """Measure, print, write."""
    options = read_options(__doc__ or "", needs_data=False)
    publish(run(options), options)


if __name__ == "__main__":
    main()
