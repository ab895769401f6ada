"""/v1/model and below: what is told of a model, for every kind; and what is not: paths, labels."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from alikely.gallery import Gallery
from alikely.server import Folders, ServeSettings, create_app, open_served
from alikely.storage import load_model, save_model
from tests.models import pictures, small_model
from tests.server.models_of_kinds import served_of
from tests.server.small import code_of, png, small_service

KINDS = ("picture", "text", "row", "sequence", "embedding")
SECRET = "/home/anna/faces of the clinic"
RECORD = {
    "training": {"settings": {"loss": "contrastive", "seed": 3, "encoder_settings": {"model": SECRET + "/net"}}},
    "data": {
        "source": SECRET,
        "items": 12,
        "calibrated_on": "more/of those",
        "labels": {"train": ["Anna Blume"]},
        "findings": [
            {"check": "copies", "severity": "warning", "what": "two are alike", "count": 1, "items": ["Anna/1.png"]}
        ],
        "parts": {"train": {"identities": 3, "items": 12}},
    },
    "evaluation": {
        "eer": 0.02,
        "eer_interval": [0.01, 0.04],
        "auc": None,
        "auc_interval": None,
        "auc_reason": "too few",
        "tar_at_far_0.01": 0.9,
        "tar_at_far_0.01_interval": None,
        "identities": 3,
        "confidence": 0.95,
    },
    "versions": {"alikely": "0.1.0"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model with a record that says more than everybody may know."""
    where = tmp_path_factory.mktemp("recorded") / "model"
    save_model(replace(small_model(), record=RECORD), where, {"report.html": "<title>the report</title>"})
    return where


@pytest.fixture
def client(folder, tmp_path):
    with small_service(tmp_path / "state", Folders(model=folder)) as client:
        yield client


@pytest.fixture(scope="module", params=KINDS)
def of_kind(request, tmp_path_factory):
    with TestClient(
        create_app(served_of(request.param, tmp_path_factory.mktemp(request.param))), base_url="http://localhost"
    ) as client:
        yield client


def test_what_a_model_of_each_kind_is(of_kind):
    model = of_kind.app.state.served.model
    said = of_kind.get("/v1/model").json()
    assert said["kind"] == model.preparation.kind
    assert said["dim"] == model.dim
    assert said["hash"] == model.fingerprint()
    assert said["items"][0].startswith(model.preparation.kind)
    assert said["weights"] == sum(weights.numel() for weights in model.encoder.parameters())
    assert said["encoder"]["name"] == model.encoder_name
    assert said["figures"] == []
    assert said["calibrated"] is True
    assert said["report"] is False


def test_figures_with_their_intervals(client):
    said = client.get("/v1/model").json()
    assert [(one["name"], one["value"], one["interval"], one["reason"]) for one in said["figures"]] == [
        ("eer", 0.02, [0.01, 0.04], None),
        ("auc", None, None, "too few"),
    ]
    assert said["figures"][1]["title"] == "AUC"
    assert said["report"] is True
    assert said["findings"] == [{"check": "copies", "severity": "warning", "what": "two are alike", "count": 1}]


def test_figures_of_too_few_pairs_are_not_known_as_on_the_card(client):
    """They are for people; the numbers stay in `evaluation`."""
    model = client.app.state.served.model
    pairs = {"same_pairs": 9, "different_pairs": 200, "spearman": 0.4, "spearman_interval": None}
    model.record["evaluation"] |= pairs
    try:
        said = client.get("/v1/model").json()
    finally:
        for name in pairs:
            del model.record["evaluation"][name]
    assert [(one["name"], one["value"], one["interval"], one["reason"]) for one in said["figures"]] == [
        ("eer", None, None, "9 same pairs are too few"),
        ("auc", None, None, "9 same pairs are too few"),
        ("spearman", 0.4, None, None),
    ]
    assert said["evaluation"]["eer"] == 0.02


