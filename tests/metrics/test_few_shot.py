"""N-way K-shot: by hand, with ties, and over random trials."""

import numpy as np
import pytest

from alikely.distances import Euclidean
from alikely.errors import InputError, SettingsError, TooFewError
from alikely.metrics import few_shot_accuracy, n_way_k_shot, shot_credits


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


def test_a_tie_counts_as_a_guess():
    counted = shot_credits(column(0, 2), np.array(["a", "b"]), column(1, 0), np.array(["a", "b"]), Euclidean())
    assert counted.tolist() == [0.5, 0.0]


def test_random_trials_of_what_is_easy_and_of_what_tells_nothing():
    labels = np.repeat(np.arange(15), 4)
    easy = few_shot_accuracy(labels[:, None].astype(np.float32), labels, Euclidean(), ways=10, trials=50)
    assert (easy.value, easy.high) == (1.0, 1.0)
    assert easy.low == pytest.approx(0.025 ** (1 / 15))  # no error among 15 identities
    nothing = few_shot_accuracy(np.zeros((60, 2), np.float32), labels, Euclidean(), ways=5, shots=3, trials=50)
    assert nothing.value == pytest.approx(1 / 5)


def test_more_shots_help_and_the_seed_decides():
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(20), 8)
    embeddings = (generator.normal(size=(20, 4))[labels] + generator.normal(size=(160, 4))).astype(np.float32)
    one, again, five = (
        few_shot_accuracy(embeddings, labels, Euclidean(), shots=shots, trials=200, seed=1) for shots in (1, 1, 5)
    )
    assert one == again
    assert one.low < one.value < one.high < five.high
    assert one.value < five.value


def test_bad_counts_are_refused():
    labels = np.repeat(np.arange(4), 3)
    embeddings = labels[:, None].astype(np.float32)
    with pytest.raises(TooFewError, match="5 identities with 2 items each, got 4"):
        few_shot_accuracy(embeddings, labels, Euclidean(), ways=5)
    with pytest.raises(TooFewError, match="with 4 items each, got 0"):
        few_shot_accuracy(embeddings, labels, Euclidean(), ways=3, shots=3)
    for wrong in ({"ways": 1}, {"shots": 0}, {"trials": 0}):
        with pytest.raises(SettingsError):
            few_shot_accuracy(embeddings, labels, Euclidean(), **wrong)
