import errno
import json
import os
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from alikely.errors import StorageError
from alikely.server.audit import Audit
from alikely.server.lines import way_out
from tests.server.small import bearer, code_of, keys_of, model_service, pngs, small_service


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_says_who_did_what_and_only_its_owner_may_read_it(tmp_path):
    audit = Audit(tmp_path / "state" / "audit.jsonl")
    audit.add("phone", "compare", {"verdict": "same", "distance": 0.5})

    (line,) = lines_of(audit.path)
    assert {name: line[name] for name in line if name != "time"} == {
        "number": 1,
        "who": "phone",
        "what": "compare",
        "verdict": "same",
        "distance": 0.5,
    }
    assert line["time"].endswith("+00:00")
    assert stat.S_IMODE(audit.path.stat().st_mode) == 0o600


def test_numbers_go_on_over_restarts_whatever_the_clock_says(tmp_path, monkeypatch):
    for year in (2030, 1999, 2026):
        audit = Audit(tmp_path / "audit.jsonl")

        class Jumped:
            @staticmethod
            def now(zone, year=year):
                return datetime(year, 1, 1, tzinfo=zone)

        monkeypatch.setattr("alikely.server.audit.datetime", Jumped)
        audit.add("a", "b", {})
        audit.add("a", "b", {})
        audit.close()

    assert [line["number"] for line in lines_of(tmp_path / "audit.jsonl")] == [1, 2, 3, 4, 5, 6]
    assert [line["number"] for line in Audit(tmp_path / "audit.jsonl").last(3)] == [6, 5, 4]


def test_threads_and_two_logs_on_one_file_tear_no_line(tmp_path):
    logs = [Audit(tmp_path / "audit.jsonl") for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: logs[n % 2].add("a", "b", {"n": n, "text": "x" * 150}), range(400)))

    lines = lines_of(tmp_path / "audit.jsonl")
    assert sorted(line["n"] for line in lines) == list(range(400))
    assert [line["number"] for line in lines] == list(range(1, 401))


def test_processes_tear_no_line(tmp_path):
    script = (
        "import sys; from pathlib import Path; from alikely.server.audit import Audit\n"
        "a = Audit(Path(sys.argv[1]))\n"
        "for n in range(300): a.add(sys.argv[2], 'b', {'n': n})"
    )
    with ThreadPoolExecutor() as pool:
        runs = pool.map(
            lambda name: subprocess.run(
                [sys.executable, "-c", script, str(tmp_path / "audit.jsonl"), name], check=True
            ),
            ("one", "two"),
        )
        assert len(list(runs)) == 2

    assert [line["number"] for line in lines_of(tmp_path / "audit.jsonl")] == list(range(1, 601))


def test_the_number_of_a_line_is_its_own_whatever_is_told(tmp_path):
    path = tmp_path / "audit.jsonl"
    Audit(path).add("a", "b", {})
    Audit(path).add("a", "b", {"number": 1, "who": "x", "time": None})
    Audit(path).add("a", "b", {})

    assert [(line["number"], line["who"]) for line in lines_of(path)] == [(1, "a"), (2, "a"), (3, "a")]


def test_half_a_line_of_a_crash_harms_no_other(tmp_path):
    path = tmp_path / "audit.jsonl"
    path.write_text('{"number": 7, "who": "a"}\n{"number": 8, "wh')
    audit = Audit(path)
    audit.add("b", "c", {})

    assert path.read_text().splitlines()[1] == '{"number": 8, "wh'
    assert [line["number"] for line in audit.last(10)] == [8, 7]


def test_a_full_disk_is_told_and_leaves_no_half_line(tmp_path, monkeypatch):
    audit = Audit(tmp_path / "audit.jsonl")
    audit.add("a", "b", {})
    before = audit.path.read_bytes()
    real = os.write
    monkeypatch.setattr("os.write", lambda file, content: real(file, content[:20]))
    with pytest.raises(StorageError, match="No space left"):
        audit.add("a", "b", {})
    assert audit.path.read_bytes() == before
    monkeypatch.setattr("os.write", real)
    audit.add("a", "b", {})

    assert [line["number"] for line in lines_of(audit.path)] == [1, 2]


