"""The file of findings: read again, in bounds, in order, whole after crashes, by many threads, on a full disk."""

import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alikely.errors import StorageError
from alikely.server import findings
from alikely.server.findings import Findings
from alikely.server.lines import append_lines, read_lines
from alikely.tasks.anomaly import load_detector
from tests.server.finding_detectors import NORMAL, ROW, answer, make_detectors, numbers


@pytest.fixture(scope="module")
def detectors(tmp_path_factory):
    made = make_detectors(tmp_path_factory.mktemp("detectors"), "row", "picture")
    return {path.name: load_detector(path) for path in made.detectors}


def test_of_each_verdict_the_newest_stay(detectors, tmp_path, monkeypatch):
    monkeypatch.setattr(findings, "MOST", 3)
    noted = Findings(tmp_path / "lines", tmp_path / "pictures", keeps=True)
    small = np.full((8, 8), 9, np.uint8)
    for step in range(3):
        noted.add("pictures", detectors["pictures"], [np.full((8, 8), step, np.uint8)], [answer(reasons=0)])
    noted.judge(1, "dismissed", "anna")
    for step in range(3, 8):
        noted.add("pictures", detectors["pictures"], [small + step], [answer(reasons=0)])
    assert numbers(noted.newest("open")) == [8, 7, 6]
    assert numbers(noted.newest("dismissed")) == [1]
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == [
        f"{number:07d}.webp" for number in (1, 6, 7, 8)
    ]
    with pytest.raises(findings.RefusedError, match="no finding 2"):
        noted.judge(2, "accepted", "anna")
    # What was dropped may be found anew; and a restart brings nothing back.
    assert numbers(
        noted.add("pictures", detectors["pictures"], [np.full((8, 8), 1, np.uint8)], [answer(reasons=0)])
    ) == [9]
    noted.judge(9, "accepted", "anna")
    again = Findings(tmp_path / "lines", tmp_path / "pictures", keeps=True)
    assert again.newest() == noted.newest()
    assert numbers(again.newest()) == [9, 8, 7, 1]


def test_the_file_stays_small(detectors, tmp_path, monkeypatch):
    monkeypatch.setattr(findings, "MOST", 20)
    noted = Findings(tmp_path / "lines", tmp_path / "pictures", keeps=False)
    for step in range(30):
        noted.add("rows", detectors["rows"], [{**ROW, "amount": float(step)}], [answer()])
        for said in ("accepted", "open"):
            noted.judge(step + 1, said, "anna")
    assert len(read_lines(tmp_path / "lines")) <= 2 * 20 + 2 + 3
    assert Findings(tmp_path / "lines", tmp_path / "pictures", keeps=False).newest() == noted.newest()
    assert numbers(noted.newest())[0] == 30


def test_a_clock_that_jumps_changes_no_order(detectors, tmp_path, monkeypatch):
    noted = Findings(tmp_path / "lines", tmp_path / "pictures", keeps=False)
    for step, now in enumerate(["2030-01-01T00:00:00+00:00", "2020-01-01T00:00:00+00:00"]):
        monkeypatch.setattr(findings, "_now", lambda now=now: now)
        noted.add("rows", detectors["rows"], [{**ROW, "amount": float(step)}], [answer()])
    assert [(one.number, one.time[:4]) for one in noted.newest()] == [(2, "2020"), (1, "2030")]


def test_many_threads_lose_nothing(detectors, tmp_path):
    noted = Findings(tmp_path / "lines", tmp_path / "pictures", keeps=False)
    problems = []

    def work(worker: int) -> None:
        try:
            for step in range(20):
                (found,) = noted.add("rows", detectors["rows"], [{**ROW, "amount": worker * 100.0 + step}], [answer()])
                noted.judge(found.number, "accepted" if step % 2 else "dismissed", f"worker {worker}")
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert numbers(noted.newest()) == list(range(120, 0, -1))
    assert noted.counts() == {"open": 0, "accepted": 60, "dismissed": 60}
    assert Findings(tmp_path / "lines", tmp_path / "pictures", keeps=False).newest() == noted.newest()


