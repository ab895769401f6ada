"""/v1/explain: what Python's explain says, with maps that can be shown; and what it refuses."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from alikely.explaining import explain
from alikely.server import create_app
from tests.server.models_of_kinds import served_of
from tests.server.small import code_of, model_service, pngs


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with model_service(tmp_path_factory.mktemp("service")) as client:
        yield client


def picture_in(uri: str) -> np.ndarray:
    head, _, content = uri.partition(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(content))) as picture:
        return np.asarray(picture.convert("RGB"))


def test_it_says_what_python_says(client):
    left, right = pngs()[:2]
    said = client.post("/v1/explain", files={"left": left, "right": right}).json()
    found = explain(client.app.state.served.require_model(), left, right)
    assert said["sentence"] == found.sentence()
    assert said["distance"] == pytest.approx(found.distance)
    assert said["decision"]["verdict"] == found.decision.verdict
    for name, side, map_ in zip(("left", "right"), (found.left, found.right), found.maps(), strict=True):
        assert said[name]["name"] == name
        assert said[name]["regions"] == pytest.approx(side.regions())
        assert np.array_equal(picture_in(said[name]["picture"]), np.asarray(side.image()))
        assert np.array_equal(picture_in(said[name]["map"]), np.asarray(map_))


def test_the_maps_are_those_of_the_whole_picture(client):
    """`Explanation.picture` shows the very maps that `maps` gives, at its lower left and right."""
    left, right = pngs()[:2]
    found = explain(client.app.state.served.require_model(), left, right)
    sheet = np.asarray(found.picture())
    for map_ in found.maps():
        drawn = np.asarray(map_)
        height, width = drawn.shape[:2]
        places = [
            (y, x)
            for y in range(0, sheet.shape[0] - height)
            for x in (20, 400)
            if np.array_equal(sheet[y, x : x + width], drawn[0])
        ]
        assert any(np.array_equal(sheet[y : y + height, x : x + width], drawn) for y, x in places)


def test_the_seed_draws_other_covers(client):
    left, right = (base64.b64encode(one).decode() for one in pngs()[:2])
    one, other, again = (
        client.post("/v1/explain", json={"left": left, "right": right, "seed": seed}).json()["left"]["regions"]
        for seed in (0, 1, 0)
    )
    assert one == again
    assert one != other
    assert client.post("/v1/explain", json={"left": left, "right": right, "seed": -1}).status_code == 422


def test_a_model_that_takes_no_pictures_says_so(tmp_path):
    with TestClient(create_app(served_of("text", tmp_path)), base_url="http://localhost") as client:
        answer = client.post("/v1/explain", json={"left": "one", "right": "two"})
        assert code_of(answer) == (409, "model")
        assert "takes texts" in answer.json()["detail"]


def test_a_damaged_picture_is_named(client):
    left = pngs()[0]
    answer = client.post("/v1/explain", files={"left": left, "right": left[:60]})
    assert code_of(answer) == (422, "bad_items")
    assert "damaged or cut short" in answer.json()["detail"]


def test_few_are_explained_at_once(client):
    served, (left, right) = client.app.state.served, pngs()[:2]
    taken = 0
    while served.explaining.acquire(blocking=False):
        taken += 1
    try:
        answer = client.post("/v1/explain", files={"left": left, "right": right})
        assert code_of(answer) == (503, "busy")
        assert answer.headers["retry-after"] == "2"
    finally:
        for _ in range(taken):
            served.explaining.release()
    assert client.post("/v1/explain", files={"left": left, "right": right}).status_code == 200
