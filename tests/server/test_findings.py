"""What detectors found: noted when it is anomalous, the newest first, judged by people, kept as labels, in bounds."""

import csv
import io
import json
import threading
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from alikely.data.sources import read_items
from alikely.errors import StorageError
from alikely.server import Folders, findings
from alikely.server.findings import Findings
from alikely.server.lines import append_lines, read_lines
from alikely.tasks.anomaly import Answer, DetectorSettings, Reason, fit_detector, save_detector
from tests.server.small import bearer, code_of, keys_of
from tests.server.uses import asked, png
from tests.tasks.anomaly.normal import anomaly_of, normal_of

ROW = {"amount": 5000.0, "hours": -9.0, "town": "Bern"}
NORMAL = normal_of("row", seed=7, count=1).items[0]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Three detectors: of rows, of pictures patch by patch, of texts."""
    root = tmp_path_factory.mktemp("detectors")
    for kind in ("row", "picture", "text"):
        further = {"preparation": {"size": 32}} if kind == "picture" else {}
        made = DetectorSettings(rate=0.1, confidence=0.0, **further)
        save_detector(fit_detector(normal_of(kind, count=60), made), root / f"{kind}s")
    return Folders(detectors=tuple(root / f"{kind}s" for kind in ("row", "picture", "text")))


@pytest.fixture(scope="module")
def detectors(folders):
    from alikely.tasks.anomaly import load_detector

    return {path.name: load_detector(path) for path in folders.detectors}


def odd_picture(place: int = 10) -> bytes:
    pixels = np.asarray(anomaly_of("picture")).copy()
    pixels[place] = 0
    return png(pixels)


def score(client, **said):
    answer = client.post("/v1/anomaly/score", json=said)
    assert answer.status_code == 200, answer.text
    return answer.json()


def score_picture(client, content: bytes):
    return client.post("/v1/anomaly/score", files={"items": content}, data={"detector": "pictures"}).json()


def answer(deviation: float = 5.0, anomalous: bool = True, reasons: int = 1) -> Answer:
    why = tuple(Reason(f"column {n}", 0.5, "9", "1") for n in range(reasons))
    return Answer("row 1", anomalous, 0.01, deviation, 3.0, deviation, None, why)


def numbers(found) -> list[int]:
    return [one.number for one in found]


def test_only_what_is_anomalous_is_noted_the_newest_first(folders, tmp_path):
    with asked(folders, tmp_path) as (client, _):
        rows = [{**ROW, "amount": 4000.0 + step} for step in range(3)]
        assert score(client, items=[rows[0], NORMAL, rows[1]], detector="rows")["anomalies"] == 2
        score(client, items=[rows[2]], detector="rows", rate=0.2)
        told = client.get("/v1/findings").json()

    assert [one["number"] for one in told["findings"]] == [3, 2, 1]
    assert (told["counts"], told["more"]) == ({"open": 3, "accepted": 0, "dismissed": 0}, False)
    newest, oldest = told["findings"][0], told["findings"][2]
    assert (newest["detector"], newest["kind"], newest["verdict"], newest["who"]) == ("rows", "row", "open", "")
    assert (newest["rate"], oldest["rate"], newest["confidence"]) == (0.2, 0.1, 0.0)
    assert newest["deviation"] > newest["threshold"] > 0
    assert 0 < newest["p_value"] <= 0.2
    assert {reason["where"] for reason in newest["reasons"]} & {"amount", "hours"}
    assert (newest["item"], newest["pictured"], newest["mapped"]) == (None, False, False)  # nothing is kept


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


def test_findings_are_accepted_dismissed_and_opened_again(folders, tmp_path):
    with asked(folders, tmp_path) as (client, served):
        score(client, items=[{**ROW, "amount": 4000.0 + step} for step in range(3)], detector="rows")
        judged = client.post("/v1/findings/2/judge", json={"verdict": "accepted"}).json()
        assert (judged["number"], judged["verdict"], judged["who"]) == (2, "accepted", "local")
        assert judged["judged"] >= judged["time"]
        client.post("/v1/findings/1/judge", json={"verdict": "dismissed"})

        def shown(**asked):
            return [one["number"] for one in client.get("/v1/findings", params=asked).json()["findings"]]

        assert (shown(verdict="open"), shown(verdict="accepted"), shown(verdict="dismissed")) == ([3], [2], [1])
        undone = client.post("/v1/findings/2/judge", json={"verdict": "open"}).json()
        assert (undone["verdict"], undone["who"], undone["judged"]) == ("open", "", "")
        assert shown(verdict="open") == [3, 2]
        assert client.get("/v1/findings/1").json()["verdict"] == "dismissed"
        # A page at a time.
        first = client.get("/v1/findings", params={"count": 2}).json()
        assert ([one["number"] for one in first["findings"]], first["more"]) == ([3, 2], True)
        rest = client.get("/v1/findings", params={"count": 2, "before": 2}).json()
        assert ([one["number"] for one in rest["findings"]], rest["more"]) == ([1], False)
        assert shown(detector="pictures") == []
        lines = [json.loads(line) for line in served.state.audit.read_text().splitlines()]
    assert [(line["finding"], line["verdict"]) for line in lines if line["what"] == "judge"] == [
        (2, "accepted"),
        (1, "dismissed"),
        (2, "open"),
    ]
    # All of it is there after a restart.
    again = Findings(served.state.anomalies, tmp_path / "none", keeps=False)
    assert [(one.number, one.verdict) for one in again.newest()] == [(3, "open"), (2, "open"), (1, "dismissed")]


@pytest.mark.parametrize(
    ("method", "path", "said", "expected"),
    [
        ("get", "/v1/findings?verdict=maybe", None, (422, "request")),
        ("get", "/v1/findings?count=0", None, (422, "request")),
        ("get", "/v1/findings?before=x", None, (422, "request")),
        ("get", "/v1/findings/7", None, (404, "no_finding")),
        ("get", "/v1/findings/7/map", None, (404, "no_finding")),
        ("get", "/v1/findings/1/map", None, (404, "no_picture")),
        ("get", "/v1/findings/1/other", None, (422, "request")),
        ("get", f"/v1/findings/{10**30}", None, (422, "request")),
        ("post", "/v1/findings/7/judge", {"verdict": "accepted"}, (404, "no_finding")),
        ("post", "/v1/findings/1/judge", {"verdict": "maybe"}, (422, "request")),
        ("post", "/v1/findings/1/judge", {}, (422, "request")),
        ("get", "/v1/findings/labels.zip", None, (404, "nothing_kept")),
    ],
)
def test_bad_questions_are_told_what_is_wrong(folders, tmp_path, method, path, said, expected):
    with asked(folders, tmp_path) as (client, _):
        score(client, items=[ROW], detector="rows")
        assert code_of(client.request(method, path, json=said)) == expected


def test_who_may_only_read_may_not_judge(folders, tmp_path):
    keys = keys_of(tmp_path)
    reads, enrols = (bearer(keys.add(right, right)) for right in ("read", "enrol"))
    with asked(folders, tmp_path) as (client, _):
        client.post("/v1/anomaly/score", json={"items": [ROW], "detector": "rows"}, headers=reads)
        assert client.get("/v1/findings", headers=reads).json()["counts"]["open"] == 1
        refused = client.post("/v1/findings/1/judge", json={"verdict": "accepted"}, headers=reads)
        assert refused.status_code == 403
        judged = client.post("/v1/findings/1/judge", json={"verdict": "accepted"}, headers=enrols)
        assert (judged.status_code, judged.json()["who"]) == (200, "enrol")


def test_nothing_of_a_picture_or_text_is_kept_unless_asked_for(folders, tmp_path):
    content, text = odd_picture(), anomaly_of("text")
    with asked(folders, tmp_path) as (client, _):
        assert score_picture(client, content)["anomalies"] == 1
        assert score(client, items=[text], detector="texts")["anomalies"] == 1
        assert client.get("/v1/findings").json()["counts"]["open"] == 2
        assert code_of(client.get("/v1/findings/1/picture")) == (404, "no_picture")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    for path in files:
        held = path.read_bytes()
        assert path.suffix in (".jsonl", ".lock")
        for begin in (content[:8], content[60:90], b"WEBP", text.encode(), text[:12].encode()):
            assert begin not in held, path


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("scratch on tile 7.png", "scratch on tile 7.png"),
        ("../../etc/pass\u202ewd\u200b.png", "../../etc/passwd.png"),
        ("x" * 500, "x" * 200),
        ("\u202e", "picture 1"),
    ],
)
def test_a_picture_is_called_by_its_file(folders, tmp_path, file, expected):
    with asked(folders, tmp_path, keep_pictures=True) as (client, _):
        files = {"items": (file, odd_picture(), "image/png")}
        assert client.post("/v1/anomaly/score", files=files, data={"detector": "pictures"}).json()["anomalies"] == 1
        assert client.get("/v1/findings/1").json()["name"] == expected
        client.post("/v1/findings/1/judge", json={"verdict": "accepted"})
        (row,) = csv.DictReader(io.StringIO(client.get("/v1/findings/labels.csv").text))
        assert row["item"] == expected
        # A name is only shown: files are called by numbers.
        with zipfile.ZipFile(io.BytesIO(client.get("/v1/findings/labels.zip").content)) as archive:
            assert archive.namelist() == ["labels.csv", "anomalous/0000001.webp"]
            assert expected in archive.read("labels.csv").decode()


def test_a_client_may_say_what_items_are_called(folders, tmp_path):
    with asked(folders, tmp_path) as (client, _):
        score(client, items=[NORMAL, ROW], detector="rows", names=["usual", "payment 17"])
        assert client.get("/v1/findings/1").json()["name"] == "payment 17"
        refused = client.post("/v1/anomaly/score", json={"items": [ROW], "detector": "rows", "names": ["a", "b"]})
        assert (refused.status_code, "one for each" in refused.text) == (422, True)


def test_asked_for_pictures_maps_texts_and_rows_are_kept(folders, tmp_path):
    with asked(folders, tmp_path, keep_pictures=True) as (client, _):
        score_picture(client, odd_picture())
        score(client, items=[anomaly_of("text")], detector="texts")
        score(client, items=[ROW, {**ROW, "town": "x" * 20_000}], detector="rows")
        long, row, text, picture = client.get("/v1/findings").json()["findings"]
        assert (picture["pictured"], picture["mapped"], picture["item"]) == (True, True, None)
        assert (text["item"], text["pictured"]) == (anomaly_of("text"), False)
        assert row["item"] == {"amount": "5000.0", "hours": "-9.0", "town": "Bern"}
        assert long["item"] is None  # too long to be kept
        shown = [Image.open(io.BytesIO(client.get(f"/v1/findings/1/{what}").content)) for what in ("picture", "map")]
    assert [one.size for one in shown] == [(32, 32), (32, 32)]
    before, after = (np.asarray(one.convert("RGB")).astype(int) for one in shown)
    assert np.ptp(before, axis=2).max() == 0  # grey
    coloured = np.ptp(after, axis=2).max(axis=1)
    assert coloured.max() > 60 > coloured[26:].max()  # not below the bar, which ends at 16
    assert 5 < coloured.argmax() < 21


def test_labels_are_a_table_with_a_row_for_what_was_judged(folders, tmp_path):
    with asked(folders, tmp_path) as (client, _):
        score(client, items=[{**ROW, "amount": 4000.0 + step} for step in range(3)], detector="rows")
        client.post("/v1/findings/1/judge", json={"verdict": "accepted"})
        client.post("/v1/findings/3/judge", json={"verdict": "dismissed"})
        told = client.get("/v1/findings/labels.csv")
        contents = {one["number"]: one["content"] for one in client.get("/v1/findings").json()["findings"]}
    assert told.headers["content-disposition"] == 'attachment; filename="labels.csv"'
    rows = list(csv.DictReader(io.StringIO(told.text)))
    assert [(row["number"], row["label"], row["who"], row["file"]) for row in rows] == [
        ("3", "normal", "local", ""),
        ("1", "anomalous", "local", ""),
    ]
    assert [row["content"] for row in rows] == [contents[3], contents[1]]


def test_labels_with_their_items_can_be_learned_from(folders, tmp_path):
    with asked(folders, tmp_path / "state", keep_pictures=True) as (client, _):
        for place in range(4):
            score_picture(client, odd_picture(place))
        score(client, items=[ROW, {**ROW, "amount": 4000.0}], detector="rows")
        for number in (1, 2, 5):
            client.post(f"/v1/findings/{number}/judge", json={"verdict": "accepted"})
        for number in (3, 6):
            client.post(f"/v1/findings/{number}/judge", json={"verdict": "dismissed"})
        told = client.get("/v1/findings/labels.zip")
    with zipfile.ZipFile(io.BytesIO(told.content)) as archive:
        archive.extractall(tmp_path / "labels")
    folder = tmp_path / "labels"
    there = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert there == [
        "anomalous.jsonl",
        "anomalous/0000001.webp",
        "anomalous/0000002.webp",
        "labels.csv",
        "normal.jsonl",
        "normal/0000003.webp",
    ]
    rows = list(csv.DictReader(io.StringIO((folder / "labels.csv").read_text())))
    assert {row["number"]: row["file"] for row in rows}["2"] == "anomalous/0000002.webp"
    # As `alikely anomaly fit --anomalies` reads them.
    assert len(read_items(folder / "anomalous", "picture")) == 2
    assert read_items(folder / "anomalous.jsonl", "row").items == (
        {"amount": "5000.0", "hours": "-9.0", "town": "Bern"},
    )
    fitted = fit_detector(
        normal_of("row", count=60), DetectorSettings(rate=0.1, confidence=0.0), folder / "anomalous.jsonl"
    )
    assert fitted.to_dict()["anomalies"] == 1


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
