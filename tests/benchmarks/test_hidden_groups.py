"""The made-up people of the benchmark: a minority that is alike among itself, wolves that are like everybody."""

import numpy as np
import pytest

from benchmarks.hidden_groups import KINDS, PICTURES, population, promised, promised_by_few


def mean_cosine(rows, first, second):
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return float((unit[first] @ unit[second].T).mean())


@pytest.mark.parametrize("kind", KINDS)
def test_every_person_has_its_pictures(kind):
    rows, labels = population(kind, 100, np.random.default_rng(0))
    assert rows.shape == (100 * PICTURES, 32)
    assert np.bincount(labels).tolist() == [PICTURES] * 100


@pytest.mark.parametrize(("kind", "special"), [("minority", 20), ("wolves", 8)])
def test_the_few_are_nearer_than_the_many(kind, special):
    rows, labels = population(kind, 400, np.random.default_rng(0))
    few, many = np.flatnonzero(labels < special), np.flatnonzero(labels >= special)
    whom = few if kind == "minority" else many
    assert mean_cosine(rows, few, whom) > mean_cosine(rows, many, many) + 0.1


def test_it_runs_on_few():
    ours, quantile = promised("even", 150, 60, 3)
    assert ours["reached_over_asked_0.1"] < quantile["reached_over_asked_0.1"]


def test_few_with_many_pictures_each_are_refused_what_they_cannot_bear():
    ours, quantile = promised_by_few(40, 5, 3)
    assert ours["refused_0.001"] == 1
    assert quantile["refused_0.1"] == 0
