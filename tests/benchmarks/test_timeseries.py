"""The benchmark of time series: nearest neighbours by hand, halves of training cases, and that it runs."""

import json
import sys

import numpy as np
import pytest

from benchmarks import timeseries
from benchmarks.timeseries import Cases, accuracy, at_length, by_euclid, by_warping, compared
from benchmarks.timeseries_choice import halves


def cases(*rows, labels):
    return Cases([np.array(row, dtype=float)[:, None] for row in rows], np.array(labels))


def test_the_nearest_by_euclid_and_by_warping():
    known = cases([0, 0, 9, 0, 0, 0], [0, 0, 3, 0, 0, 0], labels=["peak", "hill"])
    asked = cases([0, 0, 0, 0, 9, 0], labels=["peak"])
    # By Euclid both peaks count, 81 + 81 against 81 + 9; by warping one peak is the other, a little later.
    np.testing.assert_allclose(by_euclid(known, asked), [[162**0.5, 90**0.5]])
    assert accuracy(by_euclid(known, asked), known, asked) == 0
    pytest.importorskip("dtaidistance")
    np.testing.assert_allclose(by_warping(known, asked), [[0, 6]])
    assert accuracy(by_warping(known, asked), known, asked) == 1


def test_cases_of_other_lengths_are_brought_to_one():
    assert at_length(np.array([[0.0], [4.0]]), 5)[:, 0].tolist() == [0, 1, 2, 3, 4]
    known = cases([0, 1, 2, 3, 4], [4, 3, 2, 1, 0], labels=["up", "down"])
    assert by_euclid(known, cases([0, 4], labels=["up"]))[0, 0] == 0


def test_sets_are_counted_by_which_is_better():
    assert compared({"a": 0.9, "b": 0.5, "c": 0.1}, {"a": 0.8, "b": 0.5, "c": 0.7}) == {"better": 1, "equal": 1}


def test_halves_have_every_label_and_share_no_case():
    whole = cases(*[[place, 0] for place in range(20)], labels=["a"] * 12 + ["b"] * 8)
    left, right = halves(whole)
    assert sorted(left.labels) == sorted(right.labels) == ["a"] * 6 + ["b"] * 4
    assert {array[0, 0] for array in left.arrays} | {array[0, 0] for array in right.arrays} == set(range(20))


@pytest.mark.slow
@pytest.mark.data
def test_it_runs(real_data, tmp_path, monkeypatch):
    pytest.importorskip("dtaidistance")
    found = tmp_path / "found.json"
    arguments = ["timeseries", "--data", str(real_data), "--quick", "--json", str(found)]
    monkeypatch.setattr(sys, "argv", arguments)
    timeseries.main()
    result = json.loads(found.read_text())
    # As the archive's own page has them.
    assert result["floors"]["Euclid"]["ArrowHead"] == pytest.approx(0.8, abs=0.001)
    assert result["floors"]["time warping"]["ArrowHead"] == pytest.approx(0.703, abs=0.001)
    assert 0.3 < result["metrics"]["accuracy"] <= 1
