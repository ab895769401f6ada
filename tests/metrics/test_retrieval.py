"""What items find, by hand, with ties, against plain sorting and against pytorch-metric-learning."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pytorch_metric_learning.distances import CosineSimilarity, LpDistance
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN

from alikely.distances import DISTANCES, Euclidean, build_distance
from alikely.errors import SettingsError, TooFewError
from alikely.metrics import recall_at_k, retrieval
from alikely.metrics.retrieval import search


def column(*values):
    return np.array(values, dtype=np.float32)[:, None]


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


def test_figures_by_hand():
    # From 0 (a): 1 a, 2 b, 4 a, 9 b: sought at 1 and 3. R = 2: precision at R 1/2, average 1/2 * 1/1.
    # From 1 (a): 0 and 2 are at 1: b first, then a; 4 a: ranks 2 and 3. R-precision 1/2, average 1/2 * 1/2.
    # From 4 (a): 2 b, 1 a, 0 a, 9 b: ranks 2 and 3: the same. From 2 (b): 1, 0 and 4, 9: rank 4. From 9: 4, 2: rank 2.
    embeddings, labels = column(0, 1, 4, 2, 9), np.array(["a", "a", "a", "b", "b"])
    found = search(embeddings, labels, Euclidean())
    assert [ranks.tolist() for ranks in found.ranks] == [[1, 3], [2, 3], [2, 3], [4], [2]]
    report = retrieval(embeddings, labels, Euclidean(), ks=(1, 2, 3))
    assert [estimate.value for estimate in report.recall.values()] == [1 / 5, 4 / 5, 4 / 5]
    assert [estimate.value for estimate in report.precision.values()] == pytest.approx([1 / 5, 2 / 5, 7 / 15])
    assert report.r_precision.value == pytest.approx((1 / 2 + 1 / 2 + 1 / 2 + 0 + 0) / 5)
    assert report.map_at_r.value == pytest.approx((1 / 2 + 1 / 4 + 1 / 4 + 0 + 0) / 5)
    assert report.queries == 5
    assert report.r_precision.reason == "no interval: 2 identities are too few"


def test_an_encoder_that_maps_all_to_one_point_finds_nothing():
    report = retrieval(np.zeros((40, 2), dtype=np.float32), np.repeat(np.arange(10), 4), Euclidean())
    assert report.map_at_r.value == report.r_precision.value == report.recall[1].value == 0
    assert report.map_at_r.high > 0.2  # ten identities leave much open


@given(st.integers(0, 1000), st.integers(4, 60), st.integers(1, 6))
@settings(deadline=None, max_examples=50)
def test_ranks_are_those_of_sorting_with_others_first(seed, items, identities):
    generator = np.random.default_rng(seed)
    embeddings = generator.integers(6, size=(items, 1)).astype(np.float32)  # many ties
    labels = generator.integers(identities, size=items)
    labels[:2] = 0
    found = search(embeddings, labels, Euclidean(), ks=(items,))
    for query, ranks in zip(found.queries, found.ranks, strict=True):
        others = np.delete(np.arange(items), query)
        alike = labels[others] == labels[query]
        order = np.lexsort([alike, np.abs(embeddings[others, 0] - embeddings[query, 0])])
        assert ranks.tolist() == (np.flatnonzero(alike[order]) + 1).tolist()


def peers_distance(name, distance):
    """The same distance, as pytorch-metric-learning has it."""
    if name == "cosine":
        return CosineSimilarity()
    power = 1 if name in ("manhattan", "exp_manhattan", "learned") else 2
    return LpDistance(p=power, normalize_embeddings=False)


@pytest.mark.parametrize("name", DISTANCES)
def test_figures_equal_pytorch_metric_learning(name):
    torch.manual_seed(0)
    generator = np.random.default_rng(0)
    labels = generator.integers(12, size=150)
    # Small, so that exp_manhattan does not round distances to 1.
    embeddings = 0.1 * generator.normal(size=(12, 8))[labels] + 0.15 * generator.normal(size=(150, 8))
    embeddings = embeddings.astype(np.float32)
    distance = build_distance(name, 8)
    theirs = torch.from_numpy(embeddings)
    if name == "learned":
        theirs = theirs * distance.weights().detach()
    calculator = AccuracyCalculator(
        include=("precision_at_1", "r_precision", "mean_average_precision_at_r"),
        k="max_bin_count",
        device=torch.device("cpu"),
        knn_func=CustomKNN(peers_distance(name, distance)),
    )
    expected = calculator.get_accuracy(theirs, torch.from_numpy(labels))
    report = retrieval(embeddings, labels, distance)
    assert report.precision[1].value == report.recall[1].value == pytest.approx(expected["precision_at_1"])
    assert report.r_precision.value == pytest.approx(expected["r_precision"])
    assert report.map_at_r.value == pytest.approx(expected["mean_average_precision_at_r"])


def test_the_report_for_json_and_for_people():
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(20), 3)
    embeddings = (generator.normal(size=(20, 4))[labels] + generator.normal(size=(60, 4))).astype(np.float32)
    report = retrieval(embeddings, labels, Euclidean(), ks=(1, 5))
    told = report.to_dict()
    names = ["recall_at_1", "recall_at_5", "precision_at_1", "precision_at_5", "r_precision", "map_at_r"]
    assert list(told) == [key for name in names for key in (name, f"{name}_interval")] + ["queries"]
    for name in names:
        low, high = told[f"{name}_interval"]
        assert low < told[name] < high
    assert [row[0] for row in report.rows()] == ["Recall@1", "Recall@5", "R-precision", "MAP@R"]
    assert retrieval(embeddings, labels, Euclidean(), seed=0).r_precision == report.r_precision
