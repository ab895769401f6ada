"""Slow work of requests: it ends when its client hangs up; when the service has no time left, it is told so."""

import base64
import json
import logging
import socket
import threading
import time
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from alikely.client import Client
from alikely.data.preparation import PicturePreparation
from alikely.errors import ServiceError
from alikely.gallery import Gallery
from alikely.server import Folders, ServeSettings, open_served, serving
from alikely.server.audit import Audit
from alikely.storage import save_model
from alikely.stores.local import LocalStore
from tests.models import pictures, small_model
from tests.server.uses import png

STEP, STEPS = 0.05, 2400
PATIENCE = 60  # seconds: half of what a search takes that nobody has ended


@pytest.fixture
def slow(monkeypatch):
    """Searches take two minutes, in steps; (set when one has begun, and when one was given up)."""
    begun, given_up = threading.Event(), threading.Event()

    def search_all(_gallery, _examples, _k, _where, progress):
        begun.set()
        try:
            for step in range(STEPS):
                progress("reading", step, STEPS)
                time.sleep(STEP)
        except Exception:
            given_up.set()
            raise

    monkeypatch.setattr(Gallery, "search_all", search_all)
    return begun, given_up


@pytest.fixture
def folders(tmp_path):
    save_model(small_model(), tmp_path / "model")
    Gallery.create(tmp_path / "people", tmp_path / "model").close()
    return Folders(model=tmp_path / "model", galleries=(tmp_path / "people",))


def hang_up(url, path, asked, when=lambda: None):
    body = json.dumps(asked).encode()
    parts = urlsplit(url)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    with socket.create_connection((parts.hostname, parts.port)) as client:
        client.sendall(f"{head}\r\n\r\n".encode() + body)
        when()


def test_nobody_waits_for_the_work_of_clients_that_hung_up(folders, tmp_path, slow):
    begun, given_up = slow
    picture = png(pictures()[0])
    with serving(open_served(folders, ServeSettings(port=0, state=tmp_path / "state"))) as url, Client(url) as client:
        asked = {"item": base64.b64encode(picture).decode()}
        hang_up(url, "/v1/galleries/people/search", asked, lambda: begun.wait(PATIENCE))
        assert given_up.wait(PATIENCE)
        for _ in range(100):
            hang_up(url, "/v1/galleries/people/search", asked)
        started = time.monotonic()
        assert client.gallery("people").enrol([picture], "one").new == 1
        assert time.monotonic() - started < PATIENCE


def test_what_has_no_time_left_at_the_end_is_told_so(folders, tmp_path, slow, caplog):
    begun, given_up = slow
    found = []

    def ask(url):
        with Client(url, retries=0) as client, pytest.raises(ServiceError) as refused:
            client.gallery("people").search(png(pictures()[0]))
        found.append((refused.value.status, refused.value.code))

    settings = ServeSettings(port=0, state=tmp_path / "state", drain_seconds=1)
    with caplog.at_level(logging.ERROR), serving(open_served(folders, settings)) as url:
        asking = threading.Thread(target=ask, args=(url,))
        asking.start()
        assert begun.wait(PATIENCE)
    asking.join(PATIENCE)
    assert found == [(503, "ending")]
    assert given_up.wait(PATIENCE)
    assert not [record for record in caplog.records if record.exc_info]


def test_an_enrolment_that_has_no_time_left_ends_at_once_and_nothing_of_it_is_there(folders, tmp_path, monkeypatch):
    begun, read = threading.Event(), []
    at_once = PicturePreparation.read_one

    def read_one(self, item):
        read.append(item)
        begun.set()
        time.sleep(0.2)
        return at_once(self, item)

    monkeypatch.setattr(PicturePreparation, "read_one", read_one)
    shown = [png(one) for one in pictures(60)]
    found = []

    def ask(url):
        with Client(url, retries=0) as client, pytest.raises(ServiceError) as refused:
            client.gallery("people").enrol(shown, "one")
        found.append((refused.value.status, refused.value.code))

    settings = ServeSettings(port=0, state=tmp_path / "state", drain_seconds=1)
    before = set(threading.enumerate())
    with serving(open_served(folders, settings)) as url:
        asking = threading.Thread(target=ask, args=(url,))
        asking.start()
        assert begun.wait(PATIENCE)
    # The process would live as long as these.
    for thread in set(threading.enumerate()) - before:
        thread.join(PATIENCE)
    assert found == [(503, "ending")]
    assert len(read) < len(shown)
    assert [line["what"] for line in Audit(tmp_path / "state" / "audit.jsonl").last(9)] == ["enrol begun"]
    monkeypatch.undo()
    with Gallery.open(tmp_path / "people", small_model()) as gallery:
        assert len(gallery) == 0
        assert gallery.enrol(shown, "one").new == len(shown)


def test_what_is_enrolled_is_told_although_its_client_hung_up(folders, tmp_path, monkeypatch):
    # Once it is kept, it is not given up.
    written, gone = threading.Event(), threading.Event()
    at_once = LocalStore.put

    def put(self, templates):
        done = at_once(self, templates)
        written.set()
        gone.wait(PATIENCE)
        return done

    monkeypatch.setattr(LocalStore, "put", put)
    asked = {"items": [base64.b64encode(png(pictures()[0])).decode()], "identity": "one"}
    served = open_served(folders, ServeSettings(port=0, state=tmp_path / "state"))
    with serving(served) as url:
        hang_up(url, "/v1/galleries/people/enrol", asked, lambda: written.wait(PATIENCE))
        # It is watched who hangs up, by the loop that answers this.
        urlopen(f"{url}/healthz").close()
        gone.set()
        for _ in range(6000):
            if len(said := served.audit.last(9)) == 2:
                break
            time.sleep(0.01)
        assert [line["what"] for line in said] == ["enrol", "enrol begun"]
