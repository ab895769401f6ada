"""Operating points: what is kept under a name is exactly what a comparison then decides by."""

import json
import math
import stat
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alikely.calibration import calibrate
from alikely.errors import CalibrationError, SettingsError, StorageError
from alikely.metrics import PairDistances
from alikely.server.points import add_point, point_for, points_of, remove_point, rename_point
from alikely.server.problems import RefusedError
from alikely.server.state import State
from tests.models import made_up_pairs, pictures, small_model

SURE = calibrate(made_up_pairs(), "euclidean", "a model", fmr=0.2, confidence=0.95)


@given(threshold=st.floats(0, 3), confidence=st.sampled_from([None, 0.0, 0.3, 0.8, 0.95]))
def test_any_threshold_is_kept_as_it_is_with_what_it_promises(tmp_path_factory, threshold, confidence):
    state = State(tmp_path_factory.mktemp("state"))
    kept = add_point(state, "mine", threshold, confidence, SURE, "ann")
    assert point_for(state, "mine", SURE) == kept
    sure = 0.95 if confidence is None else confidence
    assert (kept.threshold, kept.confidence) == (threshold, sure)
    assert kept.fmr == SURE.curve.rates_at(threshold, sure).fmr_bound
    # A comparison by it says the same; one at its rate decides no stricter, and promises no more.
    decided = SURE.decide(threshold, confidence=kept.confidence, threshold=kept.threshold)
    assert (decided.verdict, decided.threshold, decided.fmr) == ("same", threshold, kept.fmr)
    assert SURE.decide(math.nextafter(threshold, 9), confidence=sure, threshold=threshold).verdict == "different"
    if sure > 0 and threshold <= SURE.curve.thresholds[-1]:
        assert SURE.threshold(fmr=kept.fmr, confidence=sure) >= threshold


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
    # A rate of one half asks for 1.2, the loosest: 1.0 keeps the same, and can be decided by, too.
    assert calibration.decide(1.1, fmr=0.5).threshold == pytest.approx(1.2)
    strict = calibration.decide(1.1, threshold=1.0)
    assert (strict.verdict, strict.threshold, strict.fmr, strict.confidence) == ("different", 1.0, 0.5, 0.0)
    assert [calibration.promise(at) for at in (0.4, 0.5, 1.0, 1.2, 1.3, 2.0, 9.0)] == [0, 0.25, 0.5, 0.5, 0.75, 1, 1]
    # With an unsure band up to where no same pair is missed.
    assert calibration.decide(1.1, threshold=1.0, fnmr=0.1).verdict == "unsure"


@pytest.mark.parametrize("threshold", [-0.1, math.nan, math.inf])
def test_what_is_no_threshold_is_refused(tmp_path, threshold):
    for ask in (SURE.promise, lambda at: SURE.decide(0.1, threshold=at)):
        with pytest.raises(SettingsError, match="must be a distance"):
            ask(threshold)
    with pytest.raises(SettingsError, match="must be a distance"):
        add_point(State(tmp_path), "mine", threshold, None, SURE, "ann")
    assert points_of(State(tmp_path)) == {}


def test_a_rate_and_a_threshold_at_once_are_refused():
    with pytest.raises(SettingsError, match=r"give fmr \(0.1\) or threshold \(0.5\)"):
        SURE.decide(0.1, fmr=0.1, threshold=0.5)


def test_kept_under_a_name_and_found_again(tmp_path):
    state = State(tmp_path / "service")
    assert points_of(state) == {}
    strict = add_point(state, " strict ", 0.45, None, SURE, "ann")
    loose = add_point(state, "loose", 0.7, None, SURE, "ann")
    assert points_of(state) == {"strict": strict, "loose": loose}
    assert stat.S_IMODE(state.points.stat().st_mode) == 0o600
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
        kept = add_point(state, str(number), threshold, None, model.calibration, "ann")
        decided = model.compare(left, right, threshold=kept.threshold, confidence=kept.confidence)
        assert (decided.threshold, decided.fmr) == (threshold, kept.fmr)
        assert decided.verdict == ("same" if decided.distance <= threshold else "different")


def test_renamed_it_keeps_its_place_and_all_else(tmp_path):
    state = State(tmp_path)
    first, second = (add_point(state, name, 0.5, None, SURE, "ann") for name in ("one", "two"))
    renamed = rename_point(state, "one", " eins ")
    assert renamed == replace(first, name="eins")
    assert list(points_of(state).values()) == [renamed, second]
    for new, status in (("two", 409), ("eins", 409), ("", 422), ("a\nb", 422)):
        with pytest.raises(RefusedError) as refused:
            rename_point(state, "eins", new)
        assert refused.value.status == status
    with pytest.raises(RefusedError, match="no operating point is called 'one': there are eins, two"):
        rename_point(state, "one", "uno")
    assert list(points_of(state)) == ["eins", "two"]


def test_refusals(tmp_path):
    state = State(tmp_path)
    add_point(state, "strict", 0.45, None, SURE, "ann")
    for name, status in (("strict", 409), ("", 422), ("  ", 422), ("x" * 65, 422), ("a\nb", 422), ("a\x1b[2J", 422)):
        with pytest.raises(RefusedError) as refused:
            add_point(state, name, 0.45, None, SURE, "ann")
        assert refused.value.status == status
    with pytest.raises(RefusedError, match="no operating point is called 'none': there are strict"):
        point_for(state, "none", SURE)
    with pytest.raises(RefusedError, match="'none'"):
        remove_point(state, "none")
    with pytest.raises(CalibrationError, match="no model of ours"):
        add_point(state, "other", 0.45, None, replace(SURE, model=None), "ann")
    assert list(points_of(state)) == ["strict"]


def test_another_model_or_calibration_is_told(tmp_path):
    state = State(tmp_path)
    add_point(state, "strict", 0.45, None, SURE, "ann")
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
        add_point(state, "strict", 0.45, None, SURE, "ann")
    assert state.points.read_text(encoding="latin-1") == content


def test_a_point_with_a_mistake_is_told(tmp_path):
    state = State(tmp_path)
    add_point(state, "strict", 0.45, None, SURE, "ann")
    said = json.loads(state.points.read_text())
    said["points"][0]["threshold"] = "wide"
    state.points.write_text(json.dumps(said))
    with pytest.raises(StorageError, match="threshold"):
        points_of(state)


def test_many_at_once_lose_none(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    state = State(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: add_point(state, f"point {number}", 0.45, None, SURE, "ann"), range(24)))
    assert len(points_of(state)) == 24


def test_the_disk_is_full(tmp_path, monkeypatch):
    state = State(tmp_path)
    kept = add_point(state, "strict", 0.45, None, SURE, "ann")
    full = SimpleNamespace(strerror="No space left on device")

    def refuse(*_):
        raise OSError(28, full.strerror)

    monkeypatch.setattr("alikely.folders.os.fsync", refuse)
    with pytest.raises(StorageError, match="No space left"):
        add_point(state, "loose", 0.7, None, SURE, "ann")
    assert points_of(state) == {"strict": kept}
