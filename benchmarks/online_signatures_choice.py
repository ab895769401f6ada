"""How the settings of the signature benchmark were chosen: 20 of the writers that seed 0 learns from are held back.

None of the writers that seed 0 is judged by is touched. Each candidate is one change of the settings, on the same
splits of the training writers of the visual part (`--seeds` says how many), with the floors beside them.
"""

import time
from typing import Any

from benchmarks.online_signatures import (
    JUDGED,
    SETTINGS,
    distances_of,
    errors,
    floors_of,
    learn,
    pairs_of,
    parted,
    read_signatures,
)
from benchmarks.report import Result, over_seeds, publish, read_options

CORPUS = "visual"
HELD_BACK = 20
CHANGES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "no mirrors": {"mirrors": (), "epochs": 20},
    "strong augmentation": {"augment": "strong"},
    "info_nce": {"loss": "info_nce", "distance": "cosine", "loss_settings": {}},
    "logistic": {"loss": "logistic", "distance": "learned", "loss_settings": {}},
    "margin 1": {"loss_settings": {"margin": 1.0}},
    "shape and sizes apart": {"preparation": {**SETTINGS["preparation"], "normalise": "each", "keep_duration": True}},
}


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=2)
    begin = time.perf_counter()
    shorter: dict[str, Any] = {"epochs": 1, "mirrors": ()} if options.quick else {}
    writers, _ = parted(read_signatures(options.data, CORPUS), JUDGED, seed=0)
    splits = [parted(writers, HELD_BACK, split) for split in range(options.seeds)]
    rows: dict[str, dict[str, float]] = {}
    for name, changes in CHANGES.items():
        runs = []
        for split, (learned, held_back) in enumerate(splits):
            model = learn(learned, split, {**changes, **shorter})
            runs.append(errors(distances_of(model, held_back, pairs_of(held_back, split)), CORPUS))
        rows[name] = over_seeds(runs)
    floors = [floors_of(learned, held_back, CORPUS, split) for split, (learned, held_back) in enumerate(splits)]
    for who in floors[0]:
        rows[who] = over_seeds([found[who] for found in floors])
    metrics = rows.pop("as it is")
    settings = {**SETTINGS, **shorter, "splits": options.seeds}
    seconds = time.perf_counter() - begin
    publish(Result("online_signatures_choice", metrics, seconds, floors=rows, settings=settings), options)


if __name__ == "__main__":
    main()
