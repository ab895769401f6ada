"""A real server on loopback: heads without end, bodies without end, clients that hang up."""

import socket
import time
import urllib.request

import pytest

from alikely.server import Folders, ServeSettings, door, heads, open_served, serving
from tests.server.test_meter import figures

HOST = b"Host: localhost\r\n"


@pytest.fixture
def address(tmp_path, monkeypatch):
    monkeypatch.setattr(heads, "SECONDS", 0.5)
    monkeypatch.setattr(door, "BODY_SECONDS", 0.5)
    with serving(open_served(Folders(), ServeSettings(state=tmp_path, port=0))) as url:
        host, _, port = url.rpartition("//")[2].rpartition(":")
        yield host, int(port)


def said(address, first: bytes, then: bytes = b"", every: float = 0.0) -> bytes:
    """What the server answers before it closes; `then` is sent again and again until it does."""
    with socket.create_connection(address, timeout=20) as connection:
        answer = b""
        until = time.monotonic() + 15
        try:
            connection.sendall(first)
            while then and time.monotonic() < until:
                connection.sendall(then)
                time.sleep(every)
        except OSError:
            pass
        try:
            while part := connection.recv(65_536):
                answer += part
        except ConnectionResetError:
            pass
        return answer


def ask(address, path: str) -> str:
    return urllib.request.urlopen(f"http://{address[0]}:{address[1]}{path}").read().decode()


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: ", b"y" * 10_000),
        (b"GET /healthz HTTP/1.1\r\n" + HOST, b"X: y\r\n" * 1000),
        (b"GET /", b"x" * 10_000),
    ],
)
def test_a_head_without_end_is_left(address, first, then):
    begun = time.monotonic()
    said(address, first, then)

    assert time.monotonic() - begun < 10
    assert ask(address, "/healthz") == '{"status":"ok"}'


@pytest.mark.parametrize(
    "first", [b"", b"GET /healthz HTTP/1.1\r\nX: y", b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\nGET /h"]
)
def test_a_head_that_does_not_come_is_left(address, first):
    begun = time.monotonic()
    said(address, first)

    assert 0.3 < time.monotonic() - begun < 10


def test_a_head_that_comes_in_drops_is_left(address):
    begun = time.monotonic()
    said(address, b"GET /healthz HTTP/1.1\r\nX: ", b"y", every=0.1)

    assert time.monotonic() - begun < 10


def test_a_large_body_right_behind_its_head_is_no_large_head(address):
    body = b"x" * 200_000
    head = b"POST /v1/embed HTTP/1.1\r\n" + HOST + b"Connection: close\r\nContent-Type: application/json\r\n"
    answer = said(address, head + b"Content-Length: 200000\r\n\r\n" + body)

    assert answer.startswith(b"HTTP/1.1 404")  # no model is served


def test_a_body_that_does_not_come_or_does_not_end_is_left(address):
    head = b"POST /login HTTP/1.1\r\n" + HOST
    slow = said(address, head + b"Content-Length: 10\r\n\r\nx")
    endless = said(address, head + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"x" * 4096 + b"\r\n")

    assert slow.startswith(b"HTTP/1.1 408")
    assert endless == b"" or endless.startswith(b"HTTP/1.1 413")  # or the answer was lost with the connection


def test_clients_that_hang_up_leave_nothing_behind(address):
    for _ in range(20):
        with socket.create_connection(address) as connection:
            connection.sendall(b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\nkey=")
    for _ in range(100):
        found = figures(ask(address, "/metrics"))
        if found[("alikely_requests_in_flight", ())] == 0:
            break
        time.sleep(0.05)

    assert found[("alikely_requests_in_flight", ())] == 0
    assert found[("alikely_body_bytes", ())] == 0
    assert found[("alikely_request_seconds_count", (("route", "/login"), ("status", "499")))] == 20
