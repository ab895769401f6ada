"""Texts go the whole way: trained, saved, loaded, compared; by labels and by scored pairs; bad ones are all named."""

import numpy as np
import pytest
import torch

import alikely
from alikely import TrainSettings
from alikely.errors import BadItemsError, SettingsError
from alikely.training.progress import Silent

THINGS = ("drill", "jigsaw", "grinder", "sander", "trimmer", "chainsaw", "router", "planer", "welder", "pump")
TEXTS = [f"{size} {thing} {number}" for thing in THINGS for size in ("big", "small") for number in (1, 2)]
LABELS = [text.split()[1] for text in TEXTS]
SMALL = {
    "gru": {"dim": 8, "front": 8, "width": 8},
    "lstm": {"dim": 8, "front": 8, "width": 8},
    "manhattan_lstm": {"dim": 8, "front": 8},
    "transformer": {"dim": 8, "width": 8},
    "bag": {"dim": 64},
}


def settings(encoder: str, **changes: object) -> TrainSettings:
    tokens = {"tokens": "ngrams"} if encoder == "bag" else {}
    return TrainSettings(**{"encoder": encoder, "encoder_settings": SMALL[encoder], "preparation": tokens} | changes)


@pytest.mark.parametrize("encoder", SMALL)
def test_a_model_of_texts_is_the_same_after_it_was_saved(encoder, tmp_path):
    examples = alikely.examples_from(TEXTS, labels=LABELS, kind="text")
    model = alikely.train(examples, settings(encoder, epochs=2), out=tmp_path / "model", reporter=Silent()).model
    again = alikely.load_model(tmp_path / "model")
    texts = ["a big drill", "Pumpe, größer", "planer " * 300]
    assert np.array_equal(again.embed(texts), model.embed(texts))
    assert again.compare("big drill 1", "drill") == model.compare("big drill 1", "drill")
    # Padded to the longest of a batch or not: the answer is the same.
    alone = np.concatenate([model.embed([text]) for text in texts])
    assert np.abs(model.embed(texts) - alone).max() < 1e-5


def test_tokens_come_from_the_training_part_alone(tmp_path):
    examples = alikely.examples_from(TEXTS, labels=LABELS, kind="text")
    trained = alikely.train(examples, settings("gru", epochs=1, preparation={"tokens": "words"}), reporter=Silent())
    known = {thing for thing in THINGS if int(trained.model.preparation.read_one(thing)[0]) != 0}
    parts = trained.model.record["data"]["labels"]
    assert known == set(parts["train"])


def test_a_bag_learns_scored_pairs():
    # What counts is the thing, not the size that most of the letters tell of.
    texts = [f"{size} {thing}" for thing in THINGS for size in ("enormously oversized", "unbelievably tiny")]
    scores = [(i, j, float(i // 2 == j // 2)) for i in range(len(texts)) for j in range(i)]
    examples = alikely.examples_from(texts, scores=scores, score_range=(0, 1), kind="text")
    whole = {"validate_share": 0, "calibrate_share": 0, "test_share": 0, "augment": "none", "learning_rate": 0.3}
    chosen = settings("bag", epochs=20, loss="pearson", distance="cosine", **whole)
    model = alikely.train(examples, chosen, reporter=Silent()).model
    rows = torch.from_numpy(model.embed(["tiny drill", "oversized drill", "tiny pump"]))
    same, different = model.distance.between(rows[:1].expand(2, -1), rows[1:]).tolist()
    assert same < 0.5 < different


def test_the_manhattan_lstm_learns_scored_pairs_as_published():
    scores = [(i, j, float(LABELS[i] == LABELS[j])) for i in range(40) for j in range(i)]
    examples = alikely.examples_from(TEXTS, scores=scores, score_range=(0, 1), kind="text")
    chosen = settings("manhattan_lstm", epochs=2, loss="cosine_regression", distance="exp_manhattan")
    model = alikely.train(examples, chosen, reporter=Silent()).model
    assert 0 <= model.compare("big drill 1", "small pump 2").distance <= 1


def test_all_bad_texts_are_named(tmp_path):
    texts = [*TEXTS, "\u200b", "half \ud800"]
    examples = alikely.examples_from(texts, labels=[*LABELS, "drill", "pump"], kind="text")
    with pytest.raises(BadItemsError) as error:
        alikely.train(examples, settings("gru", epochs=1), reporter=Silent())
    assert [problem.split(";")[0].split(" (")[0] for _, problem in error.value.problems] == [
        "is blank",
        "holds half a character",
    ]


def test_encoders_of_pictures_do_not_take_texts():
    examples = alikely.examples_from(TEXTS, labels=LABELS, kind="text")
    with pytest.raises(SettingsError, match=r"does not take texts; choose one of .*gru.*bag"):
        alikely.train(examples, TrainSettings(encoder="cnn", epochs=1), reporter=Silent())
