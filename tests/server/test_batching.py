"""Requests joined into batches: what is joined, what is refused, and that nobody's answer depends on the others."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from alikely.errors import InputError
from alikely.server.batching import SMALL, Batching, _alike, _size
from alikely.server.problems import RefusedError
from tests.models import pictures, small_model
from tests.server.small import png

LONG = 60_000.0  # milliseconds: longer than any test may take


class Gated:
    """An engine that waits until it may go on, and tells how many items it was asked for each time."""

    def __init__(self, model, opened: bool = False) -> None:
        self.model, self.sizes, self.fails = model, [], 0
        self.entered, self.gate = threading.Semaphore(0), threading.Event()
        if opened:
            self.gate.set()

    def __call__(self, read):
        self.sizes.append(len(read))
        self.entered.release()
        assert self.gate.wait(30)
        if self.fails:
            self.fails -= 1
            raise RuntimeError("the network broke")
        return self.model.embed_read(read)


@pytest.fixture
def model():
    return small_model()


@pytest.fixture
def made(model):
    """Makes a Batching with a gated engine; all are closed at the end."""
    open_ones = []

    def make(batch: int = 64, wait_ms: float = 0.0, queue: int = 100, opened: bool = False):
        engine = Gated(model, opened)
        told = []
        batching = Batching(replace(model, engine=engine), batch, wait_ms, queue, told.append)
        open_ones.append((batching, engine))
        return batching, engine

    yield make
    for batching, engine in open_ones:
        engine.gate.set()
        batching.close()


async def entered(engine) -> None:
    """Wait until the engine has been asked once more."""
    await asyncio.to_thread(engine.entered.acquire)


async def asked(batching, *requests):
    """Tasks that ask for each of these lists of items; all of them have come in."""
    tasks = [asyncio.create_task(batching.embed(items)) for items in requests]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


def test_what_waits_is_one_batch(made, model):
    batching, engine = made()
    shown = pictures(7)

    async def go():
        first = await asked(batching, shown[:1])
        await entered(engine)
        rest = await asked(batching, shown[1:2], shown[2:4], shown[4:5])
        engine.gate.set()
        return await asyncio.gather(*first, *rest)

    answers = asyncio.run(go())
    assert engine.sizes == [1, 4]
    assert [len(rows) for rows in answers] == [1, 1, 2, 1]
    np.testing.assert_allclose(np.concatenate(answers), model.embed(shown[:5]), atol=1e-6)


def test_a_batch_has_a_largest_size_and_a_larger_request_is_cut(made, model):
    batching, engine = made(batch=3)
    shown = pictures(12)

    async def go():
        first = await asked(batching, shown[:1])
        await entered(engine)
        rest = await asked(batching, shown[1:3], shown[3:5], shown[5:12])
        engine.gate.set()
        return await asyncio.gather(*first, *rest)

    answers = asyncio.run(go())
    assert engine.sizes == [1, 2, 2, 3, 3, 1]
    np.testing.assert_allclose(np.concatenate(answers), model.embed(shown), atol=1e-6)


def test_who_is_alone_does_not_wait_for_others(made):
    batching, engine = made(wait_ms=LONG, opened=True)

    async def go():
        for _ in range(3):
            await batching.embed(pictures(1))

    asyncio.run(go())
    assert engine.sizes == [1, 1, 1]


def test_where_there_was_company_as_many_are_waited_for(made):
    batching, engine = made(wait_ms=LONG)

    async def go():
        first = await asked(batching, pictures(1))
        await entered(engine)
        second = await asked(batching, pictures(1))
        engine.gate.set()
        await asyncio.gather(*first)
        # Two came together last, so that the second waits for one more.
        third = await asked(batching, pictures(2))
        await asyncio.gather(*second, *third)

    asyncio.run(go())
    assert engine.sizes == [1, 3]


def test_the_others_are_waited_for_only_so_long(made):
    batching, engine = made(wait_ms=1.0)

    async def go():
        first = await asked(batching, pictures(1))
        await entered(engine)
        second = await asked(batching, pictures(1))
        engine.gate.set()
        await asyncio.gather(*first, *second)

    asyncio.run(go())
    assert engine.sizes == [1, 1]


def test_past_the_queue_is_refused_and_all_others_are_answered(made):
    batching, engine = made(queue=2)

    async def go():
        first = await asked(batching, pictures(1))
        await entered(engine)
        waiting = await asked(batching, pictures(1), pictures(1))
        assert batching.waiting == 2
        with pytest.raises(RefusedError) as refused:
            await batching.embed(pictures(1))
        with pytest.raises(RefusedError):
            batching(torch.zeros(1, 1, 16, 16, dtype=torch.uint8))
        engine.gate.set()
        await asyncio.gather(*first, *waiting)
        return refused.value

    error = asyncio.run(go())
    assert (error.status, error.code, error.headers["Retry-After"]) == (503, "busy", "1")
    assert batching.waiting == 0


def test_one_that_cannot_be_read_costs_nobody_else_anything(made, model):
    batching, engine = made()
    good = png(pictures(1)[0])

    async def go():
        first = await asked(batching, [good])
        await entered(engine)
        rest = await asked(batching, [good], [good, b"no picture"], [b"\x89PNG\r\n\x1a\n" + bytes(SMALL)])
        engine.gate.set()
        return await asyncio.gather(*first, *rest, return_exceptions=True)

    one, two, bad, large = asyncio.run(go())
    np.testing.assert_allclose(one, two, atol=1e-6)
    assert isinstance(bad, InputError)
    assert str(bad).startswith("picture 2: ")
    with pytest.raises(InputError) as alone:
        model.embed([good, b"no picture"])
    assert str(bad) == str(alone.value)
    assert isinstance(large, InputError)
    assert engine.sizes == [1, 1]


def test_who_went_away_is_not_embedded(made):
    batching, engine = made()

    async def go():
        first = await asked(batching, pictures(1))
        await entered(engine)
        gone, stays = await asked(batching, pictures(5), pictures(2))
        gone.cancel()
        engine.gate.set()
        await asyncio.gather(*first, stays)
        assert gone.cancelled()

    asyncio.run(go())
    assert engine.sizes == [1, 2]


def test_what_is_large_is_not_read_on_for_who_went_away(made, monkeypatch):
    batching, _ = made(opened=True)
    first, released, read = threading.Event(), threading.Event(), []

    def read_one(_, item):
        read.append(item)
        first.set()
        assert released.wait(30)
        return torch.zeros(1, 16, 16)

    monkeypatch.setattr(type(batching.model.preparation), "read_one", read_one)

    async def go():
        (gone,) = await asked(batching, [bytes(SMALL)] * 5)
        await asyncio.to_thread(first.wait, 30)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)

    asyncio.run(go())
    released.set()
    batching.close()
    assert len(read) == 1


def test_when_all_went_away_the_network_is_not_asked(made):
    batching, engine = made()

    async def go():
        first = await asked(batching, pictures(1))
        await entered(engine)
        (gone,) = await asked(batching, pictures(5))
        gone.cancel()
        engine.gate.set()
        await asyncio.gather(*first)
        await batching.embed(pictures(3))

    asyncio.run(go())
    assert engine.sizes == [1, 3]


def test_a_network_that_breaks_is_told_to_all_who_wait_and_the_next_are_answered(made, caplog):
    batching, engine = made()
    engine.fails = 2

    async def go():
        first = await asked(batching, pictures(1))
        await entered(engine)
        rest = await asked(batching, pictures(1), pictures(1))
        engine.gate.set()
        failed = await asyncio.gather(*first, *rest, return_exceptions=True)
        return failed, await batching.embed(pictures(2))

    failed, rows = asyncio.run(go())
    assert [(type(one), one.status, one.code) for one in failed] == [(RefusedError, 500, "network")] * 3
    assert "broke" not in str(failed[0])
    assert "the network broke" in caplog.text
    assert rows.shape == (2, 8)


def test_what_was_accepted_is_answered_when_it_closes_and_nobody_after(made):
    batching, engine = made()

    async def go():
        first = await asked(batching, pictures(1))
        await entered(engine)
        rest = await asked(batching, pictures(1), pictures(2))
        engine.gate.set()
        batching.close()
        rows = await asyncio.gather(*first, *rest)
        with pytest.raises(RefusedError) as refused:
            await batching.embed(pictures(1))
        return rows, refused.value

    rows, error = asyncio.run(go())
    assert [len(one) for one in rows] == [1, 1, 2]
    assert (error.status, error.code) == (503, "closing")
    assert not batching._thread.is_alive()


def test_threads_are_answered_as_each_alone(made, model):
    batching, _ = made(wait_ms=1.0, opened=True)
    served = replace(model, engine=batching)
    shown = pictures(40)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda place: served.embed(shown[place : place + 3]), range(0, 36, 3)))
    np.testing.assert_allclose(np.concatenate(found), model.embed(shown[:36]), atol=1e-6)


def test_no_items_have_no_rows(made):
    batching, _ = made(opened=True)
    assert asyncio.run(batching.embed([])).shape == (0, 8)


def test_like_lengths_go_together():
    read = [torch.zeros(length) for length in (1, 100, 2, 60, 3, 2)]
    assert list(_alike(read, 64)) == [[0, 2, 5], [4], [3, 1]]
    assert list(_alike(read, 2)) == [[0, 2], [5, 4], [3, 1]]
    assert list(_alike([torch.zeros(3)] * 5, 2)) == [[0, 1], [2, 3], [4]]


def test_what_is_large_is_read_elsewhere():
    assert _size([b"123", "four", np.zeros(4, np.float32)]) == 3 + 4 + 16
    assert _size([{"a": 1, "b": 2}]) == 200
    assert _size([Image.fromarray(pictures(1)[0])]) > SMALL
