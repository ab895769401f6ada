"""Bodies, forms and items that are none: each is told what is wrong with it, as JSON and as a form."""

import base64
import json
import time
from functools import cache

import pytest

from alikely.server.json_bodies import read_json
from alikely.server.problems import RefusedError
from tests.server.mutations import said_of
from tests.server.services_of_kinds import service_of
from tests.server.small import code_of, pngs


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    return cache(lambda kind: service_of(kind, tmp_path_factory.mktemp(kind)))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "the body is empty"),
        (b"{", "the body is no JSON: expecting property name"),
        (b'{"items": NaN}', "NaN is no number of JSON"),
        (b'{"items": [1' + b"1" * 5000 + b"]}", "a whole number has thousands of digits"),
        (b'{"items": [], "items": []}', "the name 'items' stands there twice"),
        (b'{"items": ' + b"[" * 32 + b"]" * 32 + b"}", "nested more than 32 levels deep"),
        (b'{"items": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested more than 32 levels deep"),
        (b'{"items": ["\\ud800"]}', "half a character"),
        ('{"items": ["ä"]}'.encode("latin-1"), "no UTF-8 (byte 13)"),
        ('{"items": []}'.encode("utf-16"), "no UTF-8 (byte 1)"),
        (b"\xef\xbb\xbf{}", "no JSON"),
    ],
)
def test_json_that_is_none(services, body, said):
    answer = services("text").post("/v1/embed", content=body, headers={"Content-Type": "application/json"})

    assert code_of(answer) == (400, "body")
    assert said in answer.json()["detail"]


def test_json_may_be_as_deep_as_is_said():
    assert read_json(b"[" * 32 + b"]" * 32)[0] != []
    with pytest.raises(RefusedError, match="more than 32 levels"):
        read_json(b"[" * 33 + b"]" * 33)


def test_the_time_to_find_a_name_that_stands_there_twice_grows_with_the_body_only():
    """Each name was once looked for among all: of 10 MB for hours, and no other request was answered meanwhile."""
    names = "".join(f'"{number}":1,' for number in range(100_000))
    begun = time.process_time()
    with pytest.raises(RefusedError, match="the name 'z' stands there twice"):
        read_json(f'{{{names}"z":1,"z":1}}'.encode())
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, "items: field required"),
        ([], "the body: is no object; give one of JSON"),
        ({"items": "x"}, "items: input should be a valid list"),
        ({"items": ["x"], "more": 1}, "more: there is no such field; there are items"),
    ],
)
def test_json_that_asks_something_else(services, said, told):
    answer = services("text").post("/v1/embed", json=said)

    assert code_of(answer) == (422, "request")
    assert answer.json()["detail"].startswith(told)


def test_a_field_of_an_item_that_is_none(services):
    for said in (
        {"items": ["x"], "fields": {"shop": {"a": 1}}},
        {"each": [{"item": "x", "identity": "y", "fields": {"shop": []}}]},
    ):
        answer = services("text").post("/v1/galleries/people/enrol", json=said)
        assert (answer.status_code, "shop: is no field; give a number, a text" in answer.text) == (422, True), (
            answer.text
        )


@pytest.mark.parametrize("value", [2.5, True, None, 10**400])
def test_an_item_that_is_none(services, value):
    answer = services("text").post("/v1/compare", json={"left": value, "right": "x"})

    assert code_of(answer) == (422, "request")
    assert answer.json()["detail"].startswith("left: ")


@pytest.mark.parametrize("value", ["0,1", "", "NaN", "inf", "1e999", "true", "[0.1]", "0x1p-3", 10**400])
def test_rates_that_are_none(services, value):
    left, right = said_of("text")
    for answer in (
        services("text").post("/v1/compare", json={"left": left, "right": right, "fmr": value}),
        services("text").post("/v1/compare", files={"left": left, "right": right}, data={"fmr": str(value)[:500]}),
    ):
        assert code_of(answer)[0] == 422


def test_forms_say_the_same_as_json(services):
    left, right = said_of("text")
    asked = {"left": left, "right": right, "fmr": 0.1}
    by_json = services("text").post("/v1/compare", json=asked).json()

    assert (
        services("text")
        .post("/v1/compare", files={"left": left.encode(), "right": right.encode()}, data={"fmr": "0.1"})
        .json()
        == by_json
    )
    parts = {name: (None, str(value)) for name, value in asked.items()}
    assert services("text").post("/v1/compare", files=parts).json() == by_json
    for kind in ("row", "sequence", "embedding"):
        one, other = said_of(kind)
        by_json = services(kind).post("/v1/compare", json={"left": one, "right": other}).json()
        parts = {"left": (None, json.dumps(one)), "right": ("x.json", json.dumps(other).encode())}
        assert services(kind).post("/v1/compare", files=parts).json() == by_json


def form(*parts: bytes, end: bytes = b"--b--\r\n") -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end


def part(name: str, content: bytes = b"x", further: str = "") -> bytes:
    return f'Content-Disposition: form-data; name="{name}"{further}\r\n\r\n'.encode() + content


