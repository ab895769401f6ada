"""How the settings of `alikely demo` were chosen: trained with many others, judged on the digits held back.

Each row is the mean EER with one change of the settings, over the seeds 1, 2 ... (`--seeds` says how many), each of
which holds back other digits. Seed 0 is the demo's own and plays no part. Beside it the floors: the distances between
plain pixels, of the same pairs.
"""

import time

from alikely import TrainSettings
from alikely.data.samples import digits
from alikely.demo import SETTINGS, judged, labelled, plain_pixels
from alikely.distances import Cosine
from alikely.training.progress import Silent
from alikely.training.train import train
from benchmarks.report import Result, over_seeds, publish, read_options

CHANGES: dict[str, dict[str, object]] = {
    "as it is": {},
    "2 epochs": {"epochs": 2},
    "scale 16": {"loss_settings": {"scale": 16.0}},
    "scale 64, the default": {"loss_settings": {}},
    "arcface, scale 8": {"loss": "arcface"},
    "info_nce": {"loss": "info_nce", "loss_settings": {}},
    "multi_similarity": {"loss": "multi_similarity", "loss_settings": {}},
    "triplet": {"loss": "triplet", "loss_settings": {}},
    "contrastive": {"loss": "contrastive", "loss_settings": {}},
    "64 channels": {"encoder_settings": {"depth": 1, "dim": 512}},
    "grid of 2": {"encoder_settings": {"depth": 1, "width": 256, "dim": 512, "grid": 2}},
    "dropout 0.3": {"encoder_settings": {"depth": 1, "width": 256, "dim": 512, "dropout": 0.3}},
    "16 px, depth 2": {"size": 16, "encoder_settings": {"depth": 2, "width": 128, "dim": 512}},
    "16 px, depth 4": {"size": 16, "encoder_settings": {"depth": 4, "dim": 512}},
    "no augmentation": {"augment": "none"},
    "strong augmentation": {"augment": "strong"},
    "elastic": {"augment": {"rotate": 5, "scale": 0.05, "shear": 0.05, "shift": 0.04, "elastic": 0.03}},
    "turned only": {"new_classes": "turned", "epochs": 2},
    "no new classes": {"new_classes": "none", "epochs": 8},
    "6 teach, 2 calibrate, 2 judge": {"test_share": 0.2, "labels_per_batch": 48},
    "4 teach, 3 calibrate, 3 judge": {"calibrate_share": 0.3, "labels_per_batch": 32},
}


def measured(settings: TrainSettings) -> dict[str, float]:
    """EER on the digits held back: of the model, and of two distances between pixels."""
    examples = digits()
    found = judged(train(examples, settings, reporter=Silent()), examples)
    unseen, labels = labelled(examples, found.digits)
    return {"ours": found.eer, "euclidean": found.pixels, "cosine": plain_pixels(unseen.items, labels, Cosine()).eer}


def main() -> None:
    options = read_options(__doc__ or "", needs_data=False, seeds=10)
    begin = time.perf_counter()
    changes = dict(list(CHANGES.items())[:2]) if options.quick else CHANGES
    ours: dict[str, float] = {}
    euclidean: dict[str, float] = {}
    cosine: dict[str, float] = {}
    for name, changed in changes.items():
        values = {**SETTINGS.model_dump(), **changed}
        runs = [measured(TrainSettings(**{**values, "seed": seed})) for seed in range(1, options.seeds + 1)]
        for column, kind in ((ours, "ours"), (euclidean, "euclidean"), (cosine, "cosine")):
            column.update(over_seeds([{name: run[kind]} for run in runs]))
    result = Result(
        name="demo_choice",
        metrics=ours,
        floors={"pixels, euclidean": euclidean, "pixels, cosine": cosine},
        settings={**SETTINGS.model_dump(exclude_defaults=True), "seeds": options.seeds},
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
