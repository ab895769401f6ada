"""Requests that are not only waiting: read elsewhere, given up while the network runs, or there as it closes."""

import asyncio
import threading
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from alikely.server import batching as module
from alikely.server.batching import Batching
from alikely.server.problems import RefusedError
from tests.models import pictures, small_model

SECONDS = 30.0  # no answer for so long is none


def made(engine, queue: int = 100) -> Batching:
    return Batching(replace(small_model(), engine=engine), 64, 0.0, queue, lambda _: None)


def ones(read):
    return np.ones((len(read), 8), np.float32)


def large():
    """An item that is read in another thread."""
    return [Image.fromarray(pictures(1)[0])]


@pytest.fixture
def reading(monkeypatch):
    """Waits in the thread that reads: (set when it has begun, waited for before it goes on)."""
    begun, until, read = threading.Event(), threading.Event(), module._read

    def slowly(*asked):
        begun.set()
        assert until.wait(SECONDS)
        return read(*asked)

    monkeypatch.setattr(module, "_read", slowly)
    return begun, until


def gated():
    """An engine that says when it has begun, and waits before it goes on."""
    entered, gate = threading.Event(), threading.Event()

    def engine(read):
        entered.set()
        assert gate.wait(SECONDS)
        return ones(read)

    return engine, entered, gate


def test_who_goes_away_while_the_network_runs_costs_the_others_nothing():
    engine, entered, gate = gated()
    batching = made(engine)

    async def go():
        gone, stays = (asyncio.create_task(batching.embed(pictures(1))) for _ in range(2))
        assert await asyncio.to_thread(entered.wait, SECONDS)
        gone.cancel()
        gate.set()
        return await asyncio.wait_for(stays, SECONDS)

    assert asyncio.run(go()).shape == (1, 8)
    batching.close()


def test_a_loop_that_ends_while_the_network_runs_costs_the_next_nothing():
    engine, entered, gate = gated()
    batching = made(engine)

    async def leave():
        task = asyncio.create_task(batching.embed(pictures(1)))
        assert await asyncio.to_thread(entered.wait, SECONDS)
        return task

    async def ask():
        return await asyncio.wait_for(batching.embed(pictures(1)), SECONDS)

    assert asyncio.run(leave()).cancelled()
    gate.set()
    assert asyncio.run(ask()).shape == (1, 8)
    batching.close()


def test_what_has_just_come_in_is_answered_when_it_closes():
    batching = made(ones)

    async def go():
        just = asyncio.create_task(batching.embed(pictures(1)))
        await asyncio.sleep(0)
        assert batching.waiting == 1
        batching.close()
        return await asyncio.wait_for(just, SECONDS)

    assert asyncio.run(go()).shape == (1, 8)


def test_what_is_still_read_when_it_closes_is_refused(reading):
    begun, until = reading
    batching = made(ones)

    async def go():
        late = asyncio.create_task(batching.embed(large()))
        assert await asyncio.to_thread(begun.wait, SECONDS)
        until.set()
        batching.close()
        await asyncio.wait_for(late, SECONDS)

    with pytest.raises(RefusedError) as refused:
        asyncio.run(go())
    assert (refused.value.status, refused.value.code) == (503, "closing")


def test_what_is_read_elsewhere_waits_as_all_others_do(reading):
    begun, until = reading
    batching = made(ones, queue=1)

    async def go():
        first = asyncio.create_task(batching.embed(large()))
        assert await asyncio.to_thread(begun.wait, SECONDS)
        assert batching.waiting == 1
        with pytest.raises(RefusedError, match="1 requests wait already"):
            await asyncio.wait_for(batching.embed(pictures(1)), SECONDS)
        until.set()
        return await asyncio.wait_for(first, SECONDS), batching.waiting

    rows, waiting = asyncio.run(go())
    batching.close()
    assert (rows.shape, waiting) == ((1, 8), 0)
