"""Curves and gestures of the UCR and UEA archives: the label of the nearest training case, on the archives' own splits.

`metrics.accuracy` is the mean over all sets of the share of test cases whose nearest training case, by the distance of
a model that learned from the training cases alone, has their label; `metrics.SET` is that of one set. Beside it, the
nearest by Euclid (all cases of a set brought to one length by linear interpolation) and by dynamic time warping
(without a window, all channels together; dtaidistance). One model a set and seed, all with the same settings, chosen
on training cases alone (`python -m benchmarks.timeseries_choice`). `KDD-TSAD_135` lies there too, but has anomalies to
find instead of labels, and is left out. Needs `pip install alikely[bench]`.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped
from scipy.spatial.distance import cdist

import alikely
from alikely import TrainSettings
from alikely.data.sequences import read_ts, read_ucr
from alikely.training.progress import Silent
from alikely.types import Examples
from benchmarks.report import Result, over_seeds, publish, read_options

STEPS = 60  # of the optimizer, however few cases a set has
SETTINGS: dict[str, Any] = {
    "encoder": "conv1d",
    "encoder_settings": {"stages": [16, 32], "blocks": 1, "cells": 16, "dropout": 0.2},
    "preparation": {"longest": 100, "derivatives": True, "normalise": "each"},
    "loss": "info_nce",
    "loss_settings": {"temperature": 0.1},
    "augment": "light",
    "labels_per_batch": 8,
    "items_per_label": 6,
    "draw": "equal",
    "weight_decay": 0.01,
    "validate_share": 0,
    "calibrate_share": 0,
    "test_share": 0,
}
LEFT_OUT = "KDD-TSAD_135"
QUICK = 3  # sets


@dataclass(frozen=True)
class Cases:
    """Sequences with a label each."""

    arrays: Sequence[Float[np.ndarray, "_ channels"]]
    labels: Shaped[np.ndarray, " cases"]

    def select(self, keep: Shaped[np.ndarray, " kept"]) -> "Cases":
        return Cases([self.arrays[place] for place in keep], self.labels[keep])


def archives(data: Path) -> Iterator[tuple[str, Cases, Cases]]:
    """The name of each set, its training and its test cases."""
    folder = data / "timeseries"
    for path in sorted([*folder.glob("*/*_TRAIN.ts"), *folder.glob("ucr_txt/*/*_TRAIN.txt")], key=lambda one: one.name):
        yield path.parent.name, cases_of(path), cases_of(path.with_name(path.name.replace("_TRAIN", "_TEST")))


def cases_of(path: Path) -> Cases:
    arrays, labels = read_ts(path) if path.suffix == ".ts" else read_ucr(path)
    if labels is None:
        raise SystemExit(f"{path}: has no labels")
    return Cases(arrays, labels)


def accuracy(tables: Float[np.ndarray, "asked known"], known: Cases, asked: Cases) -> float:
    """The share of asked cases whose nearest known case has their label."""
    return float((known.labels[tables.argmin(axis=1)] == asked.labels).mean())


def learned(
    known: Cases, asked: Cases, seed: int, changes: Mapping[str, Any], steps: int
) -> Float[np.ndarray, "asked known"]:
    """Distances by a model that has learned from the known cases."""
    examples = Examples(
        tuple(known.arrays),
        tuple(f"case {place + 1}" for place in range(len(known.arrays))),
        known.labels,
        kind="sequence",
    )
    values = {**SETTINGS, "seed": seed, **changes}
    batch = min(values["labels_per_batch"], len(set(known.labels))) * values["items_per_label"]
    epochs = max(1, round(steps / max(1, round(len(known.arrays) / batch))))
    model = alikely.train(examples, TrainSettings(**values, epochs=epochs), reporter=Silent()).model
    rows = [torch.from_numpy(model.embed(list(cases.arrays))) for cases in (asked, known)]
    with torch.no_grad():
        return np.asarray(model.distance.table(rows[0], rows[1]).numpy())


def by_euclid(known: Cases, asked: Cases) -> Float[np.ndarray, "asked known"]:
    """Straight-line distances of all steps and channels, at the length of the longest known case."""
    length = max(len(array) for array in known.arrays)
    rows = [np.stack([at_length(array, length).ravel() for array in cases.arrays]) for cases in (asked, known)]
    found: Float[np.ndarray, "asked known"] = cdist(rows[0], rows[1])
    return found


def at_length(values: Float[np.ndarray, "steps channels"], length: int) -> Float[np.ndarray, "length channels"]:
    places = np.linspace(0, len(values) - 1, length)
    return np.stack([np.interp(places, np.arange(len(values)), column) for column in values.T], axis=1)


def by_warping(known: Cases, asked: Cases) -> Float[np.ndarray, "asked known"]:
    """Dynamic time warping, any step of one case with any of the other, in order."""
    from dtaidistance import dtw_ndim

    both = [np.ascontiguousarray(array) for array in (*asked.arrays, *known.arrays)]
    block = ((0, len(asked.arrays)), (len(asked.arrays), len(both)))
    table = dtw_ndim.distance_matrix_fast(both, ndim=both[0].shape[1], block=block, parallel=False)
    return np.asarray(table[: len(asked.arrays), len(asked.arrays) :])


def compared(ours: Mapping[str, float], others: Mapping[str, float]) -> dict[str, float]:
    """On how many sets ours is right more often, and as often."""
    return {
        "better": sum(ours[name] > others[name] for name in ours),
        "equal": sum(ours[name] == others[name] for name in ours),
    }


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=1)
    begin = time.perf_counter()
    steps = 5 if options.quick else STEPS
    sets = list(archives(options.data))[: QUICK if options.quick else None]
    ours: list[dict[str, float]] = [{} for _ in range(options.seeds)]
    euclid, warping = {}, {}
    for name, known, asked in sets:
        euclid[name] = accuracy(by_euclid(known, asked), known, asked)
        warping[name] = accuracy(by_warping(known, asked), known, asked)
        for seed, found in enumerate(ours):
            found[name] = accuracy(learned(known, asked, seed, {}, steps), known, asked)
    mean = {name: float(np.mean([found[name] for found in ours])) for name in euclid}
    floors = {"Euclid": euclid, "time warping": warping}
    result = Result(
        name="timeseries",
        metrics=over_seeds([{"accuracy": float(np.mean(list(found.values()))), **found} for found in ours]),
        floors={who: {"accuracy": float(np.mean(list(found.values()))), **found} for who, found in floors.items()},
        settings={
            **SETTINGS,
            "steps": steps,
            "left_out": LEFT_OUT,
            **{f"against {who}": compared(mean, found) for who, found in floors.items()},
        },
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
