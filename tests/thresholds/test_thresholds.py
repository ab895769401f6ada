"""What thresholds do, and which pairs change sides: as counted by hand and from a table of all distances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alikely.calibration import calibrate
from alikely.distances import DISTANCES, Euclidean, build_distance
from alikely.errors import InputError, SettingsError
from alikely.metrics import DetectionCosts
from alikely.metrics.pairs import all_pairs
from alikely.thresholds import changing, changing_pairs, threshold_figures
from alikely.types import Examples, Pairs
from tests.models import made_up_pairs

SURE = calibrate(made_up_pairs(), "euclidean", "a model", fmr=0.2, confidence=0.9)
# On a line: a at 0 and 1, b at 3 and 6. Distances: a-a 1, b-b 3; a-b 3, 6, 2, 5.
LINE = np.array([[0.0], [1.0], [3.0], [6.0]], dtype=np.float32)
AABB = np.array(["a", "a", "b", "b"])


def examples(labels=None, pairs=None, count=4) -> Examples:
    names = tuple(f"item {number}" for number in range(count))
    return Examples(names, names, labels, pairs=pairs, kind="text")


def test_figures_are_those_of_the_calibration():
    costs = DetectionCosts(miss=2.0, false_alarm=3.0, prior=0.1)
    figures = threshold_figures(SURE, 0.8, costs)
    for place in range(0, len(figures.thresholds), 7):
        threshold = float(figures.thresholds[place])
        rates = SURE.curve.rates_at(threshold, 0.8)
        assert (figures.fmr[place], figures.fnmr[place]) == (rates.fmr, rates.fnmr)
        assert (figures.fmr_bound[place], figures.fnmr_bound[place]) == (rates.fmr_bound, rates.fnmr_bound)
        assert figures.cost[place] == pytest.approx(2 * 0.1 * rates.fnmr + 3 * 0.9 * rates.fmr)
        assert figures.false_matches[place] == pytest.approx(0.9 * rates.fmr)
        assert figures.false_non_matches[place] == pytest.approx(0.1 * rates.fnmr)
    assert figures.cheapest == SURE.cheapest(0.1, 3.0, 2.0)
    assert figures.default == SURE.threshold(fmr=SURE.default_fmr)
    assert figures.cost.min() == pytest.approx(figures.cost[np.searchsorted(figures.thresholds, figures.cheapest)])


def test_accepting_nothing_may_be_cheapest():
    figures = threshold_figures(SURE, costs=DetectionCosts(miss=1.0, false_alarm=1e6, prior=0.001))
    # The first thresholds accept no different pair, so they cost less than to accept nothing.
    assert figures.cheapest is not None
    # With one different pair nearer than all same ones, every threshold accepts it, and that costs more.
    pairs = made_up_pairs()
    pairs.different[0] = pairs.same.min() / 2
    found = threshold_figures(
        calibrate(pairs, "euclidean", "a model", confidence=0.0),
        costs=DetectionCosts(miss=1.0, false_alarm=1e6, prior=0.001),
    )
    assert found.cheapest is None
    assert found.to_dict()["cost_of_none"] == pytest.approx(0.001)


def test_confidence_that_is_none():
    with pytest.raises(SettingsError, match="confidence"):
        threshold_figures(SURE, 1.0)


def test_known_answer_with_ties_at_the_threshold():
    found = changing_pairs(examples(AABB), LINE, Euclidean(), before=1.0, after=3.0)
    # At 1.0 the pair a-a is accepted already; 2 and both pairs at 3 come to it, one of these is b-b.
    assert (found.same.pairs, found.same.accepted_before, found.same.accepted_after) == (2, 1, 2)
    assert [(pair.left, pair.right, pair.distance) for pair in found.same.nearest] == [(2, 3, 3.0)]
    assert (found.different.pairs, found.different.accepted_before, found.different.accepted_after) == (4, 0, 2)
    # The nearest to the new threshold comes first.
    assert [(pair.left, pair.right, pair.distance) for pair in found.different.nearest] == [(0, 2, 3.0), (1, 2, 2.0)]
    assert (found.searched, found.items) == (4, 4)
    back = changing_pairs(examples(AABB), LINE, Euclidean(), before=3.0, after=1.0)
    assert back.different.changing == 2
    assert [pair.distance for pair in back.different.nearest] == [2.0, 3.0]
    same = changing_pairs(examples(AABB), LINE, Euclidean(), before=2.0, after=2.0)
    assert (same.same.changing, same.different.changing, same.different.nearest) == (0, 0, ())


@settings(deadline=None, max_examples=30)
@given(
    name=st.sampled_from(sorted(DISTANCES)),
    before=st.floats(0, 3),
    after=st.floats(0, 3),
    shown=st.integers(0, 9),
    count=st.integers(2, 60),
)
def test_the_same_as_from_a_table_of_all_pairs(name, before, after, shown, count):
    draw = np.random.default_rng(count)
    embeddings = draw.normal(size=(count, 3)).astype(np.float32)
    labels = draw.integers(0, 5, count).astype(str)
    distance = build_distance(name, 3)
    found = changing_pairs(examples(labels, count=count), embeddings, distance, before, after, shown)
    table = all_pairs(embeddings, labels, distance)
    for kind, distances in ((found.same, table.same), (found.different, table.different)):
        low, high = np.float64(min(before, after)), np.float64(max(before, after))
        between = distances[(distances > low) & (distances <= high)]
        assert kind.pairs == len(distances)
        assert kind.accepted_before == (distances <= np.float64(before)).sum()
        assert kind.changing == len(between)
        gaps = np.sort(np.abs(between.astype(np.float64) - after))[:shown]
        assert [abs(pair.distance - after) for pair in kind.nearest] == pytest.approx(gaps.tolist())
        for pair in kind.nearest:
            assert (labels[pair.left] == labels[pair.right]) == (kind is found.same)


def test_pairs_of_several_strips(monkeypatch):
    # More items than a strip of the stream has rows.
    draw = np.random.default_rng(0)
    embeddings, labels = draw.normal(size=(1200, 2)).astype(np.float32), draw.integers(0, 300, 1200)
    found = changing_pairs(examples(labels, count=1200), embeddings, Euclidean(), 0.5, 0.501)
    table = all_pairs(embeddings, labels, Euclidean())
    between = table.different[(table.different > 0.5) & (table.different <= np.float64(0.501))]
    assert found.different.changing == len(between) > 12
    assert found.different.nearest[0].distance == pytest.approx(between.max())


def test_given_pairs():
    pairs = Pairs(np.array([0, 0, 1]), np.array([1, 2, 3]), np.array([True, False, False]))
    found = changing_pairs(examples(pairs=pairs), LINE, Euclidean(), before=0.0, after=4.0)
    assert (found.same.pairs, found.same.changing) == (1, 1)
    assert (found.different.pairs, found.different.changing) == (2, 1)
    assert [(pair.left, pair.right) for pair in found.different.nearest] == [(0, 2)]


def test_a_sample_of_very_many(monkeypatch):
    monkeypatch.setattr(changing, "MOST_ITEMS", 50)
    draw = np.random.default_rng(0)
    embeddings, labels = draw.normal(size=(80, 2)).astype(np.float32), draw.integers(0, 8, 80)
    found = changing_pairs(examples(labels, count=80), embeddings, Euclidean(), 0.0, 1.0)
    assert (found.searched, found.items, found.same.pairs + found.different.pairs) == (50, 80, 50 * 49 // 2)
    for pair in found.different.nearest:
        # Numbers are those of all items.
        apart = float(np.linalg.norm(embeddings[pair.left] - embeddings[pair.right]))
        assert apart == pytest.approx(pair.distance, abs=1e-5)


def test_what_cannot_be_asked():
    with pytest.raises(InputError, match="nothing is known of these items"):
        changing_pairs(examples(), LINE, Euclidean(), 0.0, 1.0)
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(SettingsError, match="must be a distance"):
            changing_pairs(examples(AABB), LINE, Euclidean(), wrong, 1.0)
