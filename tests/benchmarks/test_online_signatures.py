"""The benchmark of online signatures: its writers, its pairs, its mirrors, and that it runs."""

import numpy as np
import pytest

from benchmarks import online_signatures, online_signatures_choice
from benchmarks.online_signatures import Signatures, examples_of, mirrored, pairs_of, parted
from benchmarks.signature_floors import Floors, regression
from tests.benchmarks.quick import quick_run


def made(writers=12, genuine=3, forged=2):
    rng = np.random.default_rng(0)
    names = np.repeat([f"w{writer:02d}" for writer in range(writers)], genuine + forged)
    false = np.tile(np.repeat([False, True], [genuine, forged]), writers)
    arrays = tuple(np.cumsum(rng.normal(0, 50, (rng.integers(20, 40), 5)), axis=0) for _ in names)
    for array in arrays:
        array[:, 2] = np.arange(len(array)) * 10
    return Signatures(arrays, names, false)


def test_a_seed_parts_writers():
    learned, judged = parted(made(), 4, seed=1)
    assert len(np.unique(judged.writers)) == 4
    assert len(judged.arrays) == 4 * 5
    assert not set(learned.writers) & set(judged.writers)


def test_pairs_are_of_their_kind(monkeypatch):
    monkeypatch.setattr(online_signatures, "OTHERS", 2)
    signatures = made()
    kinds = pairs_of(signatures, seed=0)
    writers, forged = signatures.writers, signatures.forged
    assert [len(kind) for kind in kinds.each()] == [12 * 3, 12 * 3 * 2, 12 * 3 * 2]
    for kind in kinds.each():
        assert len({tuple(pair) for pair in kind}) == len(kind)
        assert not forged[kind[:, 0]].any()
    assert (writers[kinds.genuine[:, 0]] == writers[kinds.genuine[:, 1]]).all()
    assert (writers[kinds.skilled[:, 0]] == writers[kinds.skilled[:, 1]]).all()
    assert (writers[kinds.random[:, 0]] != writers[kinds.random[:, 1]]).all()
    assert not forged[kinds.genuine].any()
    assert forged[kinds.skilled[:, 1]].all()
    assert not forged[kinds.random].any()
    assert [len(kind) for kind in pairs_of(signatures, 0, most=2).each()] == [24, 24, 24]


def test_mirrors_are_new_writers_and_keep_what_belongs_together():
    signatures = made(2)
    examples = examples_of(signatures, ("x", "t"))
    assert len(examples) == 3 * len(signatures.arrays)
    assert len(set(examples.labels)) == 3 * 2 * (1 + 2)  # each forgery is one
    assert len(set(examples.groups)) == 3 * 2
    first = signatures.arrays[0]
    left, back = mirrored(first, "x"), mirrored(first, "t")
    np.testing.assert_array_equal(left[:, 0], -first[:, 0])
    np.testing.assert_array_equal(left[:, 1:], first[:, 1:])
    np.testing.assert_array_equal(back[:, 0], first[::-1, 0])
    assert (np.diff(back[:, 2]) >= 0).all()


def test_warping_overlooks_speed_and_the_regression_learns_what_tells():
    pytest.importorskip("dtaidistance")
    rng = np.random.default_rng(0)
    arrays, writers, forged = [], [], []
    for writer in range(16):
        shape = np.cumsum(rng.normal(size=(12, 2)), axis=0)
        for copy in range(6):
            steps = 200 if copy < 4 else 400
            places = np.linspace(0, 11, steps + int(rng.integers(20)))
            xy = np.stack([np.interp(places, np.arange(12), column) for column in shape.T], axis=1) * 100
            arrays.append(np.column_stack([xy, np.arange(len(xy)) * 10, np.ones(len(xy)), np.zeros(len(xy))]))
            writers.append(f"w{writer}")
            forged.append(copy >= 4)
    signatures = Signatures(tuple(arrays), np.array(writers), np.array(forged))
    floors, kinds = Floors(arrays), pairs_of(signatures, 0)
    features = tuple(floors.features(kind) for kind in kinds.each())
    # The same shape, written at half the speed: far nearer by warping than another's, told by duration at once.
    assert features[1][:, 0].mean() < 0.2 * features[2][:, 0].mean()
    assert floors.duration(kinds.skilled).min() > floors.duration(kinds.genuine).max()
    genuine, skilled, random = regression(features, features)
    assert genuine.max() < min(skilled.min(), random.min())
    assert genuine.min() >= 0


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("benchmark", [online_signatures, online_signatures_choice])
def test_it_runs(benchmark, real_data, tmp_path, monkeypatch):
    pytest.importorskip("dtaidistance")
    result = quick_run(benchmark, real_data, tmp_path, monkeypatch)
    assert 0 < result["metrics"]["visual_skilled_eer"] < 0.5
    if benchmark is online_signatures:
        assert 0.15 < result["floors"]["time warping"]["visual_skilled_eer"] < 0.25
        assert result["floors"]["duration alone"]["visual_skilled_eer"] < 0.1
