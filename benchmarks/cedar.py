"""Offline signatures (CEDAR, binarised): genuine against skilled and random forgeries, of writers never seen.

A seed draws 10 of the 55 writers to be judged; all else is learned from the 45 others. `metrics.skilled_eer` holds two
genuine signatures of a writer (all pairs) against a genuine and a forged one of the same (all pairs);
`metrics.random_eer` against genuine ones of two writers (10 drawn for each).

Ours: each picture is described by 921 numbers (`signature_pictures`, without `hog`), each made its quantile among those
of the training writers; the distance is the sum of their absolute differences, each with a learned weight of 0 or more:
a Siamese network whose encoder learns nothing, and its distance all. On writers held back, a network that learns
descriptors of its own is better at skilled forgeries and much worse at random ones; three parts of the first and one of
the second, each over its mean distance of same pairs, are better than either (`python -m benchmarks.cedar_choice`).
Five such blends learn from four fifths of the 45 writers each, and the mean of their distances counts, each part over
its mean distance of same pairs of the fifth that it never saw.

`..._references`: the mean distance to 5 or 10 genuine references, with one threshold for all writers; `..._personal`:
with each writer's own threshold (`alikely.calibration.personal`), measured on the fifths held back from each model.
`false_acceptance` is the share of skilled forgeries accepted by the threshold that is to accept at most `asked` (10 %,
or the least that 45 writers can promise) with 95 % confidence, calibrated on these fifths; `false_rejection` that of
genuine signatures refused.

Beside it, in the same run: boosting on absolute differences (HOG, LBP, geometry), fitted to pairs of the training
writers; and a control that sees ONE signature and no reference, a logistic regression that tells forged from genuine:
`auc_of_one` says how much the scans of the forgeries give away by themselves, which every figure here may rest on.
"""

import csv
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler

import alikely
from alikely import TrainSettings
from alikely.calibration import Spread, calibrate, reference_pairs
from alikely.metrics import Verification
from alikely.metrics.pairs import distance_table
from alikely.training.progress import Silent
from alikely.types import Examples, Pairs
from benchmarks.lfw import pool_of
from benchmarks.online_signatures import Signatures, pairs_of, parted
from benchmarks.report import Result, over_seeds, publish, read_options
from benchmarks.signature_floors import Kinds
from benchmarks.signature_pictures import describe

JUDGED = 10  # writers never seen
MODELS = 5
REFERENCES = (5, 10)
ASKED = 0.1  # of the skilled forgeries may be accepted, or the least that can be promised
CONFIDENCE = 0.95
QUICK = 30  # writers in a small run
OURS = ("geometry", "width", "texture", "skeleton", "directions", "outline", "density")
BOOSTED = ("geometry", "width", "texture", "hog")
FITTED = 100  # pairs of each kind and training writer that boosting is fitted to
EACH = 8  # signatures of a kind in a unit of pairs to learn from
UNITS = 10  # of each writer
SETTINGS: dict[str, Any] = {
    "encoder": "given",
    "encoder_settings": {"head": "none", "normalise": False},
    "distance": "learned",
    "loss": "logistic",
    "loss_settings": {"offset": 5.0},
    "augment": "none",
    "pairs_per_batch": 624,  # four units
    "learning_rate": 0.06,
    "weight_decay": 0.0,
    "epochs": 3,
    "validate_share": 0,
    "calibrate_share": 0,
    "test_share": 0,
}


NETWORK: dict[str, Any] = {  # learns descriptors of its own: better at skilled forgeries, worse at random ones
    "encoder": "mlp",
    "encoder_settings": {"width": 256, "depth": 1, "dim": 64, "dropout": 0.5, "normalise": False},
    "learning_rate": 3e-3,
    "weight_decay": 0.05,
}
PARTS: tuple[tuple[float, dict[str, Any]], ...] = ((0.75, {}), (0.25, NETWORK))  # of the distance that counts


class Described:
    """Signatures by their descriptors: for each name a table (items numbers)."""

    def __init__(self, tables: Mapping[str, Float[np.ndarray, "_ _"]], signatures: Signatures) -> None:
        self.tables = tables
        self.signatures = signatures

    def chosen(self, names: Sequence[str]) -> Signatures:
        """Each signature as an array (1 numbers) of the descriptors of these names."""
        rows = np.concatenate([self.tables[name] for name in names], axis=1)
        return Signatures(tuple(rows[:, None]), self.signatures.writers, self.signatures.forged)


