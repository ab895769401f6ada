import numpy as np
import torch

from alikely.config import TrainSettings
from alikely.data.preparation import fit_preparation
from alikely.data.reading import prepare
from alikely.training.plan import plan_training
from alikely.types import Batch, Pairs
from tests.pictures import pattern_examples

SETTINGS = TrainSettings(size=8, augment="none", new_classes="turned", labels_per_batch=4, items_per_label=2).resolved(
    "picture"
)


def planned(examples):
    pictures, _ = prepare(examples, fit_preparation(examples.items, 8))
    return pictures, plan_training(pictures, SETTINGS)


def test_an_epoch_sees_every_picture_in_every_turn_under_a_label_of_its_own():
    examples = pattern_examples(3, 4, size=8)
    _, plan = planned(examples)

    label_of = {}
    for batch in plan.batches.epoch(1):
        label_of |= dict(zip(batch.items.tolist(), batch.labels.tolist(), strict=True))

    assert sorted(label_of) == list(range(4 * 12))
    assert plan.classes == 12
    for item, label in label_of.items():
        assert label == (item // 12) * 3 + (item % 12) // 4  # turn k, identity i: label 3 k + i


def test_items_are_turned_as_their_number_says():
    pictures, plan = planned(pattern_examples(3, 4, size=8))

    seen = plan.seen(Batch(np.array([5, 12 + 5, 24 + 5])), torch.device("cpu"), torch.Generator())

    plain = pictures.take(np.array([5]))[0].float() / 255
    torch.testing.assert_close(seen, torch.stack([torch.rot90(plain, k, (1, 2)) for k in range(3)]))


def test_pairs_are_known_in_every_turn():
    import alikely

    items = list(pattern_examples(3, 4, size=8).items)
    pairs = Pairs(np.array([0, 1]), np.array([1, 5]), np.array([True, False]))
    _, plan = planned(alikely.examples_from(items, pairs=pairs))

    known = set()
    for batch in plan.batches.epoch(1):
        for left, right, same in zip(batch.pairs.left, batch.pairs.right, batch.pairs.same, strict=True):
            known.add((int(batch.items[left]), int(batch.items[right]), bool(same)))

    assert known == {(k * 12 + a, k * 12 + b, s) for k in range(4) for a, b, s in [(0, 1, True), (1, 5, False)]}
