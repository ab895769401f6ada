"""Labels drawn by the root of their number of items, or all alike: how often, and that nothing stands twice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alikely.data.batches import LabelBatches
from alikely.data.dealing import ByWeight
from alikely.errors import SettingsError


def batches(sizes, per_batch=4, per_label=2, draw="root", seed=0):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return LabelBatches(labels, None, per_batch, per_label, None, seed, draw)


def times(made, labels, epochs=1):
    """In how many batches each label stands."""
    seen = [np.unique(batch.labels) for number in range(epochs) for batch in made.epoch(number)]
    return np.bincount(np.concatenate(seen), minlength=labels)


def test_as_often_as_the_root_of_their_number_of_items():
    # Roots 10, 5, 2 and twenty times 1, together 37; none of them fills all batches.
    sizes = [100, 25, 4] + [1] * 20
    made = batches(sizes, per_batch=2, per_label=4)
    found = times(made, 23, epochs=200)
    slots = 200 * made.batches_per_epoch * 2
    np.testing.assert_allclose(found[:3] / slots, np.array([10, 5, 2]) / 37, rtol=0.03)
    np.testing.assert_allclose(found[3:].mean() / slots, 1 / 37, rtol=0.01)
    assert found[3:].std() / found[3:].mean() < 0.1  # no single one is preferred


def test_equal_is_all_alike():
    made = batches([100, 25, 4, 1, 1, 1, 1, 1], per_batch=2, draw="equal")
    found = times(made, 8, epochs=100)
    assert found.sum() == 100 * made.batches_per_epoch * 2
    assert found.max() - found.min() <= 100  # each epoch within one


def test_within_an_epoch_each_count_is_its_share_to_within_one():
    sizes = np.array([400, 100, 16, 9, 9, 4, 4, 1, 1, 1])
    made = batches(sizes, per_batch=3, per_label=4)
    expected = np.sqrt(sizes) / np.sqrt(sizes).sum() * 3 * made.batches_per_epoch
    # Twenty of fifty: the first label would stand in more than one slot a batch, so it stands in every batch.
    expected = np.where(
        np.arange(10) == 0, made.batches_per_epoch, expected / expected[1:].sum() * 2 * made.batches_per_epoch
    )
    for number in range(20):
        assert (np.abs(times_of(made, number, 10) - expected) < 1).all()


def times_of(made, number, labels):
    return np.bincount(np.concatenate([np.unique(batch.labels) for batch in made.epoch(number)]), minlength=labels)


def test_an_epoch_shows_about_as_many_items_as_there_are():
    sizes = np.concatenate([[530, 236, 144], np.random.default_rng(0).integers(2, 12, 400), np.ones(900, np.int64)])
    for draw in ("root", "equal"):
        made = batches(sizes, per_batch=48, per_label=4, draw=draw)
        shown = sum(len(batch.items) for batch in made.epoch(1))
        assert shown == pytest.approx(sizes.sum(), rel=0.02)


sizes_of = st.lists(st.one_of(st.integers(1, 4), st.integers(1, 300)), min_size=1, max_size=40)


@given(sizes_of, st.integers(2, 9), st.integers(1, 6), st.integers(0, 3), st.sampled_from(["root", "equal"]))
def test_what_every_epoch_keeps(sizes, per_batch, per_label, number, draw):
    made = batches(sizes, per_batch, per_label, draw)
    epoch = list(made.epoch(number))
    assert len(epoch) == made.batches_per_epoch
    for batch in epoch:
        assert len(set(batch.items)) == len(batch.items)
        present, counts = np.unique(batch.labels, return_counts=True)
        assert len(present) == min(per_batch, len(sizes))
        assert np.array_equal(counts, np.minimum(per_label, np.asarray(sizes)[present]))
        assert np.array_equal(batch.labels, np.repeat(np.arange(len(sizes)), sizes)[batch.items])


def test_seed_and_number_decide():
    def lists(made, number):
        return [batch.items.tolist() for batch in made.epoch(number)]

    sizes = [9, 7, 5, 3, 1, 1, 1, 1]
    first = lists(batches(sizes), 1)
    assert lists(batches(sizes), 1) == first
    assert lists(batches(sizes), 2) != first
    assert lists(batches(sizes, seed=1), 1) != first


def test_shares_of_labels_that_would_fill_more_than_a_batch():
    # 8 of 10 for the first, 3 slots: it stands in every batch, the others share what is left, 2 slots, by 1 to 1.
    made = ByWeight(np.array([64, 1, 1]), np.array([8.0, 1.0, 1.0]), 2, 1)
    batch_of, label_of = made.dealt(np.random.default_rng(0))
    assert np.bincount(batch_of).tolist() == [2] * made.batches
    assert np.bincount(label_of)[0] == made.batches == 33  # 66 items, two a batch


def counts_of(made, times):
    rng = np.random.default_rng(0)
    return np.array([np.bincount(made.dealt(rng)[1], minlength=len(made._shares)) for _ in range(times)])


def test_each_label_stands_in_an_epoch_as_often_as_its_share_says_in_the_mean():
    # 3 batches of one label, shares 1 : 2 : 2.
    found = counts_of(ByWeight(np.array([2, 2, 2]), np.array([1.0, 2.0, 2.0]), 1, 2), 2000)
    np.testing.assert_allclose(found.mean(axis=0), [0.6, 1.2, 1.2], atol=0.04)


def test_any_two_labels_can_be_in_one_epoch():
    # The last two stand in every fourth epoch each; drawn along a fixed line, never in the same.
    sizes = np.repeat([16, 1], 20)
    found = counts_of(ByWeight(sizes, np.sqrt(sizes), 2, 16), 300)
    assert 0.2 < found[:, 20:].mean() < 0.33
    assert (found[:, -2:] > 0).all(axis=1).sum() > 5


def test_not_with_groups():
    with pytest.raises(SettingsError, match="groups_per_batch goes with draw = 'every_item' only, got draw = 'root'"):
        LabelBatches(np.array([0, 1]), np.array([0, 0]), 2, 1, 1, 0, "root")
