"""The slow work of a request -> done in a thread; given up where its client is gone, so that nobody waits for that."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

T = TypeVar("T")

# Work calls it wherever it can stop; it takes what tells progress, too.
GoOn = Callable[..., None]


async def while_wanted(request: Request, work: Callable[[GoOn], T]) -> T:
    """What `work` gives. It is called with a function that raises ClientDisconnect when the client has hung up.

    The body of the request must have been read. Work that waits for a thread is not begun for a client that is gone.
    """
    gone = threading.Event()

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone.set()

    def go_on(*_: object) -> None:
        if gone.is_set():
            raise ClientDisconnect

    def begin() -> T:
        go_on()
        return work(go_on)

    watching = asyncio.create_task(watch())
    try:
        return await run_in_threadpool(begin)
    finally:
        # Also where the service ends before the work does.
        gone.set()
        watching.cancel()
