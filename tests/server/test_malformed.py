"""Whatever is sent: an answer in time, an error of ours, no more memory, and no file read on a client's word."""

import base64
import os
import re
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from alikely.server import ServeSettings, create_app, open_served
from tests.pace import slower
from tests.server.mutations import forged_png, mutated, mutated_json, right_ones, said_of
from tests.server.services_of_kinds import service_of
from tests.server.small import code_of, pngs
from tests.server.uses import make_uses

KINDS = ("picture", "text", "row", "sequence", "embedding")
SECONDS = 5.0  # of this process for one answer; and so many times as long on a machine that does other things as well
BUSY = 60
# Bytes that a process may grow by while it answers: the allocator keeps a few pictures of 24 megapixels.
GROWTH = 100 * 2**20


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    return cache(lambda kind: service_of(kind, tmp_path_factory.mktemp(kind)))


def send_all(client, kind, count, seed) -> Counter:
    """Send them; how often each status came."""
    statuses = Counter()
    for sent in mutated(kind, count, seed):
        begun, worked = time.monotonic(), time.process_time()
        answer = client.post(sent.path, content=sent.body, headers=sent.headers)
        took = max(time.process_time() - worked, (time.monotonic() - begun) / BUSY)
        said = f"{sent.done} {sent.path} {sent.headers} {sent.body[:300]!r} -> {answer.status_code} {answer.text[:300]}"
        assert answer.status_code < 500 or answer.status_code == 503, said
        assert took < SECONDS or took < SECONDS * slower(), f"{took:.1f} s: {said}"
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
                took = time.process_time() - begun
                assert took < SECONDS or took < SECONDS * slower(), said
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


def test_a_head_that_promises_a_huge_picture_costs_nothing(services):
    begun = time.process_time()
    for size in ((50_000, 50_000), (2**31 - 1, 2**31 - 1), (6000, 6000)):
        answer = services("picture").post("/v1/embed", files={"items": forged_png(*size)})
        assert code_of(answer) == (422, "bad_items")
        assert "more than 25 million pixels" in answer.json()["detail"]
    assert time.process_time() - begun < 2 * slower()


def test_an_answer_is_the_same_after_all_of_that(services):
    client = services("picture")
    content = pngs()[0]
    before = client.post("/v1/embed", files={"items": content}).json()
    send_all(client, "picture", 50, seed=5)

    assert client.post("/v1/embed", files={"items": content}).json() == before
    assert np.isfinite(before["embeddings"]).all()
