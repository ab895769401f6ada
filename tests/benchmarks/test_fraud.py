"""The fraud benchmark: features that never look ahead, card precision by hand, and that it runs."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import fraud, fraud_choice
from benchmarks import fraud_features as features
from tests.benchmarks.quick import quick_run

DAY = features.DAY


def stream(count=600, days=40, seed=0):
    draw = np.random.default_rng(seed)
    return features.Transactions(
        time=np.sort(draw.uniform(0, days * DAY, count)),
        customer=draw.integers(0, 12, count),
        terminal=draw.integers(0, 9, count),
        amount=draw.uniform(1, 100, count).round(2),
        fraud=draw.random(count) < 0.1,
    )


def test_sums_over_windows_by_hand():
    time = np.array([0.0, 0.5, 1.0, 1.5, 9.0]) * DAY
    entity = np.array([0, 1, 0, 0, 0])
    values = np.array([1.0, 10.0, 2.0, 4.0, 8.0])
    assert features.sum_before(time, entity, values, 1).tolist() == [0, 0, 1, 2, 0]
    assert features.sum_before(time, entity, values, 30).tolist() == [0, 0, 1, 3, 7]
    # Seven days late: of day 9, what was until day 2.
    assert features.sum_before(time, entity, values, 1, 7).tolist() == [0, 0, 0, 0, 6]


def test_the_past_by_hand(monkeypatch):
    time, entity = np.arange(6.0), np.array([0, 0, 1, 0, 0, 0])
    count, median, deviation = features.of_past(time, entity, np.array([1.0, 3.0, 50.0, 8.0, 4.0, 0.0]))
    assert count.tolist() == [0, 1, 0, 2, 3, 4]
    assert median.tolist() == [0, 1, 0, 2, 3, 3.5]  # of 1, 3, 8, 4 the middle is 3.5
    assert deviation[3] == 1.0
    monkeypatch.setattr(features, "PAST", 2)
    monkeypatch.setattr(features, "ROWS", 2)
    assert features.of_past(time, entity, np.array([1.0, 3.0, 50.0, 8.0, 4.0, 0.0]))[1].tolist() == [0, 1, 0, 2, 5.5, 6]


def columns_of(of):
    return {**features.plain_features(of), **features.risks(of), **features.deviations(of)}


def test_nothing_looks_ahead():
    """What comes later, and labels that have not arrived, change no number of what was before."""
    whole = stream()
    until = int(np.searchsorted(whole.time, 25 * DAY))
    changed = whole.amount.copy()
    changed[until:] *= 7
    known = whole.time < 25 * DAY - features.DELAY * DAY
    fraud_then = np.where(known, whole.fraud, ~whole.fraud)
    other = replace(whole, amount=changed, fraud=fraud_then)
    before, after = columns_of(whole), columns_of(other)
    for name, values in before.items():
        # Sums over all transactions round otherwise.
        assert np.allclose(values[:until], after[name][:until], rtol=1e-9, atol=1e-9), name
    assert not np.array_equal(before["terminal_risk_30"], after["terminal_risk_30"])


def test_an_amount_that_is_unusual_for_its_customer():
    amounts = np.append(np.full(40, 20.0), [100.0, 20.0])
    of = features.Transactions(
        np.arange(42.0) * DAY / 2, np.zeros(42, np.int64), np.zeros(42, np.int64), amounts, np.zeros(42, bool)
    )
    found = features.deviations(of)
    assert found["unusual"][40] == pytest.approx((100 - 20) / (0.5 * 20 + 10))
    assert found["recent"][40:].tolist() == [0, 1]


def test_card_precision_by_hand():
    suspicion = np.array([0.9, 0.1, 0.8, 0.7, 0.2, 0.3])
    fraud_ = np.array([True, False, False, True, True, False])
    card = np.array([1, 1, 2, 3, 4, 4])
    day = np.array([1, 1, 1, 1, 2, 2])
    # Day 1: cards 1 (fraud) and 2; day 2: card 4 alone, with a fraud.
    assert fraud.card_precision(suspicion, fraud_, card, day, 2) == pytest.approx((1 / 2 + 1) / 2)


def test_parts_are_days():
    task = fraud.task_of(stream(), (15, 20), (30, 35))
    assert set(task.of.day[task.learned]) <= set(range(15, 21))
    assert set(task.of.day[task.judged]) <= set(range(30, 36))
    assert task.examples(("amount",), task.judged[:1]).items[0] == {"amount": task.of.amount[task.judged[0]]}


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("benchmark", [fraud, fraud_choice])
def test_it_runs(benchmark, real_data, tmp_path, monkeypatch):
    few = {"as it is": fraud.UNLABELLED, "labelled, as it is": fraud.LABELLED}
    monkeypatch.setattr(fraud_choice, "WAYS", few)
    result = quick_run(benchmark, real_data, tmp_path, monkeypatch)
    assert 0.55 < result["metrics"]["auroc"] < 1
    if benchmark is fraud:
        assert 0.7 < result["metrics"]["labelled_auroc"] < 1
        assert 0.6 < result["floors"]["boosting, usual columns"]["labelled_auroc"] < 1
