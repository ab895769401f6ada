"""/v1/recommend: what somebody may like."""

from dataclasses import replace

import pytest

from alikely.server import Folders
from alikely.tasks.recommend import fit_recommender, save_recommender
from tests.server.uses import asked, make_uses
from tests.tasks.recommend import shop


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    uses = make_uses(tmp_path_factory.mktemp("uses"))
    with asked(uses.folders, tmp_path_factory.mktemp("state")) as (client, _):
        yield client


def test_somebody_who_liked_gardens_gets_gardens(client):
    told = client.post("/v1/recommend/for", json={"history": ["p0", "p4", "none"], "k": 5}).json()
    assert told["unknown"] == ["none"]
    assert [one["fields"]["kind"] for one in told["items"]] == ["garden"] * 5
    assert {one["reason"] for one in told["items"]} <= {"p0", "p4"}
    assert not told["by_popularity"]


def test_a_known_person_and_a_condition(client):
    ask = {"person": "v1", "k": 4, "where": "price < 30 and stock = 1"}
    told = client.post("/v1/recommend/for", json=ask).json()["items"]
    assert told
    assert all(one["fields"]["price"] < 30 and one["fields"]["stock"] == 1 for one in told)
    seen = client.post("/v1/recommend/for", json={"person": "v1", "k": 60, "with_seen": True}).json()["items"]
    assert len(seen) == 60
    assert len(client.post("/v1/recommend/for", json={"person": "v1", "k": 60}).json()["items"]) < 60


def test_of_nobody_what_most_people_liked(client):
    told = client.post("/v1/recommend/for", json={"k": 2}).json()
    assert told["by_popularity"]
    assert [one["reason"] for one in told["items"]] == [None, None]


def test_items_like_one(client):
    told = client.post("/v1/recommend/like", json={"item": "p0", "k": 3, "recommender": "shop"}).json()
    assert [one["fields"]["kind"] for one in told["items"]] == ["garden"] * 3
    assert "p0" not in [one["item"] for one in told["items"]]
    wide = client.post("/v1/recommend/like", json={"item": "p0", "k": 3, "diversity": 1.0}).json()
    assert [one["item"] for one in wide["items"]] != [one["item"] for one in told["items"]]


@pytest.mark.parametrize(
    ("path", "ask", "status", "said"),
    [
        ("like", {"item": "none"}, 422, "'none'"),
        ("like", {"item": "p0", "k": 0}, 422, "k = 0"),
        ("like", {"item": "p0", "recommender": "none"}, 404, "there are shop"),
        ("like", {}, 422, "item"),
        ("for", {"history": ["none"]}, 422, "none"),
        ("for", {"person": "nobody"}, 422, "nobody"),
        ("for", {"history": "p0"}, 422, "history"),
        ("for", {"history": ["p0"], "diversity": 2}, 422, "diversity"),
        ("for", {"history": ["p0"], "where": "colour = 1"}, 422, "colour"),
    ],
)
def test_what_cannot_be_asked_is_said_as_a_problem(client, path, ask, status, said):
    refused = client.post(f"/v1/recommend/{path}", json=ask)
    assert refused.status_code == status, refused.text
    assert said in refused.json()["detail"]


def test_no_place_of_a_file_is_told(tmp_path):
    things = [{"id": one["id"], "photo": f"/secret/{one['id']}.png", "kind": one["kind"]} for one in shop.items()]
    settings = replace(shop.SMALL, columns={"photo": "leave_out"})
    save_recommender(fit_recommender(things, shop.likes(), settings), tmp_path / "shop")
    with asked(Folders(recommenders=(tmp_path / "shop",)), tmp_path / "state") as (client, _):
        for path, ask in (("like", {"item": "p0"}), ("for", {"history": ["p0"]})):
            told = client.post(f"/v1/recommend/{path}", json=ask)
            first = told.json()["items"][0]
            assert first["fields"]["photo"] == f"{first['item']}.png"
            assert first["title"] == first["item"]
            assert first["reason_title"] == first["reason"]
            assert "secret" not in told.text
