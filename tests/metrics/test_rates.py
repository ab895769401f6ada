"""All pairs in a stream say the same as all pairs in memory, for every distance, with ties and at the borders."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from alikely.distances import DISTANCES, Euclidean, build_distance
from alikely.errors import InputError
from alikely.metrics import ErrorRates, PairDistances, Verification, all_pairs
from alikely.metrics.corners import Corners
from alikely.metrics.pairs import upper_strips
from alikely.metrics.stream import PairStream


def spread(items, identities, seed, dim=3, digits=1):
    """Embeddings with few digits, so that many distances are equal."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(identities, size=items)
    centres = generator.normal(size=(identities, dim))
    return (centres[labels] + generator.normal(size=(items, dim))).round(digits).astype(np.float32), labels


def same_errors(one, other):
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in vars(one))


@given(st.integers(1, 70), st.integers(1, 8), st.floats(0, 3), st.integers(0, 2))
@settings(deadline=None, max_examples=60)
def test_the_stream_says_what_memory_says(items, identities, threshold, digits):
    embeddings, labels = spread(items, identities, seed=items, digits=digits)
    pairs = all_pairs(embeddings, labels, Euclidean())
    memory = ErrorRates.from_pairs(pairs, threshold)
    stream = ErrorRates.from_embeddings(embeddings, labels, Euclidean(), threshold)
    assert (memory.roc is None) == (stream.roc is None) == (len(pairs.same) == 0 or len(pairs.different) == 0)
    if memory.roc is not None:
        for name in ("thresholds", "fmr", "fnmr"):
            assert np.array_equal(getattr(memory.roc, name), getattr(stream.roc, name))
    for name in ("same_pairs", "different_pairs", "identities", "matched", "items"):
        assert getattr(memory, name) == getattr(stream, name)
    assert same_errors(memory.errors, stream.errors)
    assert np.array_equal(memory.sample.different, stream.sample.different)
    assert np.array_equal(np.sort(memory.sample.same), np.sort(stream.sample.same))


@pytest.mark.parametrize("name", DISTANCES)
def test_the_stream_says_what_memory_says_for_every_distance(name):
    torch.manual_seed(0)
    embeddings, labels = spread(900, 30, seed=0, dim=16, digits=6)
    distance = build_distance(name, 16)
    memory = ErrorRates.from_pairs(all_pairs(embeddings, labels, distance))
    stream = ErrorRates.from_embeddings(embeddings, labels, distance)
    # A product of matrices may round otherwise where its shape is another, so that neighbours change places.
    grid = np.linspace(0, 1, 50)
    one, other = (rates.roc.fnmr[np.searchsorted(rates.roc.fmr, grid, "right") - 1] for rates in (memory, stream))
    assert one == pytest.approx(other, abs=2 / memory.same_pairs)


def test_the_sample_of_the_stream_is_that_of_memory():
    embeddings, labels = spread(120, 20, seed=1)
    memory = ErrorRates.from_pairs(all_pairs(embeddings, labels, Euclidean()), most_pairs=1000, seed=3).sample
    stream = ErrorRates.from_embeddings(embeddings, labels, Euclidean(), most_pairs=1000, seed=3).sample
    assert len(stream.same) + len(stream.different) == 1000
    assert np.array_equal(memory.different, stream.different)
    assert np.array_equal(memory.different_identities, stream.different_identities)


