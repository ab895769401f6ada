"""The client where services are busy, misbehave or are not there, or their certificates do not fit."""

import asyncio
import socket
import ssl
import subprocess
from pathlib import Path

import httpx2
import pytest

from alikely.client import AsyncClient, Client
from alikely.errors import ServiceError, SettingsError
from alikely.server import ServeSettings, open_served, serving


def test_a_refusal_carries_what_the_service_said(client, uses):
    with pytest.raises(ServiceError, match="picture 2: is not a picture") as refused:
        client.gallery("people").identify([uses.pictures(0)[0], b"no picture"], fpir=0.4, confidence=0.0)
    assert (refused.value.status, refused.value.code) == (422, "bad_items")
    assert [name for name, _ in refused.value.problems] == ["picture 2"]
    with pytest.raises(ServiceError, match="no gallery is called") as refused:
        client.gallery("none #? ü").about()
    assert refused.value.status == 404


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
    """Is busy so many times, then an embedding."""

    def __init__(self, times, headers, status=503, code="busy"):
        self.times, self.headers, self.status, self.code, self.asked = times, headers, status, code, 0

    def __call__(self, request):
        self.asked += 1
        if self.asked <= self.times:
            problem = {"code": self.code, "detail": "too many"}
            return httpx2.Response(self.status, json=problem, headers=self.headers)
        return httpx2.Response(200, json={"embeddings": [[1.0, 2.0]]})


@pytest.mark.parametrize("awaited", [False, True])
@pytest.mark.parametrize(("status", "code"), [(503, "busy"), (503, "ending"), (503, "closing"), (429, "rate")])
def test_a_busy_service_is_asked_again_when_it_says(slept, awaited, status, code):
    busy = Busy(2, {"Retry-After": "3"}, status, code)

    async def go():
        async with AsyncClient("http://x", transport=httpx2.MockTransport(busy)) as client:
            return await client.embed([b"picture"])

    if awaited:
        rows = asyncio.run(go())
    else:
        with Client("http://x", transport=httpx2.MockTransport(busy)) as client:
            rows = client.embed([b"picture"])
    assert rows.tolist() == [[1, 2]]
    assert slept == [3, 3]


@pytest.mark.parametrize(
    ("status", "code", "headers"),
    [
        (503, "keys", {}),
        (503, "keys", {"Retry-After": "60"}),
        (503, "state", {"Retry-After": "60"}),
        (503, "busy", {}),
        (503, "busy", {"Retry-After": "x"}),
        (503, "busy", {"Retry-After": "nan"}),
        (503, "busy", {"Retry-After": "9999"}),
        (500, "bug", {"Retry-After": "1"}),
    ],
)
def test_what_does_not_pass_by_itself_is_told_at_once(slept, status, code, headers):
    busy = Busy(100, headers, status, code)
    with (
        Client("http://x", transport=httpx2.MockTransport(busy)) as client,
        pytest.raises(ServiceError, match="too many") as refused,
    ):
        client.embed([b"picture"])
    assert (refused.value.status, refused.value.code, busy.asked, slept) == (status, code, 1, [])


@pytest.mark.parametrize(
    ("longest", "waits"), [({}, [50, 50]), ({"longest_wait": 49.0}, []), ({"longest_wait": 50.0}, [50])]
)
def test_no_longer_is_waited_in_all_than_wanted_and_then_it_is_told(slept, longest, waits):
    busy = Busy(100, {"Retry-After": "50"})
    with (
        Client("http://x", transport=httpx2.MockTransport(busy), **longest) as client,
        pytest.raises(ServiceError, match=r"too many .*in 50 s.*longest_wait="),
    ):
        client.embed([b"picture"])
    assert slept == waits


@pytest.mark.parametrize(("key", "problem"), [(None, "takes a key"), ("wrong", "knows no such key")])
def test_who_has_no_valid_key_is_told_how_to_give_one(key, problem):
    refusal = httpx2.Response(401, json={"code": "no_key", "detail": "send a header"})
    with (
        Client("http://x", key=key, transport=httpx2.MockTransport(lambda _: refusal)) as client,
        pytest.raises(ServiceError, match=rf"{problem}.*key=\.\.\.") as refused,
    ):
        client.models()
    assert (refused.value.status, refused.value.code) == (401, "no_key")


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
