"""Who logs in on the page: a key becomes a session, which ends by itself, at the logout, and with its key."""

import re

import pytest

from alikely.server.access import Access, tokens_in
from alikely.server.sessions import COOKIE, SECONDS, Sessions
from alikely.server.web.login import local_path
from tests.server.small import bearer, code_of, keys_of, small_service

PAGE = {"Accept": "text/html,application/xhtml+xml"}


def logged_in(client, key, **said):
    return client.post("/login", data={"key": key, **said}, follow_redirects=False)


def test_a_key_given_on_the_page_becomes_a_session_until_logout(tmp_path):
    client, keys = small_service(tmp_path), keys_of(tmp_path)
    key = keys.add("ann", "enrol")
    answer = client.get("/model", headers=PAGE, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/model")
    answer = client.get("/a%26b%3Fc", headers=PAGE, follow_redirects=False)
    assert answer.headers["location"] == "/login?next=/a%26b%3Fc"
    assert "Your key" in client.get("/login", headers=PAGE).text

    answer = logged_in(client, f" {key} ", next="/model")
    assert (answer.status_code, answer.headers["location"]) == (303, "/model")
    cookie = answer.headers["set-cookie"]
    assert re.search(r"; HttpOnly(;|$)", cookie)
    assert re.search(r"; SameSite=strict(;|$)", cookie)
    assert "Secure" not in cookie
    assert key not in cookie
    assert client.get("/v1/models").status_code == 200
    assert code_of(client.get("/v1/audit")) == (403, "right")
    # A wrong key is not made up for by the cookie.
    assert code_of(client.get("/v1/models", headers=bearer("x"))) == (401, "no_key")

    assert client.post("/logout", follow_redirects=False).status_code == 303
    client.cookies.set(COOKIE, cookie.partition("=")[2].partition(";")[0])
    assert code_of(client.get("/v1/models")) == (401, "no_key")


def test_a_removed_key_ends_its_sessions(tmp_path):
    client, keys = small_service(tmp_path), keys_of(tmp_path)
    logged_in(client, keys.add("ann", "read"))
    assert client.get("/v1/models").status_code == 200

    keys.remove("ann")
    keys.add("ann", "read")
    assert code_of(client.get("/v1/models")) == (401, "no_key")


def test_with_tls_the_cookie_goes_nowhere_else(tmp_path):
    client = small_service(tmp_path)
    key = keys_of(tmp_path).add("ann", "read")
    proxied = client.post("/login", data={"key": key}, headers={"Origin": "https://localhost"}, follow_redirects=False)
    client.base_url = "https://localhost"

    assert "; Secure" in proxied.headers["set-cookie"]
    assert "; Secure" in logged_in(client, key).headers["set-cookie"]


@pytest.mark.parametrize("said", [{"key": "x"}, {}, {"key": "x" * 4_000}, {"other": "x"}, {"key": "\x00ä"}])
def test_a_wrong_key_gives_no_session(tmp_path, said):
    client = small_service(tmp_path)
    keys_of(tmp_path).add("ann", "read")

    answer = client.post("/login", data=said)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "This key is not known" in answer.text


def test_a_login_with_more_than_a_key_is_refused_whoever_sends_it(tmp_path):
    client, keys = small_service(tmp_path), keys_of(tmp_path)
    key = keys.add("ann", "read")

    for _ in range(2):  # a stranger, then somebody who is logged in
        assert code_of(logged_in(client, "x" * 5_000)) == (413, "too_large")
        assert logged_in(client, key).status_code == 303


@pytest.mark.parametrize(
    ("said", "back"),
    [
        ("/gallery", "/gallery"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\nSet-Cookie: x=1", "/"),
        ("", "/"),
        ("/\u202e", "/"),
    ],
)
def test_after_the_login_nobody_is_sent_elsewhere(said, back):
    assert local_path(said) == back


def test_what_stands_in_an_address_is_no_part_of_the_page(tmp_path):
    client = small_service(tmp_path)
    keys_of(tmp_path).add("ann", "read")

    said = '/"><script>alert(1)</script>'
    for page in (client.get("/login", params={"next": said}), client.post("/login", data={"key": "x", "next": said})):
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert" in page.text


def test_sessions_end_by_a_clock_that_never_jumps(monkeypatch):
    now = [1000.0]
    sessions = Sessions(lambda: now[0])
    token = sessions.begin("hash")
    for jump in (-1e9, 1e9):
        monkeypatch.setattr("time.time", lambda jump=jump: 1.8e9 + jump)
        assert sessions.key_of(token) == "hash"
    now[0] += SECONDS - 1
    assert sessions.key_of(token) == "hash"
    now[0] += 1
    assert sessions.key_of(token) is None


def test_sessions_are_random_and_bounded(monkeypatch):
    monkeypatch.setattr("alikely.server.sessions.MOST", 5)
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    tokens = [sessions.begin("hash") for _ in range(8)]

    assert len(set(tokens)) == 8
    assert all(len(token) >= 40 for token in tokens)
    assert [sessions.key_of(token) is not None for token in tokens] == [False] * 3 + [True] * 5
    now[0] = float(SECONDS)
    last = sessions.begin("hash")
    assert len(sessions) == 1
    assert sessions.key_of(last) == "hash"


@pytest.mark.parametrize(
    ("cookies", "tokens"),
    [
        (b"", []),
        (b"alikely-session-80=abc", ["abc"]),
        (b"a=b; alikely-session-1=abc; c=d; alikely-session-2=def", ["abc", "def"]),
        (b"xalikely-session-80=abc", []),
        (b"alikely-session-80=" + b"a" * 300, []),
        (b";;=;\xff", []),
    ],
)
def test_the_tokens_in_a_header(cookies, tokens):
    assert tokens_in(cookies) == tokens


def test_services_at_two_ports_of_one_host_do_not_log_each_other_out(tmp_path):
    key = keys_of(tmp_path / "one").add("ann", "read")
    keys_of(tmp_path / "two").add("bob", "read")
    one, two = (small_service(tmp_path / name) for name in ("one", "two"))
    logged = one.post("http://localhost:8001/login", data={"key": key}, follow_redirects=False)
    name, _, token = logged.headers["set-cookie"].partition(";")[0].partition("=")
    assert name.endswith("8001")
    # The browser sends both.
    both = {"Cookie": f"alikely-session-8002=other; {name}={token}"}
    assert one.get("/v1/models", headers=both).status_code == 200
    assert two.get("/v1/models", headers=both).status_code == 401


def test_a_session_counts_for_nothing_when_the_file_of_keys_is_gone_elsewhere(tmp_path):
    keys, sessions = keys_of(tmp_path), Sessions()
    token = sessions.begin("hash of a key that is not there")

    assert Access(False, keys, sessions).caller_of(b"", f"{COOKIE}={token}".encode()) is None
