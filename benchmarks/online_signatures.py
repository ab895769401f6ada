"""Online signatures (SUSIG): genuine against skilled and random forgeries, of writers never seen.

Both parts of SUSIG for themselves: *visual*, where the forger saw the signature written, and *blind*. A seed draws
30 writers of a part to be judged; one model learns from the others. `metrics.visual_skilled_eer` and
`metrics.blind_skilled_eer` hold two genuine signatures of a writer against a genuine and a forged one of the same;
`..._random_eer` against genuine ones of two writers. All genuine pairs of the judged writers; all skilled ones; with
each genuine signature 10 drawn from other writers.

Beside it, on the same pairs: time warping, duration alone, and a logistic regression on warping, duration, size and
pressure (`signature_floors`), fitted to the training writers: to both kinds of forgery, and to skilled ones alone.

Each forgery is an identity of its own in the writer's group, and batches are made of groups: so skilled forgeries are
learned from as the hard ones. Each training writer also teaches as new ones, the signatures mirrored.
Settings were chosen on training writers of seed 0 (`python -m benchmarks.online_signatures_choice`). Needs
`pip install alikely[bench]`.
"""

import csv
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Shaped

import alikely
from alikely import SiameseModel, TrainSettings
from alikely.data.sequences import open_sequence
from alikely.metrics import Verification
from alikely.training.progress import Silent
from alikely.types import Examples
from benchmarks.report import Result, over_seeds, publish, read_options
from benchmarks.signature_floors import TIME, Floors, Kinds, X, Y, regression

CORPORA = ("visual", "blind")
CHANNELS = ("x", "y", "t", "pressure", "pen_up")
JUDGED = 30  # writers never seen
OTHERS = 10  # drawn from other writers, for each genuine signature
FITTED = 40  # pairs of each kind and training writer that the regression is fitted to
MIRRORS = ("x", "y", "xy", "t")
SETTINGS: dict[str, Any] = {
    "encoder": "conv1d",
    "encoder_settings": {
        "stages": [16, 32],
        "blocks": 1,
        "cells": 8,
        "dim": 32,
        "dropout": 0.3,
        "normalise": False,
    },
    "preparation": {
        "channels": list(CHANNELS),
        "centre": ["x", "y", "t"],
        "step": 8,
        "longest": 200,
        "derivatives": True,
    },
    "loss": "contrastive",
    "loss_settings": {"margin": 2.0},
    # Nothing that changes length or size by much: these tell forgeries.
    "augment": {"jitter": 0.02, "warp": 0.15, "rotate": 5, "scale_each": 0.03, "stretch": 0.03},
    "groups_per_batch": 4,
    "labels_per_batch": 44,
    "items_per_label": 8,
    "learning_rate": 5e-3,
    "weight_decay": 0.1,
    "epochs": 3,
    "validate_share": 0,
    "calibrate_share": 0,
    "test_share": 0,
}


@dataclass(frozen=True)
class Signatures:
    """Signatures (steps channels) with their writers."""

    arrays: tuple[Float[np.ndarray, "_ channels"], ...]
    writers: Shaped[np.ndarray, " items"]
    forged: Bool[np.ndarray, " items"]

    def select(self, keep: Int[np.ndarray, " kept"]) -> "Signatures":
        return Signatures(tuple(self.arrays[place] for place in keep), self.writers[keep], self.forged[keep])


