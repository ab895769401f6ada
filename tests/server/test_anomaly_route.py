"""/v1/anomaly: what detectors there are, and what they say of items."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from alikely.data.sources import read_items
from alikely.server import Folders
from alikely.tasks.anomaly import DetectorSettings, fit_detector, save_detector
from tests.models import small_model
from tests.server.uses import asked
from tests.tasks.anomaly.normal import anomaly_of, normal_of

ODD = anomaly_of("row")
NORMAL = normal_of("row", seed=7, count=1).items[0]


def test_the_detectors_say_what_they_look_at(client):
    rows, patches = client.get("/v1/anomaly").json()["detectors"]
    assert (rows["name"], rows["items"], rows["maps"]) == ("rows", "row", False)
    assert rows["columns"] == {"amount": "number", "hours": "number", "town": "category"}
    assert (patches["name"], patches["items"], patches["maps"]) == ("patches", "picture", True)


def test_an_odd_row_is_anomalous_and_a_normal_one_is_not(client):
    told = client.post("/v1/anomaly/score", json={"items": [ODD, NORMAL], "detector": "rows"}).json()
    assert [one["anomalous"] for one in told["items"]] == [True, False]
    assert (told["anomalies"], told["skipped"]) == (1, [])
    assert told["items"][0]["reasons"]
    # At a rate of its own the threshold is another one.
    loose = client.post("/v1/anomaly/score", json={"items": [NORMAL], "detector": "rows", "rate": 0.5}).json()
    assert loose["items"][0]["threshold"] < told["items"][0]["threshold"]


def test_maps_show_where_a_picture_deviates(client, uses):
    content = (uses.root / "odd.png").read_bytes()
    ask = {"detector": "patches", "maps": "true"}
    told = client.post("/v1/anomaly/score", files={"items": content}, data=ask).json()["items"][0]
    head, _, body = told["map"].partition(",")
    drawn = Image.open(io.BytesIO(base64.b64decode(body)))

    assert (head, drawn.format, drawn.size) == ("data:image/png;base64", "PNG", (32, 32))
    assert told["anomalous"]
    # The bar in rows 10 to 16 is coloured: no longer grey.
    pixels = drawn.convert("RGB")
    coloured = [
        y for y in range(32) for x in range(32) if max(pixels.getpixel((x, y))) - min(pixels.getpixel((x, y))) > 90
    ]
    assert coloured
    assert 6 < sum(coloured) / len(coloured) < 20
    plain = client.post("/v1/anomaly/score", files={"items": content}, data={"detector": "patches"}).json()
    assert "map" not in plain["items"][0]


def test_bad_items_are_named_or_left_out(client):
    ask = {"items": [3, NORMAL, {"amount": [1], "hours": 1, "town": "Bern"}], "detector": "rows"}
    refused = client.post("/v1/anomaly/score", json=ask)
    assert refused.status_code == 422
    ask["items"][0] = "no row"
    told = client.post("/v1/anomaly/score", json={**ask, "items": ask["items"][1:], "skip_bad": True})
    assert told.status_code == 200, told.text
    assert len(told.json()["items"]) == 1
    assert [one["item"] for one in told.json()["skipped"]] == ["row 2"]
    none = client.post("/v1/anomaly/score", json={"items": [[1, 2]], "detector": "rows", "skip_bad": True})
    assert (none.status_code, none.json()["items"][0]["item"]) == (422, "row 1")


@pytest.mark.parametrize(
    ("ask", "status", "said"),
    [
        ({"items": [NORMAL]}, 404, "rows, patches"),  # say which
        ({"items": [NORMAL], "detector": "none"}, 404, "rows, patches"),
        ({"items": [], "detector": "rows"}, 422, "no items"),
        ({"items": [NORMAL], "detector": "rows", "rate": 2}, 422, "rate"),
        ({"items": [NORMAL], "detector": "rows", "rate": 0.0001}, 409, "rate"),
        ({"items": [NORMAL], "detector": "rows", "maps": True}, 422, "leave maps out"),
        ({"items": [{"other": 1}], "detector": "rows"}, 422, "amount"),
    ],
)
def test_what_cannot_be_asked_is_said_as_a_problem(client, ask, status, said):
    refused = client.post("/v1/anomaly/score", json=ask)
    assert refused.status_code == status, refused.text
    assert said in refused.json()["detail"]


def test_findings_and_the_log_know_of_it(service):
    client, served = service
    before = served.findings.counts("rows")["open"]
    odd = {**ODD, "amount": 7000.0}
    client.post("/v1/anomaly/score", json={"items": [odd, NORMAL], "detector": "rows", "rate": 0.2})
    assert served.findings.counts("rows")["open"] == before + 1
    assert served.findings.newest(count=1)[0].rate == 0.2
    verdicts = {one["anomalous"] for one in served.audit.last(2)}
    assert verdicts == {True, False}
    assert "7000" not in served.audit.path.read_text()


def test_the_nearest_is_a_file_by_its_name_alone(tmp_path):
    for number in range(60):
        Image.fromarray(np.asarray(normal_of("picture", seed=number, count=1).items[0])).save(
            tmp_path / f"{number}.png"
        )
    settings = DetectorSettings(rate=0.1, confidence=0.0)
    fitted = fit_detector(read_items(tmp_path, "picture"), settings, model=small_model())
    save_detector(fitted, tmp_path / "pictures")
    with asked(Folders(detectors=(tmp_path / "pictures",)), tmp_path / "state") as (client, _):
        told = client.post("/v1/anomaly/score", files={"items": (tmp_path / "7.png").read_bytes()})
    assert told.json()["items"][0]["nearest"].endswith(".png")
    assert "/" not in told.json()["items"][0]["nearest"]
    assert str(tmp_path) not in told.text
