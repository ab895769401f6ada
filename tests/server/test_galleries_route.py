"""/v1/galleries: enrol, verify, identify, search, list, remove, as a client asks."""

import base64
import json
import threading

import numpy as np
import pytest

from tests.pictures import pattern_examples
from tests.server.uses import FIRM, png

PEOPLE = "/v1/galleries/people"
ESTIMATE = {"confidence": "0"}


@pytest.fixture
def fresh():
    """Picture files that nobody has enrolled."""
    count = iter(range(10**6))

    def make(number: int = 1) -> list[bytes]:
        seed = 1000 + next(count)
        return [png(np.asarray(item)) for item in pattern_examples(number, 1, seed=seed).items]

    return make


def files(name, contents):
    return [(name, ("item", content)) for content in contents]


def said(content):
    return base64.b64encode(content).decode()


def test_the_galleries_that_are_served(client):
    assert client.get("/v1/galleries").json() == {"galleries": [{"name": "people", "items": "picture", "templates": 8}]}


def test_a_gallery_tells_its_threshold_or_why_there_is_none(client):
    told = client.get(PEOPLE, params={"fpir": 0.4, **ESTIMATE}).json()
    assert (told["templates"], told["identities"], told["joining"]["rule"]) == (8, 4, "nearest")
    assert told["threshold"]["fpir"] == 0.4
    assert told["threshold_problem"] is None

    told = client.get(PEOPLE, params={"fpir": 0.00001}).json()
    assert told["threshold"] is None
    assert "cannot be kept" in told["threshold_problem"]


def test_what_is_enrolled_is_found_and_removed_by_any_name(client, service, fresh):
    contents = fresh(2)
    done = client.post(
        f"{PEOPLE}/enrol",
        files=files("items", contents),
        data={"identity": FIRM, "fields": '{"price": 7, "new": true}'},
    ).json()
    assert done == {"new": 2, "there": 0, "changed": 0, "repeated": 0, "problems": [], "shared": []}

    page = client.get(f"{PEOPLE}/identities", params={"starts": FIRM[:5].upper()}).json()
    assert page == {"identities": [{"identity": FIRM, "templates": 2}], "total": 1}
    listed = client.get(f"{PEOPLE}/templates", params={"identity": FIRM}).json()
    assert [one["fields"] for one in listed["templates"]] == [{"price": 7, "new": True}] * 2
    found = client.post(f"{PEOPLE}/search", files={"item": contents[0]}, data={"k": "1"}).json()
    assert found[0]["found"][0]["identity"] == FIRM
    assert found[0]["found"][0]["distance"] < 1e-5

    key = listed["templates"][0]["key"]
    assert client.delete(f"{PEOPLE}/templates", params={"key": key}).json()["templates"] == 1
    gone = client.delete(f"{PEOPLE}/identities", params={"identity": FIRM}).json()
    assert (gone["templates"], gone["traces"]) == (1, [])
    assert client.delete(f"{PEOPLE}/identities", params={"identity": FIRM}).status_code == 404


def test_to_enrol_again_changes_nothing_but_fields(client, fresh):
    contents = fresh(1)
    ask = {"items": [said(contents[0])], "identity": "twice"}
    assert client.post(f"{PEOPLE}/enrol", json=ask).json()["new"] == 1
    assert client.post(f"{PEOPLE}/enrol", json=ask).json()["there"] == 1
    done = client.post(f"{PEOPLE}/enrol", json={**ask, "fields": {"price": 3}}).json()
    assert (done["new"], done["changed"]) == (0, 1)
    client.delete(f"{PEOPLE}/identities", params={"identity": "twice"})


def test_each_item_may_have_its_own_identity_and_fields_of_their_own_kind(client, fresh):
    one, two = fresh(2)
    each = [
        {"item": said(one), "identity": "own one", "fields": {"code": "007", "number": "12", "ok": False}},
        {"item": "???", "identity": "own two"},
        {"item": said(b"no picture"), "identity": "own two"},
        {"item": said(two), "identity": "own two", "fields": {"number": 12.5}},
    ]
    done = client.post(f"{PEOPLE}/enrol", json={"each": each}).json()

    assert (done["new"], [one["item"] for one in done["problems"]]) == (2, ["picture 2", "picture 3"])
    assert "base64" in done["problems"][0]["problem"]
    told = [
        client.get(f"{PEOPLE}/templates", params={"identity": f"own {n}"}).json()["templates"] for n in ("one", "two")
    ]
    assert [len(templates) for templates in told] == [1, 1]
    # As they were sent: a text stays a text.
    assert told[0][0]["fields"] == {"code": "007", "number": "12", "ok": False}
    assert told[1][0]["fields"] == {"number": 12.5}
    for name in ("own one", "own two"):
        client.delete(f"{PEOPLE}/identities", params={"identity": name})