def read_signatures(data: Path, most: int | None = None) -> Described:
    """All signatures, or those of the first `most` writers."""
    with (data / "cedar" / "items.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    writers = sorted({row["group"] for row in rows})[:most]
    rows = [row for row in rows if row["group"] in writers]
    paths = [data / "cedar" / row["path"] for row in rows]
    with pool_of(len(paths)) as pool:
        found = list(pool.map(describe, paths, chunksize=16))
    tables = {name: np.stack([descriptors[name] for descriptors in found]) for name in found[0]}
    forged = np.array([row["kind"] == "forged" for row in rows])
    return Described(tables, Signatures((), np.array([row["group"] for row in rows]), forged))


def table_of(signatures: Signatures) -> Float[np.ndarray, "items numbers"]:
    return np.concatenate(signatures.arrays)


def labels_of(signatures: Signatures) -> Shaped[np.ndarray, " items"]:
    """The genuine signatures of a writer are one identity, each forgery another."""
    number = np.arange(len(signatures.writers)).astype(str)
    labels: Shaped[np.ndarray, " items"] = np.char.add(
        signatures.writers, np.where(signatures.forged, np.char.add(" forged ", number), "")
    )
    return labels


def examples_of(signatures: Signatures, rows: Float[np.ndarray, "items numbers"], seed: int) -> Examples:
    """What is learned from, in units that stay together in a batch.

    A unit: `EACH` genuine and `EACH` forged signatures of one writer and `EACH` genuine ones of another, all drawn.
    Same: genuine with genuine; different: forged with genuine, and genuine with genuine of the other writer. Of two
    forgeries nothing is known: whether one hand made both is not said.
    """
    rng = np.random.default_rng(seed)
    writers = np.unique(signatures.writers)
    kinds = [
        {writer: np.flatnonzero((signatures.writers == writer) & (signatures.forged == forged)) for writer in writers}
        for forged in (False, True)
    ]
    row, column = np.triu_indices(EACH, 1)
    ends: list[np.ndarray] = []
    for writer in np.repeat(writers, UNITS):
        other = rng.choice(writers[writers != writer])
        own, forged, others = (
            rng.choice(kind[of], EACH, replace=False)
            for kind, of in ((kinds[0], writer), (kinds[1], writer), (kinds[0], other))
        )
        ends.append(np.column_stack([own[row], own[column]]))
        ends += [np.column_stack([np.repeat(own, EACH), np.tile(against, EACH)]) for against in (forged, others)]
    pairs = np.concatenate(ends)
    sizes = [len(row), EACH**2, EACH**2]
    units = len(writers) * UNITS
    return Examples(
        items=tuple(rows),
        names=tuple(f"signature {place + 1}" for place in range(len(rows))),
        groups=signatures.writers,
        pairs=Pairs(
            pairs[:, 0],
            pairs[:, 1],
            same=np.tile(np.repeat([True, False, False], sizes), units),
            units=np.repeat(np.arange(units), sum(sizes)),
        ),
        kind="embedding",
    )


class Learned:
    """What has learned from the signatures of some writers: tells the distances of all pairs of others."""

    def __init__(self, signatures: Signatures, seed: int, changes: Mapping[str, Any]) -> None:
        rows = table_of(signatures)
        self.quantiles = QuantileTransformer(n_quantiles=min(1000, len(rows)), subsample=None).fit(rows)
        settings = TrainSettings(**{**SETTINGS, "seed": seed, **changes})
        examples = examples_of(signatures, self._prepared(rows), seed)
        self.model = alikely.train(examples, settings, reporter=Silent()).model

    def distances(self, signatures: Signatures) -> Float[np.ndarray, "items items"]:
        rows = torch.from_numpy(self.model.embed(list(self._prepared(table_of(signatures)))))
        return distance_table(rows, rows, self.model.distance).astype(np.float64)

    def _prepared(self, rows: Float[np.ndarray, "items numbers"]) -> Float[np.ndarray, "items numbers"]:
        quantiles: Float[np.ndarray, "items numbers"] = self.quantiles.transform(rows) / rows.shape[1] ** 0.5
        return quantiles.astype(np.float32)


class Ensemble:
    """Several of them, each with a part of the writers held back.

    `apart` (items items) holds the distances among signatures that the model in question did not learn from: of each
    part by the model that it was held back from; NaN between two parts.
    """

    def __init__(self, signatures: Signatures, count: int, seed: int, changes: Mapping[str, Any]) -> None:
        writers = np.random.default_rng(seed).permutation(np.unique(signatures.writers))
        self.models: list[Learned] = []
        self.weights: list[float] = []
        self.apart = np.full((len(signatures.writers),) * 2, np.nan)
        for part in range(count):
            away = np.isin(signatures.writers, writers[part::count])
            others = signatures.select(np.flatnonzero(away))
            apart = np.zeros((len(others.writers),) * 2)
            for share, kind in PARTS:
                model = Learned(signatures.select(np.flatnonzero(~away)), seed, {**kind, **changes})
                distances = model.distances(others)
                weight = share / float(of_pairs(distances, pairs_of(others, 0))[0].mean())
                self.models.append(model)
                self.weights.append(weight / count)
                apart += weight * distances
            self.apart[np.ix_(away, away)] = apart

    def distances(self, signatures: Signatures) -> Float[np.ndarray, "items items"]:
        each = [weight * model.distances(signatures) for model, weight in zip(self.models, self.weights, strict=True)]
        whole: Float[np.ndarray, "items items"] = np.sum(each, axis=0)
        return whole


def of_pairs(distances: Float[np.ndarray, "items items"], pairs: Kinds) -> list[Float[np.ndarray, " pairs"]]:
    return [distances[kind[:, 0], kind[:, 1]] for kind in pairs.each()]


def errors(distances: Sequence[Float[np.ndarray, " pairs"]]) -> dict[str, float]:
    """Equal error rates, from the distances of genuine, skilled and random pairs."""
    genuine, skilled, random = distances
    return {
        "skilled_eer": Verification.from_distances(genuine, skilled).eer,
        "random_eer": Verification.from_distances(genuine, random).eer,
    }


def by_references(
    learned: Signatures,
    apart: Float[np.ndarray, "known known"],
    judged: Signatures,
    distances: Float[np.ndarray, "asked asked"],
) -> dict[str, float]:
    """Equal error rates with several references, and the rates of the threshold that was to keep `ASKED`.

    One threshold for all writers, and each writer's own; what there is to know of others comes from `apart`.
    """
    labels, asked = labels_of(learned), labels_of(judged)
    own = [np.flatnonzero(labels == writer) for writer in np.unique(learned.writers)]
    measured = Spread.measured([apart[np.ix_(items, items)] for items in own])
    found = {}
    for count in REFERENCES:
        for ending, spread in (("", measured.common()), ("_personal", measured)):
            pairs = reference_pairs(distances, asked, count, spread, judged.writers)
            name = f"{count}_references{ending}"
            found[f"skilled_eer_{name}"] = Verification.from_distances(pairs.same, pairs.different).eer
            known = reference_pairs(apart, labels, count, spread, learned.writers)
            calibration = calibrate(known, "learned", None)
            asked_rate = max(ASKED, calibration.bearable("fmr", CONFIDENCE))
            limit = calibration.threshold(fmr=asked_rate, confidence=CONFIDENCE)
            found[f"asked_{name}"] = asked_rate
            found[f"false_acceptance_{name}"] = float((pairs.different <= limit).mean())
            found[f"false_rejection_{name}"] = float((pairs.same > limit).mean())
    return found


def boosted(learned: Signatures, judged: Signatures, seed: int) -> dict[str, float]:
    """The errors of boosting on absolute differences of descriptors."""
    rows, asked = table_of(learned), table_of(judged)
    known = [np.abs(rows[kind[:, 0]] - rows[kind[:, 1]]) for kind in pairs_of(learned, seed, FITTED).each()]
    different = np.repeat([False, True, True], [len(kind) for kind in known])
    fit = HistGradientBoostingClassifier(max_iter=150, max_leaf_nodes=15, random_state=seed)
    fit.fit(np.concatenate(known), different)
    pairs = pairs_of(judged, seed)
    return errors(
        [
            # A distance is never negative; this grows with the odds, and does not saturate as a probability does.
            np.logaddexp(0, fit.decision_function(np.abs(asked[kind[:, 0]] - asked[kind[:, 1]])))
            for kind in pairs.each()
        ]
    )


def of_one(learned: Signatures, judged: Signatures) -> dict[str, float]:
    """How well forged is told from genuine by one signature alone, by what all forgeries have in common."""
    fit = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))
    fit.fit(table_of(learned), learned.forged)
    return {"auc_of_one": float(roc_auc_score(judged.forged, fit.decision_function(table_of(judged))))}


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=5)
    begin = time.perf_counter()
    changes: dict[str, Any] = {"epochs": 1} if options.quick else {}
    described = read_signatures(options.data, QUICK if options.quick else None)
    ours, floors, controls = [], [], []
    for seed in range(options.seeds):
        learned, judged = parted(described.chosen(OURS), JUDGED, seed)
        start = time.perf_counter()
        ensemble = Ensemble(learned, MODELS, seed, changes)
        seconds = time.perf_counter() - start
        distances = ensemble.distances(judged)
        found = errors(of_pairs(distances, pairs_of(judged, seed)))
        found |= by_references(learned, ensemble.apart, judged, distances)
        ours.append({**found, "training_seconds": seconds})
        controls.append(of_one(learned, judged))
        floors.append(boosted(*parted(described.chosen(BOOSTED), JUDGED, seed), seed))
    result = Result(
        name="cedar",
        metrics=over_seeds(ours),
        floors={"boosting": over_seeds(floors), "one signature alone": over_seeds(controls)},
        settings={**SETTINGS, **changes, "network": NETWORK, "models": MODELS, "seeds": options.seeds},
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
