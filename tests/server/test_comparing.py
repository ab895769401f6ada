"""/v1/embed, compare, models, explain, health: the answers of Python, and what is said where there is none."""

import base64
import json
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from starlette.testclient import TestClient

from alikely.model import SiameseModel
from alikely.server import Folders, ServeSettings, create_app, open_served
from alikely.server.held import EXPLAINED_AT_ONCE
from alikely.storage import load_model, save_model
from tests.models import small_model
from tests.server.models_of_kinds import model_of
from tests.server.small import code_of, model_service, pngs, small_service

KINDS = ("picture", "text", "row", "sequence", "embedding")
LOOSE = {"fmr": 0.4, "confidence": 0.0}


def said(item):
    """An item as a client writes it in JSON."""
    if isinstance(item, Path):
        return base64.b64encode(item.read_bytes()).decode()
    if isinstance(item, np.ndarray):
        if item.dtype == np.uint8:
            return base64.b64encode(pngs()[0]).decode()
        return item.tolist()
    if isinstance(item, dict):
        return {
            name: value if isinstance(value, (int, float, str, type(None))) else str(value)
            for name, value in item.items()
        }
    return item


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with model_service(tmp_path_factory.mktemp("service")) as client:
        yield client


@pytest.fixture(scope="module")
def model(service) -> SiameseModel:
    return load_model(service.app.state.served.folders.model)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_embeddings_and_decisions_are_those_of_python(kind, tmp_path):
    model, examples = model_of(kind)
    save_model(model, tmp_path / "model")
    expected = model.embed(examples.items)
    with small_service(tmp_path / "state", Folders(model=tmp_path / "model")) as client:
        answer = client.post("/v1/embed", json={"items": [said(item) for item in examples.items]})
        assert answer.status_code == 200, answer.text
        np.testing.assert_allclose(np.array(answer.json()["embeddings"], np.float32), expected, atol=1e-5)
        left, right = examples.items[0], examples.items[1]
        decision = client.post("/v1/compare", json={"left": said(left), "right": said(right), **LOOSE}).json()
    assert decision == pytest.approx(model.compare(left, right, **LOOSE).to_dict(), abs=1e-4)


def test_pictures_as_json_as_a_form_and_as_the_whole_body(service, model):
    shown = pngs()
    expected = model.embed(shown)
    as_json = service.post("/v1/embed", json={"items": [base64.b64encode(one).decode() for one in shown]})
    as_form = service.post("/v1/embed", files=[("items", ("x.png", one)) for one in shown])
    alone = [service.post("/v1/embed", content=one, headers={"Content-Type": "image/png"}) for one in shown]
    for answer in (as_json, as_form, *alone):
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
    np.testing.assert_allclose(as_json.json()["embeddings"], expected, atol=1e-5)
    np.testing.assert_allclose(as_form.json()["embeddings"], expected, atol=1e-5)
    np.testing.assert_allclose([one.json()["embeddings"][0] for one in alone], expected, atol=1e-5)


def test_the_numbers_are_float32_to_the_last_bit(service, model):
    one = pngs()[0]
    found = service.post("/v1/embed", content=one, headers={"Content-Type": "image/png"}).json()["embeddings"]
    np.testing.assert_array_equal(np.array(found, np.float32), model.embed([one]))


def test_requests_at_once_are_answered_as_each_alone(service, model):
    from concurrent.futures import ThreadPoolExecutor

    shown = pngs() * 5
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda one: service.post("/v1/embed", files={"items": one}).json(), shown))
    found = np.concatenate([answer["embeddings"] for answer in answers])
    np.testing.assert_allclose(found, model.embed(shown), atol=1e-5)


def test_all_items_that_cannot_be_read_are_told_in_one_way(service):
    good, bad = base64.b64encode(pngs()[0]).decode(), base64.b64encode(b"no picture").decode()
    asked = {
        "/v1/embed": ({"items": [good, bad, "!"]}, ["picture 2", "picture 3"]),
        "/v1/compare": ({"left": bad, "right": "!"}, ["left", "right"]),
        "/v1/explain": ({"left": good, "right": bad}, ["right"]),
    }
    for path, (body, names) in asked.items():
        answer = service.post(path, json=body)
        assert code_of(answer) == (422, "bad_items")
        assert [one["item"] for one in answer.json()["items"]] == names
        assert all(one["problem"] for one in answer.json()["items"])


def test_a_picture_that_cannot_be_read_is_named(service):
    answer = service.post("/v1/embed", content=b"no picture", headers={"Content-Type": "image/jpeg"})
    assert code_of(answer) == (422, "bad_items")
    assert "not a picture" in answer.json()["detail"]


def test_a_picture_as_the_body_is_for_models_of_pictures(tmp_path):
    model, _ = model_of("text")
    save_model(model, tmp_path / "model")
    with small_service(tmp_path / "state", Folders(model=tmp_path / "model")) as client:
        assert code_of(client.post("/v1/embed", content=b"x", headers={"Content-Type": "image/png"}))[0] == 415


def test_weights_that_are_not_usable_are_told(tmp_path):
    model = small_model(calibrated=False)
    with torch.no_grad():
        for weights in model.encoder.parameters():
            weights.fill_(float("nan"))
    save_model(model, tmp_path / "model")
    with small_service(tmp_path / "state", Folders(model=tmp_path / "model")) as client:
        answer = client.post("/v1/embed", content=pngs()[0], headers={"Content-Type": "image/png"})
    assert code_of(answer) == (409, "model")


