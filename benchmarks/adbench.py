"""ADBench: an encoder that has seen normal rows alone, judged by how well it tells anomalies from other normal rows.

The semi-supervised protocol of Han et al. 2022 on 19 of their tables, all columns numbers: each seed draws half of the
normal rows to learn from (at most MOST_LEARNED of them, for every method alike); judged are the other normal rows and
all anomalies. `metrics.auroc` is the mean over the tables of the area under the ROC curve of the mean distance to the
NEAREST normal rows learned from, in an embedding that holds what was learned and, beside it, the standardised columns
themselves (`skip`); `auroc_TABLE` is that of one table.

What is learned from is made of the normal rows alone: each is to be near all others, and far from rows of which some
cells were replaced by those of other rows (Bahri et al. 2022), which stand in for anomalies. How long it learns goes
with the number of normal rows: few of them are soon learned by heart, and then all others look like anomalies.

The settings were chosen on the tables CHOSEN_ON, with their anomalies (`python -m benchmarks.adbench_choice`); the
seven others played no part in that, and `auroc_others` is the mean over these. Beside it in the same run: nearest
neighbours in the standardised columns, the local outlier factor (Breunig et al. 2000) and the isolation forest (Liu et
al. 2008).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.preprocessing import StandardScaler

import alikely
from alikely import SiameseModel, TrainSettings
from alikely.losses import learns_from_views
from alikely.training.progress import Silent
from alikely.types import Examples
from benchmarks.report import Result, over_seeds, publish, read_options

CHOSEN_ON = (
    "12_fault",
    "15_Hepatitis",
    "18_Ionosphere",
    "20_letter",
    "23_mammography",
    "25_musk",
    "27_PageBlocks",
    "29_Pima",
    "30_satellite",
    "32_shuttle",
    "39_vertebral",
    "45_wine",
)
MOST_LEARNED = 10_000
HALF = 64  # of a batch: so many normal rows, and so many with replaced cells
SETTINGS: dict[str, Any] = {
    "encoder": "mlp",
    "encoder_settings": {"dim": 64, "width": 256, "depth": 2, "normalise": False, "skip": True},
    "distance": "euclidean",
    "loss": "contrastive",
    "labels_per_batch": HALF + 1,
    "items_per_label": HALF,
    "augment": "none",
    "epochs": 2,
    "precision": "fp32",
    "validate_share": 0,
    "calibrate_share": 0,
    "test_share": 0,
}
# How often an epoch shows each normal row, between the fewest and the most rows that it shows of each kind; and the
# largest share of the cells of a row that is replaced.
OFTEN, FEWEST_ROWS, MOST_ROWS = 10, 960, 5_000
MOST_REPLACED = 0.6
NEAREST = 3
QUICK = {"most_rows": 320}


@dataclass(frozen=True)
class Task:
    """One table, as one seed parts it: normal rows to learn from, and rows to judge."""

    learned: Float[np.ndarray, "learned columns"]
    judged: Float[np.ndarray, "judged columns"]
    anomalies: Bool[np.ndarray, " judged"]

    def auroc(self, scores: Float[np.ndarray, " judged"]) -> float:
        """How well larger scores tell anomalies."""
        return float(roc_auc_score(self.anomalies, scores))


def read_tables(data: Path) -> dict[str, Float[np.ndarray, "rows columns"]]:
    """The tables by name; their last column says which rows are anomalies."""
    paths = sorted((data / "adbench").glob("*.csv"))
    return {path.stem: np.loadtxt(path, delimiter=",", skiprows=1) for path in paths}


def parted(table: Float[np.ndarray, "rows columns"], seed: int) -> Task:
    """Half of the normal rows to learn from, all others to judge."""
    anomalies = table[:, -1] == 1
    normal = np.random.default_rng(seed).permutation(np.flatnonzero(~anomalies))
    half = len(normal) // 2
    judged = np.concatenate([normal[half:], np.flatnonzero(anomalies)])
    return Task(table[normal[:half][:MOST_LEARNED], :-1], table[judged, :-1], anomalies[judged])


def with_replaced_cells(
    rows: Float[np.ndarray, "rows columns"], count: int, most: float, rng: np.random.Generator
) -> Float[np.ndarray, "made columns"]:
    """Up to `count` of the rows, with a share of their cells, drawn for each row, replaced by those of other rows.

    Rows that are not changed by that are left out.
    """
    columns = rows.shape[1]
    base = rows[rng.integers(len(rows), size=count)]
    others = np.take_along_axis(rows, rng.integers(len(rows), size=(count, columns)), axis=0)
    # At least about one cell of each row.
    shares = rng.random((count, 1)) * most + 1 / columns
    made = np.where(rng.random(base.shape) < shares, others, base)
    return np.asarray(made[(made != base).any(axis=1)])


def examples_of(normal: Float[np.ndarray, "rows columns"], count: int, most: float, seed: int) -> Examples:
    """`count` normal rows, each about equally often, of one label; and as many with replaced cells, each its own."""
    rng = np.random.default_rng(seed)
    again = rng.permutation(np.resize(np.arange(len(normal)), count))
    made = with_replaced_cells(normal, count, most, rng)
    labels = ["normal"] * count + [f"replaced {place}" for place in range(len(made))]
    items = as_rows(np.concatenate([normal[again], made]))
    names = tuple(f"row {place + 1}" for place in range(len(items)))
    return Examples(items=tuple(items), names=names, labels=np.array(labels), kind="row")


def as_rows(rows: Float[np.ndarray, "rows columns"]) -> list[Mapping[str, float]]:
    """Each row as Alikely takes it."""
    names = [f"x{place}" for place in range(rows.shape[1])]
    return [dict(zip(names, row, strict=True)) for row in rows.tolist()]


def learn(task: Task, seed: int, changes: Mapping[str, Any] | None = None) -> SiameseModel:
    """A model that has learned from the normal rows alone. `changes` are settings, `often`, `most_rows`, `replaced`."""
    changes = dict(changes or {})
    often, most_rows = changes.pop("often", OFTEN), changes.pop("most_rows", MOST_ROWS)
    most = changes.pop("replaced", MOST_REPLACED)
    count = min(max(often * len(task.learned), FEWEST_ROWS), most_rows)
    settings = TrainSettings(**{**SETTINGS, "seed": seed, **changes})
    examples = examples_of(task.learned, count, most, seed)
    if learns_from_views(str(settings.loss)):  # then the augmentation replaces cells
        examples = replace(examples.select(np.arange(count)), labels=None)
    return alikely.train(examples, settings, reporter=Silent()).model


def scores_of(task: Task, seed: int, changes: Mapping[str, Any] | None = None) -> dict[str, float]:
    """The AUROC of the mean distance to the nearest normal rows, and the seconds of learning.

    `changes` are those of `learn`, and `nearest`: how many.
    """
    changes = dict(changes or {})
    count = changes.pop("nearest", NEAREST)
    start = time.perf_counter()
    model = learn(task, seed, changes)
    seconds = time.perf_counter() - start
    near = nearest(model.embed(as_rows(task.learned)), model.embed(as_rows(task.judged)), count)
    return {"auroc": task.auroc(near.mean(axis=1)), "training_seconds": seconds}


def floors_of(task: Task, seed: int) -> dict[str, float]:
    """The AUROC of other methods."""
    scaler = StandardScaler().fit(task.learned)
    learned, judged = scaler.transform(task.learned), scaler.transform(task.judged)
    near = nearest(learned, judged, 5)
    factor = LocalOutlierFactor(novelty=True).fit(learned)
    forest = IsolationForest(random_state=seed).fit(learned)
    return {
        "1 nearest": task.auroc(near[:, 0]),
        "5 nearest": task.auroc(near.mean(axis=1)),
        "local outlier factor": task.auroc(-factor.score_samples(judged)),
        "isolation forest": task.auroc(-forest.score_samples(judged)),
    }


def nearest(
    learned: Float[np.ndarray, "learned dim"], judged: Float[np.ndarray, "judged dim"], count: int = 1
) -> Float[np.ndarray, "judged count"]:
    """The distances of each judged row to the nearest rows learned from, rising."""
    return np.asarray(NearestNeighbors(n_neighbors=count).fit(learned).kneighbors(judged)[0])


def summed_up(found: Mapping[str, Mapping[str, float]], names: Sequence[str]) -> dict[str, float]:
    """Means over the tables of each of the figures `names`, over those not chosen on too, and each table's `auroc`."""
    others = [table for table in found if table not in CHOSEN_ON]
    means: dict[str, float] = {}
    for name in names:
        means[name] = float(np.mean([row[name] for row in found.values()]))
        if others and name.startswith("auroc"):
            means[f"{name}_others"] = float(np.mean([found[table][name] for table in others]))
    return means | {f"auroc_{table}": row["auroc"] for table, row in found.items()}


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=3)
    begin = time.perf_counter()
    torch.set_num_threads(1)
    changes = QUICK if options.quick else {}
    ours: list[dict[str, float]] = []
    floors: dict[str, list[dict[str, float]]] = {}
    tables = read_tables(options.data)
    for seed in range(options.seeds):
        tasks = {name: parted(table, seed) for name, table in tables.items()}
        found = {name: scores_of(task, seed, changes) for name, task in tasks.items()}
        ours.append(summed_up(found, ("auroc", "training_seconds")))
        beside = {name: floors_of(task, seed) for name, task in tasks.items()}
        for who in next(iter(beside.values())):
            rows = {name: {"auroc": row[who]} for name, row in beside.items()}
            floors.setdefault(who, []).append(summed_up(rows, ("auroc",)))
    result = Result(
        name="adbench",
        metrics=over_seeds(ours),
        floors={who: over_seeds(runs) for who, runs in floors.items()},
        settings={
            **SETTINGS,
            "often": OFTEN,
            "most_rows": MOST_ROWS,
            "replaced": MOST_REPLACED,
            "nearest": NEAREST,
            **changes,
        },
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
