"""What detectors found: noted when it is anomalous, the newest first, judged by people; nothing kept unasked."""

import csv
import io
import json
import stat
import zipfile

import numpy as np
import pytest
from PIL import Image

from alikely.server.findings import Findings
from alikely.server.lines import rewrite_lines
from tests.server.finding_detectors import NORMAL, ROW, make_detectors, odd_picture, score, score_picture
from tests.server.small import bearer, code_of, keys_of
from tests.server.uses import asked
from tests.tasks.anomaly.normal import anomaly_of


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Three detectors: of rows, of pictures patch by patch, of texts."""
    return make_detectors(tmp_path_factory.mktemp("detectors"), "row", "picture", "text")


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
    with asked(folders, tmp_path, keep_items=True) as (client, _):
        files = {"items": (file, odd_picture(), "image/png")}
        assert client.post("/v1/anomaly/score", files=files, data={"detector": "pictures"}).json()["anomalies"] == 1
        assert client.get("/v1/findings/1").json()["name"] == expected
        client.post("/v1/findings/1/judge", json={"verdict": "accepted"})
        (row,) = csv.DictReader(io.StringIO(client.get("/v1/findings/labels.csv").text))
        assert row["item"] == expected
        # A name is only shown: files are called by numbers.
        with zipfile.ZipFile(io.BytesIO(client.get("/v1/findings/labels.zip").content)) as archive:
            assert archive.namelist() == ["labels.csv", "pictures/anomalous/0000001.webp"]
            assert expected in archive.read("labels.csv").decode()


def test_a_client_may_say_what_items_are_called(folders, tmp_path):
    with asked(folders, tmp_path) as (client, _):
        score(client, items=[NORMAL, ROW], detector="rows", names=["usual", "payment 17"])
        assert client.get("/v1/findings/1").json()["name"] == "payment 17"
        refused = client.post("/v1/anomaly/score", json={"items": [ROW], "detector": "rows", "names": ["a", "b"]})
        assert (refused.status_code, "one for each" in refused.text) == (422, True)


def test_asked_for_pictures_maps_texts_and_rows_are_kept(folders, tmp_path):
    with asked(folders, tmp_path, keep_items=True) as (client, _):
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


def test_what_people_sent_or_decided_is_in_files_of_the_owner_alone(folders, tmp_path):
    with asked(folders, tmp_path, keep_items=True) as (client, _):
        score_picture(client, odd_picture())
    rewrite_lines(tmp_path / "rewritten.jsonl", [{"number": 1}])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*") if path.is_file()}
    assert {"anomalies.jsonl", "audit.jsonl", "rewritten.jsonl"} < set(modes)
    assert len(modes) > 5  # with small pictures
    assert set(modes.values()) == {0o600}, modes
