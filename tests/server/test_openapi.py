"""Every route of the description: none without a key, none without its right, none that fails whatever it is sent."""

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CHECKS, load_all_checks

from alikely.gallery import Gallery
from alikely.server import Folders, ServeSettings, create_app, open_served
from alikely.server.keys import RIGHTS
from alikely.server.routes import ROUTERS
from alikely.storage import save_model
from tests.models import pictures, small_model
from tests.server.small import bearer, code_of, keys_of, small_service
from tests.server.uses import make_uses

WITHOUT_KEY = {"/healthz", "/readyz"}
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A service that asks for keys, and the headers with a key of each right."""
    state = tmp_path_factory.mktemp("state")
    keys = keys_of(state)
    rights = {right: bearer(keys.add(right, right)) for right in RIGHTS}
    return small_service(state), rights


def operations(client, headers):
    """(method, path, operation) of all routes."""
    described = client.get("/openapi.json", headers=headers).json()
    return [
        (method, path, operation)
        for path, there in described["paths"].items()
        for method, operation in there.items()
        if method in METHODS
    ]


def address(path: str) -> str:
    return path.replace("{", "").replace("}", "")


def test_every_route_without_a_key_is_refused(guarded):
    client, rights = guarded
    found = operations(client, rights["read"])
    asked = [path for _, path, _ in found]

    assert len(found) > 15
    assert {"/v1/embed", "/v1/compare", "/v1/audit", "/v1/galleries/{name}/enrol", "/metrics"} <= set(asked)
    for method, path, operation in found:
        answer = client.request(method, address(path))
        if path in WITHOUT_KEY:
            assert answer.status_code == 200
            assert "security" not in operation
        else:
            assert code_of(answer) == (401, "no_key"), (method, path)


def test_every_route_with_a_key_of_a_lesser_right_is_refused(guarded):
    client, rights = guarded
    refused = 0
    for method, path, operation in operations(client, rights["admin"]):
        if path in WITHOUT_KEY:
            continue
        (wanted,) = [right for said in operation["security"] for right in said["key"]]
        for right in RIGHTS:
            answer = client.request(method, address(path), headers=rights[right])
            if RIGHTS.index(right) < RIGHTS.index(wanted):
                assert code_of(answer) == (403, "right"), (method, path, right)
                refused += 1
            else:
                assert answer.status_code not in (401, 403), (method, path, right)

    assert refused > 3


def test_what_changes_something_takes_more_than_the_right_to_ask(guarded):
    client, rights = guarded
    for method, path, operation in operations(client, rights["admin"]):
        if method in ("put", "patch", "delete"):
            assert operation["security"] != [{"key": ["read"]}], (method, path)


def test_routes_that_are_not_described_need_a_key_too(guarded):
    client, rights = guarded
    described = {path for _, path, _ in operations(client, rights["read"])}
    # The description does not say which parts of an address may hold slashes.
    there = {route.path.replace(":path}", "}") for router in ROUTERS for route in router.routes}

    assert described <= there
    for path in there - described:
        assert code_of(client.get(address(path))) == (401, "no_key"), path


def test_the_description_says_how_errors_look(guarded):
    client, rights = guarded
    text = client.get("/openapi.json", headers=rights["read"]).text
    described = json.loads(text)

    assert "HTTPValidationError" not in text
    assert described["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    for _, path, operation in operations(client, rights["read"]):
        assert "4XX" in operation["responses"], path
        assert list(operation["responses"]["503"]["content"]) == ["application/problem+json"]
        # In plain words: not the name of the function.
        assert len(operation["summary"].split()) > 1, path
        assert operation["summary"].lower() != operation["operationId"].replace("_", " "), path
        assert operation.get("description"), path


def test_every_body_has_examples_of_it(guarded):
    client, rights = guarded
    bodies = [
        (path, operation["requestBody"]["content"]["application/json"])
        for _, path, operation in operations(client, rights["read"])
        if "requestBody" in operation
    ]

    assert len(bodies) > 15
    for path, body in bodies:
        assert body["examples"], path
        for said in body["examples"].values():
            assert set(body["schema"].get("required", ())) <= set(said["value"]) <= set(body["schema"]["properties"]), (
                path
            )


def references(schema) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(references, schema))
    if not isinstance(schema, dict):
        return set()
    own = {schema["$ref"]} if "$ref" in schema else set()
    return own.union(*map(references, schema.values()))


def test_every_reference_leads_somewhere(guarded):
    client, rights = guarded
    described = client.get("/openapi.json", headers=rights["read"]).json()

    found = references(described)
    assert len(found) > 20
    for reference in found:
        place = described
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def try_all(app, examples: int) -> int:
    """Send what the description allows and what it does not; how many operations were tried."""
    load_all_checks()
    names = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
    checks = CHECKS.get_by_names(names)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def one(case):
            case.call_and_validate(checks=checks)

        one()
        tried += 1
    return tried


# Threads of the service may draw numbers while a request is made up.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning")
def test_schemathesis_finds_nothing(tmp_path):
    save_model(small_model(), tmp_path / "model")
    with Gallery.create(tmp_path / "people", tmp_path / "model") as gallery:
        gallery.enrol(pictures(), "ann", {"price": 3})
    folders = Folders(model=tmp_path / "model", galleries=(tmp_path / "people",))

    assert try_all(create_app(open_served(folders, ServeSettings(state=tmp_path / "state"))), 2) > 15


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning")
def test_schemathesis_finds_nothing_in_all_uses_with_more_examples(tmp_path):
    served = open_served(make_uses(tmp_path).folders, ServeSettings(state=tmp_path / "state"))

    assert try_all(create_app(served), 40) > 15
