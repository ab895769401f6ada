"""Labelled Faces in the Wild, the official ten folds (Huang et al. 2007): same person or not, for 6,000 pairs.

For each fold a model of its own learns from the pictures of all people who are in none of the fold's 600 pairs
("unrestricted, no outside data"). Of these people, 150 are held back from the training as well; the threshold is chosen
on them. The fold's pairs choose nothing. `metrics.accuracy` is the mean over the folds, `accuracy_se` its standard
error; `eer` is the mean of the folds' EER, `eer_pooled` that of all 6,000 distances. A picture's embedding is the sum
of its own and its mirror image's. One seed. Losses, batches and augmentation come from first trials that were judged by
fold 1, whose figure may therefore flatter; the net, its epochs and the people for the threshold were chosen on the
official development set, where `python -m benchmarks.lfw_choice` compares candidates.

Floors, with the same folds and the same rule for the threshold, are in `benchmarks/lfw_floors.py`.
"""

import csv
import json
import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Shaped
from sklearn.linear_model import LogisticRegression

import alikely
from alikely import SiameseModel, TrainSettings
from alikely.contracts import Distance
from alikely.data.reading import read_batch
from alikely.distances import Cosine
from alikely.folders import write_text
from alikely.metrics import Verification, all_pairs
from alikely.model import as_floats
from alikely.training.progress import Silent
from alikely.types import Examples
from benchmarks.lfw_floors import floors
from benchmarks.report import Options, Result, publish, read_options

FOLDS = 10
HELD_BACK = 150  # people with FEW_PICTURES pictures, for the threshold
FEW_PICTURES = (2, 5)
SETTINGS = {
    "encoder": "resnet",
    "encoder_settings": {"stem": 32, "stages": [32, 64, 128, 256], "dim": 256, "dropout": 0.3},
    "loss": "info_nce+cosface",
    "loss_settings": {"info_nce": {"temperature": 0.1}, "cosface": {"scale": 24, "margin": 0.2}},
    "size": 64,
    "augment": {
        "flip": 0.5,
        "rotate": 8,
        "scale": 0.1,
        "shift": 0.05,
        "light_ramp": 0.2,
        "contrast": 0.2,
        "erase": 0.3,
    },
    "draw": "root",
    "labels_per_batch": 48,
    "items_per_label": 4,
    "weight_decay": 0.05,
    "epochs": 20,
    "validate_share": 0,
    "calibrate_share": 0,
    "test_share": 0,
}


class FacePairs(NamedTuple):
    """Pairs of pictures as places among all pictures, the fold of each, and whether it shows one person."""

    fold: Shaped[np.ndarray, " pairs"]
    left: Int[np.ndarray, " pairs"]
    right: Int[np.ndarray, " pairs"]
    same: Bool[np.ndarray, " pairs"]

    def of_fold(self, name: str) -> "FacePairs":
        inside = self.fold == name
        return FacePairs(*(column[inside] for column in self))

    def ends(self) -> Int[np.ndarray, " ends"]:
        """Every picture that stands in a pair, once."""
        return np.unique(np.concatenate([self.left, self.right]))


class Parts(NamedTuple):
    """Pictures by their part in one fold: learned from, held back for the threshold, judged. No person is in two."""

    learned: Int[np.ndarray, " learned"]
    held_back: Int[np.ndarray, " held_back"]
    judged: Int[np.ndarray, " judged"]

    def asked(self) -> Int[np.ndarray, " asked"]:
        """Those held back, then those judged."""
        return np.concatenate([self.held_back, self.judged])


def people_and_pictures(data: Path) -> Examples:
    """All 13,233 pictures; the label is the person."""
    paths = sorted((data / "lfw" / "images").glob("*/*.jpg"))
    return alikely.examples_from(paths, labels=[path.parent.name for path in paths])


def official_pairs(data: Path, examples: Examples) -> FacePairs:
    """The 6,000 pairs of the ten folds."""
    return _pairs(data / "lfw" / "pairs.csv", examples, "fold")


def development_pairs(data: Path, examples: Examples) -> FacePairs:
    """The 1,000 pairs by which settings may be chosen ("View 1", its test part), as one fold."""
    pairs = _pairs(data / "lfw" / "dev_pairs.csv", examples, "part")
    return pairs.of_fold("test")


