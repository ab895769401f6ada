"""A network that answers at once runs where requests come in, and in a thread as long as that is not known."""

import asyncio
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from alikely.server.batching import BRIEF, Batching
from alikely.server.problems import RefusedError
from tests.models import pictures, small_model


@pytest.mark.parametrize(("seconds", "on_the_loop"), [(0.0, True), (2 * BRIEF, False)])
def test_only_a_brief_network_runs_on_the_loop(seconds, on_the_loop):
    threads = []

    def engine(read):
        threads.append(threading.current_thread())
        until = time.thread_time() + seconds
        while time.thread_time() < until:
            pass
        return np.ones((len(read), 8), np.float32)

    batching = Batching(replace(small_model(), engine=engine), 64, 0.0, 100, lambda _: None)

    async def go():
        return [await batching.embed(pictures(1)) for _ in range(3)]

    rows = asyncio.run(go())
    batching.close()
    assert [one.tolist() for one in rows] == [[[1.0] * 8]] * 3
    # How long it takes is not known before.
    assert [thread is threading.main_thread() for thread in threads] == [False, on_the_loop, on_the_loop]


def test_a_brief_network_that_breaks_is_told_too(caplog):
    fails = [False, True, False]

    def engine(read):
        if fails.pop(0):
            raise RuntimeError("the network broke")
        return np.ones((len(read), 8), np.float32)

    batching = Batching(replace(small_model(), engine=engine), 64, 0.0, 100, lambda _: None)

    async def go():
        return [
            (await asyncio.gather(batching.embed(pictures(1)), return_exceptions=True))[0] for _ in range(len(fails))
        ]

    good, bad, after = asyncio.run(go())
    batching.close()
    assert (good.shape, after.shape) == ((1, 8), (1, 8))
    assert (type(bad), bad.status, bad.code) == (RefusedError, 500, "network")
    assert "the network broke" in caplog.text