def test_an_item_without_an_identity_is_enrolled_under_its_content(client, fresh):
    (content,) = fresh(1)
    client.post(f"{PEOPLE}/enrol", files={"items": content})
    (found,) = client.post(f"{PEOPLE}/search", files={"item": content}, data={"k": "1"}).json()
    name, key = found["found"][0]["identity"], found["found"][0]["key"]
    assert name == f"picture {key[:12]}"
    client.delete(f"{PEOPLE}/identities", params={"identity": name})


def test_verify_and_identify_by_the_first_picture_of_somebody(client, uses):
    first = uses.pictures(0)[0].read_bytes()
    decision = client.post(
        f"{PEOPLE}/verify", files={"item": first}, data={"identity": "id00", "fmr": "0.4", **ESTIMATE}
    )
    assert decision.json()["verdict"] == "same"
    ask = {"fpir": "0.4", "k": "2", **ESTIMATE}
    (answer,) = client.post(f"{PEOPLE}/identify", files={"items": first}, data=ask).json()
    assert (answer["identity"], len(answer["candidates"])) == ("id00", 2)
    assert client.post(f"{PEOPLE}/verify", files={"item": first}, data={"identity": "nobody"}).status_code == 404


def test_where_one_item_cannot_be_read_none_is_identified_and_all_bad_ones_are_named(client, uses):
    first = uses.pictures(0)[0].read_bytes()
    ask = {"confidence": 0, "fpir": 0.4}
    for items, bad in (
        ([said(first), said(b"no"), said(b"")], ["picture 2", "picture 3"]),
        (["???", said(first)], ["picture 1"]),
    ):
        refused = client.post(f"{PEOPLE}/identify", json={"items": items, **ask})
        assert (refused.status_code, refused.json()["code"]) == (422, "bad_items")
        assert sorted(one["item"] for one in refused.json()["items"]) == bad


def test_more_like_this_leaves_itself_out(client, uses):
    first = uses.pictures(1)[0].read_bytes()
    (found,) = client.post(f"{PEOPLE}/search", files={"item": first}, data={"k": "3", "where": "shop = 'B'"}).json()
    key = found["found"][0]["key"]
    (more,) = client.post(f"{PEOPLE}/search", json={"key": key, "k": 2, "where": "shop = 'B'"}).json()

    assert {hit["fields"]["shop"] for hit in found["found"]} == {"B"}
    assert more["item"] == key
    # The same template was asked with, by its picture and by its key.
    assert [hit["key"] for hit in more["found"]] == [hit["key"] for hit in found["found"][1:]]
    assert [hit["distance"] for hit in more["found"]] == pytest.approx(
        [hit["distance"] for hit in found["found"][1:]], abs=1e-5
    )


def test_pages_of_templates_and_identities_follow_each_other(client):
    whole = client.get(f"{PEOPLE}/templates").json()
    assert whole["more"] is False
    pages = [client.get(f"{PEOPLE}/templates", params={"skip": skip, "most": 3}).json() for skip in (0, 3, 6)]
    assert [page["more"] for page in pages] == [True, True, False]
    assert [one for page in pages for one in page["templates"]] == whole["templates"]
    names = [one["identity"] for one in client.get(f"{PEOPLE}/identities").json()["identities"]]
    assert names == ["id00", "id01", "id02", "id03"]
    page = client.get(f"{PEOPLE}/identities", params={"skip": 1, "most": 1, "where": "price >= 1"}).json()
    assert ([one["identity"] for one in page["identities"]], page["total"]) == (["id02"], 3)
    # The last page may be full.
    assert client.get(f"{PEOPLE}/templates", params={"skip": 5, "most": 3}).json()["more"] is False


@pytest.mark.parametrize(
    ("method", "path", "ask", "status"),
    [
        ("GET", "/v1/galleries/none", None, 404),
        ("GET", f"{PEOPLE}/identities?where=nonsense", None, 422),
        ("GET", f"{PEOPLE}/templates?where=colour='red'", None, 422),
        ("GET", f"{PEOPLE}/templates?skip=-1", None, 422),
        ("DELETE", f"{PEOPLE}/identities", None, 422),
        ("DELETE", f"{PEOPLE}/templates?key=none", None, 404),
        ("POST", f"{PEOPLE}/search", {}, 422),
        ("POST", f"{PEOPLE}/search", {"key": "none"}, 404),
        ("POST", f"{PEOPLE}/search", {"item": "AA==", "key": "none"}, 422),
        ("POST", f"{PEOPLE}/search", {"key": "none", "k": 0}, 422),
        ("POST", f"{PEOPLE}/enrol", {"items": []}, 422),
        ("POST", f"{PEOPLE}/enrol", {"items": ["AA=="], "identity": " "}, 422),
        ("POST", f"{PEOPLE}/enrol", {"items": ["AA=="], "fields": {"a": [1]}}, 422),
        ("POST", f"{PEOPLE}/enrol", {"items": ["AA=="], "fields": {" ": 1}}, 422),
        ("POST", f"{PEOPLE}/enrol", {"identity": "x", "each": [{"item": "AA==", "identity": "x"}]}, 422),
        ("POST", f"{PEOPLE}/identify", {"items": []}, 422),
        ("POST", f"{PEOPLE}/verify", {"item": "AA=="}, 422),
    ],
)
def test_what_cannot_be_asked_is_said_as_a_problem(client, method, path, ask, status):
    refused = client.request(method, path, **({} if ask is None else {"json": ask}))
    assert refused.status_code == status, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["detail"]


