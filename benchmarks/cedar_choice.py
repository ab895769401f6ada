"""How the settings of the CEDAR benchmark were chosen: 10 of the writers that seed 0 learns from are held back.

None of the writers that seed 0 is judged by is touched. Each candidate is one change, on the same splits of the 45
training writers (`--seeds` says how many), with boosting beside them. `skilled_eer` and `random_eer` are those of a
single model. `mlp` learns descriptors of its own, with `skip` beside the given ones.
"""

import time
from typing import Any

from benchmarks.cedar import (
    BOOSTED,
    JUDGED,
    OURS,
    QUICK,
    SETTINGS,
    Learned,
    boosted,
    errors,
    of_pairs,
    read_signatures,
)
from benchmarks.online_signatures import pairs_of, parted
from benchmarks.report import Result, over_seeds, publish, read_options

MLP = {"width": 256, "depth": 1, "dim": 64, "dropout": 0.5, "normalise": False}
CHANGES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "6 epochs": {"epochs": 6},
    "contrastive": {"loss": "contrastive", "loss_settings": {"margin": 2.0}},
    "mlp": {"encoder": "mlp", "encoder_settings": MLP, "learning_rate": 3e-3, "weight_decay": 0.05},
    "mlp with skip": {"encoder": "mlp", "encoder_settings": {**MLP, "skip": True}, "learning_rate": 0.01},
}


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=4)
    begin = time.perf_counter()
    shorter: dict[str, Any] = {"epochs": 1} if options.quick else {}
    described = read_signatures(options.data, QUICK if options.quick else None)
    candidates: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
        name: (OURS, changes) for name, changes in CHANGES.items()
    }
    candidates["hog too"] = ((*OURS, "hog"), {})
    rows: dict[str, dict[str, float]] = {}
    for name, (descriptors, changes) in candidates.items():
        writers, _ = parted(described.chosen(descriptors), JUDGED, seed=0)
        runs = []
        for split in range(options.seeds):
            learned, held_back = parted(writers, JUDGED, split)
            distances = Learned(learned, split, {**changes, **shorter}).distances(held_back)
            runs.append(errors(of_pairs(distances, pairs_of(held_back, split))))
        rows[name] = over_seeds(runs)
    writers, _ = parted(described.chosen(BOOSTED), JUDGED, seed=0)
    splits = [parted(writers, JUDGED, split) for split in range(options.seeds)]
    rows["boosting"] = over_seeds([boosted(*parts, split) for split, parts in enumerate(splits)])
    metrics = rows.pop("as it is")
    settings = {**SETTINGS, **shorter, "splits": options.seeds}
    publish(Result("cedar_choice", metrics, time.perf_counter() - begin, floors=rows, settings=settings), options)


if __name__ == "__main__":
    main()
