"""Hard negatives from the whole corpus: by hand, against looking at every pair, and in training."""

import numpy as np
import pytest
import torch

import alikely
from alikely import TrainSettings
from alikely.data.batches import LabelBatches
from alikely.distances import Cosine, Euclidean, Manhattan
from alikely.errors import SettingsError
from alikely.training import learner as learner_module
from alikely.training.hard_negatives import find_hard_negatives, with_hard_negatives
from alikely.training.progress import Silent
from alikely.types import Batch, Pairs
from tests.pictures import pattern_examples

# On a line: label 0 at 0 and 2, label 1 at 1 and 5, label 2 at 3.
LINE = torch.tensor([[0.0], [2.0], [1.0], [5.0], [3.0]])
LABELS = np.array([0, 0, 1, 1, 2])


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        (None, [[2, 4], [2, 4], [0, 1], [4, 1], [1, 2]]),
        # The nearest positives lie at 2, 2, 4 and 4; the last item has none, and keeps all.
        (0.0, [[4, 3], [3, -1], [-1, -1], [0, -1], [1, 2]]),
        (1.0, [[2, 4], [2, 4], [-1, -1], [1, 0], [1, 2]]),
        (2.0, [[2, 4], [2, 4], [4, -1], [4, 1], [1, 2]]),
    ],
)
def test_by_hand(guard, expected):
    # Of equally far ones the first.
    assert find_hard_negatives(LINE, LABELS, Euclidean(), 2, guard).tolist() == expected


@pytest.mark.parametrize("distance", [Euclidean(), Manhattan(), Cosine()])
@pytest.mark.parametrize("exact", [0, 10_000])
def test_they_are_those_of_looking_at_every_pair(distance, exact):
    generator = torch.Generator().manual_seed(0)
    embeddings, labels = torch.randn(60, 3, generator=generator), np.arange(60) % 20
    # 60 items are fewer than the 64 that are looked at, and few enough that all cells are looked into.
    found = find_hard_negatives(embeddings, labels, distance, 3, guard=0.1, exact=exact)
    table = distance.table(embeddings, embeddings).numpy()
    for item in range(60):
        positives = (labels == labels[item]) & (np.arange(60) != item)
        usable = (labels != labels[item]) & (table[item] >= table[item][positives].min() - 0.1 - 1e-6)
        wanted = np.flatnonzero(usable)[np.argsort(table[item][usable])][:3]
        assert found[item].tolist() == [*wanted.tolist(), -1, -1, -1][:3]


def test_for_the_cosine_directions_are_searched_not_places():
    generator = torch.Generator().manual_seed(0)
    directions = torch.randn(300, 6, generator=generator)
    embeddings = directions * 10 ** torch.randn(300, 1, generator=generator)  # more than can be looked at one by one
    found = find_hard_negatives(embeddings, np.arange(300), Cosine(), 5, guard=None)
    table = Cosine().table(embeddings, embeddings).fill_diagonal_(3).numpy()
    assert np.array_equal(found, np.argsort(table, axis=1)[:, :5])


def test_where_no_positive_is_among_the_nearest_all_of_these_count_as_too_near():
    # 70 items close together, all of different labels but the last, whose twin is far away.
    embeddings = torch.cat([torch.arange(70.0), torch.tensor([1e4])])[:, None]
    labels = np.append(np.arange(70), 69)
    found = find_hard_negatives(embeddings, labels, Euclidean(), 1, guard=0.0)
    assert found[69].tolist() == [5]  # the farthest of its 64 nearest is not nearer than itself
    assert found[0].tolist() == [1]  # without a positive: the nearest
    assert find_hard_negatives(embeddings, labels, Euclidean(), 1, guard=None)[69].tolist() == [68]


def test_there_may_be_fewer_than_wanted():
    found = find_hard_negatives(LINE[:3], LABELS[:3], Euclidean(), 5, guard=None)
    assert found.tolist() == [[2, -1, -1, -1, -1], [2, -1, -1, -1, -1], [0, 1, -1, -1, -1]]


def test_each_label_of_a_batch_gets_its_own_and_no_item_stands_twice():
    labels, groups = np.array([0, 0, 1, 1, 2, 3]), np.array([7, 7, 8, 8, 9, 9])
    hard = np.array([[2, 4], [2, -1], [0, 5], [-1, -1], [5, 0], [4, 3]])
    batches = iter([Batch(np.array([0, 1, 2]), labels[[0, 1, 2]], groups[[0, 1, 2]])])
    (batch,) = with_hard_negatives(batches, hard, labels, groups, 2, np.random.default_rng(0))
    assert batch.items.tolist() == [0, 1, 2, 4, 5]  # for label 0: 4, as 2 is there; for label 1: 5, as 0 is there
    assert batch.labels.tolist() == [0, 0, 1, 2, 3]
    assert batch.groups.tolist() == [7, 7, 8, 9, 9]


