"""Settings of the Yale B benchmark beside others: trained on 20 of seed 0's 28 people, judged on the other 8.

None of the 10 people that seed 0 is judged by is touched. Each candidate is one change of the settings, on the same
splits of the 28 people (`--seeds` says how many). Beside them the floor, PCA + LDA on Tan-Triggs pictures.
"""

import time

from alikely.distances import Cosine
from benchmarks.orl import labels_of, parted, pca_lda, verified
from benchmarks.report import Result, over_seeds, publish, read_options
from benchmarks.yaleb import COMPONENTS, JUDGED, SETTINGS, evened, learn, lit_faces

INNER_JUDGED = 8
NETWORK = {
    "encoder": "resnet",
    "encoder_settings": {"stem": 16, "stages": [32, 64, 128], "dim": 128, "dropout": 0.3},
    "loss": "info_nce",
    "loss_settings": {"temperature": 0.1},
    "augment": {"rotate": 5, "scale": 0.08, "shear": 0.05, "shift": 0.04, "flip": 0.5, "erase": 0.3},
    "labels_per_batch": 40,
    "items_per_label": 3,
    "weight_decay": 0.05,
    "epochs": 8,
}


def of_parts(**changes: object) -> dict[str, object]:
    """A change of the encoder."""
    chosen = SETTINGS["encoder_settings"]
    assert isinstance(chosen, dict)
    return {"encoder_settings": {**chosen, **changes}}


CHANGES: dict[str, dict[str, object]] = {
    "as it is": {},
    "nobody made up": {"made_up": 0},
    "300 made up": {"made_up": 300},
    "3 parts a side": of_parts(parts=3, dim=25 * 60),
    "5 parts a side": {"size": 50, **of_parts(parts=5, dim=81 * 60)},
    "40 components": of_parts(components=40),
    "shrinkage 0.4": of_parts(shrinkage=0.4),
    "20 numbers a part": of_parts(dim=49 * 20),
    "64 pixels": {"size": 64},
    "Tan-Triggs": {"light": "tan_triggs"},
    "in any light": {"light": "none"},
    "residual network": {**NETWORK},
}


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=2)
    begin = time.perf_counter()
    shorter: dict[str, object] = {"epochs": 1, "made_up": 10} if options.quick else {}
    people, _ = parted(lit_faces(options.data), JUDGED, seed=0)
    splits = [parted(people, INNER_JUDGED, split) for split in range(options.seeds)]
    rows: dict[str, dict[str, float]] = {}
    for name, changes in CHANGES.items():
        runs = []
        for split, (learned, held_back) in enumerate(splits):
            start = time.process_time()
            model = learn(learned, split, {**changes, **shorter})
            seconds = time.process_time() - start
            found = verified(model.embed(held_back.items), held_back, model.distance)
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
