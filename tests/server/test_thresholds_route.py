"""Thresholds over HTTP: figures, pairs that change sides, operating points and who may make them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from starlette.testclient import TestClient

from alikely.server import Folders, ServeSettings, create_app, open_served
from alikely.storage import load_model, save_model
from alikely.thresholds import changing_pairs, threshold_figures
from tests.models import small_model
from tests.pictures import pattern_folder

HOST = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("thresholds")
    save_model(small_model(), root / "model")
    save_model(small_model(calibrated=False), root / "uncalibrated")
    pattern_folder(root / "pictures", identities=5, each=4)
    return root


@pytest.fixture
def served(made, tmp_path):
    folders = Folders(model=made / "model", items=made / "pictures")
    return open_served(folders, ServeSettings(state=tmp_path / "state"))


@pytest.fixture
def client(served):
    with TestClient(create_app(served), base_url=HOST) as asking:
        yield asking


def test_the_same_as_in_python(client, made):
    calibration = load_model(made / "model").calibration
    said = client.get("/v1/thresholds").json()
    expected = threshold_figures(calibration).to_dict()
    assert (said["rests_on"], said["unlearned"]) == (f"{calibration.identities} identities", None)
    # The prior of the page is that of `compare`.
    assert said["prior"] == 0.5
    for name in ("thresholds", "fmr", "fnmr", "fmr_bound", "fnmr_bound", "default"):
        assert said[name] == expected[name]
    sure = client.get("/v1/thresholds?confidence=0.9&prior=0.01&false_match_cost=5&false_non_match_cost=2").json()
    assert sure["confidence"] == 0.9
    assert sure["fmr_bound"] == [calibration.curve.rates_at(at, 0.9).fmr_bound for at in sure["thresholds"]]
    assert sure["cheapest"] == calibration.cheapest(0.01, 5.0, 2.0)


@pytest.mark.parametrize(
    "asked", ["confidence=1", "confidence=-1", "confidence=nan", "prior=0", "prior=1", "false_match_cost=0", "prior=x"]
)
def test_what_cannot_be_asked(client, asked):
    assert client.get(f"/v1/thresholds?{asked}").status_code == 422


def test_changes_are_those_of_python(client, served):
    said = client.get("/v1/thresholds/changes?before=0.02&after=0.2&shown=5").json()
    looked = served.looked
    expected = changing_pairs(looked.examples, looked.embeddings, served.model.distance, 0.02, 0.2, 5).to_dict()
    shown = said.pop("shown")
    assert (said.pop("labels"), said.pop("learned"), said.pop("left_out")) == (5, 0, False)
    assert said == json.loads(json.dumps(expected))
    assert said["different"]["changing"] > 5
    numbers = {
        pair[side] for kind in ("same", "different") for pair in said[kind]["nearest"] for side in ("left", "right")
    }
    assert set(shown) == {str(number) for number in numbers}
    for number, item in shown.items():
        assert item["label"] == str(looked.examples.labels[int(number)])
        assert item["picture"].startswith("data:image/jpeg;base64,")
        # Nothing of the machine's folders.
        assert item["name"].startswith("id")
    for wrong in ("before=-1&after=1", "before=0", "before=0&after=inf", "before=0&after=1&shown=1000"):
        assert client.get(f"/v1/thresholds/changes?{wrong}").status_code == 422


@pytest.fixture
def learned(served):
    """The same service, its model having learned from these labels."""

    def made(labels):
        model = served.model
        record = {**model.record, "data": {"labels": {"train": labels[:1], "validate": labels[1:], "calibrate": []}}}
        changed = replace(served, model=replace(model, record=record))
        return TestClient(create_app(changed), base_url=HOST)

    return made


def test_what_the_model_learned_from_is_left_out(learned, served):
    examples = served.looked.examples
    names = sorted({str(label) for label in examples.labels})
    with learned([*names[:2], "somebody else"]) as client:
        said = client.get("/v1/thresholds/changes?before=0&after=1000").json()
    assert (said["labels"], said["learned"], said["left_out"]) == (5, 2, True)
    # Three identities with four pictures each are left, and called by their numbers among all.
    assert (said["same"]["pairs"], said["different"]["pairs"]) == (3 * 6, 3 * 16)
    assert {one["label"] for one in said["shown"].values()} <= set(names[2:])
    assert all(examples.labels[int(number)] == one["label"] for number, one in said["shown"].items())


def test_where_all_was_learned_from_all_is_shown_and_told(learned, served):
    names = sorted({str(label) for label in served.looked.examples.labels})
    # Of one identity alone there are no different pairs.
    for known in (names, names[1:]):
        with learned(known) as client:
            said = client.get("/v1/thresholds/changes?before=0&after=1000").json()
        assert (said["labels"], said["learned"], said["left_out"]) == (5, len(known), False)
        assert said["same"]["pairs"] == 5 * 6


def test_without_items_or_calibration(made, tmp_path):
    alone = open_served(Folders(model=made / "model"), ServeSettings(state=tmp_path / "one"))
    with TestClient(create_app(alone), base_url=HOST) as asking:
        refused = asking.get("/v1/thresholds/changes?before=0&after=1")
        assert (refused.status_code, "--items SOURCE" in refused.json()["detail"]) == (404, True)
        assert "--items" in asking.get("/threshold").text
    without = open_served(Folders(model=made / "uncalibrated"), ServeSettings(state=tmp_path / "two"))
    with TestClient(create_app(without), base_url=HOST) as asking:
        refused = asking.get("/v1/thresholds")
        assert (refused.status_code, refused.json()["code"]) == (409, "calibration")
        assert asking.post("/v1/operating-points", json={"name": "x", "threshold": 1}).status_code == 409
        assert asking.get("/v1/operating-points").json() == {"points": []}
        page = asking.get("/threshold").text
        assert "The model has no calibration" in page
        assert "alikely calibrate uncalibrated SOURCE" in page


def test_operating_points(client, served):
    made = client.post("/v1/operating-points", json={"name": "strict", "threshold": 0.5})
    assert made.status_code == 201
    point = made.json()
    assert (point["threshold"], point["fmr"]) == (0.5, served.model.calibration.promise(0.5, point["confidence"]))
    assert (point["who"], point["problem"]) == ("local", None)
    assert client.get("/v1/operating-points").json()["points"] == [point]
    taken = client.post("/v1/operating-points", json={"name": "strict", "threshold": 0.5})
    assert (taken.status_code, taken.json()["code"]) == (409, "operating_point")
    for wrong in (
        {"name": "", "threshold": 1},
        {"name": "x" * 100, "threshold": 1},
        {"name": "x", "threshold": -1},
        {"name": "x", "threshold": "far"},
        {"name": "x"},
        {"name": "x", "threshold": 1, "fmr": 0.1},
        {"name": "x", "fmr": 2},
        {"name": "x", "threshold": 1, "confidence": 1},
        {"name": "x", "threshold": 1, "more": 1},
    ):
        assert client.post("/v1/operating-points", json=wrong).status_code == 422
    audit = [json.loads(line) for line in served.audit.path.read_text().splitlines()]
    assert [(line["what"], line["name"]) for line in audit] == [("operating point added", "strict")]
    renamed = client.patch("/v1/operating-points/strict", json={"name": "very strict"})
    assert (renamed.status_code, renamed.json()) == (200, {**point, "name": "very strict"})
    assert client.patch("/v1/operating-points/strict", json={"name": "loose"}).status_code == 404
    assert client.patch("/v1/operating-points/very%20strict", json={"name": "very strict"}).status_code == 409
    for wrong in ({}, {"name": ""}, {"name": "x", "threshold": 1}):
        assert client.patch("/v1/operating-points/very%20strict", json=wrong).status_code == 422
    (*_, last) = (json.loads(line) for line in served.audit.path.read_text().splitlines())
    assert (last["what"], last["name"], last["to"]) == ("operating point renamed", "strict", "very strict")
    client.patch("/v1/operating-points/very%20strict", json={"name": "strict"})
    assert client.delete("/v1/operating-points/strict").json() == point
    (*_, last) = (json.loads(line) for line in served.audit.path.read_text().splitlines())
    assert (last["what"], last["name"]) == ("operating point removed", "strict")
    assert client.delete("/v1/operating-points/strict").status_code == 404
    by_rate = client.post("/v1/operating-points", json={"name": "gate", "fmr": 0.3, "confidence": 0}).json()
    assert by_rate["threshold"] == served.model.calibration.threshold(fmr=0.3, confidence=0.0)
    assert client.delete("/v1/operating-points/gate").json() == by_rate
    assert client.get("/v1/operating-points").json() == {"points": []}


def test_points_of_another_model_are_told(client, served):
    client.post("/v1/operating-points", json={"name": "strict", "threshold": 0.5})
    said = json.loads(served.state.points.read_text())
    said["points"][0]["model"] = "f" * 64
    served.state.points.write_text(json.dumps(said))
    (point,) = client.get("/v1/operating-points").json()["points"]
    assert "another model (ffffffffffff)" in point["problem"]
    assert client.delete("/v1/operating-points/strict").status_code == 200


def test_names_of_any_letters(client):
    for name in ("Zürich 1 %", "a/b", "?x=1&y", "é"):
        assert client.post("/v1/operating-points", json={"name": name, "threshold": 0.5}).status_code == 201
    names = [point["name"] for point in client.get("/v1/operating-points").json()["points"]]
    assert names == ["Zürich 1 %", "a/b", "?x=1&y", "é"]
    from urllib.parse import quote

    for name in names:
        renamed = client.patch(f"/v1/operating-points/{quote(name, safe='')}", json={"name": f"{name}/2"})
        assert renamed.status_code == 200
        assert client.delete(f"/v1/operating-points/{quote(renamed.json()['name'], safe='')}").status_code == 200


def test_a_calibration_with_one_point_of_each_kind_is_drawn(client):
    said = client.get("/v1/thresholds").json()
    assert len(said["distributions"]["edges"]) == len(said["distributions"]["same"]) + 1
    assert np.all(np.diff(said["thresholds"]) > 0)
