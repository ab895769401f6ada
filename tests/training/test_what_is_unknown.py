"""Items with several properties, alike where they share one: a table of same, different and unknown is learned from."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

import alikely
from alikely import TrainSettings
from alikely.training.progress import Silent
from alikely.types import Pairs

RNG = np.random.default_rng(0)
ITEMS, TAGS = 160, 6
HAS = RNG.random((ITEMS, TAGS)) < 0.25
HAS[np.arange(ITEMS), RNG.integers(0, TAGS, ITEMS)] = True
# What the tags say is quiet, beside sixteen loud numbers that say nothing.
SAID = HAS @ RNG.normal(size=(TAGS, 16)) + 0.3 * RNG.normal(size=(ITEMS, 16))
VECTORS = np.concatenate([SAID, 4 * RNG.normal(size=(ITEMS, 16))], axis=1).astype(np.float32)
LEARNT_FROM = 100


def pairs_of(first, last, known):
    left, right = np.triu_indices(last - first, 1)
    shown = RNG.random(len(left)) < known
    left, right = left[shown] + first, right[shown] + first
    return Pairs(left, right, (HAS[left] & HAS[right]).any(axis=1))


def auc(vectors, pairs):
    distances = np.linalg.norm(vectors[pairs.left] - vectors[pairs.right], axis=1)
    return roc_auc_score(~pairs.same, distances)


@pytest.mark.parametrize(
    ("loss", "loss_settings"),
    [("triplet", {"mining": "all"}), ("multi_similarity", {}), ("multiple_negatives", {"in_batch": False})],
)
def test_what_shares_a_property_comes_together(loss, loss_settings):
    known = pairs_of(0, LEARNT_FROM, known=0.6)
    examples = alikely.examples_from(list(VECTORS[:LEARNT_FROM]), pairs=known, kind="embedding")
    settings = TrainSettings(
        loss=loss,
        loss_settings=loss_settings,
        epochs=8,
        pairs_per_batch=500,
        learning_rate=0.02,
        precision="fp32",
        validate_share=0,
        calibrate_share=0,
        test_share=0,
    )
    model = alikely.train(examples, settings, reporter=Silent()).model

    held_back = pairs_of(LEARNT_FROM, ITEMS, known=1.0)
    before = auc(VECTORS, held_back)
    assert auc(np.asarray(model.embed(list(VECTORS))), held_back) > before + 0.1
