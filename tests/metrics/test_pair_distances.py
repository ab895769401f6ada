"""Which pairs there are, how far apart, and whose they are."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from alikely.distances import Cosine, Euclidean, Manhattan
from alikely.errors import InputError
from alikely.metrics import PairDistances, all_pairs, known_pairs
from alikely.types import Pairs


def test_all_pairs_by_hand():
    embeddings = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0], [3.0, 0.0]], dtype=np.float32)
    found = all_pairs(embeddings, np.array(["ann", "ann", "bob", "ann"]), Euclidean())
    assert found.same.tolist() == [5.0, 3.0, 4.0]  # (0, 1), (0, 3), (1, 3)
    assert found.different == pytest.approx([1.0, 18**0.5, 10**0.5])  # (0, 2), (1, 2), (2, 3)
    assert found.same_identities.tolist() == [[0, 0], [0, 0], [0, 0]]
    assert found.different_identities.tolist() == [[0, 1], [0, 1], [1, 0]]
    assert (found.identities, found.items) == (2, 4)
    assert found.same.dtype == found.different.dtype == np.float32


@given(st.integers(1, 40), st.integers(1, 6), st.sampled_from([1, 2, 7, 64]), st.sampled_from([Euclidean, Manhattan]))
@settings(deadline=None)
def test_all_pairs_are_each_pair_once_whatever_the_block(items, identities, block, distance):
    generator = np.random.default_rng(items)
    embeddings = generator.normal(size=(items, 3)).astype(np.float32)
    labels = generator.integers(identities, size=items)
    found = all_pairs(embeddings, labels, distance(), block=block)
    rows = torch.from_numpy(embeddings)
    numbers = np.unique(labels, return_inverse=True)[1]
    expected, sides = {True: [], False: []}, {True: [], False: []}
    for i, j in itertools.combinations(range(items), 2):
        same = bool(labels[i] == labels[j])
        expected[same].append(distance().between(rows[[i]], rows[[j]]).item())
        sides[same].append([numbers[i], numbers[j]])
    assert found.same == pytest.approx(expected[True], abs=1e-6)
    assert found.different == pytest.approx(expected[False], abs=1e-6)
    assert found.same_identities.tolist() == sides[True]
    assert found.different_identities.tolist() == sides[False]


def test_items_of_one_identity_each_give_different_pairs_only():
    found = all_pairs(np.eye(3, dtype=np.float32), np.arange(3), Euclidean())
    assert len(found.same) == 0
    assert len(found.different) == 3


def test_known_pairs_are_only_those_and_their_relation_decides():
    embeddings = np.array([[0.0], [1.0], [3.0], [7.0]], dtype=np.float32)
    # A forgery: item 1 carries the label of item 0, and is known to be different.
    pairs = Pairs(np.array([0, 0, 2]), np.array([1, 2, 3]), np.array([False, False, True]))
    found = known_pairs(embeddings, pairs, np.array(["w1", "w1", "w2", "w2"]), Euclidean(), block=2)
    assert found.same.tolist() == [4.0]
    assert found.different.tolist() == [1.0, 3.0]
    assert found.same_identities.tolist() == [[1, 1]]
    assert found.different_identities.tolist() == [[0, 0], [0, 1]]
    assert (found.identities, found.items) == (2, 4)


def test_without_labels_items_joined_by_same_pairs_are_one_identity():
    embeddings = np.arange(6, dtype=np.float32)[:, None]
    # 0 = 1 = 2 through 1; 3 = 4; 5 alone; item 2 and 3 are different.
    pairs = Pairs(np.array([0, 1, 3, 2, 5]), np.array([1, 2, 4, 3, 0]), np.array([True, True, True, False, False]))
    found = known_pairs(embeddings, pairs, None, Euclidean())
    one, other, alone = found.same_identities[0, 0], found.same_identities[2, 0], found.different_identities[1, 0]
    assert len({one, other, alone}) == found.identities == 3
    assert found.same_identities.tolist() == [[one, one], [one, one], [other, other]]
    assert found.different_identities.tolist() == [[one, other], [alone, one]]


def test_a_table_made_elsewhere_keeps_its_names_as_numbers():
    found = PairDistances.from_table(
        np.array([0.1, 0.9, 0.4]),
        np.array([True, False, True]),
        np.array(["b", "a", "a"]),
        np.array(["b", "c", "a"]),
    )
    assert found.same.tolist() == [0.1, 0.4]
    assert found.different.tolist() == [0.9]
    assert found.same_identities.tolist() == [[1, 1], [0, 0]]
    assert found.different_identities.tolist() == [[0, 2]]
    assert (found.identities, found.items) == (3, None)


def test_identity_numbers_stay_right_above_what_two_bytes_hold():
    names = np.arange(40_000)
    found = PairDistances.from_table(np.ones(40_000), names >= 0, names, names)
    assert (found.same_identities == names[:, None]).all()


def test_embeddings_that_are_not_finite_are_named():
    embeddings = np.ones((4, 2), dtype=np.float32)
    embeddings[2, 1] = np.nan
    pairs = Pairs(np.array([0]), np.array([1]), np.array([True]))
    for ask in (
        lambda: all_pairs(embeddings, np.arange(4), Cosine()),
        lambda: known_pairs(embeddings, pairs, None, Cosine()),
    ):
        with pytest.raises(InputError, match=r"1 of 4 items \(at 2\)"):
            ask()


class Scaled(nn.Module):
    """A distance with a weight, which asks for a gradient that nobody here needs."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))

    def between(self, left, right):
        return self.scale * Euclidean().between(left, right)

    def table(self, left, right):
        return self.scale * Euclidean().table(left, right)


def test_a_learned_distance_is_taken_as_it_is():
    embeddings = np.array([[0.0], [1.0], [3.0]], dtype=np.float32)
    assert all_pairs(embeddings, np.array([0, 0, 1]), Scaled()).different.tolist() == [6.0, 4.0]
    pairs = Pairs(np.array([0]), np.array([2]), np.array([False]))
    assert known_pairs(embeddings, pairs, None, Scaled()).different.tolist() == [6.0]
