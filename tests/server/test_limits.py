import asyncio
import json

import pytest

from alikely.server.limits import LARGEST_BODIES, Body, InFlight, Rates
from alikely.server.problems import RefusedError
from tests.server.small import bearer, code_of, keys_of, model_service, pngs, small_service


def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(tmp_path):
    client = small_service(tmp_path, upload_mb=0.001)

    answer = client.post("/v1/embed", content=b"x" * 1001, headers={"Content-Type": "application/json"})
    assert code_of(answer) == (413, "too_large")
    assert "more than 0.001 MB" in answer.json()["detail"]
    assert code_of(client.post("/v1/embed", content=b"x" * 1000))[0] != 413
    for length in ("9" * 400, "-1", "x", "1e3"):
        answer = client.post("/v1/embed", content=b"x", headers={"Content-Length": length})
        assert code_of(answer) == (413, "too_large")


def test_a_body_that_does_not_say_is_refused_when_it_becomes_too_large(tmp_path):
    client = model_service(tmp_path, upload_mb=0.001)
    sent = []

    def parts():
        for number in range(1000):
            sent.append(number)
            yield b"x" * 100

    answer = client.post("/v1/embed", content=parts(), headers={"Content-Type": "application/json"})
    assert code_of(answer) == (413, "too_large")
    assert answer.headers["connection"] == "close"


def received(messages, **limits):
    """The parts of a body as they come in, and what is held of them."""
    in_flight = InFlight(limits.get("most", 10), limits.get("largest", 1.0))

    async def run():
        waiting = list(messages)

        async def receive():
            if not waiting:
                await asyncio.sleep(60)
            return waiting.pop(0)

        body = Body(receive, in_flight, limits.get("seconds", 5.0))
        found = []
        while True:
            message = await body()
            found.append(message["body"])
            if not message.get("more_body"):
                return found

    return asyncio.run(run()), in_flight


def part(body, more=False):
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_is_counted_and_given_on():
    found, in_flight = received([part(b"ab", True), part(b"c")])

    assert found == [b"ab", b"c"]
    assert in_flight.bytes == 3


def test_a_client_that_never_ends_its_body_is_left():
    with pytest.raises(RefusedError) as refused:
        received([part(b"ab", True)], seconds=0.05)

    assert (refused.value.status, refused.value.code) == (408, "slow_body")
    assert refused.value.headers["Connection"] == "close"


def test_a_client_that_sends_drops_is_left():
    """Each part in time, all of them not: the limit is for the whole."""

    async def run():
        async def receive():
            await asyncio.sleep(0.02)
            return part(b"x", True)

        body = Body(receive, InFlight(1, 1.0), 0.1)
        for _ in range(100):
            await body()

    with pytest.raises(RefusedError, match="did not come in time"):
        asyncio.run(run())


def test_all_bodies_together_are_bounded():
    in_flight = InFlight(1000, 0.001)
    in_flight.bytes = in_flight.most_bytes - 1
    assert in_flight.most_bytes == LARGEST_BODIES * 1000

    async def run():
        async def receive():
            return part(b"ab")

        await in_flight.body(receive, b"")()

    with pytest.raises(RefusedError) as refused:
        asyncio.run(run())
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "1"})


def test_what_ended_is_no_longer_counted(tmp_path):
    client = model_service(tmp_path)
    client.post("/v1/embed", files={"items": pngs()[0]})
    client.post("/v1/embed", content=b"{")
    text = client.get("/metrics").text

    assert "alikely_requests_in_flight 0.0" in text
    assert "alikely_body_bytes 0.0" in text


def test_more_requests_at_once_than_allowed_are_refused_and_the_watch_is_not(tmp_path):
    client = model_service(tmp_path, queue=1)
    with client:
        client.get("/healthz")
        door_in_flight(client).count = 1
        answer = client.get("/v1/models")
        assert code_of(answer) == (503, "busy")
        assert answer.headers["retry-after"] == "1"
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 200
        assert client.get("/metrics").status_code == 200
        door_in_flight(client).count = 0
        assert client.get("/v1/models").status_code == 200


