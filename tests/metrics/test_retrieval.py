"""N-way K-shot and Recall@k, by hand, with ties, and against plain sorting."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alikely.distances import Euclidean
from alikely.errors import InputError, SettingsError, TooFewError
from alikely.metrics import n_way_k_shot, recall_at_k


def column(*values):
    return np.array(values, dtype=np.float32)[:, None]


def test_one_shot_by_hand():
    accuracy = n_way_k_shot(
        column(0, 10, 20),
        np.array(["a", "b", "c"]),
        column(1, 9, 12, 19),
        np.array(["a", "b", "c", "c"]),
        Euclidean(),
    )
    assert accuracy == 3 / 4  # 12 is nearer to b than to c


def test_mean_and_nearest_differ_where_a_label_is_spread_out():
    # a: supports 0 and 10, mean 5; b: supports 3 and 3. The query 0.5 is nearest to a's 0, but to b's mean.
    supports, labels = column(0, 10, 3, 3), np.array(["a", "a", "b", "b"])
    asked = column(0.5), np.array(["a"])
    assert n_way_k_shot(supports, labels, *asked, Euclidean(), by="nearest") == 1.0
    assert n_way_k_shot(supports, labels, *asked, Euclidean(), by="mean") == 0.0


def test_an_encoder_that_maps_all_to_one_point_is_as_good_as_guessing():
    supports, queries = np.zeros((20, 2), dtype=np.float32), np.zeros((40, 2), dtype=np.float32)
    labels = np.arange(20)
    for by in ("mean", "nearest"):
        assert n_way_k_shot(supports, labels, queries, np.repeat(labels, 2), Euclidean(), by) == pytest.approx(1 / 20)


def test_a_query_of_a_label_without_support_is_refused():
    with pytest.raises(InputError, match="none for 'c'"):
        n_way_k_shot(column(0, 1), np.array(["a", "b"]), column(0), np.array(["c"]), Euclidean())


def test_recall_by_hand():
    # From 0: 1 (b), 2 (a): rank 1. From 2: 1 (b) is at 1, 0 (a) at 2: rank 1. From 1: 0 and 2 are a, 8 is b: rank 2.
    # From 8: 2, 1: rank 1. The single c at 100 seeks nothing.
    found = recall_at_k(column(0, 1, 2, 8, 100), np.array(["a", "b", "a", "b", "c"]), Euclidean(), ks=(1, 2, 3))
    assert found == {1: 0.0, 2: 3 / 4, 3: 1.0}


def test_recall_counts_ties_against():
    found = recall_at_k(np.zeros((4, 2), dtype=np.float32), np.array([0, 0, 1, 1]), Euclidean(), ks=(1, 2, 3))
    assert found == {1: 0.0, 2: 0.0, 3: 1.0}


@given(st.integers(0, 1000), st.integers(4, 40), st.sampled_from([1, 5, 64]))
@settings(deadline=None, max_examples=50)
def test_recall_is_what_sorting_gives(seed, items, block):
    generator = np.random.default_rng(seed)
    embeddings = generator.normal(size=(items, 2)).astype(np.float32)
    labels = generator.integers(3, size=items)
    labels[:2] = 0
    hits = {1: [], 3: []}
    for i in range(items):
        others = np.delete(np.arange(items), i)
        if not (labels[others] == labels[i]).any():
            continue
        order = others[np.argsort(np.linalg.norm(embeddings[others] - embeddings[i], axis=1))]
        for k, found in hits.items():
            found.append((labels[order[:k]] == labels[i]).any())
    expected = {k: np.mean(found) for k, found in hits.items()}
    assert recall_at_k(embeddings, labels, Euclidean(), ks=(1, 3), block=block) == pytest.approx(expected)


def test_recall_refuses_what_it_cannot_measure():
    with pytest.raises(TooFewError, match="two items with one label"):
        recall_at_k(column(0, 1), np.array([0, 1]), Euclidean())
    with pytest.raises(SettingsError, match="1 or more"):
        recall_at_k(column(0, 1), np.array([0, 0]), Euclidean(), ks=(0,))