def _pairs(table: Path, examples: Examples, fold: str) -> FacePairs:
    place = {f"images/{path.parent.name}/{path.name}": i for i, path in enumerate(map(_path, examples.items))}
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return FacePairs(
        np.array([row[fold] for row in rows]),
        np.array([place[row["left"]] for row in rows]),
        np.array([place[row["right"]] for row in rows]),
        np.array([row["same"] == "1" for row in rows]),
    )


def parts_of(labels: Shaped[np.ndarray, " items"], pairs: FacePairs, seed: int) -> Parts:
    """Who is learned from where these pairs are judged; the people held back are drawn by the seed."""
    judged = np.isin(labels, np.unique(labels[pairs.ends()]))
    people, counts = np.unique(labels[~judged], return_counts=True)
    fitting = people[(counts >= FEW_PICTURES[0]) & (counts <= FEW_PICTURES[1])]
    drawn = np.random.default_rng(seed).permutation(fitting)[:HELD_BACK]
    held_back = np.isin(labels, drawn)
    return Parts(np.flatnonzero(~judged & ~held_back), np.flatnonzero(held_back), pairs.ends())


def learn(examples: Examples, seed: int, changes: dict[str, Any] | None = None) -> SiameseModel:
    """A model that has learned from all these people."""
    settings = TrainSettings(**{**SETTINGS, "seed": seed, **(changes or {})})
    return alikely.train(examples, settings, reporter=Silent()).model


def embed(model: SiameseModel, examples: Examples) -> Float[np.ndarray, "items dim"]:
    """For each picture the sum of the embeddings of it and its mirror image."""
    pictures = as_floats(read_batch(model.preparation, examples.items))
    both: Float[np.ndarray, "items dim"] = model.embed_read(pictures) + model.embed_read(pictures.flip(-1))
    return both


def threshold_between(same: Float[np.ndarray, " same"], different: Float[np.ndarray, " different"]) -> float:
    """The distance at which same and different are equally likely, each kind as a whole counted alike (logistic)."""
    distances = np.concatenate([same, different])
    middle, width = float(distances.mean()), float(distances.std())
    truth = np.arange(len(distances)) < len(same)
    line = LogisticRegression(C=1e6, class_weight="balanced").fit((distances[:, None] - middle) / width, truth)
    return middle - width * float(line.intercept_[0] / line.coef_[0, 0])


def share_right(distances: Float[np.ndarray, " pairs"], same: Bool[np.ndarray, " pairs"], threshold: float) -> float:
    """The share of the pairs that the threshold calls right; a distance equal to it is called same."""
    return float(((distances <= threshold) == same).mean())


def judged(
    rows: Float[np.ndarray, "items dim"], labels: Shaped[np.ndarray, " items"], parts: Parts, pairs: FacePairs
) -> dict[str, Any]:
    """Accuracy and EER of a fold's pairs, and its distances. `rows`: of the pictures `parts.asked()`."""
    distance: Distance = Cosine()
    count = len(parts.held_back)
    known = all_pairs(rows[:count], labels[parts.held_back], distance)
    threshold = threshold_between(known.same, known.different)
    place = np.full(len(labels), -1)
    place[parts.judged] = np.arange(count, len(rows))
    ends = [torch.from_numpy(rows[place[end]]) for end in (pairs.left, pairs.right)]
    distances = distance.between(*ends).numpy()
    return {
        "accuracy": share_right(distances, pairs.same, threshold),
        "eer": Verification.from_distances(distances[pairs.same], distances[~pairs.same]).eer,
        "distances": [round(float(value), 6) for value in distances],
    }


def run_fold(data: Path, number: int, seed: int, settings: dict[str, Any]) -> dict[str, Any]:
    """Everything about one fold: ours and the floors, each as `judged` gives it, and the seconds that ours took."""
    examples = people_and_pictures(data)
    pairs = official_pairs(data, examples).of_fold(str(number))
    parts = parts_of(names_of(examples), pairs, seed)
    rows_of = floors(examples.select(parts.learned), examples.select(parts.asked()))
    return {
        "ours": learned_and_judged(examples, pairs, seed, settings),
        "floors": {name: judged(rows, names_of(examples), parts, pairs) for name, rows in rows_of.items()},
        "same": pairs.same.tolist(),
    }


