"""Whatever is sent: an answer in time, an error of ours, no more memory, and no file read on a client's word."""

import base64
import json
import os
import re
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from alikely.gallery import Gallery
from alikely.server import Folders, ServeSettings, create_app, open_served
from alikely.storage import save_model
from tests.server.models_of_kinds import model_of
from tests.server.mutations import forged_png, mutated, mutated_json, right_ones, said_of
from tests.server.small import code_of, pngs
from tests.server.uses import make_uses

KINDS = ("picture", "text", "row", "sequence", "embedding")
SECONDS = 5.0  # of this process for one answer; and so many times as long on a machine that does other things as well
BUSY = 10
# Bytes that a process may grow by while it answers: the allocator keeps a few pictures of 24 megapixels.
GROWTH = 100 * 2**20


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    """A service for each kind of items, made when it is first asked for."""
    made = {}

    def service(kind):
        if kind not in made:
            made[kind] = service_of(kind, tmp_path_factory.mktemp(kind))
        return made[kind]

    return service


def service_of(kind, root) -> TestClient:
    """A service of one kind of items, with a gallery."""
    model, examples = model_of(kind)
    save_model(model, root / "model")
    with Gallery.create(root / "people", root / "model") as gallery:
        gallery.enrol(examples)
    folders = Folders(model=root / "model", galleries=(root / "people",))
    app = create_app(open_served(folders, ServeSettings(state=root / "state")))
    return TestClient(app, base_url="http://localhost")


def send_all(client, kind, count, seed) -> Counter:
    """Send them; how often each status came."""
    statuses = Counter()
    for sent in mutated(kind, count, seed):
        begun, worked = time.monotonic(), time.process_time()
        answer = client.post(sent.path, content=sent.body, headers=sent.headers)
        took = max(time.process_time() - worked, (time.monotonic() - begun) / BUSY)
        said = f"{sent.done} {sent.path} {sent.headers} {sent.body[:300]!r} -> {answer.status_code} {answer.text[:300]}"
        assert answer.status_code < 500 or answer.status_code == 503, said
        assert took < SECONDS, f"{took:.1f} s: {said}"
        if answer.status_code >= 400:
            code_of(answer)
            assert "/tmp" not in answer.text, said
        statuses[answer.status_code] += 1
    return statuses


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_right_is_answered(services, kind):
    for path, asked in right_ones(kind):
        answer = services(kind).post(path, json=asked)
        assert answer.status_code == 200, (path, answer.text)


@pytest.mark.parametrize("kind", KINDS)
def test_mutated_uploads(services, kind):
    statuses = send_all(services(kind), kind, 100, seed=0)

    assert statuses[400] > 5
    assert statuses[422] > 5
    assert statuses[200] > 0


def send_to_all_routes(client, count: int) -> int:
    """Nearly right bodies, made from the examples of the description; and strange values in the addresses."""
    sent = 0
    for path, operations in client.get("/openapi.json").json()["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {"content": {}})["content"].get("application/json", {})
            examples = [one["value"] for one in body.get("examples", {}).values()] or [{}]
            address = re.sub(r"\{\w+\}", lambda found: "1" if found[0] == "{number}" else "people", path)
            query = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
            tries = [(address, content) for one in examples for content in mutated_json(one, count, seed=0)]
            tries += [(f"{address}?{name}={value}", b"{}") for name in query for value in IN_ADDRESSES]
            tries += [(path.replace("{", "").replace("}", "%00%ff..%2f"), b"{}")]
            for target, content in tries:
                begun = time.process_time()
                answer = client.request(method, target, content=content, headers={"Content-Type": "application/json"})
                said = f"{method} {target} {content[:200]!r} -> {answer.status_code} {answer.text[:300]}"
                assert answer.status_code < 500 or answer.status_code == 503, said
                assert time.process_time() - begun < SECONDS, said
                if answer.status_code >= 400:
                    code_of(answer)
                    assert "/tmp" not in answer.text, said
                sent += 1
    return sent


IN_ADDRESSES = ("", "nan", "1e999", "-1", "9" * 400, "%00", "%ff", "x%20%3D")


def test_all_routes_answer_whatever_they_are_sent(services):
    assert send_to_all_routes(services("picture"), 3) > 200


@pytest.mark.slow
def test_all_routes_of_all_uses_answer_whatever_they_are_sent(tmp_path):
    served = open_served(make_uses(tmp_path).folders, ServeSettings(state=tmp_path / "state"))

    assert send_to_all_routes(TestClient(create_app(served), base_url="http://localhost"), 60) > 1000


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="there is no /proc to measure memory by")
@pytest.mark.parametrize("kind", KINDS)
def test_ten_thousand_mutated_uploads_and_memory_stays(kind, tmp_path):
    # In a process of its own, whose memory nothing else takes or gives back.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        grown = apart.submit(growth, kind, tmp_path).result()

    assert grown < GROWTH


