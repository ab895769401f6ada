"""What the routes of the uses answer is what their OpenAPI description says, and so are its examples."""

import base64
import json

import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from alikely.server.routes import anomaly, asking, enrolling, galleries, identifying, recommending
from alikely.server.uploads import JSON
from tests.server.uses import asked, make_uses
from tests.tasks.anomaly.normal import anomaly_of

ROUTES = {
    (method, route.path): route
    for module in (galleries, enrolling, identifying, anomaly, recommending, asking)
    for route in module.router.routes
    if isinstance(route, APIRoute)
    for method in route.methods
}
READS = {
    "enrol": enrolling.EnrolAsked,
    "verify": identifying.VerifyAsked,
    "identify": identifying.IdentifyAsked,
    "search": identifying.SearchAsked,
    "score": anomaly.ScoreAsked,
    "for_somebody": recommending.ForAsked,
    "like": recommending.LikeAsked,
    "ask": asking.AskAsked,
}


@pytest.fixture(scope="module")
def uses(tmp_path_factory):
    return make_uses(tmp_path_factory.mktemp("uses"))


@pytest.fixture(scope="module")
def client(uses, tmp_path_factory):
    with asked(uses.folders, tmp_path_factory.mktemp("state")) as (client, _):
        yield client


def assert_described(route, answer):
    """Nothing lacks, nothing is of another type, and nothing is beyond the description."""
    adapter = TypeAdapter(route.responses[200]["model"])
    read = adapter.validate_python(answer, strict=True)
    assert json.loads(adapter.dump_json(read, exclude_unset=True)) == answer


@pytest.mark.parametrize("route", ROUTES.values(), ids=lambda route: route.name)
def test_the_example_of_an_answer_is_one(route):
    assert_described(route, route.responses[200]["content"][JSON]["example"])


@pytest.mark.parametrize("name", READS)
def test_the_examples_of_requests_can_be_asked(name):
    (route,) = [route for route in ROUTES.values() if route.name == name]
    body = route.openapi_extra["requestBody"]["content"][JSON]
    assert body["examples"]
    for example in body["examples"].values():
        READS[name].model_validate(example["value"])


def test_every_route_that_reads_a_body_is_among_these():
    assert {route.name for (method, _), route in ROUTES.items() if method == "POST"} == set(READS)


@pytest.mark.parametrize(
    ("path", "ask"),
    [
        ("/v1/galleries/{name}/enrol", {"items": ["PICTURE", "???"], "identity": "one more", "fields": {"a": 1}}),
        ("/v1/galleries/{name}/verify", {"item": "PICTURE", "identity": "id00", "fmr": 0.4, "confidence": 0}),
        ("/v1/galleries/{name}/identify", {"items": ["PICTURE"], "fpir": 0.4, "confidence": 0}),
        ("/v1/galleries/{name}/search", {"item": "PICTURE"}),
        ("/v1/anomaly/score", {"items": [anomaly_of("row")], "detector": "rows"}),
        ("/v1/anomaly/score", {"items": ["PICTURE", "???"], "detector": "patches", "maps": True, "skip_bad": True}),
        ("/v1/recommend/for", {"history": ["p1", "none"], "k": 3}),
        ("/v1/recommend/for", {}),
        ("/v1/recommend/like", {"item": "p1"}),
        ("/v1/sentences/ask", {"question": "how do I cancel an order"}),
        ("/v1/sentences/ask", {"question": "Which bridge is the oldest?"}),
    ],
)
def test_what_is_answered_is_as_described(client, uses, path, ask):
    picture = base64.b64encode(uses.pictures(5)[3].read_bytes()).decode()
    body = json.loads(json.dumps(ask).replace("PICTURE", picture))
    answer = client.post(path.replace("{name}", "people"), json=body)
    assert answer.status_code == 200, answer.text
    assert_described(ROUTES["POST", path], answer.json())


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", "/v1/galleries", {}),
        ("GET", "/v1/galleries/{name}", {"fpir": 0.4, "confidence": 0}),
        ("GET", "/v1/galleries/{name}", {"fpir": 0.00001}),
        ("GET", "/v1/galleries/{name}/identities", {}),
        ("GET", "/v1/galleries/{name}/templates", {"most": 2}),
        ("DELETE", "/v1/galleries/{name}/identities", {"identity": "id03"}),
    ],
)
def test_what_is_told_is_as_described(client, method, path, query):
    answer = client.request(method, path.replace("{name}", "people"), params=query)
    assert answer.status_code == 200, answer.text
    assert_described(ROUTES[method, path], answer.json())
