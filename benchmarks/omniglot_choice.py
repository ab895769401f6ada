"""How the settings of the Omniglot benchmark were chosen: trained on 25 background alphabets, judged on the other 5.

None of the official runs' alphabets is touched. Trials are as the official ones (20 characters of one alphabet, one
drawing known, one asked), but with two drawers at random, which is harder. Each row is one change of the settings, all
with the same number of steps.
"""

import time

import numpy as np

from alikely import SiameseModel
from alikely.types import Examples
from benchmarks.omniglot import SETTINGS, background, embed, learn, share_right
from benchmarks.report import Result, over_seeds, publish, read_options

HELD_OUT = 5
TRIALS = 60  # for each held-out alphabet
EPOCHS = 1
CHANGES: dict[str, dict[str, object]] = {
    "as it is": {},
    "2 alphabets a batch": {"groups_per_batch": 2, "labels_per_batch": 40, "items_per_label": 5},
    "not cropped to the ink": {"shape": "resize"},
    "supervised contrastive": {"loss": "supervised_contrastive"},
    "contrastive": {"loss": "contrastive", "loss_settings": {}, "distance": "euclidean"},
    "augmentation strong": {"augment": "strong"},
}


def parted(examples: Examples) -> tuple[Examples, Examples]:
    """The characters to learn from, and those of the held-out alphabets (every sixth)."""
    assert examples.groups is not None
    held_out = np.unique(examples.groups)[5 :: 30 // HELD_OUT]
    inside = np.isin(examples.groups, held_out)
    return examples.select(np.flatnonzero(~inside)), examples.select(np.flatnonzero(inside))


def accuracy(model: SiameseModel, examples: Examples) -> float:
    """Share of right answers in the trials, drawn alike for every model."""
    assert examples.labels is not None
    assert examples.groups is not None
    rows = embed(model, list(examples.items))  # type: ignore[arg-type]
    rng = np.random.default_rng(0)
    shares = []
    for alphabet in np.unique(examples.groups):
        characters = np.unique(examples.labels[examples.groups == alphabet])
        drawings = {character: np.flatnonzero(examples.labels == character) for character in characters}
        for _ in range(TRIALS):
            chosen = rng.choice(characters, min(20, len(characters)), replace=False)
            first, second = rng.choice(20, 2, replace=False)
            known = rows[[drawings[character][first] for character in chosen]]
            asked = rows[[drawings[character][second] for character in chosen]]
            shares.append(share_right(known, asked, list(range(len(chosen))), model))
    return float(np.mean(shares))


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True)
    begin = time.perf_counter()
    learned, held_out = parted(background(options.data))
    epochs = EPOCHS
    rows: dict[str, dict[str, float]] = {}
    for name, changes in CHANGES.items():
        runs = []
        for seed in range(options.seeds):
            start = time.perf_counter()
            model = learn(learned, epochs, seed, changes)
            runs.append({"accuracy": accuracy(model, held_out), "seconds": time.perf_counter() - start})
        rows[name] = over_seeds(runs)
    metrics = rows.pop("as it is")
    settings = {**SETTINGS, "epochs": epochs, "seeds": options.seeds}
    publish(Result("omniglot_choice", metrics, time.perf_counter() - begin, floors=rows, settings=settings), options)


if __name__ == "__main__":
    main()
