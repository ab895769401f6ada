"""Settings of the Yale B benchmark beside others: trained on 20 of seed 0's 28 people, judged on the other 8.

None of the 10 people that seed 0 is judged by is touched. Each candidate is one change of the settings, on the same
splits of the 28 people (`--seeds` says how many), at about the same number of steps: what makes an epoch shorter gets
more of them. Beside them the floor, PCA + LDA on Tan-Triggs pictures.
"""

import time

from alikely.distances import Cosine
from benchmarks.orl import labels_of, parted, pca_lda, verified
from benchmarks.report import Result, over_seeds, publish, read_options
from benchmarks.yaleb import COMPONENTS, JUDGED, SETTINGS, embed, evened, learn, lit_faces

INNER_JUDGED = 8
CHANGES: dict[str, dict[str, object]] = {
    "as it is": {},
    "nobody made up": {"made_up": 0, "epochs": 54, "labels_per_batch": 20, "items_per_label": 6},
    "64 pixels": {"size": 64},
    "Tan-Triggs": {"light": "tan_triggs"},
    "in any light": {"light": "none"},
    "300 made up": {"made_up": 300, "epochs": 3},
    "temperature 0.05": {"loss_settings": {"temperature": 0.05}},
}


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=2)
    begin = time.perf_counter()
    shorter: dict[str, object] = {"epochs": 1, "made_up": 0} if options.quick else {}
    people, _ = parted(lit_faces(options.data), JUDGED, seed=0)
    splits = [parted(people, INNER_JUDGED, split) for split in range(options.seeds)]
    rows: dict[str, dict[str, float]] = {}
    for name, changes in CHANGES.items():
        runs = []
        for split, (learned, held_back) in enumerate(splits):
            start = time.process_time()
            model = learn(learned, split, {**changes, **shorter})
            seconds = time.process_time() - start
            found = verified(embed(model, held_back), held_back, model.distance)
            runs.append({"eer": found.eer, "training_core_seconds": seconds})
        rows[name] = over_seeds(runs)
        print(f"{name}: EER {rows[name]['eer']:.4f}", flush=True)
    floors = []
    for learned, held_back in splits:
        lda = pca_lda(evened(learned), labels_of(learned), evened(held_back), COMPONENTS)
        floors.append({"eer": verified(lda, held_back, Cosine()).eer})
    rows["Tan-Triggs + LDA"] = over_seeds(floors)
    metrics = rows.pop("as it is")
    settings = {**SETTINGS, **shorter, "splits": options.seeds}
    publish(Result("yaleb_choice", metrics, time.perf_counter() - begin, floors=rows, settings=settings), options)


if __name__ == "__main__":
    main()
