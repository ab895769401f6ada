import asyncio

import pytest
from fastapi import Response

from alikely.server import ServeSettings
from alikely.server.access import Access
from alikely.server.door import Door
from alikely.server.headers import with_headers
from alikely.server.keys import Keys
from alikely.server.meter import Meter
from alikely.server.problems import RefusedError
from alikely.server.sessions import Sessions
from tests.server.small import code_of, small_service

WANTED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/models", 200),
        ("GET", "/healthz", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/static/style.css", 200),
        ("GET", "/nowhere", 404),
        ("POST", "/v1/models", 405),
        ("POST", "/v1/embed", 404),
        ("GET", "/v1/audit?last=x", 422),
        ("GET", "/broken", 500),
        ("GET", "/v1/models", 421),
    ],
)
def test_every_answer_has_them(tmp_path, method, path, status, caplog):
    client = small_service(tmp_path)

    @client.app.get("/broken")
    async def broken():
        raise KeyError("/secret/path")

    headers = {"Host": "evil.example"} if status == 421 else {}
    answer = client.request(method, path, headers=headers)
    assert answer.status_code == status
    for name, value in WANTED.items():
        assert answer.headers[name] == value
        assert len(answer.headers.get_list(name)) == 1
    policy = answer.headers["content-security-policy"]
    for part in ("default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "script-src 'self'"):
        assert part in policy
    assert "unsafe" not in policy
    assert answer.headers["permissions-policy"].startswith("camera=(self)")
    assert "strict-transport-security" not in answer.headers
    assert answer.headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")
    if status >= 400:
        code_of(answer)


def test_what_an_answer_says_itself_counts(tmp_path):
    client = small_service(tmp_path)

    @client.app.get("/map-like")
    async def own():
        return Response("x", headers={"Content-Security-Policy": "script-src 'nonce-x'", "Cache-Control": "max-age=9"})

    answer = client.get("/map-like")
    assert answer.headers.get_list("content-security-policy") == ["script-src 'nonce-x'"]
    assert answer.headers.get_list("cache-control") == ["max-age=9"]
    assert answer.headers["x-frame-options"] == "DENY"


def test_with_tls_nothing_else_is_spoken_from_then_on():
    assert (b"strict-transport-security", b"max-age=15768000") in with_headers([], tls=True)


def test_an_error_of_ours_tells_what_and_a_bug_tells_nothing(tmp_path, caplog):
    client = small_service(tmp_path)

    @client.app.get("/broken")
    async def broken():
        raise KeyError("/secret/path")

    answer = client.get("/broken", headers={"X-Said": "secret"})
    assert code_of(answer) == (500, "bug")
    assert "secret" not in answer.text
    assert "KeyError" not in answer.text
    assert "/secret/path" in caplog.text
    assert "Traceback" in caplog.text


def test_what_the_disk_refuses_names_no_path(tmp_path, caplog):
    client = small_service(tmp_path)
    client.app.state.served.state.audit.mkdir(parents=True)

    answer = client.get("/v1/audit")
    assert code_of(answer) == (507, "storage")
    assert str(tmp_path) not in answer.text
    assert str(tmp_path) in caplog.text


def test_a_method_that_is_not_there_says_which_are(tmp_path):
    answer = small_service(tmp_path).delete("/v1/models")

    assert code_of(answer) == (405, "method")
    assert answer.headers["allow"] == "GET"


def test_people_are_told_on_a_page(tmp_path):
    client = small_service(tmp_path)
    people = {"Accept": "text/html"}

    answer = client.get("/nowhere", headers=people)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert code_of(client.get("/v1/nowhere", headers=people)) == (404, "not_found")
    answer = client.get("/<script>alert(1)</script>", headers=people)
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    "error", [RefusedError(503, "busy", "wait"), asyncio.CancelledError(), KeyError("x")], ids=["refusal", "end", "bug"]
)
def test_an_answer_that_has_begun_gets_no_second_beginning(tmp_path, error):
    settings, begun = ServeSettings(state=tmp_path), []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise error

    async def send(message):
        begun.append(message["status"])

    scope = {"type": "http", "method": "GET", "path": "/healthz", "headers": [(b"host", b"localhost")]}
    door = Door(app, settings, Access(True, Keys(tmp_path / "keys.json"), Sessions()), Meter())
    with pytest.raises(type(error)):
        asyncio.run(door(scope, None, send))
    assert begun == [200]


def test_a_client_that_hangs_up_is_no_error(tmp_path, caplog):
    client = small_service(tmp_path)
    sent = []

    async def run():
        messages = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]

        async def receive():
            return messages.pop(0)

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/login",
            "raw_path": b"/login",
            "query_string": b"",
            "root_path": "",
            "scheme": "http",
            "headers": [(b"host", b"localhost"), (b"content-length", b"9")],
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 9),
            "http_version": "1.1",
        }
        await client.app(scope, receive, send)

    asyncio.run(run())
    assert sent == []
    assert caplog.text == ""
    assert "alikely_requests_in_flight 0.0" in client.get("/metrics").text
