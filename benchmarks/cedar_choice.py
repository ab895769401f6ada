"""How the settings of the CEDAR benchmark were chosen: 10 of the writers that seed 0 learns from are held back.

None of the writers that seed 0 is judged by is touched. Each candidate is one change, on the same splits of the 45
training writers (`--seeds` says how many), with boosting beside them. `skilled_eer` and `random_eer` are those of a
single model. `mlp` learns descriptors of its own, with `skip` beside the given ones; `a quarter mlp` is the sum of both
distances, each over its mean distance of same pairs.
"""

import time
from typing import Any

import numpy as np
from jaxtyping import Float

from benchmarks.cedar import (
    BOOSTED,
    JUDGED,
    NETWORK,
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

CHANGES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "6 epochs": {"epochs": 6},
    "contrastive": {"loss": "contrastive", "loss_settings": {"margin": 2.0}},
    "mlp": NETWORK,
    "mlp with skip": {
        "encoder": "mlp",
        "encoder_settings": {**NETWORK["encoder_settings"], "skip": True},
        "learning_rate": 0.01,
    },
}
SHARES = {"a quarter mlp": 0.25, "half mlp": 0.5}


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
    apart: dict[str, list[Float[np.ndarray, "items items"]]] = {}
    for name, (descriptors, changes) in candidates.items():
        writers, _ = parted(described.chosen(descriptors), JUDGED, seed=0)
        runs = []
        for split in range(options.seeds):
            learned, held_back = parted(writers, JUDGED, split)
            distances = Learned(learned, split, {**changes, **shorter}).distances(held_back)
            pairs = pairs_of(held_back, split)
            runs.append(errors(of_pairs(distances, pairs)))
            apart.setdefault(name, []).append(distances / of_pairs(distances, pairs)[0].mean())
        rows[name] = over_seeds(runs)
    writers, _ = parted(described.chosen(OURS), JUDGED, seed=0)
    for name, share in SHARES.items():
        blends = [(1 - share) * one + share * other for one, other in zip(apart["as it is"], apart["mlp"], strict=True)]
        held = [parted(writers, JUDGED, split)[1] for split in range(options.seeds)]
        rows[name] = over_seeds(
            [
                errors(of_pairs(blend, pairs_of(some, split)))
                for split, (blend, some) in enumerate(zip(blends, held, strict=True))
            ]
        )
    writers, _ = parted(described.chosen(BOOSTED), JUDGED, seed=0)
    splits = [parted(writers, JUDGED, split) for split in range(options.seeds)]
    rows["boosting"] = over_seeds([boosted(*parts, split) for split, parts in enumerate(splits)])
    metrics = rows.pop("as it is")
    settings = {**SETTINGS, **shorter, "splits": options.seeds}
    publish(Result("cedar_choice", metrics, time.perf_counter() - begin, floors=rows, settings=settings), options)


if __name__ == "__main__":
    main()
