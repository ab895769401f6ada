"""An epoch sees everything, a batch nothing twice, and both follow from the seed and the number alone."""

import time

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alikely.data.batches import LabelAndPairBatches, LabelBatches, PairBatches
from alikely.errors import SettingsError
from alikely.types import Pairs
from tests.pace import slower


def label_batches(labels, per_batch=4, per_label=2, groups=None, groups_per_batch=None, seed=0):
    groups = None if groups is None else np.asarray(groups)
    return LabelBatches(np.asarray(labels), groups, per_batch, per_label, groups_per_batch, seed)


def as_lists(batches):
    return [batch.items.tolist() for batch in batches]


def test_by_hand_where_all_is_even():
    # 6 labels of 4 items, 3 labels x 2 items a batch: 12 chunks in 4 batches, every item once.
    batches = label_batches(np.repeat(np.arange(6), 4), 3, 2)
    epoch = list(batches.epoch(0))
    assert batches.batches_per_epoch == len(epoch) == 4
    assert sorted(item for batch in epoch for item in batch.items) == list(range(24))
    for batch in epoch:
        assert np.unique(batch.labels, return_counts=True)[1].tolist() == [2, 2, 2]
        assert batch.labels.tolist() == [item // 4 for item in batch.items]
        assert batch.groups is None
        assert batch.pairs is None


def test_a_short_chunk_is_filled_with_other_items_of_its_label():
    # Label 0 has 5 items: 3 chunks of 2, of which the last repeats an item of another chunk.
    batches = label_batches([0, 0, 0, 0, 0, 1, 1, 1, 1, 1], 2, 2)
    epoch = list(batches.epoch(0))
    assert [len(batch.items) for batch in epoch] == [4, 4, 4]
    assert sorted(np.bincount(np.concatenate([batch.items for batch in epoch]))) == [1] * 8 + [2] * 2


def test_single_items_stay_single():
    batches = label_batches([0, 0, 0, 0, 1, 2, 3], 4, 4)
    (batch,) = batches.epoch(0)
    assert sorted(batch.items) == list(range(7))


def test_less_data_than_a_batch_is_one_batch():
    (batch,) = label_batches([0, 0, 1, 1, 1], 64, 8).epoch(5)
    assert sorted(batch.items) == list(range(5))


def test_very_unequal_labels_leave_no_batch_without_others():
    # Label 0 alone has 10 chunks; the 3 others have one each, and must be in the other batches again.
    epoch = list(label_batches([0] * 20 + [1, 1, 2, 2, 3, 3], 3, 2).epoch(0))
    assert len(epoch) == 10
    for batch in epoch:
        assert len(np.unique(batch.labels)) == 3
        assert 0 in batch.labels
    # What is repeated is shared out evenly: 20 places for 3 labels.
    counts = np.bincount(np.concatenate([np.unique(batch.labels) for batch in epoch]))
    assert counts[0] == 10
    assert sorted(counts[1:]) == [6, 7, 7]


sizes = st.lists(st.one_of(st.integers(1, 4), st.integers(1, 40)), min_size=1, max_size=40)


@given(sizes, st.integers(2, 9), st.integers(1, 6), st.integers(0, 3), st.randoms(use_true_random=False))
@example([60, 1], 2, 1, 0, None)
@example([1], 2, 1, 0, None)
def test_what_every_epoch_keeps(sizes, per_batch, per_label, number, random):
    labels = [label for label, size in enumerate(sizes) for _ in range(size)]
    if random is not None:
        random.shuffle(labels)
    batches = label_batches(labels, per_batch, per_label)
    epoch = list(batches.epoch(number))
    assert len(epoch) == batches.batches_per_epoch
    seen = np.concatenate([batch.items for batch in epoch])
    assert set(seen) == set(range(len(labels)))
    width = min(per_batch, len(sizes))
    for batch in epoch:
        assert len(set(batch.items)) == len(batch.items)
        assert np.array_equal(batch.labels, np.asarray(labels)[batch.items])
        present, counts = np.unique(batch.labels, return_counts=True)
        assert len(present) == width
        assert np.array_equal(counts, [min(per_label, sizes[label]) for label in present])
    # No more batches than it takes.
    chunks = [-(-size // per_label) for size in sizes]
    assert len(epoch) == max(-(-sum(chunks) // width), *chunks, 1)


grouped = st.lists(st.lists(st.integers(1, 12), min_size=2, max_size=8), min_size=1, max_size=8)


@given(grouped, st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))
def test_the_labels_of_a_batch_come_from_its_groups(drawn, groups_per_batch, labels_per_group, per_label):
    groups_of_label = [group for group, sizes in enumerate(drawn) for _ in sizes]
    sizes = [size for sizes in drawn for size in sizes]
    labels = np.repeat(np.arange(len(sizes)), sizes)
    groups = np.asarray(groups_of_label)[labels] * 10
    per_batch = max(2, groups_per_batch * labels_per_group)
    batches = label_batches(labels, per_batch, per_label, groups, groups_per_batch)
    epoch = list(batches.epoch(0))
    assert len(epoch) == batches.batches_per_epoch
    assert set(np.concatenate([batch.items for batch in epoch])) == set(range(len(labels)))
    present_groups = min(groups_per_batch, len(drawn))
    for batch in epoch:
        assert len(set(batch.items)) == len(batch.items)
        assert np.array_equal(batch.groups, groups[batch.items])
        assert len(np.unique(batch.groups)) == present_groups
        for group in np.unique(batch.groups):
            inside = np.unique(batch.labels[batch.groups == group])
            assert len(inside) == min(per_batch // present_groups, len(drawn[group // 10]))


def test_every_batch_has_two_labels_where_there_are_two():
    groups = [0, 0, 1, 1, 2]
    for batch in label_batches([0, 0, 1, 1, 2], 4, 2, groups, 2).epoch(0):
        assert len(np.unique(batch.labels)) == 2


def test_groups_are_handed_on_without_groups_per_batch():
    (batch,) = label_batches([0, 0, 1], 2, 2, [5, 5, 6]).epoch(0)
    assert np.array_equal(batch.groups, np.array([5, 5, 6])[batch.items])


def test_seed_and_number_decide():
    labels = np.repeat(np.arange(30), 7)
    groups = labels // 6
    for extra in ({}, {"groups": groups, "groups_per_batch": 2}):
        first = as_lists(label_batches(labels, **extra).epoch(1))
        assert as_lists(label_batches(labels, **extra).epoch(1)) == first
        assert as_lists(label_batches(labels, **extra).epoch(2)) != first
        assert as_lists(label_batches(labels, seed=1, **extra).epoch(1)) != first


def test_epochs_do_not_depend_on_those_before():
    batches = label_batches(np.repeat(np.arange(30), 7))
    list(batches.epoch(0))
    assert as_lists(batches.epoch(1)) == as_lists(label_batches(np.repeat(np.arange(30), 7)).epoch(1))


def test_labels_meet_all_others_alike():
    # In 200 epochs each of the 8 labels meets each other one about equally often: 2 of 8 a batch, 1 in 7.
    batches = label_batches(np.repeat(np.arange(8), 6), 2, 2)
    met = np.zeros((8, 8))
    for number in range(200):
        for batch in batches.epoch(number):
            left, right = np.unique(batch.labels)
            met[left, right] += 1
    share = met[np.triu_indices(8, 1)] / met.sum() * 28
    assert share.min() > 0.6
    assert share.max() < 1.4


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"labels": np.zeros(0, np.int64)}, "no items"),
        ({"labels": [0, 1], "per_batch": 1}, "labels_per_batch=1"),
        ({"labels": [0, 1], "per_label": 0}, "items_per_label=0"),
        ({"labels": [0, 1], "groups_per_batch": 1}, "no groups"),
        ({"labels": [0, 1], "groups": [0, 0], "groups_per_batch": 0}, "from 1 to labels_per_batch=4"),
        ({"labels": [0, 1], "groups": [0, 0], "groups_per_batch": 5}, "from 1 to labels_per_batch=4"),
        ({"labels": [0, 0, 1], "groups": [0, 1, 1], "groups_per_batch": 2}, "several groups"),
        ({"labels": [0, 1, 2], "groups": [0, 0, 1], "groups_per_batch": 1}, "1 groups have a single label"),
    ],
)
def test_sizes_that_cannot_be(given, problem):
    with pytest.raises(SettingsError, match=problem):
        label_batches(**given)


@pytest.mark.parametrize("kind", ["omniglot", "omniglot by alphabet", "lfw"])
def test_an_epoch_is_made_quickly(kind):
    rng = np.random.default_rng(0)
    if kind == "lfw":
        counts = np.concatenate([[530, 236, 144, 121], rng.integers(2, 12, 1676), np.ones(4069, np.int64)])
        batches = label_batches(rng.permutation(np.repeat(np.arange(len(counts)), counts)), 48, 4)
    else:
        labels = np.repeat(np.arange(964), 20)
        extra = {} if kind == "omniglot" else {"groups": labels // 20 % 30, "groups_per_batch": 2}
        batches = label_batches(labels, 32, 6, **extra)
    seconds = []
    for number in range(3):
        start = time.process_time()
        assert len(list(batches.epoch(number))) == batches.batches_per_epoch
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.3 * slower()


def pairs_among(count, items, seed=0):
    rng = np.random.default_rng(seed)
    left = rng.integers(0, items, count)
    return Pairs(left, (left + rng.integers(1, items, count)) % items, rng.random(count) < 0.5)


@given(st.integers(1, 80), st.integers(2, 30), st.integers(1, 20), st.integers(0, 3))
def test_every_pair_once_an_epoch(count, items, per_batch, number):
    pairs = pairs_among(count, items)
    batches = PairBatches(pairs, per_batch, 0)
    epoch = list(batches.epoch(number))
    assert len(epoch) == batches.batches_per_epoch == -(-count // per_batch)
    seen = []
    for batch in epoch:
        assert len(set(batch.items)) == len(batch.items)
        assert set(batch.pairs.left) | set(batch.pairs.right) == set(range(len(batch.items)))
        assert batch.labels is batch.groups is None
        assert len(batch.pairs) <= per_batch
        left, right = batch.items[batch.pairs.left], batch.items[batch.pairs.right]
        seen += zip(left.tolist(), right.tolist(), batch.pairs.same.tolist(), strict=True)
    assert sorted(seen) == sorted(zip(pairs.left.tolist(), pairs.right.tolist(), pairs.same.tolist(), strict=True))
    lengths = [len(batch.pairs) for batch in epoch]
    kinds = [int(batch.pairs.same.sum()) for batch in epoch]
    assert max(lengths) - min(lengths) <= 1
    assert max(kinds) - min(kinds) <= 1


def test_pairs_by_seed_and_number():
    pairs = pairs_among(50, 20)
    first = as_lists(PairBatches(pairs, 8, 0).epoch(0))
    assert as_lists(PairBatches(pairs, 8, 0).epoch(0)) == first
    assert as_lists(PairBatches(pairs, 8, 0).epoch(1)) != first
    assert as_lists(PairBatches(pairs, 8, 1).epoch(0)) != first


@given(st.integers(1, 40), st.integers(0, 10), st.integers(1, 20), st.integers(0, 3))
def test_the_pairs_of_a_triplet_stay_together(triplets, alone, per_batch, number):
    """Some triplets have lost their different pair to another part of the split: their unit is one pair."""
    rng = np.random.default_rng(triplets * 100 + alone)
    units = rng.permutation(np.concatenate([np.repeat(np.arange(triplets), 2), triplets + np.arange(alone)])) * 3
    first = np.unique(units, return_index=True)[1]
    same = np.isin(np.arange(len(units)), first)
    left = rng.integers(0, 20, len(units))
    score = np.arange(len(units)) / len(units)
    pairs = Pairs(left, (left + rng.integers(1, 20, len(units))) % 20, same, score=score, units=units)
    batches = PairBatches(pairs, per_batch, 0)
    epoch = list(batches.epoch(number))
    assert len(epoch) == batches.batches_per_epoch == min(-(-len(units) // per_batch), triplets + alone)
    of_batch = [set(batch.pairs.units) for batch in epoch]
    assert sorted(unit for held in of_batch for unit in held) == np.unique(units).tolist()
    assert sorted(value for batch in epoch for value in batch.pairs.score) == score.tolist()
    for batch in epoch:
        for row, value in enumerate(batch.pairs.score):
            was = round(value * len(units))
            assert batch.items[batch.pairs.left[row]] == left[was]
            assert batch.pairs.units[row] == units[was]
    whole = [int((np.unique(batch.pairs.units, return_counts=True)[1] == 2).sum()) for batch in epoch]
    assert max(whole) - min(whole) <= 1
    assert max(map(len, of_batch)) - min(map(len, of_batch)) <= 1


def test_pair_sizes_that_cannot_be():
    with pytest.raises(SettingsError, match="no pairs"):
        PairBatches(pairs_among(0, 2), 8, 0)
    with pytest.raises(SettingsError, match="pairs_per_batch is 0"):
        PairBatches(pairs_among(5, 3), 0, 0)


@given(st.integers(2, 8), st.integers(1, 30), st.integers(1, 9), st.booleans(), st.integers(0, 3))
def test_labels_and_pairs_each_have_their_batches(labels, count, per_batch, grouped, number):
    marks = np.repeat(np.arange(labels), 3)
    labelled = LabelBatches(marks, marks // 2 if grouped else None, 2, 2, None, 0)
    paired = PairBatches(pairs_among(count, len(marks)), per_batch, 0)
    epoch = list(LabelAndPairBatches(labelled, paired).epoch(number))
    assert len(epoch) == LabelAndPairBatches(labelled, paired).batches_per_epoch
    assert as_lists(batch for batch in epoch if batch.pairs is None) == as_lists(labelled.epoch(number))
    of_pairs = [batch for batch in epoch if batch.pairs is not None]
    assert [batch.items.tolist() for batch in of_pairs] == [batch.items.tolist() for batch in paired.epoch(number)]
    for batch in of_pairs:
        assert batch.labels.tolist() == marks[batch.items].tolist()
        assert (batch.groups is not None) == grouped


def test_batches_of_pairs_are_not_all_at_the_end():
    marks = np.repeat(np.arange(20), 4)
    both = LabelAndPairBatches(
        LabelBatches(marks, None, 2, 2, None, 0), PairBatches(pairs_among(100, len(marks)), 10, 0)
    )
    orders = [[batch.pairs is None for batch in both.epoch(number)] for number in range(3)]
    assert orders[0] != sorted(orders[0])
    assert orders[0] != sorted(orders[0], reverse=True)
    assert orders[0] != orders[1]
    assert [batch.pairs is None for batch in both.epoch(0)] == orders[0]