def test_no_path_and_no_label_is_told(client, folder):
    said = [client.get(f"/v1/model{part}").text for part in ("", "/card", "/calibration", "/drift")]
    said += [client.get("/model").text, client.get("/compare").text]
    for text in said:
        assert "/home" not in text
        assert "Anna" not in text
        assert "more/of" not in text
        assert str(folder.parent) not in text
    assert client.get("/v1/model").json()["data"]["source"] == "faces of the clinic"
    assert client.get("/v1/model").json()["training"]["settings"]["encoder_settings"] == {"model": "net"}
    assert "`faces of the clinic`" in client.get("/v1/model/card").json()["markdown"]


def test_the_calibration_is_told_as_it_is(client, folder):
    made = load_model(folder).calibration
    said = client.get("/v1/model/calibration").json()

    assert (said["rests_on"], said["unlearned"]) == (f"{made.identities} identities", None)  # its record says no more
    assert said["curve"]["thresholds"] == made.curve.thresholds.tolist()
    assert said["curve"]["fnmr"] == made.curve.fnmr.tolist()
    assert said["pairs"] == {"same": 40, "different": 200}
    assert said["default_fmr"] == made.default_fmr
    own = next(one for one in said["promises"] if one["fmr"] == made.default_fmr)
    assert own["threshold"] == made.threshold(fmr=made.default_fmr)
    refused = next(one for one in said["promises"] if one["fmr"] == 0.001)
    assert refused["reason"] == "it takes 1,000 different pairs, there are 200"
    assert said["smallest"] == {"fmr": 1 / 200, "fnmr": 1 / 40}
    assert len(said["distributions"]["edges"]) == len(said["distributions"]["same"]) + 1


def test_a_model_without_a_calibration_says_what_to_do(tmp_path):
    save_model(small_model(calibrated=False), tmp_path / "model")
    with small_service(tmp_path / "state", Folders(model=tmp_path / "model")) as client:
        assert code_of(client.get("/v1/model/calibration")) == (409, "calibration")
        assert "alikely calibrate" in client.get("/v1/model/calibration").json()["detail"]
        assert client.get("/v1/model").json()["calibrated"] is False
        assert client.get("/v1/model/card").status_code == 200


def test_without_a_model_there_is_nothing_to_tell(tmp_path):
    with small_service(tmp_path / "state") as client:
        for part in ("", "/calibration", "/card", "/report", "/try"):
            assert code_of(client.get(f"/v1/model{part}")) == (404, "no_model"), part
        assert client.get("/v1/model/drift").json() == []


def test_the_card_becomes_html_in_which_no_html_counts(folder, tmp_path):
    card = folder / "README.md"
    before = card.read_text()
    card.write_text(
        "# name\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1)) <img src=x onerror=y>\n\n| a |\n|---|\n| 1 |\n"
    )
    try:
        with small_service(tmp_path / "state", Folders(model=folder)) as client:
            html = client.get("/v1/model/card").json()["html"]
    finally:
        card.write_text(before)
    assert "<script" not in html
    assert "<img" not in html
    assert "<a " not in html
    assert "&lt;script&gt;" in html
    assert "<td>1</td>" in html


def test_a_model_without_a_card_gets_one(folder, tmp_path):
    card = folder / "README.md"
    card.rename(folder / "elsewhere.md")
    try:
        with small_service(tmp_path / "state", Folders(model=folder)) as client:
            said = client.get("/v1/model/card").json()
    finally:
        (folder / "elsewhere.md").rename(card)
    assert said["markdown"].startswith("# model\n")
    assert "<h1>model</h1>" in said["html"]


def test_the_report_has_no_origin(client):
    answer = client.get("/v1/model/report")
    assert answer.text == "<title>the report</title>"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts;")
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy


def test_a_link_in_place_of_the_report_is_not_followed(folder, tmp_path):
    other = tmp_path / "model"
    save_model(small_model(), other)
    (tmp_path / "secret.html").write_text("secret")
    (other / "report.html").symlink_to(tmp_path / "secret.html")
    with small_service(tmp_path / "state", Folders(model=other)) as client:
        assert code_of(client.get("/v1/model/report")) == (404, "no_report")
        assert client.get("/v1/model").json()["report"] is False


