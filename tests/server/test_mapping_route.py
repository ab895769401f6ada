"""Maps over HTTP: drawn once, sent as bytes, asked by item and group; nothing of what was removed."""

import csv
import gzip

import numpy as np
import pytest
from starlette.testclient import TestClient

from alikely.gallery import Gallery
from alikely.server import Folders, ServeSettings, create_app, open_served
from alikely.server.headers import CONTENT
from alikely.server.map_sources import OfGallery
from alikely.server.maps import MapState
from alikely.server.web.plotly import plotly_policy, plotly_script, plotly_version
from alikely.storage import save_model
from tests.models import small_model
from tests.pictures import pattern_folder

HOST = "http://127.0.0.1:8000"
COUNT = 24


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A model, pictures of six identities in folders, and a table of them with columns."""
    root = tmp_path_factory.mktemp("map")
    save_model(small_model(), root / "model")
    pattern_folder(root / "pictures", identities=6, each=4)
    paths = sorted((root / "pictures").rglob("*.png"))
    with (root / "looked.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["path", "label", "light", "size"])
        table.writerows([path, path.parent.name, "day" if n % 3 else "", n / 4] for n, path in enumerate(paths))
    return root


@pytest.fixture
def served(made, tmp_path):
    with Gallery.create(tmp_path / "people", made / "model") as gallery:
        for number in range(3):
            gallery.enrol(made / "pictures" / f"id{number:02d}", f"id{number:02d}", {"shop": "AB"[number % 2]})
    folders = Folders(
        model=made / "model", items=made / "looked.csv", galleries=(tmp_path / "people",), pictures=(made / "pictures",)
    )
    return open_served(folders, ServeSettings(state=tmp_path / "state"))


@pytest.fixture
def client(served):
    with TestClient(create_app(served), base_url=HOST) as asking:
        yield asking


@pytest.fixture
def drawn(client, served):
    """The same, with both maps drawn."""
    for name in ("items", "gallery:people"):
        assert client.post(f"/v1/map/{name}", json={}).status_code == 202
    served.maps.wait()
    return client


def test_what_there_is_to_draw(client):
    said = client.get("/v1/map").json()
    assert [(one["name"], one["kind"], one["items"]) for one in said["sources"]] == [
        ("items", "picture", COUNT),
        ("gallery:people", "picture", 12),
    ]
    script = client.get(said["plotly"])
    assert script.status_code == 200
    assert script.content == plotly_script().plain
    assert script.headers["content-encoding"] == "gzip"
    assert "immutable" in script.headers["cache-control"]
    plain = client.get(said["plotly"], headers={"Accept-Encoding": "identity"})
    assert plain.content == script.content
    assert "content-encoding" not in plain.headers
    assert client.get("/v1/map/plotly/0.1.js").status_code == 404
    assert plotly_version() in said["plotly"]


def test_drawn_once_and_told(client, served):
    assert client.get("/v1/map/items").json()["state"] == "none"
    refused = client.get("/v1/map/items/places")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_map")
    client.post("/v1/map/items", json={})
    served.maps.wait()
    said = client.get("/v1/map/items").json()
    assert (said["state"], said["items"], said["version"], said["stale"]) == ("ready", COUNT, 1, False)
    assert [(field["name"], field["kind"]) for field in said["fields"]] == [
        ("label", "category"),
        ("light", "category"),
        ("size", "number"),
    ]
    assert said["fields"][1]["missing"] == 8
    # Asked for once more, it is there.
    client.post("/v1/map/items", json={})
    served.maps.wait()
    assert client.get("/v1/map/items").json()["version"] == 1


def test_places_and_colours_are_bytes(drawn):
    packed = drawn.get("/v1/map/items/places?version=1")
    places = np.frombuffer(packed.content, "<i2").reshape(-1, 2)
    assert places.shape == (COUNT, 2)
    assert np.abs(places).max() == 32767
    assert packed.headers["content-encoding"] == "gzip"
    codes = np.frombuffer(drawn.get("/v1/map/items/colours?field=label").content, "<i4")
    assert np.bincount(codes).tolist() == [4] * 6
    sizes = np.frombuffer(drawn.get("/v1/map/items/colours?field=size").content, "<f4")
    assert sizes.tolist() == [n / 4 for n in range(COUNT)]
    assert drawn.get("/v1/map/items/colours?field=none").status_code == 422
    assert drawn.get("/v1/map/items/places?version=7").json()["code"] == "old_map"


def test_one_item(drawn):
    said = drawn.get("/v1/map/items/items/5").json()
    assert (said["label"], said["picture"], said["name"]) == ("id01", True, "id01/005.png")
    assert said["values"] == {"label": "id01", "light": "day", "size": "1.25"}
    picture = drawn.get("/v1/map/items/items/5/picture")
    assert picture.headers["content-type"] == "image/webp"
    assert picture.headers["cache-control"].startswith("private")
    for number, status in ((COUNT, 404), (10**9, 404), (-1, 422), ("x", 422)):
        assert drawn.get(f"/v1/map/items/items/{number}").status_code == status
        assert drawn.get(f"/v1/map/items/items/{number}/picture").status_code == status


def test_groups_by_label(drawn):
    said = drawn.post("/v1/map/items/group", json={"numbers": [5, 0, 1, 5], "field": "label"}).json()
    assert (said["count"], said["removed"]) == (3, 0)
    assert said["values"] == [["id00", 2, 4], ["id01", 1, 4]]
    assert [item["number"] for item in said["items"]] == [0, 1, 5]
    by_default = drawn.post("/v1/map/items/group", json={"numbers": [0]}).json()
    assert by_default["values"] == [["id00", 1, 4]]
    later = drawn.post("/v1/map/items/group", json={"numbers": list(range(COUNT)), "start": 20}).json()
    assert (later["count"], [item["number"] for item in later["items"]]) == (COUNT, [20, 21, 22, 23])
    assert drawn.post("/v1/map/items/group", json={"numbers": []}).json()["count"] == 0
    for wrong in ({"numbers": [COUNT]}, {"numbers": [-1]}, {"numbers": ["x"]}, {"numbers": [0], "field": "none"}, {}):
        assert drawn.post("/v1/map/items/group", json=wrong).status_code == 422


def test_a_group_as_csv(drawn):
    answer = drawn.post("/v1/map/items/export", json={"numbers": [5, 0]})
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert [(row["name"], row["label"], row["size"]) for row in rows] == [
        ("id00/000.png", "id00", "0"),
        ("id01/005.png", "id01", "1.25"),
    ]
    places = np.frombuffer(drawn.get("/v1/map/items/places").content, "<i2").reshape(-1, 2)
    assert float(rows[1]["x"]) == pytest.approx(places[5, 0] / 32767, abs=1e-4)


def test_found_and_in_a_table(drawn):
    found = drawn.get("/v1/map/items/find?text=ID03").json()["items"]
    assert [item["label"] for item in found] == ["id03"] * 4
    assert drawn.get("/v1/map/items/find?text=%25").json()["items"] == []
    table = drawn.get("/v1/map/items/table?field=label&start=4").json()
    assert (table["of"], [row["value"] for row in table["rows"]]) == (6, ["id04", "id05"])
    assert all(row["spread"] >= 0 for row in table["rows"])
    assert drawn.get("/v1/map/items/table?field=size").status_code == 422


def test_a_gallery_and_what_was_removed_from_it(drawn, served):
    said = drawn.get("/v1/map/gallery:people").json()
    assert (said["items"], said["label"]) == (12, "identity")
    assert [field["name"] for field in said["fields"]] == ["identity", "shop"]
    served.pictures.found.wait()
    first = drawn.get("/v1/map/gallery:people/items/0").json()
    assert (first["label"], first["values"]["shop"], first["picture"]) == ("id00", "A", True)
    assert drawn.get("/v1/map/gallery:people/items/0/picture").headers["content-type"] == "image/webp"
    served.galleries["people"].remove("id00")
    # The map is as it was drawn; of whoever was removed it tells nothing more.
    assert drawn.get("/v1/map/gallery:people").json()["stale"] is True
    assert drawn.get("/v1/map/gallery:people/items/0").status_code == 404
    assert drawn.get("/v1/map/gallery:people/items/0/picture").status_code == 404
    group = drawn.post("/v1/map/gallery:people/group", json={"numbers": list(range(12))}).json()
    assert (group["count"], group["removed"]) == (8, 4)
    assert {value for value, *_ in group["values"]} == {"id01", "id02"}
    assert "id00" not in drawn.post("/v1/map/gallery:people/export", json={"numbers": list(range(12))}).text
    assert drawn.get("/v1/map/gallery:people/find?text=id00").json()["items"] == []
    drawn.post("/v1/map/gallery:people", json={})
    served.maps.wait()
    again = drawn.get("/v1/map/gallery:people").json()
    assert (again["items"], again["version"], again["stale"]) == (8, 2, False)
    assert drawn.get("/v1/map/gallery:people/items/0?version=1").status_code == 409


def test_an_exchange_makes_a_map_stale_and_looking_does_not(drawn, served, made):
    people = served.galleries["people"]
    people.identify(made / "pictures" / "id00" / "000.png", fpir=0.5)
    people.enrol(made / "pictures" / "id01", "id01", {"shop": "B"})
    assert drawn.get("/v1/map/gallery:people").json()["stale"] is False
    # As many as before: four went, four came.
    people.remove("id00")
    people.enrol(made / "pictures" / "id04", "id04")
    told = drawn.get("/v1/map/gallery:people").json()
    assert (told["items"], len(people), told["stale"]) == (12, 12, True)
    assert drawn.get("/v1/map/items").json()["stale"] is False
    drawn.post("/v1/map/gallery:people", json={})
    served.maps.wait()
    again = drawn.get("/v1/map/gallery:people").json()
    assert (again["version"], again["stale"]) == (2, False)
    assert drawn.get("/v1/map/gallery:people/find?text=id04").json()["items"]


def test_what_comes_while_it_is_drawn_makes_it_stale(client, served, made, monkeypatch):
    people, gather = served.galleries["people"], OfGallery.gather

    def slowly(source):
        gathered = gather(source)
        people.enrol(made / "pictures" / "id05", "id05")
        return gathered

    monkeypatch.setattr(OfGallery, "gather", slowly)
    client.post("/v1/map/gallery:people", json={})
    served.maps.wait()
    told = client.get("/v1/map/gallery:people").json()
    assert (told["state"], told["items"], told["stale"]) == ("ready", 12, True)


def test_what_is_not_served(client, made, tmp_path):
    refused = client.get("/v1/map/gallery:none")
    assert (refused.status_code, refused.json()["detail"]) == (
        404,
        "no map can be drawn of 'gallery:none': there are items, gallery:people",
    )
    assert client.post("/v1/map/..%2F..%2Fetc", json={}).status_code == 404
    alone = open_served(Folders(model=made / "model"), ServeSettings(state=tmp_path / "other"))
    with TestClient(create_app(alone), base_url=HOST) as asking:
        assert asking.get("/v1/map").json()["sources"] == []
        assert "--items" in asking.get("/v1/map/items").json()["detail"]
        page = asking.get("/map").text
        assert "There is nothing to draw yet" in page
        assert "--items SOURCE" in page


def test_a_drawing_that_fails_is_told(client, served, monkeypatch):
    def broken(*_, **__):
        raise MemoryError("no memory")

    monkeypatch.setattr("alikely.server.maps.plane_of", broken)
    client.post("/v1/map/items", json={})
    served.maps.wait()
    said = client.get("/v1/map/items").json()
    assert (said["state"], said["drawn"]) == ("failed", False)
    assert "the log of the service says why" in said["problem"]
    monkeypatch.undo()
    client.post("/v1/map/items", json={})
    served.maps.wait()
    assert client.get("/v1/map/items").json()["state"] == "ready"


def test_a_service_that_ends_stops_drawing(served):
    from alikely.server.map_sources import OfItems

    assert served.looked is not None
    served.maps.close()
    source = OfItems(served.looked, served.require_model(), "looked.csv")
    assert served.maps.draw(source) == MapState("none")
    served.close()


def test_texts_rows_and_sequences_are_told_as_reports_show_them():
    from alikely.server.shown import shown_of
    from alikely.types import Examples

    text = shown_of(Examples(("Delo & Sons",), ("1",), kind="text"), [0], small_model().preparation)
    assert text == {0: {"text": "Delo & Sons"}}
    row = shown_of(Examples(({"age": 31, "town": "Chur"},), ("1",), kind="row"), [0], small_model().preparation)
    assert row == {0: {"cells": [["age", "31"], ["town", "Chur"]]}}
    embedding = shown_of(Examples((np.ones(3),), ("1",), kind="embedding"), [0], small_model().preparation)
    assert embedding == {0: {}}


def test_the_page_may_do_no_more_than_plotly_needs(client):
    policy = client.get("/map").headers["content-security-policy"]
    assert policy == plotly_policy()
    ours = {part.split()[0]: set(part.split()[1:]) for part in policy.split("; ")}
    all_pages = {part.split()[0]: set(part.split()[1:]) for part in CONTENT.decode().split("; ")}
    more = {name: values - all_pages[name] for name, values in ours.items() if values != all_pages[name]}
    assert set(more) == {"script-src", "style-src"}
    assert more["script-src"] == {"'unsafe-eval'"}
    assert all(value.startswith("'sha256-") for value in more["style-src"])
    assert client.get("/compare").headers["content-security-policy"] == CONTENT.decode()
    assert gzip.decompress(plotly_script().packed) == plotly_script().plain
