"""The parts of the benchmark of promises: who is counted among the others, and the rules beside ours."""

import math

import numpy as np
import pytest
from scipy.stats import beta

from alikely.calibration import calibrate
from alikely.distances import Cosine
from alikely.metrics import all_pairs
from benchmarks import promise


def people(count=40, pictures=3, seed=0):
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(count), pictures)
    rows = generator.normal(0, 1, (count, 16))[labels] + 0.7 * generator.normal(0, 1, (len(labels), 16))
    return rows.astype(np.float32), labels


def test_the_fmr_on_the_others_is_that_of_two_loops():
    rows, labels = people(12)
    drawn = np.isin(np.arange(12), [2, 5, 7])
    others = promise.others_of(rows, labels)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    threshold = 0.9
    accepted = [
        1 - unit[i] @ unit[j] <= threshold
        for i in range(len(rows))
        for j in range(i)
        if labels[i] != labels[j] and not drawn[labels[[i, j]]].any()
    ]
    assert len(accepted) == 27 * 26 // 2 - 9 * 3
    assert others.fmr(threshold, drawn) == pytest.approx(np.mean(accepted))


def test_halves_share_no_person_and_leave_none_out():
    labels = np.repeat([f"person {i}" for i in range(11)], 3)
    first, second = promise.halves(labels, 0)
    assert sorted([*first, *second]) == list(range(33))
    assert len(set(labels[first])) == 5
    assert not set(labels[first]) & set(labels[second])


def test_rules_take_the_largest_threshold_that_their_bound_allows(monkeypatch):
    monkeypatch.setattr(promise, "RATES", (0.3, 0.1))
    rows, labels = people()
    pairs = all_pairs(rows, labels, Cosine())
    calibration = calibrate(pairs, "cosine", None)
    ordered = np.sort(pairs.different).astype(np.float64)
    count = len(ordered)

    for rate, threshold in zip(promise.RATES, promise.quantile(calibration, pairs), strict=True):
        assert np.mean(ordered <= threshold) <= rate < np.mean(ordered <= threshold) + 0.02
    for rate, threshold in zip(promise.RATES, promise.independent(calibration, pairs), strict=True):
        errors = int(np.sum(ordered <= threshold))
        assert beta.ppf(0.95, errors + 1, count - errors) <= rate
        assert beta.ppf(0.95, errors + 100, count - errors) > rate
    assert promise.ours(calibration, pairs) == [calibration.threshold(fmr=rate, confidence=0.95) for rate in (0.3, 0.1)]
    by_people = promise.bootstrap(calibration, pairs)
    assert all(b < q for b, q in zip(by_people, promise.quantile(calibration, pairs), strict=True))


def test_what_cannot_be_borne_is_refused_and_counted():
    rows, labels = people(10)
    others = promise.others_of(*people(30, seed=1))
    found = promise.reached(*people(30, seed=1), others, 10, np.random.default_rng(0), promise.RULES)
    assert math.isnan(found["ours"][2])
    assert not math.isnan(found["plain quantile"][0])
    assert promise.ours(calibrate(all_pairs(rows, labels, Cosine()), "cosine", None), None)[2] is None


def test_figures_by_hand():
    found = promise.figures(np.array([[0.1, 0.02, math.nan], [0.05, 0.005, math.nan]]))
    assert found["kept_0.1"] == 1
    assert found["kept_0.01"] == 0.5
    assert found["reached_over_asked_0.1"] == pytest.approx(0.75)
    assert found["reached_over_asked_0.01"] == pytest.approx(1.25)
    assert found["refused_0.001"] == 1
    assert "kept_0.001" not in found
