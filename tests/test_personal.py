"""Thresholds of an identity's own: the spread by hand, its shrinking, the promise, and what cannot be."""

import copy
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alikely.calibration.personal import PersonalCalibration, Spread, calibrate_personal, joined, reference_pairs
from alikely.errors import CalibrationError, InputError, ModelError, SettingsError
from alikely.metrics import Verification


def table_of(points):
    return np.abs(np.asarray(points, float)[:, None] - np.asarray(points, float)[None])


def people(identities=40, items=12, seed=0):
    """Points on many axes: one half of the identities spread three times as far as the other, each in its own place."""
    rng = np.random.default_rng(seed)
    wide = np.where(np.arange(identities) % 2, 3.0, 1.0)
    middles = rng.normal(size=(identities, 6)) * 2
    points = middles[:, None] + rng.normal(size=(identities, items, 6)) * 0.3 * wide[:, None, None]
    flat = points.reshape(-1, 6)
    return np.linalg.norm(flat[:, None] - flat[None], axis=2), np.repeat(np.arange(identities), items)


def test_the_spread_of_three_identities_by_hand():
    # Mean distance of pairs: 0, 1, 3 -> (1 + 3 + 2) / 3 = 2; likewise 4 and 6.
    found = Spread.measured([table_of([0, 1, 3]), table_of([0, 2, 6]), table_of([0, 3, 9])])
    assert found.usual == pytest.approx(4)
    # Without one item there is a single pair: 2, 3, 1. Jackknife: 2 / 3 of (0 + 1 + 1); times 4, times 9.
    variances = np.array([4, 16, 36]) / 3
    assert found.noise == pytest.approx(3 * variances.mean())
    assert found.between == 0  # (4 + 0 + 4) / 2 = 4 is less than the noise explains
    assert found.of(table_of([0, 1, 3])) == 4


def test_a_spread_is_drawn_to_the_usual_one_the_more_so_the_fewer_references():
    spread = Spread(usual=4.0, between=1.0, noise=3.0)
    assert spread.of(table_of([0, 1, 3])) == pytest.approx(0.5 * 4 + 0.5 * 2)  # 1 / (1 + 3 / 3) = 0.5
    assert spread.of(table_of([0, 2])) == pytest.approx(0.6 * 4 + 0.4 * 2)  # 1 / (1 + 3 / 2) = 0.4
    assert spread.of(table_of([7])) == 4
    assert spread.common().of(table_of([0, 1, 3])) == 4
    assert Spread(4.0, 1.0, 0.0).of(table_of([5, 5, 5])) > 0


@given(
    points=st.lists(st.floats(0, 100), min_size=1, max_size=6),
    usual=st.floats(0.1, 10),
    between=st.floats(0, 10),
    noise=st.floats(0, 10),
)
def test_a_spread_lies_between_the_usual_and_the_own(points, usual, between, noise):
    table = table_of(points)
    own = table[np.triu_indices(len(points), 1)].mean() if len(points) > 1 else usual
    found = Spread(usual, between, noise).of(table)
    assert found > 0
    assert min(own, usual) * 0.999 <= found <= max(own, usual) * 1.001


def test_joining():
    to = np.array([1.0, 2.0, 6.0])
    assert joined(to) == 3
    assert joined(to, "nearest") == 1


def test_pairs_without_groups_are_held_against_all_others_and_with_groups_against_their_own():
    rng = np.random.default_rng(0)
    points = rng.normal(size=12)
    labels = np.repeat(["a", "b", "c"], 4)
    spread = Spread(1.0, 0.0, 0.0)
    found = reference_pairs(table_of(points), labels, 3, spread)
    assert (len(found.same), len(found.different)) == (3 * 8 * 1, 3 * 8 * 8)
    assert (found.same_identities[:, 0] == found.same_identities[:, 1]).all()
    assert (found.different_identities[:, 0] != found.different_identities[:, 1]).all()
    groups = np.array([*"xxxxxxxx", *"yyyy"])  # a and b are hard to tell apart; nobody is like c
    grouped = reference_pairs(table_of(points), labels, 3, spread, groups)
    assert (len(grouped.same), len(grouped.different)) == (3 * 8, 2 * 8 * 4)
    assert grouped.identities == 2


def test_with_all_but_one_as_references_the_distances_are_known():
    # Of 0, 1, 5 one is asked: its mean distance to the two others.
    table, labels = table_of([0, 1, 5, 100]), np.array(["a", "a", "a", "b"])
    found = reference_pairs(table, labels, 2, Spread(2.0, 0.0, 0.0))
    assert set(found.same) <= {3.0 / 2, 2.5 / 2, 4.5 / 2}
    assert set(found.different) <= {99.5 / 2, 97.5 / 2, 97.0 / 2}
    nearest = reference_pairs(table, labels, 2, Spread(2.0, 0.0, 0.0), join="nearest")
    assert set(nearest.same) <= {0.5, 2.0}


def test_own_thresholds_err_less_where_spreads_differ():
    distances, labels = people()
    spread = Spread.measured([distances[np.ix_(labels == one, labels == one)] for one in range(40)])
    assert spread.between > 0
    errors = {}
    for name, used in (("own", spread), ("common", spread.common())):
        pairs = reference_pairs(distances, labels, 5, used)
        errors[name] = Verification.from_distances(pairs.same, pairs.different).fnmr_at_fmr(0.01).fnmr
    assert errors["own"] < 0.5 * errors["common"]