@pytest.mark.parametrize("identity", ["\ud800", "a\0b"])
def test_names_that_no_file_can_hold_are_refused(client, fresh, identity):
    (content,) = fresh(1)
    body = json.dumps({"items": [said(content)], "identity": identity})
    refused = client.post(f"{PEOPLE}/enrol", content=body, headers={"content-type": "application/json"})
    assert refused.status_code in (400, 422), refused.text


def test_the_log_says_who_did_what_and_holds_no_picture(service, uses, fresh):
    client, served = service
    (content,) = fresh(1)
    client.post(f"{PEOPLE}/enrol", files={"items": content}, data={"identity": "logged"})
    client.post(f"{PEOPLE}/verify", files={"item": content}, data={"identity": "logged", "fmr": "0.4", **ESTIMATE})
    client.delete(f"{PEOPLE}/identities", params={"identity": "logged"})

    removed, removing, verified, enrolled, enrolling = served.audit.last(5)
    assert [one["what"] for one in (enrolled, verified, removed)] == ["enrol", "verify", "remove"]
    assert (enrolling["what"], enrolling["identities"], enrolling["items"]) == ("enrol begun", ["logged"], 1)
    assert (removing["what"], removing["identity"]) == ("remove begun", "logged")
    assert (enrolled["identities"], enrolled["new"], enrolled["who"]) == (["logged"], 1, "local")
    assert verified["verdict"] == "same"
    assert (removed["identity"], removed["templates"]) == ("logged", 1)
    assert said(content)[:40] not in served.audit.path.read_text()
    assert 'alikely_verdicts_total{asked="verify",verdict="same"}' in client.get("/metrics").text


def test_what_is_wrong_is_said_in_the_words_of_requests(client, fresh):
    (content,) = fresh()
    refused = client.post(f"{PEOPLE}/identify", files={"items": content}, data={"fpir": "0.0001", **ESTIMATE})
    assert refused.json()["code"] == "calibration"
    assert "(fpir)" in refused.json()["detail"]
    assert "estimate" not in refused.json()  # one was asked for
    refused = client.post(f"{PEOPLE}/identify", files={"items": content}, data={"fpir": "0.0001", "confidence": "0.9"})
    estimate = {"fpir": str(refused.json()["estimate"]), "confidence": "0"}
    assert client.post(f"{PEOPLE}/identify", files={"items": content}, data=estimate).status_code == 200
    gone = client.delete(f"{PEOPLE}/identities", params={"identity": "nobody"})
    assert gone.status_code == 404
    assert "--" not in refused.text
    assert "alikely gallery" not in gone.text


def test_nothing_changes_that_the_log_cannot_tell(service, fresh, monkeypatch):
    client, served = service
    there, new = fresh(2)
    assert client.post(f"{PEOPLE}/enrol", files={"items": there}, data={"identity": "there"}).status_code == 200

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(type(served.audit), "_write", full)
        assert client.post(f"{PEOPLE}/enrol", files={"items": new}, data={"identity": "new"}).status_code == 507
        assert client.delete(f"{PEOPLE}/identities", params={"identity": "there"}).status_code == 507
    assert client.get(f"{PEOPLE}/identities", params={"starts": "new"}).json()["total"] == 0
    assert client.delete(f"{PEOPLE}/identities", params={"identity": "there"}).json()["templates"] == 1


def test_threads_that_enrol_identify_and_remove_at_once_disturb_nobody(client, uses, fresh):
    first = uses.pictures(2)[0].read_bytes()
    codes: list[int] = []

    def go(number: int) -> None:
        (content,) = fresh(1)
        name = f"thread {number}"
        for _ in range(4):
            codes.append(client.post(f"{PEOPLE}/enrol", files={"items": content}, data={"identity": name}).status_code)
            ask = {"fpir": "0.4", **ESTIMATE}
            (answer,) = client.post(f"{PEOPLE}/identify", files={"items": first}, data=ask).json()
            assert answer["candidates"][0]["identity"] == "id02"
            codes.append(client.delete(f"{PEOPLE}/identities", params={"identity": name}).status_code)

    threads = [threading.Thread(target=go, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 32
    assert client.get("/v1/galleries").json()["galleries"][0]["templates"] == 8