def test_half_a_line_after_a_crash_is_none_and_is_overwritten(detectors, tmp_path):
    path = tmp_path / "lines"
    noted = Findings(path, tmp_path / "pictures", keeps=False)
    noted.add("rows", detectors["rows"], [ROW], [answer()])
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    again = Findings(path, tmp_path / "pictures", keeps=False)
    assert numbers(again.newest()) == [1]
    again.judge(1, "accepted", "anna")
    assert [one.verdict for one in Findings(path, tmp_path / "pictures", keeps=False).newest()] == ["accepted"]


@pytest.mark.parametrize("lost", [1, 65_536, 65_537, 200_000])
def test_half_a_line_of_any_length_costs_no_line_before_it(tmp_path, lost):
    path = tmp_path / "lines"
    append_lines(path, [{"a": 1}, {"b": "x" * 100_000}])
    path.write_bytes(path.read_bytes() + b"{" * lost)
    append_lines(path, [{"c": 3}])
    assert read_lines(path) == [{"a": 1}, {"b": "x" * 100_000}, {"c": 3}]


@pytest.mark.parametrize("damaged", [b"{\n", b"[1]\n", b"\xff\xfe\n", b'{"number": 1}\n', b'{"of": 1}\n'])
def test_a_damaged_file_is_told_by_its_line(detectors, tmp_path, damaged):
    path = tmp_path / "lines"
    Findings(path, tmp_path / "pictures", keeps=False).add("rows", detectors["rows"], [ROW], [answer()])
    path.write_bytes(path.read_bytes() + damaged)
    with pytest.raises(StorageError, match="line 2"):
        Findings(path, tmp_path / "pictures", keeps=False)


def test_a_full_disk_leaves_no_half_line_and_no_finding(detectors, tmp_path, monkeypatch):
    path = tmp_path / "lines"
    noted = Findings(path, tmp_path / "pictures", keeps=False)
    noted.add("rows", detectors["rows"], [ROW], [answer()])
    before = path.read_bytes()

    def full(handle):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(StorageError, match="No space left"):
            noted.add("rows", detectors["rows"], [NORMAL], [answer()])
        with pytest.raises(StorageError, match="No space left"):
            noted.judge(1, "accepted", "anna")
    assert path.read_bytes() == before
    assert [(one.number, one.verdict) for one in noted.newest()] == [(1, "open")]
    assert numbers(noted.add("rows", detectors["rows"], [NORMAL], [answer()])) == [2]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(st.lists(st.dictionaries(st.text(), st.text() | st.integers()), max_size=3)), cut=st.integers(0, 40)
)
def test_what_was_added_is_read_again(tmp_path, parts, cut):
    path = tmp_path / "property"
    path.unlink(missing_ok=True)
    for lines in parts:
        append_lines(path, lines)
    expected = [line for lines in parts for line in lines]
    assert read_lines(path) == expected
    # However many bytes of the last line are lost, all others are there, and more can be added.
    if expected:
        held = path.read_bytes()
        last = len(held.splitlines(keepends=True)[-1])
        path.write_bytes(held[: len(held) - min(1 + cut, last)])
        assert read_lines(path) == expected[:-1]
        append_lines(path, [{"a": 1}])
        assert read_lines(path) == [*expected[:-1], {"a": 1}]


def test_the_same_item_is_noted_once_for_each_detector(detectors, tmp_path):
    noted = Findings(tmp_path / "lines", tmp_path / "pictures", keeps=False)
    assert numbers(noted.add("rows", detectors["rows"], [ROW, ROW], [answer(), answer()])) == [1]
    assert noted.add("rows", detectors["rows"], [{**ROW}], [answer()]) == []
    assert numbers(noted.add("others", detectors["rows"], [ROW], [answer()])) == [2]
    assert noted.add("rows", detectors["rows"], [NORMAL], [answer(anomalous=False)]) == []
    # Also after a restart, and after it was judged.
    noted.judge(1, "dismissed", "anna")
    again = Findings(tmp_path / "lines", tmp_path / "pictures", keeps=False)
    assert again.add("rows", detectors["rows"], [ROW], [answer()]) == []
