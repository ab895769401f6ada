"""How much a service takes on at once -> what goes beyond is refused, so that its memory is bounded whatever comes."""

import asyncio
import math
import time
from collections.abc import Callable

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from alikely.server.problems import RefusedError

MEGABYTE = 10**6
# Bodies that are held at once take at most as much as so many of the largest.
LARGEST_BODIES = 32
# A client that sends its body more slowly than this is taken for one that never ends it.
BODY_SECONDS = 60.0
MINUTE = 60.0


class InFlight:
    """Requests that are answered or wait now, at most `most`, and the bytes of their bodies, at most `most_bytes`.

    largest: megabytes of one body. seconds: in which it has to be there.
    """

    def __init__(self, most: int, largest: float, seconds: float = BODY_SECONDS) -> None:
        self.most, self.largest, self.seconds = most, math.floor(largest * MEGABYTE), seconds
        self.most_bytes = LARGEST_BODIES * self.largest
        self.count = self.bytes = 0

    def enter(self) -> None:
        """One more; `leave` follows. Raises RefusedError (503) where that is too many."""
        if self.count >= self.most:
            raise _busy(f"{self.most} requests are being answered")
        self.count += 1

    def leave(self, held: int = 0) -> None:
        """It is answered; its body took `held` bytes."""
        self.count -= 1
        self.bytes -= held

    def body(self, receive: Receive, length: bytes, whole: bool = False) -> "Body":
        """Its body, as it comes in; `whole`: it is there already, and is not waited for.

        Raises RefusedError (413) where its Content-Length says that it is too large.
        """
        if length and (not length.isdigit() or len(length) > 15 or int(length) > self.largest):
            raise self.too_large()
        return Body(receive, self, None if whole else self.seconds)

    def too_large(self, headers: dict[str, str] | None = None) -> RefusedError:
        """What is said of a body that is too large."""
        most = f"{self.largest / MEGABYTE:g} MB"
        return RefusedError(
            413, "too_large", f"the body has more than {most}, the most that this service takes", headers
        )


class Body:
    """A request's `receive` that counts what comes, and waits for it only so long; `seconds` None: it is there."""

    def __init__(self, receive: Receive, in_flight: InFlight, seconds: float | None) -> None:
        self.held = 0
        self._receive, self._in_flight = receive, in_flight
        self._until = None if seconds is None else asyncio.get_running_loop().time() + seconds
        self._ended = False

    async def __call__(self) -> Message:
        """The next part. Raises RefusedError: 408 too slow, 413 too large, 503 too many bodies at once."""
        if self._ended:
            return await self._receive()
        message = await (self._receive() if self._until is None else self._in_time(self._until))
        if message["type"] != "http.request":
            self._ended = True
            raise ClientDisconnect
        self._ended = not message.get("more_body", False)
        size = len(message.get("body", b""))
        self.held += size
        self._in_flight.bytes += size
        if self.held > self._in_flight.largest:
            raise self._in_flight.too_large({"Connection": "close"})
        if self._in_flight.bytes > self._in_flight.most_bytes:
            raise _busy("too many large bodies come in at once")
        return message

    async def _in_time(self, until: float) -> Message:
        try:
            async with asyncio.timeout_at(until):
                return await self._receive()
        except TimeoutError:
            raise RefusedError(
                408, "slow_body", "the body did not come in time; send it faster, or less", {"Connection": "close"}
            ) from None


class Rates:
    """Requests a minute for each key. `clock` never jumps (seconds). `a_minute` 0: any number."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.a_minute = a_minute
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}  # of each key: requests that it has left, and when it had them

    def take(self, name: str) -> None:
        """One request of this key. Raises RefusedError (429) that says when it may ask again."""
        if self.a_minute == 0:
            return
        now = self._clock()
        left, then = self._left.get(name, (float(self.a_minute), now))
        left = min(float(self.a_minute), left + (now - then) * self.a_minute / MINUTE)
        self._left[name] = (max(left - 1, 0.0) if left >= 1 else left, now)
        if left < 1:
            seconds = math.ceil(round((1 - left) * MINUTE / self.a_minute, 6))
            raise RefusedError(
                429,
                "rate",
                f"more than {self.a_minute} requests a minute; ask again in {seconds} s",
                {"Retry-After": str(seconds)},
            )


def _busy(why: str) -> RefusedError:
    return RefusedError(503, "busy", f"{why}; ask again in a second", {"Retry-After": "1"})