def test_what_is_not_in_the_log_is_not_answered(tmp_path):
    client = model_service(tmp_path)
    client.app.state.served.state.audit.mkdir(parents=True)
    left, right = pngs()[:2]

    answer = client.post("/v1/compare", files={"left": left, "right": right})
    assert code_of(answer) == (507, "storage")
    assert "verdict" not in answer.json()


def test_a_large_file_is_put_aside_and_the_numbers_go_on(tmp_path):
    audits = [Audit(tmp_path / "audit.jsonl", largest=500) for _ in range(2)]
    for number in range(40):
        audits[number % 2].add("a", "b", {"n": number})
    files = sorted(tmp_path.glob("audit-*.jsonl"))

    assert len(files) > 3
    assert all(file.stat().st_size < 700 for file in files)
    found = [line for file in [*files, tmp_path / "audit.jsonl"] for line in lines_of(file)]
    assert [line["number"] for line in found] == list(range(1, 41))
    assert int(files[-1].stem[-12:]) == lines_of(files[-1])[-1]["number"]


def test_after_a_restart_with_an_empty_file_the_numbers_go_on(tmp_path):
    (tmp_path / "audit-000000000041.jsonl").write_text("")
    audit = Audit(tmp_path / "audit.jsonl")
    audit.add("a", "b", {})

    assert audit.last(1)[0]["number"] == 42


def test_a_file_that_was_taken_away_begins_anew(tmp_path):
    audit = Audit(tmp_path / "audit.jsonl")
    audit.add("a", "b", {})
    audit.path.rename(tmp_path / "taken")
    audit.add("a", "b", {})

    assert [line["number"] for line in lines_of(audit.path)] == [2]


def test_what_json_has_not_and_long_texts(tmp_path):
    audit = Audit(tmp_path / "audit.jsonl")
    audit.add("a", "b", {"distance": float("nan"), "identity": "x" * 5000, "names": ["\ud800", "\n", "y" * 5000]})

    (line,) = lines_of(audit.path)
    assert line["distance"] is None
    assert len(line["identity"]) < 300
    assert line["names"] == ["\ud800", "\n", "y" * 200 + "..."]


def test_the_route_tells_the_last_lines_newest_first_to_admins(tmp_path):
    client = model_service(tmp_path)
    left, right = pngs()[:2]
    for _ in range(3):
        client.post("/v1/compare", files={"left": left, "right": right})

    lines = client.get("/v1/audit?last=2").json()["lines"]
    assert [line["number"] for line in lines] == [3, 2]
    assert {line["what"] for line in lines} == {"compare"}
    assert {line["who"] for line in lines} == {"local"}
    content = client.app.state.served.state.audit.read_bytes()
    assert b"PNG" not in content
    for last in ("0", "x", "10001", "-1"):
        assert code_of(client.get(f"/v1/audit?last={last}")) == (422, "request")

    keys = keys_of(tmp_path / "state")
    client.post("/v1/compare", files={"left": left, "right": right}, headers=bearer(keys.add("phone", "read")))
    lines = client.get("/v1/audit?last=1", headers=bearer(keys.add("boss", "admin"))).json()["lines"]
    assert lines[0]["who"] == "phone"


def test_nothing_was_done_yet(tmp_path):
    assert small_service(tmp_path).get("/v1/audit").json() == {"lines": []}


def test_free_some_space_is_said_of_a_full_disk_alone():
    assert way_out(OSError(errno.ENOSPC, "full")) == way_out(OSError(errno.EDQUOT, "full")) == "; free some space"
    assert way_out(OSError(errno.EROFS, "read-only")) == ""


def test_the_last_of_many_long_lines_take_time_as_their_length_not_as_its_square(tmp_path):
    log = tmp_path / "audit.jsonl"
    names = ["x" * 200] * 64  # as many as a request enrols, each as long as is written
    with log.open("w") as file:
        for number in range(1, 3001):
            file.write(json.dumps({"number": number, "what": "enrol", "identities": names}) + "\n")
    begun = time.process_time()
    last = Audit(log).last(10_000)
    assert [entry["number"] for entry in last] == list(range(3000, 0, -1))
    assert time.process_time() - begun < 3