@pytest.mark.parametrize(
    ("media", "body", "status", "said"),
    [
        ("multipart/form-data", form(part("left")), 400, "no boundary"),
        ("multipart/form-data; boundary=c", form(part("left")), 400, "cannot be read"),
        ("multipart/form-data; boundary=b", b"", 400, "cut short"),
        ("multipart/form-data; boundary=b", form(part("left"), end=b""), 400, "cut short"),
        (
            "multipart/form-data; boundary=b",
            form(part("left"), part("left"), part("right")),
            422,
            "left: stands in the form twice",
        ),
        ("multipart/form-data; boundary=b", form(part("fmr", further='; filename="x"')), 422, "fmr: is a file"),
        ("multipart/form-data; boundary=b", form(part("left", b"\xff"), part("right")), 400, "left is no UTF-8"),
        ("multipart/form-data; boundary=b", form(b"X: y\r\n\r\nx"), 400, "has no name"),
        ("multipart/form-data; boundary=b", form(*[part("x")] * 1001), 400, "more than 1000 parts"),
        ("multipart/form-data; boundary=b", form(part("l" * 201)), 400, "more than 200 characters"),
        (
            "multipart/form-data; boundary=b",
            form(part("left"), part("right"), part("x")),
            422,
            "x: there is no such field",
        ),
        ("text/plain", b"x", 415, "the body is text/plain"),
        ("", b"x", 415, "the body is of no type"),
        ("application/json; charset=utf-16", b"{}", 415, "UTF-8"),
    ],
)
def test_forms_that_are_none(services, media, body, status, said):
    answer = services("text").post("/v1/compare", content=body, headers={"Content-Type": media})

    assert code_of(answer)[0] == status
    assert said in answer.json()["detail"]


def test_base64_as_people_write_it(services):
    content = pngs()[0]
    plain = base64.b64encode(content).decode()
    lines = base64.encodebytes(content).decode()
    ways = [plain, lines, lines.replace("\n", "\r\n"), base64.urlsafe_b64encode(content).decode(), plain.rstrip("=")]
    ways.append(f"data:image/png;base64,{plain}")
    answers = [services("picture").post("/v1/embed", json={"items": [way]}) for way in ways]

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].text == services("picture").post("/v1/embed", files={"items": content}).text


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("", "is empty"),
        ("=", "is empty"),
        ("data:image/png;base64,", "is empty"),
        ("data:image/png,abcd", "is a data: address without base64"),
        ("data:", "is a data: address without base64"),
        ("ä", "is no base64"),
        ("a", "is no base64"),
        ("!!!!", "is no base64"),
        ("abcd", "is not a picture"),
    ],
)
def test_base64_that_is_none(services, said, problem):
    answer = services("picture").post("/v1/embed", json={"items": [said]})

    assert code_of(answer) == (422, "bad_items")
    assert answer.json()["detail"].startswith(f"picture 1: {problem}")


@pytest.mark.parametrize(
    ("kind", "item", "said"),
    [
        ("picture", 3 * [1], "left: is a list"),
        ("text", {"a": 1}, "left: is an object; give a text"),
        ("row", [1], "left: is a list; give an object"),
        ("row", "[1]", "left: is a list; give an object"),
        ("row", "{", "left is no JSON"),
        ("row", {"amount": {"a": 1}}, "amount"),
        ("sequence", {"a": 1}, "left: is an object; give a list of numbers"),
        ("sequence", [[1, 2], [3]], "left: has rows that differ in length"),
        ("sequence", [1, [2]], "left: holds something else than numbers"),
        ("sequence", [[1, 2], 3], "left: holds something else than numbers"),
        ("sequence", ["1", "2"], "left: holds something else than numbers"),
        ("sequence", [None, 1], "left: holds something else than numbers"),
        ("sequence", [True, 1], "left: holds something else than numbers"),
        ("sequence", [10**400], "left: holds a number that is too large"),
        ("sequence", [[[1.0]]], "left: holds something else than numbers"),
        ("sequence", [], "left: is empty"),
        ("sequence", [[], []], "left: is empty"),
        ("sequence", [0.5] * 1_000_001, "left: has 1,000,001 numbers"),
        ("embedding", [1.0, 2.0], "2"),
        ("embedding", [[1.0] * 5], "shape"),
        ("embedding", [1e308] * 5, ""),
    ],
)
def test_items_that_are_none_say_which_and_why(services, kind, item, said):
    answer = services(kind).post("/v1/compare", json={"left": item, "right": said_of(kind)[0]})

    assert answer.status_code in (400, 422), answer.text
    assert said in answer.json()["detail"], answer.text


def test_a_number_too_large_for_a_float_is_told(services):
    body = b'{"left": [1e999, 1], "right": [1, 2]}'
    answer = services("sequence").post("/v1/compare", content=body, headers={"Content-Type": "application/json"})

    assert "left: holds a number that is too large" in answer.json()["detail"]


@pytest.mark.parametrize("value", [2**53 + 1, -(2**63) - 1, 10**300])
def test_whole_numbers_that_no_store_holds(services, value):
    one = said_of("text")[0]
    client = services("text")

    answer = client.post("/v1/galleries/people/identify", json={"items": [one], "k": value})
    assert code_of(answer) == (422, "request")
    for asked in (
        {"items": [one], "identity": "a", "fields": {"price": value}},
        {"each": [{"item": one, "identity": "a", "fields": {"price": value}}]},
    ):
        answer = client.post("/v1/galleries/people/enrol", json=asked)
        assert code_of(answer) == (422, "request")
        assert "2 ** 53" in answer.json()["detail"]
