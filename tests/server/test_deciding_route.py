"""/v1/decide and the fields of a gallery: what the page asks to explain distances and to offer filters."""

import pytest

import alikely
from alikely.gallery import Gallery
from alikely.server import Folders
from alikely.storage import save_model
from tests.models import pictures, small_model
from tests.server.small import code_of, model_service
from tests.server.uses import asked


def test_distances_are_decided_as_the_calibration_decides(tmp_path):
    with model_service(tmp_path) as client:
        said = {"distances": [0.1, 0.6, 1.5], "fmr": 0.05, "prior": 0.2}
        told = client.post("/v1/decide", json=said).json()["decisions"]
        calibration = small_model().calibration
        assert told == [calibration.decide(one, fmr=0.05, prior=0.2).to_dict() for one in (0.1, 0.6, 1.5)]
        assert [one["verdict"] for one in told] == ["same", "different", "different"]
        assert client.post("/v1/decide", json={"distances": []}).json() == {"decisions": []}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"distances": [-1.0]}, (422, "input")),
        ({"distances": [1.0], "fmr": 2.0}, (422, "settings")),
        ({"distances": ["near"]}, (422, "request")),
        ({"distances": [0.1] * 10_001}, (422, "request")),
        ({}, (422, "request")),
        ({"distances": [1.0], "confidence": 0.99999999}, (409, "calibration")),
    ],
)
def test_what_cannot_be_decided_is_told(tmp_path, said, expected):
    with model_service(tmp_path) as client:
        assert code_of(client.post("/v1/decide", json=said)) == expected


def test_without_a_calibration_a_distance_says_nothing(tmp_path):
    save_model(small_model(calibrated=False), tmp_path / "model")
    with asked(Folders(model=tmp_path / "model"), tmp_path / "state") as (client, _):
        assert code_of(client.post("/v1/decide", json={"distances": [0.1]})) == (409, "calibration")
    with asked(Folders(), tmp_path / "state") as (client, _):
        assert code_of(client.post("/v1/decide", json={"distances": [0.1]})) == (404, "no_model")


def test_the_fields_of_a_gallery_are_told(tmp_path):
    save_model(small_model(), tmp_path / "model")
    with Gallery.create(tmp_path / "people", tmp_path / "model") as gallery:
        gallery.enrol(alikely.examples_from(pictures()[:2]), "anna", {"shop": "B"})
        gallery.enrol(alikely.examples_from(pictures()[2:3]), "ben", {"price": 4})
    with asked(Folders(model=tmp_path / "model", galleries=(tmp_path / "people",)), tmp_path / "state") as (client, _):
        told = client.get("/v1/galleries/people/fields").json()
        assert [(one["name"], one["templates"]) for one in told["fields"]] == [("price", 1), ("shop", 2)]
        assert (told["templates"], told["all"]) == (3, True)
        assert code_of(client.get("/v1/galleries/others/fields")) == (404, "not_served")
