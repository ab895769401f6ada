import re

import pytest

from alikely.server import Folders
from alikely.server.access import Access, tokens_in
from alikely.server.origin import Hosts, check_origin, name_in
from alikely.server.problems import RefusedError
from alikely.server.sessions import COOKIE, SECONDS, Sessions
from alikely.server.web.login import local_path
from tests.server.small import bearer, code_of, keys_of, small_service

PAGE = {"Accept": "text/html,application/xhtml+xml"}


def test_without_keys_this_machine_may_do_all(tmp_path):
    client = small_service(tmp_path)

    assert client.get("/v1/models").status_code == 200
    assert client.get("/v1/audit").status_code == 200
    assert client.get("/login", follow_redirects=False).headers["location"] == "/"


def test_as_soon_as_there_is_a_key_it_is_asked_for_and_removals_count_at_once(tmp_path):
    client, keys = small_service(tmp_path), keys_of(tmp_path)
    assert client.get("/v1/models").status_code == 200

    key = keys.add("phone", "read")
    answer = client.get("/v1/models")
    assert code_of(answer) == (401, "no_key")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert client.get("/v1/models", headers=bearer(key)).status_code == 200
    assert client.get("/v1/models", headers={"Authorization": f"bearer  {key} "}).status_code == 200
    for wrong in (key[:-1], key + "x", key.upper(), "", f"{key} {key}"):
        assert code_of(client.get("/v1/models", headers=bearer(wrong))) == (401, "no_key")
    assert code_of(client.get("/v1/models", headers={"Authorization": f"Basic {key}"})) == (401, "no_key")

    keys.remove("phone")
    assert code_of(client.get("/v1/models", headers=bearer(key))) == (401, "no_key")
    assert code_of(client.get("/v1/models")) == (401, "no_key")  # none is left: nobody is let in


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_for_other_machines_keys_are_needed_even_before_there_is_one(tmp_path, host):
    client = small_service(tmp_path, host=host)

    assert code_of(client.get("/v1/models")) == (401, "no_key")
    assert client.get("/healthz").status_code == 200


def test_rights_contain_each_other(tmp_path):
    client, keys = small_service(tmp_path), keys_of(tmp_path)
    made = {right: bearer(keys.add(right, right)) for right in ("read", "enrol", "admin")}

    assert [client.get("/v1/models", headers=made[right]).status_code for right in made] == [200, 200, 200]
    assert code_of(client.get("/v1/audit", headers=made["read"])) == (403, "right")
    assert code_of(client.get("/v1/audit", headers=made["enrol"])) == (403, "right")
    assert client.get("/v1/audit", headers=made["admin"]).status_code == 200


def test_a_damaged_file_of_keys_lets_nobody_in_and_names_no_path(tmp_path):
    client, keys = small_service(tmp_path), keys_of(tmp_path)
    key = keys.add("phone", "admin")
    keys.path.write_text("{")

    answer = client.get("/v1/models", headers=bearer(key))
    assert code_of(answer) == (503, "keys")
    assert str(tmp_path) not in answer.text
    assert code_of(client.get("/v1/models")) == (503, "keys")
    assert client.get("/healthz").status_code == 200


def logged_in(client, key, **said):
    return client.post("/login", data={"key": key, **said}, follow_redirects=False)


def test_a_key_given_on_the_page_becomes_a_session_until_logout(tmp_path):
    client, keys = small_service(tmp_path), keys_of(tmp_path)
    key = keys.add("ann", "enrol")
    answer = client.get("/model", headers=PAGE, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/model")
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


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),  # a program: let on to the question for a key
        ({"Origin": "http://localhost"}, 401),
        ({"Origin": "HTTP://LOCALHOST"}, 401),
        ({"Sec-Fetch-Site": "same-origin"}, 401),
        ({"Sec-Fetch-Site": "none"}, 401),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost:8001"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
    ],
)
def test_what_changes_something_comes_from_here(tmp_path, headers, status):
    client = small_service(tmp_path)
    keys_of(tmp_path).add("ann", "admin")

    assert client.post("/v1/embed", headers=headers).status_code == status
    assert client.delete("/v1/galleries/x/templates?key=y", headers=headers).status_code == status


def test_the_page_of_another_site_can_change_nothing_without_keys_either(tmp_path):
    client = small_service(tmp_path)

    answer = client.post("/v1/embed", headers={"Origin": "http://evil.example"}, json={"items": []})
    assert code_of(answer) == (403, "origin")
    assert "access-control-allow-origin" not in answer.headers
    assert code_of(client.post("/login", headers={"Sec-Fetch-Site": "cross-site"})) == (403, "origin")
    assert client.get("/v1/models", headers={"Origin": "http://evil.example"}).status_code == 200


def test_a_key_in_the_header_is_no_cookie_and_may_come_from_anywhere(tmp_path):
    client = small_service(tmp_path)
    key = keys_of(tmp_path).add("ann", "admin")
    elsewhere = {"Origin": "http://app.example", **bearer(key)}

    assert client.post("/v1/embed", headers=elsewhere).status_code in (404, 415)
    assert client.post("/v1/embed", headers={**elsewhere, "Cookie": f"{COOKIE}=x"}).status_code == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8000", 200),
        ("LOCALHOST.:1", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("alikely.example", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("192.0.2.1", 421),
        ("", 421),
    ],
)
def test_a_name_that_was_made_to_point_here_is_refused(tmp_path, host, status):
    client = small_service(tmp_path, names=("Alikely.Example",))

    answer = client.get("/v1/models", headers={"Host": host})
    assert answer.status_code == status
    if status == 421:
        assert code_of(answer) == (421, "host")


def test_for_other_machines_addresses_count_and_unknown_names_do_not():
    hosts = Hosts("0.0.0.0", (), local=False)

    for said in (b"192.0.2.1:80", b"[2001:db8::1]:8000", b"localhost", b"10.0.0.3"):
        hosts.check(said, "127.0.0.1")
    hosts.check(b"box.local", "box.local")
    for said in (b"evil.example", b"1.2.3.4.evil.example", b"", b"[", b"\xff"):
        with pytest.raises(RefusedError):
            hosts.check(said, "10.0.0.3")


def test_names_in_headers():
    assert [name_in(said) for said in (b"A.b:80", b"[::1]:80", b"[::1]", b"a.", b":80")] == [
        "a.b",
        "::1",
        "::1",
        "a",
        "",
    ]
    check_origin("GET", b"a", b"http://b", b"cross-site")


def test_addresses_that_need_no_key_hold_nothing_of_anybodys(tmp_path):
    client = small_service(tmp_path)
    keys_of(tmp_path).add("ann", "read")

    for path in ("/healthz", "/readyz", "/login", "/static/style.css"):
        assert client.get(path).status_code == 200
    for path in (
        "/",
        "/openapi.json",
        "/metrics",
        "/compare",
        "/model",
        "/v1/models",
        "/nowhere",
        "/static",
        "/staticx",
    ):
        assert code_of(client.get(path)) == (401, "no_key"), path
    for path in ("/healthz/", "//healthz", "/static/../v1/models", "/static/%2e%2e/%2e%2e/pages.py"):
        assert client.get(path).status_code in (401, 404), path


def test_no_path_of_the_folders_is_in_what_is_told(tmp_path):
    client = small_service(tmp_path, Folders())

    assert str(tmp_path) not in client.get("/v1/models").text