def door_in_flight(client, name: str = "in_flight") -> InFlight:
    """A count of the running application."""
    layer = client.app.middleware_stack
    while not hasattr(layer, name):
        layer = layer.app
    return getattr(layer, name)


def test_who_has_no_key_takes_no_place_of_others(tmp_path):
    client, keys = small_service(tmp_path, queue=1), keys_of(tmp_path)
    ann = bearer(keys.add("ann", "read"))
    client.get("/healthz")
    door_in_flight(client).count = 1
    assert client.get("/login").status_code == 200
    assert code_of(client.get("/v1/models", headers=ann)) == (503, "busy")
    assert code_of(client.post("/login", content=b"key=" + b"x" * 20_000)) == (413, "too_large")
    door_in_flight(client).count = 0
    strangers = door_in_flight(client, "strangers")
    strangers.count = strangers.most
    assert code_of(client.get("/login")) == (503, "busy")
    assert client.get("/v1/models", headers=ann).status_code == 200
    assert strangers.seconds < door_in_flight(client).seconds


def test_rates_by_a_clock_that_never_jumps(monkeypatch):
    now = [0.0]
    rates = Rates(60, lambda: now[0])
    for _ in range(60):
        rates.take("ann")
    for jump in (-1e9, 1e9):
        monkeypatch.setattr("time.time", lambda jump=jump: 1.8e9 + jump)
        with pytest.raises(RefusedError) as refused:
            rates.take("ann")
        assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "1"})
    rates.take("ben")  # another key has its own
    now[0] = 0.99
    with pytest.raises(RefusedError):
        rates.take("ann")
    now[0] = 2.0
    rates.take("ann")
    rates.take("ann")
    with pytest.raises(RefusedError):
        rates.take("ann")
    now[0] = 1e6
    for _ in range(60):
        rates.take("ann")  # never more than a minute's worth
    with pytest.raises(RefusedError):
        rates.take("ann")


def test_one_request_in_some_minutes_says_when():
    now = [0.0]
    rates = Rates(1, lambda: now[0])
    rates.take("ann")
    now[0] = 20.0

    with pytest.raises(RefusedError) as refused:
        rates.take("ann")
    assert refused.value.headers == {"Retry-After": "40"}
    now[0] = 60.0
    rates.take("ann")


def test_the_rate_of_a_key_is_of_the_api_only(tmp_path):
    client, keys = small_service(tmp_path, rate=2), keys_of(tmp_path)
    ann, ben = bearer(keys.add("ann", "read")), bearer(keys.add("ben", "read"))

    assert [client.get("/v1/models", headers=ann).status_code for _ in range(3)] == [200, 200, 429]
    assert client.get("/v1/models", headers=ben).status_code == 200
    assert client.get("/openapi.json", headers=ann).status_code == 200
    assert client.get("/static/style.css").status_code == 200
    answer = client.get("/v1/models", headers=ann)
    assert code_of(answer) == (429, "rate")
    assert 1 <= int(answer.headers["retry-after"]) <= 30


def test_more_items_or_pixels_than_allowed(tmp_path):
    client = model_service(tmp_path, items=2, pixels=0.0003)

    files = [("items", one) for one in pngs()[:3]]
    assert code_of(client.post("/v1/embed", files=files)) == (413, "too_many")
    assert client.post("/v1/embed", files=files[:2]).status_code == 200
    said = json.dumps({"items": ["x"] * 3})
    answer = client.post("/v1/embed", content=said, headers={"Content-Type": "application/json"})
    assert code_of(answer) == (413, "too_many")
    client = model_service(tmp_path / "b", pixels=0.0002)  # 16 x 16 = 256 pixels are more
    answer = client.post("/v1/embed", files=files[:1])
    assert code_of(answer) == (422, "bad_items")
    assert "more than 0.0002 million pixels" in answer.json()["detail"]
    answer = client.post("/v1/embed", content=pngs()[0], headers={"Content-Type": "image/png"})
    assert code_of(answer) == (422, "bad_items")
    assert "pixels" in answer.json()["detail"]