def test_the_rate_is_kept_on_others_and_thresholds_differ():
    kept = []
    for seed in range(6):
        distances, labels = people(60, 8, seed)
        personal = calibrate_personal(distances, labels, 4, "euclidean", "model", fmr=0.05)
        others, names = people(60, 8, seed=100 + seed)
        pairs = reference_pairs(others, names, 4, personal.spread)
        kept.append((pairs.different <= personal.calibration.threshold(fmr=0.05)).mean())
    assert max(kept) <= 0.05
    assert max(kept) > 0.015  # not by accepting next to nothing
    narrow, wide = (others[np.ix_(names == one, names == one)][:4, :4] for one in (0, 1))
    assert personal.threshold(wide, fmr=0.05) > 1.5 * personal.threshold(narrow, fmr=0.05)


def test_a_decision_is_in_the_units_of_the_model():
    distances, labels = people(60)
    personal = calibrate_personal(distances, labels, 4, "euclidean", "model", fmr=0.02)
    among = distances[:4, :4]
    found = personal.decide(distances[4, :4], among)
    assert found.distance == pytest.approx(distances[4, :4].mean())
    assert found.threshold == pytest.approx(personal.threshold(among, fmr=0.02))
    assert found.verdict == "same"
    assert (found.fmr, found.confidence) == (0.02, 0.95)
    assert personal.decide(distances[400, :4], among).verdict == "different"
    banded = personal.decide(distances[4, :4], among, fmr=0.02, fnmr=0.3, confidence=0.0)
    assert banded.upper is None or banded.upper > banded.threshold


def test_at_the_threshold_it_is_the_same():
    distances, labels = people(60)
    personal = calibrate_personal(distances, labels, 1, "euclidean", "model", confidence=0.0)
    limit = personal.threshold(np.zeros((1, 1)), fmr=personal.calibration.default_fmr)
    assert personal.decide(np.array([limit * (1 - 1e-12)]), np.zeros((1, 1))).verdict == "same"
    assert personal.decide(np.array([limit * (1 + 1e-9)]), np.zeros((1, 1))).verdict == "different"


def test_forgeries_count_as_those_of_their_writer():
    distances, labels = people(40)
    groups = labels // 2
    personal = calibrate_personal(distances, labels, 5, "euclidean", "model", groups=groups)
    assert personal.calibration.identities == 20


def test_what_cannot_be_is_said():
    distances, labels = people(10)
    personal = PersonalCalibration(
        Spread(1.0, 1.0, 1.0), 3, "mean", calibrate_personal(distances, labels, 3, "euclidean", "m").calibration
    )
    with pytest.raises(InputError, match="calibrated for 3 references, got 2"):
        personal.decide(np.zeros(2), np.zeros((2, 2)))
    with pytest.raises(InputError, match="got nan among the references"):
        personal.threshold(np.full((3, 3), np.nan), fmr=0.1)
    with pytest.raises(InputError, match="must be finite"):
        personal.decide(np.full(3, np.nan), distances[:3, :3])
    with pytest.raises(CalibrationError, match="no identity has more than 12 items"):
        reference_pairs(distances, labels, 12, personal.spread)
    with pytest.raises(SettingsError, match="references must be 1 or more, got 0"):
        reference_pairs(distances, labels, 0, personal.spread)
    with pytest.raises(SettingsError, match="mean, nearest"):
        reference_pairs(distances, labels, 2, personal.spread, join="middle")
    with pytest.raises(CalibrationError, match="3 identities with 3 items or more, got 2"):
        Spread.measured([table_of([1, 2, 3]), table_of([1, 2, 4]), table_of([1, 2])])
    with pytest.raises(CalibrationError, match="at distance 0"):
        Spread.measured([np.zeros((3, 3))] * 3)


@pytest.fixture(scope="module")
def personal():
    distances, labels = people(12)
    return calibrate_personal(distances, labels, 5, "euclidean", "model", join="nearest", confidence=0.0)


def test_through_json_and_back_nothing_changes(personal):
    again = PersonalCalibration.from_dict(json.loads(json.dumps(personal.to_dict(), allow_nan=False)))
    assert again.to_dict() == personal.to_dict()
    assert (again.spread, again.references, again.join) == (personal.spread, 5, "nearest")
    distances, _ = people(3, seed=4)
    for asked in range(5, 30):
        to, among = distances[asked, :5], distances[:5, :5]
        assert again.decide(to, among, fnmr=0.1) == personal.decide(to, among, fnmr=0.1)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "alikely calibration"),
        (("version",), 2),
        (("references",), 0),
        (("references",), None),
        (("join",), "middle"),
        (("join",), []),
        (("spread",), None),
        (("spread",), {"usual": 1.0, "between": 1.0}),
        (("spread", "usual"), 0.0),
        (("spread", "usual"), math.nan),
        (("spread", "between"), -1.0),
        (("spread", "noise"), math.inf),
        (("calibration",), 3),
        (("calibration",), {}),
        (("calibration", "curve"), None),
    ],
)
def test_a_damaged_one_is_refused(personal, path, value):
    fields = copy.deepcopy(personal.to_dict())
    place = fields
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ModelError, match="calibrate again"):
        PersonalCalibration.from_dict(fields)