def test_drift_of_each_gallery(folder, tmp_path):
    with Gallery.create(tmp_path / "people", folder) as gallery:
        for place, picture in enumerate(pictures(3)):
            gallery.enrol([picture], identity=str(place))
    folders = Folders(model=folder, galleries=(tmp_path / "people",))
    served = open_served(folders, ServeSettings(state=tmp_path / "state"))
    with TestClient(create_app(served), base_url="http://localhost") as client:
        before = client.get("/v1/model/drift").json()
        assert before == [
            {
                "name": "people",
                "templates": 3,
                "identities": 3,
                "drift": None,
                "reason": "no distances were kept yet: verify or identify somebody in it",
            }
        ]
        answer = client.post("/v1/galleries/people/verify", files={"item": png(pictures(1)[0])}, data={"identity": "0"})
        assert answer.status_code == 200, answer.text
        after = client.get("/v1/model/drift").json()[0]
        assert after["reason"] is None
        assert after["drift"] == served.galleries["people"].drift().to_dict()
        assert after["drift"]["verdict"] == "too few"
        log = served.galleries["people"].log
        log.write_text("no json\n")
        assert client.get("/v1/model/drift").json()[0]["reason"] == (
            f"{log.name}, line 1: is no distance of a log; remove the line"
        )


def test_a_pair_to_try_can_be_compared(of_kind):
    """For every kind, what is given to try is what /v1/compare takes, and gives the distance of the items."""
    served = of_kind.app.state.served
    items, names = served.looked.examples.items, [Path(name).name for name in served.looked.examples.names]
    for seed in range(6):
        pair = of_kind.get("/v1/model/try", params={"seed": seed}).json()["items"]
        left, right = (one["item"] for one in pair)
        answer = of_kind.post("/v1/compare", json={"left": left, "right": right})
        assert answer.status_code == 200, answer.text
        places = [names.index(one["name"]) for one in pair]
        assert places[0] != places[1]
        assert [one["label"] for one in pair] == [str(served.looked.examples.labels[place]) for place in places]
        wanted = served.model.distance_of(items[places[0]], items[places[1]])
        assert answer.json()["distance"] == pytest.approx(wanted, rel=1e-4, abs=1e-5)


def test_pairs_to_try_are_drawn_by_the_seed_as_often_same_as_different(tmp_path):
    with TestClient(create_app(served_of("embedding", tmp_path)), base_url="http://localhost") as client:
        pairs = [client.get("/v1/model/try", params={"seed": seed}).text for seed in range(60)]
        assert client.get("/v1/model/try", params={"seed": 3}).text == pairs[3]
        assert len(set(pairs)) > 20
        same = np.mean([len({one["label"] for one in json.loads(pair)["items"]}) == 1 for pair in pairs])
        assert 0.3 < same < 0.7
        assert client.get("/v1/model/try", params={"seed": -1}).status_code == 422


def test_nothing_to_try_without_items_and_an_error_for_what_is_gone(tmp_path):
    folder = tmp_path / "items"
    for place, picture in enumerate(pictures(2)):
        (folder / str(place)).mkdir(parents=True)
        (folder / str(place) / "one.png").write_bytes(png(picture))
    save_model(small_model(), tmp_path / "model")
    with small_service(tmp_path / "state", Folders(model=tmp_path / "model")) as client:
        assert code_of(client.get("/v1/model/try")) == (404, "no_items")
    with small_service(tmp_path / "state", Folders(model=tmp_path / "model", items=folder)) as client:
        said = client.get("/v1/model/try").json()["items"]
        assert base64.b64decode(said[0]["item"]) in {path.read_bytes() for path in folder.glob("*/*.png")}
        for path in folder.glob("*/*.png"):
            path.unlink()
        answer = client.get("/v1/model/try")
        assert code_of(answer) == (422, "input")
        assert "cannot be read any more" in answer.json()["detail"]
