"""Who may do what: keys and their rights, requests from elsewhere, names of the host, what is told to anybody."""

import asyncio

import pytest
from fastapi import Request
from fastapi.security import SecurityScopes

from alikely.server import Folders
from alikely.server.access import permitted
from alikely.server.origin import Hosts, check_origin, name_in
from alikely.server.problems import RefusedError
from alikely.server.sessions import COOKIE
from tests.server.small import bearer, code_of, keys_of, small_service


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


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_this_machine_itself_needs_no_key_at_any_of_its_own_addresses(tmp_path, host):
    assert small_service(tmp_path, host=host).get("/v1/models").status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "127.example", "localhost.example"])
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


def test_a_route_that_is_reached_past_the_door_lets_nobody_in():
    with pytest.raises(RefusedError) as refused:
        asyncio.run(permitted(Request({"type": "http"}), SecurityScopes(["read"])))
    assert refused.value.status == 401


def test_a_damaged_file_of_keys_lets_nobody_in_and_names_no_path(tmp_path):
    client, keys = small_service(tmp_path), keys_of(tmp_path)
    key = keys.add("phone", "admin")
    keys.path.write_text("{")

    answer = client.get("/v1/models", headers=bearer(key))
    assert code_of(answer) == (503, "keys")
    assert str(tmp_path) not in answer.text
    assert answer.json()["title"] == "Keys cannot be read"
    assert "Retry-After" not in answer.headers  # it does not pass by itself
    assert code_of(client.get("/v1/models")) == (503, "keys")
    assert code_of(client.get("/readyz")) == (503, "keys")
    assert client.get("/healthz").status_code == 200


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
        ({"Origin": "http://evil-localhost"}, 403),
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