def test_without_a_calibration_the_distance_is_told_but_no_verdict(tmp_path):
    model = small_model(calibrated=False)
    save_model(model, tmp_path / "model")
    left, right = pngs()[:2]
    with small_service(tmp_path / "state", Folders(model=tmp_path / "model")) as client:
        answer = client.post("/v1/compare", files={"left": left, "right": right})
        shown = client.get("/v1/models").json()["model"]
    assert code_of(answer) == (409, "calibration")
    assert answer.json()["distance"] == pytest.approx(model.distance_of(left, right), abs=1e-5)
    assert "alikely calibrate" in answer.json()["detail"]
    assert (shown["calibrated"], shown["fmr"], shown["confidence"]) == (False, None, None)


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_picture_that_cannot_be_read_is_called_by_its_field(service, side, as_json):
    pair = dict(zip(("left", "right"), pngs(), strict=False)) | {side: b"no picture"}
    if as_json:
        answer = service.post("/v1/compare", json={name: base64.b64encode(one).decode() for name, one in pair.items()})
    else:
        answer = service.post("/v1/compare", files=pair)
    assert code_of(answer) == (422, "bad_items")
    assert answer.json()["detail"].startswith(f"{side}: ")


def test_an_operating_point_stands_for_its_rate(service, model):
    left, right = pngs()[:2]
    files = {"left": left, "right": right}
    threshold = model.calibration.threshold(fmr=0.4, confidence=0.0)
    saved = service.post("/v1/operating-points", json={"name": "mine", "threshold": threshold, "confidence": 0.3})
    assert saved.is_success, saved.text
    point = saved.json()
    assert point["confidence"] == 0.3 != model.calibration.confidence
    answer = service.post("/v1/compare", files=files, data={"operating_point": "mine"})
    assert answer.json() == pytest.approx(
        model.compare(left, right, threshold=threshold, confidence=point["confidence"]).to_dict(), abs=1e-4
    )
    assert answer.json()["threshold"] == pytest.approx(threshold)
    assert code_of(service.post("/v1/compare", files=files, data={"operating_point": "no such"}))[0] == 404
    both = service.post("/v1/compare", files=files, data={"operating_point": "mine", "fmr": "0.1"})
    assert code_of(both) == (422, "request")


def test_all_that_is_served_is_said_without_a_path(service, model):
    shown = service.get("/v1/models")
    assert shown.json()["model"] == {
        "name": "model",
        "kind": "picture",
        "dim": model.dim,
        "encoder": "cnn",
        "distance": "euclidean",
        "calibrated": True,
        "fmr": model.calibration.default_fmr,
        "confidence": model.calibration.confidence,
    }
    assert [shown.json()[name] for name in ("galleries", "detectors", "recommenders", "answers")] == [[]] * 4
    assert str(service.app.state.served.folders.model.parent) not in shown.text


def test_few_explanations_at_once(service):
    served = service.app.state.served
    files = dict(zip(("left", "right"), pngs(), strict=False))
    for _ in range(EXPLAINED_AT_ONCE):
        assert served.explaining.acquire(blocking=False)
    try:
        refused = service.post("/v1/explain", files=files)
    finally:
        served.explaining.release(EXPLAINED_AT_ONCE)
    assert code_of(refused) == (503, "busy")
    assert refused.headers["retry-after"] == "2"
    assert service.post("/v1/explain", files=files).status_code == 200
    assert served.explaining._value == EXPLAINED_AT_ONCE


def test_it_is_not_ready_while_it_ends(service):
    assert (service.get("/healthz").json(), service.get("/readyz").json()) == ({"status": "ok"}, {"status": "ok"})
    service.app.state.ending = lambda: True
    try:
        assert code_of(service.get("/readyz")) == (503, "closing")
        assert service.get("/healthz").status_code == 200
    finally:
        del service.app.state.ending


def test_a_full_queue_is_refused_with_when_to_come_again(tmp_path):
    save_model(small_model(), tmp_path / "model")
    settings = ServeSettings(state=tmp_path / "state", queue=1)
    served = open_served(Folders(model=tmp_path / "model"), settings)
    batching, gate, entered = served.batching, threading.Event(), threading.Event()
    network = batching.model.embed_read

    class Slow:
        def __call__(self, read):
            entered.set()
            assert gate.wait(30)
            return network(read)

    object.__setattr__(batching.model, "engine", Slow())
    network = small_model().embed_read
    one = {"content": pngs()[0], "headers": {"Content-Type": "image/png"}}
    with TestClient(create_app(served), base_url="http://localhost") as client:
        answers = []
        thread = threading.Thread(target=lambda: answers.append(client.post("/v1/embed", **one)))
        thread.start()
        assert entered.wait(30)
        refused = client.post("/v1/embed", **one)
        gate.set()
        thread.join()
    assert code_of(refused) == (503, "busy")
    assert int(refused.headers["retry-after"]) >= 1
    assert answers[0].status_code == 200


def test_the_description_has_examples_and_types(service):
    paths = service.get("/openapi.json").json()["paths"]
    body = paths["/v1/embed"]["post"]["requestBody"]["content"]
    assert set(body) == {"application/json", "multipart/form-data", "image/*"}
    for path in ("/v1/embed", "/v1/compare"):
        assert paths[path]["post"]["requestBody"]["content"]["application/json"]["examples"]
    for path, method in (
        ("/v1/embed", "post"),
        ("/v1/compare", "post"),
        ("/v1/models", "get"),
        ("/v1/explain", "post"),
    ):
        assert "$ref" in json.dumps(paths[path][method]["responses"]["200"]), path
