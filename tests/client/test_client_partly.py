"""Lists that are empty or end half-way: an empty answer, and what was answered before, in the error."""

import asyncio

import httpx2
import numpy as np
import pytest

from alikely.client import AsyncClient, Client
from alikely.client.answers import Scores
from alikely.client.gallery_answers import Enrolled
from alikely.errors import ServiceError
from tests.client.parted import LOST, Parted, refused

TEXTS = [str(number) for number in range(10)]


def odd():
    return refused(500, "odd")


def other():
    return httpx2.Response(200, json={"other": 1})


@pytest.fixture(params=["one by one", "asyncio"])
def asked(request):
    """What either client of a service (an address, or in place of the network) answers to a question."""

    def made(kind, service):
        if isinstance(service, str):
            return kind(service)
        return kind("http://x", transport=service.transport, retries=0)

    async def awaited(service, ask):
        async with made(AsyncClient, service) as client:
            return await ask(client)

    def plain(service, ask):
        with made(Client, service) as client:
            return ask(client)

    return plain if request.param == "one by one" else lambda *args: asyncio.run(awaited(*args))


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (lambda client: client.score([]), Scores((), 0, ())),
        (lambda client: client.gallery("people").identify([]), ()),
        (lambda client: client.gallery("people").search_all([]), ()),
        (lambda client: client.gallery("people").enrol([], "nobody"), Enrolled(0, 0, 0, 0, (), ())),
        (lambda client: client.gallery("people").enrol_each([], []), Enrolled(0, 0, 0, 0, (), ())),
    ],
)
def test_an_empty_list_has_an_empty_answer_and_nothing_is_asked(asked, ask, answer):
    service = Parted()
    assert asked(service, ask) == answer
    assert (service.asked, service.limits_asked) == ([], 0)


@pytest.mark.parametrize("items", [list, lambda: iter([])])
def test_no_embeddings_are_as_wide_as_any(asked, url, uses, items):
    rows = asked(url, lambda client: client.embed(items()))
    some = asked(url, lambda client: client.embed(uses.pictures(0)[:1]))
    assert (rows.shape, rows.dtype) == ((0, some.shape[1]), np.float32)


def test_no_embeddings_of_no_model_are_an_error(asked):
    with pytest.raises(ServiceError, match="the service has no model to embed with; whoever"):
        asked(Parted(), lambda client: client.embed([]))


def test_what_was_answered_before_the_end_is_in_the_error(asked):
    with pytest.raises(ServiceError, match="before, 6 of 10") as error:
        asked(Parted(after={2: odd()}), lambda client: client.embed(TEXTS))
    assert error.value.answers[:, 0].tolist() == [0, 1, 2, 3, 4, 5]
    with pytest.raises(ServiceError) as error:
        asked(Parted(after={0: odd()}), lambda client: client.embed(TEXTS))
    assert error.value.answers is None
    with pytest.raises(ServiceError) as error:
        asked(Parted(after={1: odd()}), lambda client: client.gallery("people").enrol(TEXTS))
    assert error.value.answers == Enrolled(3, 0, 0, 0, (), ())


def test_answers_end_before_the_first_request_with_an_item_that_has_none(asked):
    bad = refused(422, "bad_items", ("text 1", "is blank"))
    with pytest.raises(ServiceError, match="text 4: is blank") as error:
        asked(Parted(after={1: bad}), lambda client: client.embed(TEXTS))
    assert (error.value.answers[:, 0].tolist(), error.value.done) == ([0, 1, 2], 10)
    with pytest.raises(ServiceError, match="refused") as error:  # what cannot be sent has no answer, either
        asked(Parted(after={2: odd()}), lambda client: client.embed(["0", "1", "2", "3", ["a"], *TEXTS]))
    assert error.value.answers[:, 0].tolist() == [0, 1, 2]


def test_a_real_list_that_ends_half_way_keeps_who_was_identified(asked, url, uses):
    paths = [path for number in range(4) for path in uses.pictures(number)][:6]
    with Client(url) as client:
        whole = client.gallery("people").identify(paths, fpir=0.4, confidence=0.0)

    def answer(request):
        if request.url.path == "/v1/models":
            return Parted(items=2)(request)
        if b"last.png" in httpx2.Request.read(request):
            return odd()
        sent = {"Content-Type": request.headers["Content-Type"]}
        answered = httpx2.post(f"{url}{request.url.path}", content=request.content, headers=sent)
        return httpx2.Response(answered.status_code, json=answered.json())

    class Ending:
        transport = httpx2.MockTransport(answer)

    last = uses.root / "last.png"
    last.write_bytes(paths[5].read_bytes())
    with pytest.raises(ServiceError, match="before, 4 of 6") as error:
        asked(Ending, lambda client: client.gallery("people").identify([*paths[:5], last], fpir=0.4, confidence=0.0))
    assert error.value.answers == whole[:4]


@pytest.mark.parametrize(
    ("instead", "told"),
    [(lambda: LOST, False), (odd, False), (lambda: httpx2.ReadTimeout("slow"), True), (other, True)],
)
def test_what_is_enrolled_is_said_only_where_something_may_be(asked, instead, told):
    with pytest.raises(ServiceError) as error:
        asked(Parted(after={0: instead()}), lambda client: client.gallery("people").enrol(TEXTS[:1], "somebody"))
    assert ("what was sent may be enrolled; enrol all again: each is kept once" in str(error.value)) == told
    assert "items are done" not in str(error.value)


def test_an_identity_that_cannot_be_kept_is_told_by_the_item(asked, url, uses):
    paths = uses.pictures(5)[:2]
    done = asked(url, lambda client: client.gallery("people").enrol_each([*paths, "AA=="], ["a\0b"] * 3))
    assert done.new == 0
    told = dict(done.problems)
    assert told[str(paths[1])] == "the identity 'a\\x00b' cannot be kept: a text may not hold the sign NUL"
    with pytest.raises(ServiceError, match=r"^the identity .* cannot be kept: .* NUL$"):
        asked(url, lambda client: client.gallery("people").enrol(paths, "a\0b"))