def test_no_more_than_wanted_join_and_they_are_drawn():
    labels = np.arange(20)
    hard = np.tile(np.arange(10, 20), (20, 1))
    drawn = set()
    for seed in range(20):
        batches = iter([Batch(np.array([0, 1]), labels[:2])])
        (batch,) = with_hard_negatives(batches, hard, labels, None, 3, np.random.default_rng(seed))
        assert len(batch.items) == len(set(batch.items.tolist())) == 2 + 6
        drawn.update(batch.items[2:].tolist())
    assert drawn == set(range(10, 20))


def test_what_is_hard_for_a_turned_item_is_turned_like_it():
    labels = np.arange(6)  # three items, each as it is and turned, with labels of their own
    hard = np.array([[1], [2], [0]])
    (batch,) = with_hard_negatives(
        iter([Batch(np.array([0, 4]), labels[[0, 4]])]), hard, labels, None, 1, np.random.default_rng(0)
    )
    assert batch.items.tolist() == [0, 4, 1, 5]


def test_an_epoch_still_sees_every_item():
    labels = np.arange(40) // 2
    batches = LabelBatches(labels, None, labels_per_batch=4, items_per_label=2, groups_per_batch=None, seed=0)
    hard = find_hard_negatives(torch.randn(40, 4, generator=torch.Generator()), labels, Euclidean(), 2, 0.0)
    seen = [
        batch.items for batch in with_hard_negatives(batches.epoch(1), hard, labels, None, 2, np.random.default_rng(0))
    ]
    assert set(np.concatenate(seen).tolist()) == set(range(40))
    assert len(seen) == batches.batches_per_epoch


FAST = TrainSettings(
    size=16,
    epochs=2,
    encoder_settings={"width": 8, "depth": 2, "dim": 8},
    loss="info_nce",
    labels_per_batch=4,
    items_per_label=2,
    precision="fp32",
    test_share=0,
)
SETTINGS = {
    "hard negatives, turned": {"hard_negatives": 1, "new_classes": "turned"},
    "remembered": {"remembered": 50},
    "all": {"hard_negatives": 2, "remembered": 50, "encode_at_once": 3},
}


class Impatient(Silent):
    def epoch(self, epoch, epochs):
        raise KeyboardInterrupt


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_resuming_ends_with_the_same_weights_bit_for_bit(tmp_path, settings):
    examples, settings = pattern_examples(), FAST.model_copy(update=settings)
    alikely.train(examples, settings, out=tmp_path / "model", reporter=Impatient())
    resumed = alikely.train(examples, settings, out=tmp_path / "model", resume=True, reporter=Silent())
    straight = alikely.train(examples, settings, reporter=Silent())
    plain = alikely.train(examples, FAST, reporter=Silent())

    left, right, other = resumed.model.tensors(), straight.model.tensors(), plain.model.tensors()
    assert len(resumed.history.epochs) == 2
    assert all(torch.equal(left[name], right[name]) for name in left)
    assert not all(torch.equal(left[name], other[name]) for name in left)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hard_negatives": 1}, "hard_negatives needs labels"),
        ({"remembered": 9}, "remembered needs labels"),
    ],
)
def test_pairs_have_no_labels(settings, message):
    items = list(pattern_examples(24, 2, size=16).items)
    left, right = np.arange(0, 47), np.arange(1, 48)
    examples = alikely.examples_from(items, pairs=Pairs(left, right, left % 2 == 0))
    with pytest.raises(SettingsError, match=message):
        alikely.train(examples, FAST.model_copy(update=settings), reporter=Silent())


def test_a_loss_that_compares_nothing_has_nothing_to_remember():
    settings = FAST.model_copy(update={"loss": "cosface", "remembered": 9})
    with pytest.raises(SettingsError, match="loss cosface compares no distances within a batch"):
        alikely.train(pattern_examples(), settings, reporter=Silent())


def test_what_is_remembered_holds_no_item_of_the_batch(monkeypatch):
    batches, remembered = [], []

    def backward(learner, seen, batch):
        batches.append(batch.items)
        return plain_backward(learner, seen, batch)

    def loss_of(loss, distance, embeddings, known, earlier=None):
        remembered.append(np.array([]) if earlier is None else earlier.items.numpy())
        return plain_loss(loss, distance, embeddings, known, earlier)

    plain_backward, plain_loss = learner_module.Learner._backward, learner_module.batch_loss
    monkeypatch.setattr(learner_module.Learner, "_backward", backward)
    monkeypatch.setattr(learner_module, "batch_loss", loss_of)
    # As hard negatives, items come again within an epoch.
    update = {"remembered": 20, "hard_negatives": 2, "hard_negatives_guard": 9.0, "epochs": 1, "warmup": 0.1}
    alikely.train(pattern_examples(24, 4), FAST.model_copy(update=update), reporter=Silent())

    assert len(remembered[0]) == 0
    assert max(map(len, remembered)) > 4
    assert any(np.isin(np.concatenate(batches[:step]), batch).any() for step, batch in enumerate(batches) if step)
    assert not any(np.isin(kept, batch).any() for kept, batch in zip(remembered, batches, strict=True))