def learned_and_judged(examples: Examples, pairs: FacePairs, seed: int, changes: dict[str, Any]) -> dict[str, Any]:
    """A model that learned from nobody in these pairs, as `judged` gives it, and the seconds that it took."""
    parts = parts_of(names_of(examples), pairs, seed)
    start, start_core = time.perf_counter(), time.process_time()
    model = learn(examples.select(parts.learned), seed, changes)
    found = judged(embed(model, examples.select(parts.asked())), names_of(examples), parts, pairs)
    return {**found, "seconds": time.perf_counter() - start, "core_seconds": time.process_time() - start_core}


def over_folds(folds: Sequence[dict[str, Any]], same: Bool[np.ndarray, " pairs"]) -> dict[str, float]:
    """Means over the folds, the standard error of the accuracy, and the EER of all distances together."""
    accuracies = [fold["accuracy"] for fold in folds]
    distances = np.concatenate([fold["distances"] for fold in folds])
    found = {"accuracy": float(np.mean(accuracies))}
    if len(folds) > 1:
        found["accuracy_se"] = float(np.std(accuracies, ddof=1) / len(folds) ** 0.5)
    found["eer"] = float(np.mean([fold["eer"] for fold in folds]))
    found["eer_pooled"] = Verification.from_distances(distances[same], distances[~same]).eer
    return found


def run_folds(options: Options, settings: dict[str, Any], numbers: Sequence[int]) -> list[dict[str, Any]]:
    """The result of each fold; those kept by an earlier run with the same settings are not run again.

    As many folds at a time as there are processors, each on one thread: that gets more done than one fold on all.
    """
    found = {number: kept for number in numbers if (kept := _kept(options.keep, number, settings)) is not None}
    missing = [number for number in numbers if number not in found]
    with pool_of(len(missing)) as pool:
        running = {pool.submit(run_fold, options.data, number, 0, settings): number for number in missing}
        for done in as_completed(running):
            number = running[done]
            found[number] = done.result()
            ours = found[number]["ours"]
            told = f"fold {number}: accuracy {ours['accuracy']:.4f}, EER {ours['eer']:.4f}, {ours['seconds']:.0f} s"
            print(told, flush=True)
            if options.keep is not None:
                options.keep.mkdir(parents=True, exist_ok=True)
                kept = {"settings": settings, "result": found[number]}
                write_text(_file(options.keep, number), json.dumps(kept) + "\n")
    return [found[number] for number in numbers]


def pool_of(jobs: int) -> ProcessPoolExecutor:
    """As many processes as there are processors or jobs, each on one thread."""
    workers = max(1, min(os.cpu_count() or 1, jobs))
    spawned = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, spawned, initializer=torch.set_num_threads, initargs=(1,))


def _kept(folder: Path | None, number: int, settings: dict[str, Any]) -> dict[str, Any] | None:
    if folder is None or not _file(folder, number).is_file():
        return None
    kept = json.loads(_file(folder, number).read_text(encoding="utf-8"))
    result: dict[str, Any] = kept["result"]
    return result if kept["settings"] == settings else None


def _file(folder: Path, number: int) -> Path:
    return folder / f"lfw_fold_{number}.json"


def names_of(examples: Examples) -> Shaped[np.ndarray, " items"]:
    assert examples.labels is not None  # `people_and_pictures` gives them
    return examples.labels


def _path(item: object) -> Path:
    assert isinstance(item, Path)  # `people_and_pictures` gives paths
    return item


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, keeps=True)
    begin = time.perf_counter()
    settings: dict[str, Any] = {**SETTINGS, **({"epochs": 1} if options.quick else {})}
    numbers = range(1, 2 if options.quick else FOLDS + 1)
    folds = run_folds(options, settings, numbers)
    same = np.concatenate([fold["same"] for fold in folds])
    ours = [fold["ours"] for fold in folds]
    times = {
        "fold_seconds": float(np.mean([fold["seconds"] for fold in ours])),
        "fold_core_seconds": float(np.mean([fold["core_seconds"] for fold in ours])),
    }
    each = {f"accuracy_fold_{number}": fold["accuracy"] for number, fold in zip(numbers, ours, strict=True)}
    result = Result(
        name="lfw",
        metrics={**over_folds(ours, same), **times, **each},
        floors={name: over_folds([fold["floors"][name] for fold in folds], same) for name in folds[0]["floors"]},
        settings=settings,
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
