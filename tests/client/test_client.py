"""The client against a service in a thread, against the application itself, and against services that misbehave."""

import asyncio
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import date
from pathlib import Path

import httpx2
import numpy as np
import pytest
import uvicorn
from PIL import Image

import alikely
import alikely.gallery
import alikely.tasks.anomaly
import alikely.tasks.recommend
import alikely.tasks.sentences
from alikely.client import AsyncClient, Client, answers, clients
from alikely.client.saying import body, said
from alikely.errors import InputError, ServiceError, SettingsError
from alikely.server import ServeSettings, create_app, open_served, serving
from alikely.storage import load_model
from alikely.tasks.anomaly import load_detector
from alikely.tasks.recommend import load_recommender
from tests.server.uses import FIRM, HOST, Uses, make_uses
from tests.tasks.anomaly.normal import anomaly_of


@pytest.fixture(scope="module")
def uses(tmp_path_factory) -> Uses:
    return make_uses(tmp_path_factory.mktemp("uses"))


@contextmanager
def running(app) -> Iterator[str]:
    """An application on a free port, in a thread; its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def url(uses, tmp_path_factory):
    served = open_served(uses.folders, ServeSettings(port=0, state=tmp_path_factory.mktemp("state")))
    with running(create_app(served)) as url:
        yield url


@pytest.fixture
def client(url):
    with Client(url) as client:
        yield client


def test_it_is_there_and_says_what_it_serves(client):
    assert client.ready()
    told = client.models()
    assert (told.model.kind, told.model.dim) == ("picture", 8)
    assert (told.galleries, told.detectors, told.recommenders, told.answers) == (
        ("people",),
        ("rows", "patches"),
        ("shop",),
        ("faq",),
    )


def test_pictures_in_every_form_have_one_embedding(client, uses):
    path = uses.pictures(0)[0]
    opened = Image.open(path)
    rows = client.embed([path, path.read_bytes(), opened, np.asarray(opened), np.asarray(opened)[..., None]])
    own = load_model(uses.folders.model).embed([path])

    assert (rows.dtype, rows.shape) == (np.float32, (5, 8))
    np.testing.assert_allclose(rows, np.repeat(own, 5, axis=0), atol=1e-5)


def test_compare_says_what_the_model_says(client, uses):
    left, right = uses.pictures(0)[:2]
    decision = client.compare(left, right, fmr=0.3, fnmr=0.2, prior=0.2, confidence=0.0)
    own = load_model(uses.folders.model).compare(left, right, fmr=0.3, fnmr=0.2, prior=0.2, confidence=0.0)
    for name in (field.name for field in fields(decision)):
        assert getattr(decision, name) == pytest.approx(getattr(own, name), abs=1e-5)


def test_explain_shows_both_pictures_and_says_why(client, uses):
    left, right = uses.pictures(0)[0], uses.pictures(1)[0]
    told, own = client.explain(left, right), alikely.explain(load_model(uses.folders.model), left, right)
    assert told.distance == pytest.approx(own.distance, abs=1e-5)
    assert told.decision.verdict == own.decision.verdict
    assert told.left.regions == pytest.approx(own.left.regions(), abs=1e-4)
    assert told.right.map.startswith(b"\x89PNG")


def test_a_gallery_is_enrolled_searched_and_emptied(client, uses):
    people = client.gallery("people")
    paths = uses.pictures(4)[:2]
    assert people.enrol(paths, FIRM, {"price": 3, "own": True}).new == 2
    assert people.enrol(paths, FIRM).there == 2

    assert people.verify(paths[0], FIRM, fmr=0.4, confidence=0.0).verdict == "same"
    first, second = people.identify([paths[0], uses.pictures(1)[0]], fpir=0.4, confidence=0.0, k=2)
    assert (first.identity, second.identity) == (FIRM, "id01")
    assert first.threshold.fpir == 0.4
    hits = people.search(paths[0], k=5, where="own = true")
    assert [hit.identity for hit in hits] == [FIRM, FIRM]
    assert hits[0].fields == {"price": 3, "own": True}
    assert people.like(hits[0].key, k=1, where="own = true")[0].key == hits[1].key

    assert people.identities(starts="ann").identities == (answers.Identity(FIRM, 2),)
    assert people.identities().total == 5
    assert {one.key for one in people.templates(FIRM).templates} == {hit.key for hit in hits}
    about = people.about(fpir=0.4, confidence=0.0)
    assert (about.templates, about.threshold.fpir, about.threshold_problem) == (10, 0.4, None)

    assert people.remove_template(hits[0].key).templates == 1
    removed = people.remove(FIRM)
    assert (removed.templates, removed.traces) == (1, ())
    assert people.about().templates == 8


def test_the_other_uses(client, uses):
    row = anomaly_of("row")
    scores = client.score([row], detector="rows", rate=0.2)
    own = load_detector(uses.folders.detectors[0]).judge([row], 0.2)[0]
    assert scores.anomalies == 1
    assert scores.items[0].deviation == pytest.approx(own.deviation)
    assert [reason.where for reason in scores.items[0].reasons] == [reason.where for reason in own.reasons]
    mapped = client.score([uses.root / "odd.png"], detector="patches", maps=True).items[0]
    assert mapped.map.startswith(b"\x89PNG")

    recommender = load_recommender(uses.folders.recommenders[0])
    told = client.recommend_for(["p1", "none"], person="v2", k=3, diversity=0.2)
    wanted = recommender.for_somebody(["p1", "none"], "v2", 3, diversity=0.2)
    assert ([one.item for one in told.items], told.unknown) == ([one.item for one in wanted.items], wanted.unknown)
    assert [one.item for one in client.recommend_like("p1", k=3).items] == [
        one.item for one in recommender.like("p1", 3)
    ]
    assert client.ask("how do I cancel an order").answer == "cancel the order"


def test_the_same_with_asyncio_over_the_application_itself(uses, tmp_path):
    async def go():
        app = create_app(open_served(uses.folders, ServeSettings(state=tmp_path)))
        transport = httpx2.ASGITransport(app, client=("127.0.0.1", 5000))
        async with app.router.lifespan_context(app), AsyncClient(HOST, transport=transport) as client:
            assert await client.ready()
            people, path = client.gallery("people"), uses.pictures(0)[0]
            asked = [people.identify([path], fpir=0.4, confidence=0.0) for _ in range(8)]
            for (answer,) in await asyncio.gather(*asked):
                assert answer.identity == "id00"
            assert (await client.compare(path, path)).distance < 1e-5
            with pytest.raises(ServiceError, match="'nobody' is not there"):
                await people.verify(path, "nobody")

    asyncio.run(go())


def test_both_clients_have_the_same_methods():
    for one, other in ((clients.Client, clients.AsyncClient), (clients.Gallery, clients.AsyncGallery)):
        names = [{name for name in vars(kind) if not name.startswith("_")} for kind in (one, other)]
        assert names[0] == names[1]


@pytest.mark.parametrize(
    ("mine", "own", "other"),
    [
        (answers.Decision, alikely.Decision, {}),
        (answers.Threshold, alikely.gallery.Threshold, {}),
        (answers.Candidate, alikely.gallery.Candidate, {}),
        (answers.Identification, alikely.gallery.Identification, {"distance", "probability"}),
        (answers.Hit, alikely.gallery.Hit, {}),
        (answers.Enrolled, alikely.gallery.Enrolled, {}),
        (answers.Removed, alikely.gallery.Removed, {}),
        (answers.Reason, alikely.tasks.anomaly.Reason, {}),
        (answers.Recommendation, alikely.tasks.recommend.Recommendation, {}),
        (answers.Recommendations, alikely.tasks.recommend.Recommendations, {}),
        (answers.Reply, alikely.tasks.sentences.Reply, {}),
    ],
)
def test_answers_have_the_fields_of_our_own_classes(mine, own, other):
    assert {field.name for field in fields(mine)} == {field.name for field in fields(own)} | set(other)


def test_to_import_it_imports_no_network_and_no_server():
    code = "import sys, alikely.client; print([m for m in ('torch', 'scipy', 'fastapi') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_refusal_carries_what_the_service_said(client, uses):
    with pytest.raises(ServiceError, match="picture 2: is not a picture") as refused:
        client.gallery("people").identify([uses.pictures(0)[0], b"no picture"], fpir=0.4, confidence=0.0)
    assert (refused.value.status, refused.value.code) == (422, "bad_items")
    assert [name for name, _ in refused.value.problems] == ["picture 2"]
    with pytest.raises(ServiceError, match="no gallery is called") as refused:
        client.gallery("none #? ü").about()
    assert refused.value.status == 404


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        (Path("not/there.png"), "not/there.png: cannot be opened"),
        ([1.0, float("nan")], "finite"),
        (["a"], "numbers"),
        ({"a": object()}, "column 'a' is a object"),
        (np.zeros((2, 2, 7), np.uint8), "no picture"),
        (Image.new("CMYK", (2, 2)), "convert"),
    ],
)
def test_what_is_no_item_is_said_before_anything_is_sent(item, problem):
    with Client("http://127.0.0.1:9") as client, pytest.raises(InputError, match=problem):
        client.compare(item, item)


def test_a_list_is_wanted_where_several_are_asked():
    with Client("http://127.0.0.1:9") as client, pytest.raises(InputError, match="in a list"):
        client.embed("one text")


@pytest.mark.parametrize("bad", ["", "127.0.0.1:8000", "ftp://host", "http://"])
def test_what_is_no_address_is_said_at_once(bad):
    with pytest.raises(SettingsError, match="address"):
        Client(bad)


def test_keys_are_sent_and_odd_ones_refused():
    seen = []

    def answer(request):
        seen.append(request.headers.get("authorization"))
        return httpx2.Response(200, json={"embeddings": []})

    with Client("http://x", key="secret", transport=httpx2.MockTransport(answer)) as client:
        client.embed(["a"])
    assert seen == ["Bearer secret"]
    for key in ("", "with blank", "grün", "line\n"):
        with pytest.raises(SettingsError, match="key"):
            Client("http://x", key=key)


class Busy:
    """Answers 503 so many times, then an embedding."""

    def __init__(self, times, headers):
        self.times, self.headers, self.asked = times, headers, 0

    def __call__(self, request):
        self.asked += 1
        if self.asked <= self.times:
            problem = {"code": "busy", "detail": "too many"}
            return httpx2.Response(503, json=problem, headers=self.headers)
        return httpx2.Response(200, json={"embeddings": [[1.0, 2.0]]})


@pytest.fixture
def slept(monkeypatch):
    seconds: list[float] = []

    async def async_sleep(wait):
        seconds.append(wait)

    monkeypatch.setattr(clients, "sleep", seconds.append)
    monkeypatch.setattr(clients, "async_sleep", async_sleep)
    return seconds


@pytest.mark.parametrize(
    ("headers", "waits"),
    [({"Retry-After": "3"}, [3, 3]), ({}, [1, 2]), ({"Retry-After": "9999"}, [60, 60]), ({"Retry-After": "x"}, [1, 2])],
)
@pytest.mark.parametrize("awaited", [False, True])
def test_a_busy_service_is_asked_again_when_it_says(slept, headers, waits, awaited):
    busy = Busy(2, headers)

    async def go():
        async with AsyncClient("http://x", transport=httpx2.MockTransport(busy)) as client:
            return await client.embed([b"picture"])

    if awaited:
        rows = asyncio.run(go())
    else:
        with Client("http://x", transport=httpx2.MockTransport(busy)) as client:
            rows = client.embed([b"picture"])
    assert rows.tolist() == [[1, 2]]
    assert slept == waits


def test_a_service_that_stays_busy_is_an_error(slept):
    busy = Busy(100, {"Retry-After": "1"})
    with (
        Client("http://x", retries=3, transport=httpx2.MockTransport(busy)) as client,
        pytest.raises(ServiceError, match="too many") as refused,
    ):
        client.embed(["a"])
    assert (refused.value.status, refused.value.code, busy.asked, len(slept)) == (503, "busy", 4, 3)


@pytest.mark.parametrize(
    ("response", "status", "problem"),
    [
        (httpx2.Response(200, text="<html>"), 200, "answers no JSON"),
        (httpx2.Response(200, json={"other": 1}), None, "something else than expected"),
        (httpx2.Response(200, json=[1]), None, "something else than expected"),
        (httpx2.Response(502, text="<html>bad gateway"), 502, "502 Bad Gateway"),
        (httpx2.Response(404, json=["no problem"]), 404, "404 Not Found"),
    ],
)
def test_what_is_no_answer_of_ours_is_an_error(response, status, problem):
    with (
        Client("http://x", transport=httpx2.MockTransport(lambda _: response)) as client,
        pytest.raises(ServiceError, match=problem) as refused,
    ):
        client.embed(["a"])
    assert refused.value.status == status


def test_a_service_that_is_not_there_or_does_not_answer():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with Client(address) as client:
            assert not client.ready()
            with pytest.raises(ServiceError, match="cannot be reached") as refused:
                client.models()
        assert (refused.value.status, refused.value.code) == (None, "unreachable")
        listening.listen()
        with Client(address, timeout=0.2) as client, pytest.raises(ServiceError, match="in time") as refused:
            client.models()
        assert refused.value.code == "timeout"
        with (
            Client(address.replace("http", "https"), timeout=0.2) as client,
            pytest.raises(ServiceError, match=r"cannot be reached|in time"),
        ):
            client.models()


def test_a_service_without_tls_is_not_spoken_to_over_tls(url):
    with (
        Client(url.replace("http", "https"), verify=ssl.create_default_context()) as client,
        pytest.raises(ServiceError, match="cannot be reached") as refused,
    ):
        client.models()
    assert refused.value.code == "unreachable"
    with pytest.raises(SettingsError, match="no certificates"):
        Client("https://x", verify=Path(__file__))


def test_a_certificate_is_checked_unless_it_is_named(uses, tmp_path):
    made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    named = [
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
    ]
    subprocess.run(["openssl", *made, *named], check=True, capture_output=True, cwd=tmp_path)
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    settings = ServeSettings(port=0, state=tmp_path / "state", certificate=certificate, private_key=key)
    with serving(open_served(uses.folders, settings)) as url:
        with Client(url) as client, pytest.raises(ServiceError, match=r"certificate verify failed.*\(verify=\)"):
            client.models()
        with Client(url, verify=certificate) as client:
            assert client.models().galleries == ("people",)


def test_sequences_and_rows_are_sent_as_numbers_and_cells(tmp_path):
    np.save(tmp_path / "one.npy", np.arange(4.0))
    assert said(tmp_path / "one.npy") == [[0.0], [1.0], [2.0], [3.0]]
    assert said(np.zeros((2, 2), np.float32)) == [[0.0, 0.0], [0.0, 0.0]]
    assert said((1, 2)) == [1.0, 2.0]
    row = {"a": np.float32(0.5), "b": float("nan"), "c": date(2026, 1, 2), "d": None, "e": True}
    assert said(row) == {"a": 0.5, "b": None, "c": "2026-01-02", "d": None, "e": True}
    assert body({"a": 1, "b": None})["content"] == b'{"a": 1}'
    with pytest.raises(InputError, match="is no item"):
        said(object())
