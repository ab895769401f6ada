"""Client and AsyncClient: questions are sent, a busy service is asked again, answers come back as objects."""

import ssl
from asyncio import Task, create_task, gather, to_thread
from asyncio import sleep as async_sleep
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import sleep
from types import TracebackType
from typing import Any, TypeVar

import httpx2

from alikely.client import calls
from alikely.client.answers import Limits
from alikely.client.asking import V1, Asked, Gallery, Question
from alikely.client.connection import KEPT, checked, headers, verified
from alikely.client.failing import TOO_LARGE, Attempts, read
from alikely.client.many import Joining, Many, Part
from alikely.client.requests import Call, request_of
from alikely.errors import SettingsError

A = TypeVar("A")
T = TypeVar("T")

TIMEOUT, RETRIES, LONGEST_WAIT, AT_ONCE = 60.0, 5, 120.0, 4


class Client:
    """A service of Alikely, asked from Python.

        with Client("http://127.0.0.1:8000") as client:
            client.compare(Path("left.jpg"), Path("right.jpg")).verdict

    url: its address. key: an API key. timeout: seconds without a sign of life. verify: False does not check the
    certificate of the service; a path checks it by the certificates in that file. retries: how often a service that is
    busy or ending is asked again, when it says, and one that is gone in the middle of a long list; longest_wait: for so
    many seconds in all of one request. transport: for tests, an application in place of the network.

    A list of items, also an iterator, is asked in as many requests as the service takes; the answer is in its order.
    `progress` of such questions is called with (what is done, items done, items in all).

    Raises ServiceError where the service refuses (with its status, code and problems) or cannot be reached, InputError
    for items that cannot be sent.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        timeout: float = TIMEOUT,
        verify: bool | Path | ssl.SSLContext = True,
        retries: int = RETRIES,
        longest_wait: float = LONGEST_WAIT,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.url, self.retries, self.longest_wait = checked(url), retries, longest_wait
        self._http = httpx2.Client(
            base_url=url,
            headers=headers(key),
            timeout=timeout,
            verify=verified(verify),
            transport=transport,
            limits=KEPT,
        )
        self.at = V1
        self._limits: Limits | None = None

    @property
    def sender(self) -> "Client":
        """Itself: it sends."""
        return self

    embed = Asked(calls.embed)
    compare = Asked(calls.compare)
    explain = Asked(calls.explain)
    score = Asked(calls.score)
    recommend_for = Asked(calls.recommend_for)
    recommend_like = Asked(calls.recommend_like)
    ask = Asked(calls.ask)
    operating_points = Asked(calls.operating_points)
    models = Asked(calls.models)

    def gallery(self, name: str) -> Gallery["Client"]:
        """The gallery of this name; whether it is served shows when it is asked."""
        return Gallery(self, name)

    def ready(self) -> bool:
        """Whether the service can be reached and can answer."""
        try:
            return self._http.get("/readyz").is_success
        except httpx2.HTTPError:
            return False

    def do(self, question: Question[T]) -> T:
        """Send a question, and give its answer."""
        if isinstance(question, Call):
            return self._answer(question, lambda: False)
        joining = Joining(question)
        if self._limits is None and question.total not in (0, 1):
            self._limits = self.models().limits
        for part in question.parts(self._limits):
            with joining.asking(part):
                if part.to_send:
                    joining.add(self._answer(question.ask(part), lambda: joining.begun))
        if joining.without is not None:
            return self._answer(joining.without, lambda: False)
        return joining.result()

    def _answer(self, call: Call[T], patient: Callable[[], bool]) -> T:
        request = request_of(self._http, call)
        attempts = Attempts(self.url, self.retries, self.longest_wait, patient)
        while True:
            try:
                if (response := attempts.answered(self._http.send(request))) is not None:
                    break
            except httpx2.HTTPError as error:
                attempts.lost(error)
            sleep(attempts.seconds)
        if response.status_code == TOO_LARGE:
            self._limits = None  # they are others now
        return call.read(read(response, call.called))

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient:
    """`Client` for asyncio: the same methods, each to be awaited.

    async with AsyncClient("http://127.0.0.1:8000") as client:
        decision = await client.compare(Path("left.jpg"), Path("right.jpg"))

    at_once: how many requests of one long list are under way at the same time.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        timeout: float = TIMEOUT,
        verify: bool | Path | ssl.SSLContext = True,
        retries: int = RETRIES,
        longest_wait: float = LONGEST_WAIT,
        transport: httpx2.AsyncBaseTransport | None = None,
        at_once: int = AT_ONCE,
    ) -> None:
        if at_once < 1:
            raise SettingsError(f"at_once is {at_once}; give 1 or more requests at the same time")
        self.url, self.retries, self.longest_wait, self.at_once = checked(url), retries, longest_wait, at_once
        self._http = httpx2.AsyncClient(
            base_url=url,
            headers=headers(key),
            timeout=timeout,
            verify=verified(verify),
            transport=transport,
            limits=KEPT,
        )
        self.at = V1
        self._limits: Limits | None = None

    @property
    def sender(self) -> "AsyncClient":
        """Itself: it sends."""
        return self

    embed = Asked(calls.embed)
    compare = Asked(calls.compare)
    explain = Asked(calls.explain)
    score = Asked(calls.score)
    recommend_for = Asked(calls.recommend_for)
    recommend_like = Asked(calls.recommend_like)
    ask = Asked(calls.ask)
    operating_points = Asked(calls.operating_points)
    models = Asked(calls.models)

    def gallery(self, name: str) -> Gallery["AsyncClient"]:
        """The gallery of this name; whether it is served shows when it is asked."""
        return Gallery(self, name)

    async def ready(self) -> bool:
        """Whether the service can be reached and can answer."""
        try:
            return (await self._http.get("/readyz")).is_success
        except httpx2.HTTPError:
            return False

    async def do(self, question: Question[T]) -> T:
        """Send a question, and give its answer."""
        if isinstance(question, Call):
            return await self._answer(question, lambda: False)
        joining = Joining(question)
        if self._limits is None and question.total not in (0, 1):
            self._limits = (await self.models()).limits
        parts, under_way = question.parts(self._limits), deque[tuple[Part, Task[Any]]]()
        try:
            while (part := await to_thread(next, parts, None)) is not None:
                if len(under_way) >= self.at_once:
                    await _join(joining, *under_way.popleft())
                under_way.append((part, create_task(self._answer_part(question, part, joining))))
            while under_way:
                await _join(joining, *under_way.popleft())
        finally:
            for _, task in under_way:
                task.cancel()
            await gather(*(task for _, task in under_way), return_exceptions=True)
        if joining.without is not None:
            return await self._answer(joining.without, lambda: False)
        return joining.result()

    async def _answer_part(self, many: Many[A, Any], part: Part, joining: Joining[A, Any]) -> A | None:
        if not part.to_send:
            return None
        return await self._answer(many.ask(part), lambda: joining.begun)

    async def _answer(self, call: Call[T], patient: Callable[[], bool]) -> T:
        request = request_of(self._http, call)
        attempts = Attempts(self.url, self.retries, self.longest_wait, patient)
        while True:
            try:
                if (response := attempts.answered(await self._http.send(request))) is not None:
                    break
            except httpx2.HTTPError as error:
                attempts.lost(error)
            await async_sleep(attempts.seconds)
        if response.status_code == TOO_LARGE:
            self._limits = None
        return call.read(read(response, call.called))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def _join(joining: Joining[A, Any], part: Part, task: Task[A | None]) -> None:
    with joining.asking(part):
        answer = await task
        if answer is not None:
            joining.add(answer)
