"""How the settings of the ORL benchmark were chosen: trained on 22 of seed 0's 30 people, judged on the other 8.

None of the 10 people that seed 0 is judged by is touched. Each candidate is one change of the settings, on the same
splits of the 30 people (`--seeds` says how many), with PCA + LDA beside them.
"""

import time

from benchmarks.orl import (
    INNER_JUDGED,
    JUDGED,
    SETTINGS,
    best_components,
    by_pca_lda,
    errors_of,
    faces,
    figures,
    learn,
    parted,
)
from benchmarks.report import Result, over_seeds, publish, read_options

CHANGES: dict[str, dict[str, object]] = {
    "as it is": {},
    "temperature 0.05": {"loss_settings": {"temperature": 0.05}},
    "weak augmentation": {"augment": {"rotate": 8, "scale": 0.1, "shift": 0.05, "flip": 0.5}},
    "2 stages": {"encoder_settings": {"stem": 16, "stages": [32, 64], "dim": 128, "dropout": 0.3}},
    "twice as wide": {"encoder_settings": {"stem": 32, "stages": [64, 128, 256], "dim": 128, "dropout": 0.3}},
    "120 epochs": {"epochs": 120},
    "local light": {"light": "local"},
    "contrastive": {"loss": "contrastive", "loss_settings": {}},
    "triplet": {"loss": "triplet", "loss_settings": {"mining": "all"}},
    "multi-similarity": {"loss": "multi_similarity", "loss_settings": {}},
}


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=4)
    begin = time.perf_counter()
    shorter: dict[str, object] = {"epochs": 2} if options.quick else {}
    people, _ = parted(faces(options.data), JUDGED, seed=0)
    splits = [parted(people, INNER_JUDGED, split) for split in range(options.seeds)]
    rows: dict[str, dict[str, float]] = {}
    for name, changes in CHANGES.items():
        runs = []
        for split, (learned, held_back) in enumerate(splits):
            start = time.perf_counter()
            model = learn(learned, split, {**changes, **shorter})
            runs.append({**errors_of(model, held_back), "training_seconds": time.perf_counter() - start})
        rows[name] = over_seeds(runs)
    classic = [figures(by_pca_lda(learned, held_back, [best_components(learned)])[0]) for learned, held_back in splits]
    rows["PCA + LDA"] = over_seeds(classic)
    metrics = rows.pop("as it is")
    settings = {**SETTINGS, **shorter, "splits": options.seeds}
    publish(Result("orl_choice", metrics, time.perf_counter() - begin, floors=rows, settings=settings), options)


if __name__ == "__main__":
    main()