def read_signatures(data: Path, corpus: str) -> Signatures:
    """All signatures of a part of SUSIG."""
    with (data / "susig" / "items.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["corpus"] == corpus]
    arrays = tuple(open_sequence(data / "susig" / row["path"], CHANNELS).values for row in rows)
    writers = np.array([row["group"] for row in rows])
    return Signatures(arrays, writers, np.array([row["kind"] == "forged" for row in rows]))


def parted(signatures: Signatures, judged: int, seed: int) -> tuple[Signatures, Signatures]:
    """Those of the writers to learn from, and of `judged` others, drawn by the seed."""
    drawn = np.random.default_rng(seed).permutation(np.unique(signatures.writers))[:judged]
    inside = np.isin(signatures.writers, drawn)
    return signatures.select(np.flatnonzero(~inside)), signatures.select(np.flatnonzero(inside))


def mirrored(signature: Float[np.ndarray, "steps channels"], how: str) -> Float[np.ndarray, "steps channels"]:
    """Left and right exchanged (x), above and below (y), or first and last (t)."""
    made = signature.copy()
    for letter, channel in (("x", X), ("y", Y)):
        if letter in how:
            made[:, channel] = -made[:, channel]
    if "t" in how:
        made = made[::-1].copy()
        made[:, TIME] = -made[:, TIME]
    return made


def examples_of(signatures: Signatures, mirrors: Sequence[str]) -> Examples:
    """What is learned from: a writer's genuine signatures are one identity, each forgery of them another."""
    writers = signatures.writers
    number = np.arange(len(writers)).astype(str)
    labels = np.char.add(writers, np.where(signatures.forged, np.char.add(" forged ", number), ""))
    ways = ["", *mirrors]
    arrays = tuple(mirrored(array, how) for how in ways for array in signatures.arrays)
    return Examples(
        items=arrays,
        names=tuple(f"signature {place + 1}" for place in range(len(arrays))),
        labels=np.concatenate([np.char.add(labels, f" {how}") for how in ways]),
        groups=np.concatenate([np.char.add(writers, f" {how}") for how in ways]),
        kind="sequence",
    )


def learn(signatures: Signatures, seed: int, changes: Mapping[str, Any]) -> SiameseModel:
    """A model that has learned from these writers; `changes` of the settings, `mirrors` among them."""
    values = {**SETTINGS, "seed": seed, **changes}
    examples = examples_of(signatures, values.pop("mirrors", MIRRORS))
    return alikely.train(examples, TrainSettings(**values), reporter=Silent()).model


def pairs_of(signatures: Signatures, seed: int, most: int | None = None) -> Kinds:
    """All genuine and skilled pairs of each writer (`most`: so many of each, drawn), and drawn random ones."""
    rng = np.random.default_rng(seed)
    kinds: tuple[list[np.ndarray], ...] = ([], [], [])
    genuine_of_all = np.flatnonzero(~signatures.forged)
    for writer in np.unique(signatures.writers):
        own = signatures.writers == writer
        genuine, forged = np.flatnonzero(own & ~signatures.forged), np.flatnonzero(own & signatures.forged)
        others = np.setdiff1d(genuine_of_all, genuine)
        rows, columns = np.triu_indices(len(genuine), 1)
        drawn = np.stack([rng.choice(others, OTHERS, replace=False) for _ in genuine])
        made = (
            np.column_stack([genuine[rows], genuine[columns]]),
            np.column_stack([np.repeat(genuine, len(forged)), np.tile(forged, len(genuine))]),
            np.column_stack([np.repeat(genuine, OTHERS), drawn.ravel()]),
        )
        for kept, pairs in zip(kinds, made, strict=True):
            kept.append(pairs if most is None else rng.permutation(pairs)[:most])
    return Kinds(*(np.concatenate(kept) for kept in kinds))


def distances_of(model: SiameseModel, signatures: Signatures, pairs: Kinds) -> list[Float[np.ndarray, " pairs"]]:
    rows = torch.from_numpy(model.embed(list(signatures.arrays)))
    with torch.no_grad():
        return [model.distance.between(rows[kind[:, 0]], rows[kind[:, 1]]).numpy() for kind in pairs.each()]


def errors(distances: Sequence[Float[np.ndarray, " pairs"]], corpus: str) -> dict[str, float]:
    """Equal error rates, from the distances of genuine, skilled and random pairs."""
    genuine, skilled, random = distances
    return {
        f"{corpus}_skilled_eer": Verification.from_distances(genuine, skilled).eer,
        f"{corpus}_random_eer": Verification.from_distances(genuine, random).eer,
    }


def floors_of(learned: Signatures, judged: Signatures, corpus: str, seed: int) -> dict[str, dict[str, float]]:
    """The errors of each simple way on the judged writers."""
    pairs = pairs_of(judged, seed)
    floors, known = Floors(judged.arrays), Floors(learned.arrays)
    asked = tuple(floors.features(kind) for kind in pairs.each())
    given = tuple(known.features(kind) for kind in pairs_of(learned, seed, FITTED).each())
    found = {
        "time warping": [features[:, 0] for features in asked],
        "duration alone": [floors.duration(kind) for kind in pairs.each()],
        "regression": regression((given[0], given[1], given[2]), asked),
        "regression on skilled alone": regression((given[0], given[1], given[2]), asked, (1,)),
    }
    return {who: errors(distances, corpus) for who, distances in found.items()}


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=5)
    begin = time.perf_counter()
    changes: dict[str, Any] = {"epochs": 1, "mirrors": ()} if options.quick else {}
    everything = {corpus: read_signatures(options.data, corpus) for corpus in CORPORA}
    ours: list[dict[str, float]] = []
    floors: dict[str, list[dict[str, float]]] = {}
    for seed in range(options.seeds):
        found: dict[str, float] = {}
        simple: dict[str, dict[str, float]] = {}
        for corpus, signatures in everything.items():
            learned, judged = parted(signatures, JUDGED, seed)
            start = time.perf_counter()
            model = learn(learned, seed, changes)
            found[f"{corpus}_training_seconds"] = time.perf_counter() - start
            found |= errors(distances_of(model, judged, pairs_of(judged, seed)), corpus)
            for who, rates in floors_of(learned, judged, corpus, seed).items():
                simple.setdefault(who, {}).update(rates)
        ours.append(found)
        for who, rates in simple.items():
            floors.setdefault(who, []).append(rates)
    result = Result(
        name="online_signatures",
        metrics=over_seeds(ours),
        floors={who: over_seeds(runs) for who, runs in floors.items()},
        settings={**SETTINGS, "mirrors": list(MIRRORS), **changes, "seeds": options.seeds},
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
