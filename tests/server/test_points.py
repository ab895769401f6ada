"""Operating points: what is kept under a name is exactly what a comparison then decides by."""

import json
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alikely.calibration import calibrate
from alikely.errors import CalibrationError, SettingsError, StorageError
from alikely.metrics import PairDistances
from alikely.server.points import add_point, point_for, points_of, remove_point
from alikely.server.problems import RefusedError
from alikely.server.state import State
from alikely.thresholds import reachable
from tests.models import made_up_pairs, pictures, small_model

SURE = calibrate(made_up_pairs(), "euclidean", "a model", fmr=0.2, confidence=0.95)
FOUND = calibrate(made_up_pairs(), "euclidean", "a model", confidence=0.0)


@pytest.mark.parametrize("confidence", [None, 0.0, 0.5, 0.95])
@pytest.mark.parametrize("calibration", [SURE, FOUND])
def test_any_threshold_is_reached_by_its_rate(calibration, confidence):
    for threshold in calibration.curve.thresholds:
        found = reachable(calibration, float(threshold), confidence)
        assert calibration.threshold(fmr=found.fmr, confidence=found.confidence) == found.threshold
        assert calibration.decide(0.5, fmr=found.fmr, confidence=found.confidence).threshold == found.threshold
        assert found.threshold >= threshold or threshold > calibration.curve.thresholds[-1]
        # Asked for once more, it stays.
        assert reachable(calibration, found.threshold, confidence) == found


@given(threshold=st.floats(0, 3), confidence=st.sampled_from([0.3, 0.8, 0.95, 0.99]))
def test_the_promise_is_the_one_shown_and_no_more_same_pairs_are_refused(threshold, confidence):
    found = reachable(SURE, threshold, confidence)
    dragged, kept = (SURE.curve.rates_at(at, confidence) for at in (threshold, found.threshold))
    assert kept.fmr_bound == dragged.fmr_bound <= found.fmr
    assert kept.fnmr <= dragged.fnmr


def test_known_answer():
    # Different pairs at 0.5, 1.0, 1.5, 2.0; same pairs at 0.1 to 0.4 and one at 1.2: found rates, no promise.
    pairs = PairDistances(
        same=np.array([0.1, 0.2, 0.3, 0.4, 1.2] * 2, dtype=np.float32),
        different=np.array([0.5, 1.0, 1.5, 2.0] * 5, dtype=np.float32),
        same_identities=np.repeat(np.arange(10), 2).reshape(10, 2),
        different_identities=np.stack([np.arange(20) % 10, (np.arange(20) + 1) % 10], axis=1),
        identities=10,
    )
    calibration = calibrate(pairs, "euclidean", "a model", confidence=0.0, fmr=0.5)
    # From 1.0 on half of the different pairs are accepted; 1.2 accepts no further one, but more of the same pairs.
    assert reachable(calibration, 1.0).threshold == pytest.approx(1.2)
    assert reachable(calibration, 1.0).fmr == 0.5
    assert reachable(calibration, 9.0).threshold == 2.0


@pytest.mark.parametrize("threshold", [-0.1, math.nan, math.inf])
def test_what_is_no_threshold_is_refused(threshold):
    with pytest.raises(SettingsError, match="must be a distance"):
        reachable(SURE, threshold)


def test_kept_under_a_name_and_found_again(tmp_path):
    state = State(tmp_path / "service")
    assert points_of(state) == {}
    strict = add_point(state, " strict ", reachable(SURE, 0.45), SURE, "ann")
    loose = add_point(state, "loose", reachable(SURE, 0.7), SURE, "ann")
    assert points_of(state) == {"strict": strict, "loose": loose}
    assert point_for(state, "strict", SURE) == strict
    assert (strict.name, strict.who, strict.model) == ("strict", "ann", "a model")
    assert strict.when.endswith("+00:00")
    assert remove_point(state, "strict") == strict
    assert list(points_of(state)) == ["loose"]


def test_a_model_decides_by_it(tmp_path):
    model = small_model()
    assert model.calibration is not None
    state, (left, right) = State(tmp_path), pictures(2)
    for number, threshold in enumerate((0.1, 0.5, 0.9, 1.3)):
        kept = add_point(state, str(number), reachable(model.calibration, threshold), model.calibration, "ann")
        again = point_for(state, str(number), model.calibration)
        assert model.compare(left, right, fmr=again.fmr, confidence=again.confidence).threshold == kept.threshold


def test_refusals(tmp_path):
    state = State(tmp_path)
    chosen = reachable(SURE, 0.45)
    add_point(state, "strict", chosen, SURE, "ann")
    for name, status in (("strict", 409), ("", 422), ("  ", 422), ("x" * 65, 422), ("a\nb", 422), ("a\x1b[2J", 422)):
        with pytest.raises(RefusedError) as refused:
            add_point(state, name, chosen, SURE, "ann")
        assert refused.value.status == status
    with pytest.raises(RefusedError, match="no operating point is called 'none': there are strict"):
        point_for(state, "none", SURE)
    with pytest.raises(RefusedError, match="'none'"):
        remove_point(state, "none")
    with pytest.raises(CalibrationError, match="no model of ours"):
        add_point(state, "other", chosen, replace(SURE, model=None), "ann")
    assert list(points_of(state)) == ["strict"]


def test_another_model_or_calibration_is_told(tmp_path):
    state = State(tmp_path)
    add_point(state, "strict", reachable(SURE, 0.45), SURE, "ann")
    anew = calibrate(made_up_pairs(seed=3), "euclidean", "a model", fmr=0.2, confidence=0.95)
    for calibration, said in (
        (replace(SURE, model="other"), r"chosen for another model \(a model\), this one is other"),
        (None, "no calibration now"),
        (anew, "calibrated anew"),
    ):
        with pytest.raises(RefusedError, match=said) as refused:
            point_for(state, "strict", calibration)
        assert refused.value.status == 409


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"format": "alikely operating points", "version": 2, "points": []}', "\xff", "[" * 100_000],
)
def test_a_damaged_file_is_told_and_kept(tmp_path, content):
    state = State(tmp_path)
    state.points.write_text(content, encoding="latin-1")
    with pytest.raises(StorageError, match=r"operating-points\.json: the operating points cannot be read"):
        add_point(state, "strict", reachable(SURE, 0.45), SURE, "ann")
    assert state.points.read_text(encoding="latin-1") == content


def test_a_point_with_a_mistake_is_told(tmp_path):
    state = State(tmp_path)
    add_point(state, "strict", reachable(SURE, 0.45), SURE, "ann")
    said = json.loads(state.points.read_text())
    said["points"][0]["threshold"] = "wide"
    state.points.write_text(json.dumps(said))
    with pytest.raises(StorageError, match="threshold"):
        points_of(state)


def test_many_at_once_lose_none(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    state, chosen = State(tmp_path), reachable(SURE, 0.45)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: add_point(state, f"point {number}", chosen, SURE, "ann"), range(24)))
    assert len(points_of(state)) == 24


def test_the_disk_is_full(tmp_path, monkeypatch):
    state = State(tmp_path)
    kept = add_point(state, "strict", reachable(SURE, 0.45), SURE, "ann")
    full = SimpleNamespace(strerror="No space left on device")

    def refuse(*_):
        raise OSError(28, full.strerror)

    monkeypatch.setattr("alikely.folders.os.fsync", refuse)
    with pytest.raises(StorageError, match="No space left"):
        add_point(state, "loose", reachable(SURE, 0.7), SURE, "ann")
    assert points_of(state) == {"strict": kept}