@given(st.integers(2, 40), st.integers(1, 5), st.integers(1, 4))
@settings(deadline=None, max_examples=40)
def test_apart_leaves_only_pairs_with_different_marks(items, identities, values):
    embeddings, labels = spread(items, identities, seed=items)
    marks = np.random.default_rng(items).integers(values, size=items)
    found = ErrorRates.from_embeddings(embeddings, labels, Euclidean(), threshold=1.0, apart=marks)
    numbers = np.unique(labels, return_inverse=True)[1]
    same, different = np.zeros(len(np.unique(labels)), int), np.zeros(len(np.unique(labels)), int)
    wrong = {"false_matches": 0, "false_non_matches": 0}
    for i, j in itertools.combinations(range(items), 2):
        if marks[i] == marks[j]:
            continue
        accepted = np.linalg.norm(embeddings[i].astype(float) - embeddings[j]) <= 1.0 + 1e-7
        if labels[i] == labels[j]:
            same[numbers[i]] += 1
            wrong["false_non_matches"] += not accepted
        else:
            different[[numbers[i], numbers[j]]] += 1
            wrong["false_matches"] += accepted
    assert found.errors.same_of.tolist() == same.tolist()
    assert found.errors.different_of.tolist() == different.tolist()
    assert (found.same_pairs, found.different_pairs) == (same.sum(), different.sum() // 2)
    assert {name: getattr(found.errors, name) for name in wrong} == wrong


def test_errors_of_a_threshold_by_hand():
    # Items at 0, 1 (a), 3, 7 (b): same 1 and 4, different 3, 7, 2, 6.
    embeddings, labels = np.array([[0.0], [1.0], [3.0], [7.0]], dtype=np.float32), np.array(["a", "a", "b", "b"])
    for threshold, false_matches, false_non_matches in ((3.0, 2, 1), (2.9999999, 1, 1), (-np.inf, 0, 2), (7.0, 4, 0)):
        errors = ErrorRates.from_embeddings(embeddings, labels, Euclidean(), threshold).errors
        assert (errors.false_matches, errors.false_non_matches) == (false_matches, false_non_matches)
        assert errors.false_matches_of.tolist() == [false_matches] * 2
    assert errors.false_non_matches_of.tolist() == [0, 0]


def test_a_pair_within_one_identity_stands_there_once():
    forgeries = PairDistances(np.array([0.1]), np.array([0.2, 0.3]), np.array([[0, 0]]), np.array([[0, 0], [0, 1]]), 2)
    errors = ErrorRates.from_pairs(forgeries, 0.5).errors
    assert errors.different_of.tolist() == errors.false_matches_of.tolist() == [2, 1]
    assert errors.false_matches == 2


def test_more_than_one_strip_and_more_than_one_run_of_identities():
    embeddings, labels = spread(1300, 40, seed=5)
    pairs = PairStream.of(embeddings, labels, Euclidean())
    chunks = list(pairs.same())
    assert len(chunks) > 2
    assert sum(len(chunk.distances()) for chunk in chunks) == pairs.same_of.sum()
    chunk = chunks[1]
    picked = np.array([0, 5, len(chunk.distances()) - 1])
    for distance, (left, right) in zip(chunk.distances()[picked], chunk.items(picked), strict=True):
        assert labels[left] == labels[right]
        assert distance == pytest.approx(np.linalg.norm(embeddings[left] - embeddings[right]), abs=1e-5)
    assert sum(len(chunk.distances()) for chunk in pairs.different()) == pairs.different_of.sum() // 2


def test_strips_are_the_table_whatever_their_height():
    embeddings = torch.from_numpy(spread(50, 5, seed=2)[0])
    table = Euclidean().table(embeddings, embeddings).numpy()
    for block in (1, 7, 50, 512):
        for start, strip in upper_strips(embeddings, Euclidean(), block):
            assert np.array_equal(strip, table[start : start + len(strip), start:])
    assert list(upper_strips(embeddings[:0], Euclidean())) == []


@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=20),
    st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=20), min_size=1, max_size=5),
    st.booleans(),
)
@settings(deadline=None)
def test_chunks_in_any_order_have_the_roc_of_all(few, chunks, few_are_same):
    few = np.array(few, dtype=np.float32)
    corners = Corners(few)
    for chunk in chunks:
        corners.count(np.sort(np.array(chunk, dtype=np.float32)))
    found = corners.roc(few_are_same)
    many = np.concatenate(chunks).astype(np.float32)
    same, different = (few, many) if few_are_same else (many, few)
    every = Verification.from_distances(same, different)
    assert [found.fmr.tolist(), found.fnmr.tolist()] == [row.tolist() for row in every.rates_at(found.thresholds)]
    if len(few) < len(many):
        assert found.thresholds.tolist() == every.bends().tolist()


class Broken:
    """A distance that is none."""

    def table(self, left, right):
        return Euclidean().table(left, right) - 1

    def between(self, left, right):
        return Euclidean().between(left, right) - 1


def test_what_is_no_distance_and_no_embedding_is_refused():
    embeddings, labels = spread(20, 4, seed=0)
    with pytest.raises(InputError, match="finite and 0 or more"):
        ErrorRates.from_embeddings(embeddings, labels, Broken())
    embeddings[3] = np.nan
    with pytest.raises(InputError, match=r"1 of 20 items \(at 3\)"):
        ErrorRates.from_embeddings(embeddings, labels, Euclidean())
