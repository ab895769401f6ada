"""How the settings of the STS-B benchmark were chosen: learned from the training pairs, judged by the development part.

The test part is not touched. Each candidate is one change of the settings; beside them the floors, and recurrent
networks as others learn sentences with. Without the pairs of STS 2012 to 2016: "training part alone".
"""

import time
from typing import Any

from benchmarks.report import Result, over_seeds, publish, read_options
from benchmarks.stsb import METRIC, SETTINGS, agreement_of, by_simple_methods, distances_of, learn
from benchmarks.stsb_data import ScoredTexts, more_texts, scored_texts

RECURRENT: dict[str, Any] = {
    "preparation": {"tokens": "words"},
    "learning_rate": 0.002,
    "pairs_per_batch": 128,
    "augment": "light",
}
CHANGES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "cosent": {"loss": "cosent"},
    "cosine regression": {"loss": "cosine_regression"},
    "512 numbers": {"encoder_settings": {"dim": 512}},
    "2048 numbers": {"encoder_settings": {"dim": 2048}},
    "half the learning rate": {"learning_rate": SETTINGS["learning_rate"] / 2},
    "twice the learning rate": {"learning_rate": SETTINGS["learning_rate"] * 2},
    "twice the epochs": {"epochs": 2 * SETTINGS["epochs"]},
    "10 % of the n-grams dropped": {"augment": "light"},
    "words, no n-grams": {"preparation": {"tokens": "words"}},
    "pieces of words, no n-grams": {"preparation": {"tokens": "bpe"}},
    "GRU": {**RECURRENT, "encoder": "gru", "encoder_settings": {"pooling": "max", "dropout": 0.3}},
    "Manhattan LSTM": {
        **RECURRENT,
        "encoder": "manhattan_lstm",
        "encoder_settings": {"dropout": 0.3},
        "distance": "exp_manhattan",
        "loss": "cosine_regression",
    },
}


def judged_by(learned: ScoredTexts, judged: ScoredTexts, seeds: int, changes: dict[str, Any]) -> dict[str, float]:
    """How well models of these seeds agree with the scores, and how long each learned."""
    runs = []
    for seed in range(seeds):
        start = time.perf_counter()
        model = learn(learned, seed, changes)
        seconds = time.perf_counter() - start
        runs.append({METRIC: agreement_of(distances_of(model, judged), judged), "from_scratch_seconds": seconds})
    return over_seeds(runs)


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=1)
    begin = time.perf_counter()
    shorter: dict[str, Any] = {"epochs": 1} if options.quick else {}
    training = scored_texts(options.data / "stsb" / "train.csv")
    judged = scored_texts(options.data / "stsb" / "dev.csv")
    learned = [*training, *more_texts(options.data)]
    rows = {
        name: judged_by(learned, judged, options.seeds, {**changes, **shorter})
        for name, changes in CHANGES.items()
        if not options.quick or not changes
    }
    metrics = rows.pop("as it is")
    rows["training part alone"] = judged_by(training, judged, options.seeds, shorter)
    rows.update(by_simple_methods(learned, judged, options.seeds))
    settings = {**SETTINGS, **shorter, "seeds": options.seeds}
    publish(Result("stsb_choice", metrics, time.perf_counter() - begin, floors=rows, settings=settings), options)


if __name__ == "__main__":
    main()
