"""Where labels and pairs are both known, both are learned from; where they differ, the pair counts."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import alikely
from alikely.config import TrainSettings
from alikely.data.batches import LabelAndPairBatches
from alikely.data.preparations import draft_preparation
from alikely.data.reading import prepare
from alikely.errors import SettingsError
from alikely.training.plan import plan_training
from alikely.types import Known, Pairs
from tests.pictures import pattern_examples


@pytest.fixture
def examples():
    made = pattern_examples(identities=24, each=4)
    left, right = np.arange(0, 96, 4), (np.arange(0, 96, 4) + 5) % 96
    score = np.linspace(0, 0.4, len(left))
    units = np.arange(len(left)) // 2
    return replace(made, pairs=Pairs(left, right, score >= 0.5, score=score, units=units))


def known(pairs):
    left, right, same = (torch.tensor(column) for column in zip(*pairs, strict=True))
    return Known.from_pairs(4, left, right, same, torch.linspace(0, 1, len(pairs)))


def test_what_pairs_say_counts_before_what_labels_say():
    labels = Known.from_labels(torch.tensor([0, 0, 1, 1]))
    both = known([(0, 1, False), (0, 2, True)]).beside(labels)
    same = torch.zeros(4, 4, dtype=torch.bool)
    same[[0, 2, 2, 3], [2, 0, 3, 2]] = True
    assert torch.equal(both.same, same)
    assert torch.equal(both.different, ~same & ~torch.eye(4, dtype=torch.bool))
    assert both.labels is labels.labels
    assert both.scored.scores.tolist() == [0, 1]


def test_an_epoch_has_batches_of_both(examples):
    settings = TrainSettings(items_per_label=2, labels_per_batch=4, pairs_per_batch=8, size=16, new_classes="turned")
    settings = settings.resolved("picture")
    items, _ = prepare(examples, draft_preparation("picture", examples.items, settings.of_preparation()))
    plan = plan_training(items, settings)
    assert isinstance(plan.batches, LabelAndPairBatches)
    of_pairs = [batch for batch in plan.batches.epoch(0) if batch.pairs is not None]
    assert sum(len(batch.pairs) for batch in of_pairs) == 4 * len(examples.pairs)  # in each of the four turns
    for batch in of_pairs:
        turn, place = np.divmod(batch.items, len(examples))
        left, right = batch.pairs.left, batch.pairs.right
        assert (turn[left] == turn[right]).all()
        assert ((place[left] + 5) % 96 == place[right]).all()
        _, counts = np.unique(batch.pairs.units, return_counts=True)
        assert (counts == 2).all()
    with pytest.raises(SettingsError, match="hard_negatives needs labels and no pairs beside them"):
        plan_training(items, settings.model_copy(update={"hard_negatives": 1}))


def test_a_training_on_labels_and_scored_pairs(examples):
    small = {"width": 8, "depth": 2, "dim": 8, "grid": 2}
    settings = TrainSettings(size=16, epochs=2, encoder_settings=small, loss="contrastive+cosine_regression")
    model, history, report = alikely.train(examples, settings)
    assert len(history.epochs) == 2
    assert report.identities > 1
    plain = alikely.train(replace(examples, pairs=None), settings).model
    assert model.fingerprint() != plain.fingerprint()