def growth(kind, root) -> int:
    """Bytes that this process grows by while it answers 2,000 mutated uploads, after 500 that it warms up by."""
    client = service_of(kind, root)
    send_all(client, kind, 500, seed=1)
    before = resident()
    send_all(client, kind, 2000, seed=2)
    return resident() - before


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


OPENED: list[str] = []
WATCHING = [False]


def _heard(event, values):
    if WATCHING[0] and event == "open" and isinstance(values[0], str | bytes):
        OPENED.append(os.fsdecode(values[0]))


@contextmanager
def watched(folder):
    """Notes every file below the folder that this process opens."""
    if not WATCHING[1:]:
        sys.addaudithook(_heard)  # it cannot be taken away again
        WATCHING.append(True)
    OPENED.clear()
    WATCHING[0] = True
    found: list[str] = []
    try:
        yield found
    finally:
        WATCHING[0] = False
        found += [path for path in OPENED if str(folder) in path]


@pytest.mark.parametrize("kind", KINDS)
def test_no_file_is_read_on_a_clients_word(services, kind, tmp_path):
    secret = {"picture": tmp_path / "secret.png", "sequence": tmp_path / "secret.csv"}.get(
        kind, tmp_path / "secret.txt"
    )
    secret.write_bytes(pngs()[0] if kind == "picture" else b"a,b\n1,2\n3,4\n5,6\n")
    with watched(tmp_path) as found:
        secret.read_bytes()
    assert len(found) == 1  # so that nothing found below means something

    client = services(kind)
    (right,) = said_of(kind)[:1]
    names = [str(secret), f"file://{secret}", f"data:{secret}"]
    with watched(tmp_path) as found:
        for name in names:
            cells = {"path": name, "file": name, "picture": name}
            for item in (
                name,
                [name],
                [[name]],
                cells,
                {"colour": name, **cells},
                base64.b64encode(name.encode()).decode(),
            ):
                for path, asked in right_ones(kind):
                    changed = {**asked, **{field: item for field in ("left", "item") if field in asked}}
                    changed |= {"items": [item]} if "items" in asked else {}
                    if "each" in asked:
                        changed = {"each": [{"item": item, "identity": name}]}
                    answer = client.post(path, json=changed)
                    assert answer.status_code < 500, (path, item, answer.text)
                    if kind not in ("text", "row"):
                        nothing = answer.status_code == 422 or answer.json()["new"] == 0
                        assert nothing, (path, item, answer.text)
                    client.post(path, data=dict.fromkeys(changed, name), files={"item": (name, b"x")})
            client.post("/v1/galleries/people/verify", json={"item": right, "identity": name})
            client.get("/v1/galleries/" + name.replace("/", "%2F") + "/templates")
            client.get("/static/" + name)
            client.get("/static/..%2f..%2f..%2f" + name)
    assert found == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "the body is empty"),
        (b"{", "the body is no JSON: expecting property name"),
        (b'{"items": NaN}', "NaN is no number of JSON"),
        (b'{"items": [1' + b"1" * 5000 + b"]}", "a whole number has thousands of digits"),
        (b'{"items": [], "items": []}', "the name 'items' stands there twice"),
        (b'{"items": ' + b"[" * 40 + b"]" * 40 + b"}", "nested more than 32 levels deep"),
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


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, "items: field required"),
        ([], "the body: input should be a valid dictionary"),
        ({"items": "x"}, "items: input should be a valid list"),
        ({"items": ["x"], "more": 1}, "more: extra inputs are not permitted"),
    ],
)
def test_json_that_asks_something_else(services, said, told):
    answer = services("text").post("/v1/embed", json=said)

    assert code_of(answer) == (422, "request")
    assert answer.json()["detail"].startswith(told)


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
        ("multipart/form-data; boundary=b", form(part("left"), part("right"), part("x")), 422, "x: extra inputs"),
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


@pytest.mark.parametrize("said", ["", "data:image/png;base64,", "data:image/png,abc", "=", "ä", "a", "!!!!", "data:"])
def test_base64_that_is_none(services, said):
    answer = services("picture").post("/v1/embed", json={"items": [said]})

    assert code_of(answer) == (422, "bad_items")
    assert answer.json()["detail"].startswith("picture 1: ")


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


def test_a_head_that_promises_a_huge_picture_costs_nothing(services):
    begun = time.monotonic()
    for size in ((50_000, 50_000), (2**31 - 1, 2**31 - 1), (6000, 6000)):
        answer = services("picture").post("/v1/embed", files={"items": forged_png(*size)})
        assert code_of(answer) == (422, "bad_items")
        assert "more than 25 million pixels" in answer.json()["detail"]
    assert time.monotonic() - begun < 2


def test_an_answer_is_the_same_after_all_of_that(services):
    client = services("picture")
    content = pngs()[0]
    before = client.post("/v1/embed", files={"items": content}).json()
    send_all(client, "picture", 50, seed=5)

    assert client.post("/v1/embed", files={"items": content}).json() == before
    assert np.isfinite(before["embeddings"]).all()
