"""A real server on loopback: heads without end, bodies without end, clients that hang up."""

import socket
import time
import urllib.request

import pytest

from alikely.server import Folders, ServeSettings, door, heads, listening, open_served, serving
from tests.server.test_meter import figures

HOST = b"Host: localhost\r\n"
AT_LAST = 60.0  # seconds until a test ends what the server should have ended, by a limit of one second or less


@pytest.fixture
def address(tmp_path, monkeypatch, request):
    monkeypatch.setattr(heads, "SECONDS", 0.5)
    monkeypatch.setattr(door, "BODY_SECONDS", getattr(request, "param", 0.5))
    monkeypatch.setattr(listening, "UNREAD_SECONDS", 1.0)
    with serving(open_served(Folders(), ServeSettings(state=tmp_path, port=0))) as url:
        host, _, port = url.rpartition("//")[2].rpartition(":")
        yield host, int(port)


def said(address, first: bytes, then: bytes = b"", every: float = 0.0) -> bytes:
    """What the server answers before it closes; `then` is sent again and again until it does."""
    with socket.create_connection(address, timeout=AT_LAST) as connection:
        answer = b""
        until = time.monotonic() + AT_LAST
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

    assert time.monotonic() - begun < AT_LAST
    assert ask(address, "/healthz") == '{"status":"ok"}'


@pytest.mark.parametrize(
    "first", [b"", b"GET /healthz HTTP/1.1\r\nX: y", b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\nGET /h"]
)
def test_a_head_that_does_not_come_is_left(address, first):
    begun = time.monotonic()
    said(address, first)

    assert 0.3 < time.monotonic() - begun < AT_LAST


def test_a_head_that_comes_in_drops_is_left(address):
    begun = time.monotonic()
    said(address, b"GET /healthz HTTP/1.1\r\nX: ", b"y", every=0.1)

    assert time.monotonic() - begun < AT_LAST


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n", b"\r\n"),
        (b"GET /healthz HTTP/1.1\r\n" + HOST + b"Content-Length: 1000000\r\n\r\n", b"x"),
        (b"POST /v1/embed HTTP/1.1\r\n" + HOST + b"Content-Length: 9" + b"9" * 20 + b"\r\n\r\n", b"x"),
        (b"POST /none HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
)
def test_what_drips_in_behind_an_answer_holds_no_connection(address, first, then):
    """Whoever was answered 401 once kept the connection for ever so, by a byte every few seconds."""
    begun = time.monotonic()
    answer = said(address, first, then, every=0.1)

    assert answer.startswith(b"HTTP/1.1 ")
    assert time.monotonic() - begun < AT_LAST


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


@pytest.mark.parametrize("address", [60.0], indirect=True)  # seconds for a body: not these end them
def test_clients_that_hang_up_leave_nothing_behind(address):
    for _ in range(20):
        with socket.create_connection(address) as connection:
            connection.sendall(b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\nkey=")
    left = ("alikely_request_seconds_count", (("route", "/login"), ("status", "499")))
    until = time.monotonic() + AT_LAST
    while (found := figures(ask(address, "/metrics"))).get(left) != 20 and time.monotonic() < until:
        time.sleep(0.05)

    assert found[("alikely_requests_in_flight", ())] == 0
    assert found[("alikely_body_bytes", ())] == 0
    assert found[left] == 20


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux ends such connections by itself")
def test_who_reads_no_answer_keeps_no_connection(address, monkeypatch, caplog):
    """Who asked for much and read nothing once kept a connection, and a place among the requests, for as long as they
    liked; and each that left at last filled the log."""
    lost, ends = [], heads.BoundedHeads.connection_lost
    monkeypatch.setattr(heads.BoundedHeads, "connection_lost", lambda one, why: (lost.append(why), ends(one, why)))
    monkeypatch.setattr(heads, "SECONDS", 60.0)  # it is not this that ends them
    ask = b"GET /static/style.css HTTP/1.1\r\n" + HOST + b"\r\n"
    strangers = [greedy(address) for _ in range(2)]
    try:
        for stranger in strangers:
            stranger.sendall(ask * 1200)  # answers of 25 MB: more than any system holds for them
        until = time.monotonic() + AT_LAST
        while len(lost) < 2 and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        for stranger in strangers:
            stranger.close()

    assert [type(why) for why in lost[:2]] == [TimeoutError, TimeoutError]
    assert ask_login(address).startswith(b"HTTP/1.1 ")
    assert caplog.text == ""


def ask_login(address) -> bytes:
    return said(address, b"GET /login HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n")


def greedy(address) -> socket.socket:
    """A connection whose client has room for next to nothing."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.connect(address)
    return made
