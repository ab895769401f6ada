"""Client and AsyncClient: calls are sent, a busy service is asked again, answers come back as objects."""

import ssl
from asyncio import sleep as async_sleep
from collections.abc import Callable, Coroutine
from functools import update_wrapper
from pathlib import Path
from time import sleep
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, runtime_checkable
from urllib.parse import quote

import httpx2

from alikely.client import calls, gallery_calls
from alikely.client.calls import Call
from alikely.client.failing import read, unreachable, wait_before_again
from alikely.client.saying import body
from alikely.errors import SettingsError

P = ParamSpec("P")
T = TypeVar("T")

V1 = "/v1"
TIMEOUT, RETRIES = 60.0, 5


@runtime_checkable
class _Sends(Protocol):
    """What has calls as methods: where they go, and how they are sent."""

    at: str

    def do(self, call: Call[T]) -> T: ...


@runtime_checkable
class _SendsAsync(Protocol):
    """The same with asyncio."""

    at: str

    async def do(self, call: Call[T]) -> T: ...


class _Answered(Generic[P, T]):
    """A function of `calls` as a method that sends it and gives the answer: so each call is described only once."""

    def __init__(self, build: Callable[Concatenate[str, P], Call[T]]) -> None:
        self.build = build

    def __get__(self, sender: _Sends, owner: type) -> Callable[P, T]:
        def ask(*args: P.args, **named: P.kwargs) -> T:
            return sender.do(self.build(sender.at, *args, **named))

        return update_wrapper(ask, self.build)


class _Awaited(Generic[P, T]):
    """The same as a coroutine."""

    def __init__(self, build: Callable[Concatenate[str, P], Call[T]]) -> None:
        self.build = build

    def __get__(self, sender: _SendsAsync, owner: type) -> Callable[P, Coroutine[Any, Any, T]]:
        async def ask(*args: P.args, **named: P.kwargs) -> T:
            return await sender.do(self.build(sender.at, *args, **named))

        return update_wrapper(ask, self.build)


class Client:
    """A service of Alikely, asked from Python.

        with Client("http://127.0.0.1:8000") as client:
            client.compare(Path("left.jpg"), Path("right.jpg")).verdict

    url: its address. key: an API key. timeout: seconds without a sign of life. verify: False does not check the
    certificate of the service; a path checks it by the certificates in that file. retries: how often a service that is
    busy (503) is asked again, when it says. transport: for tests, an application in place of the network.

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
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.at, self.url, self.retries = V1, _checked(url), retries
        self._http = httpx2.Client(
            base_url=url, headers=_headers(key), timeout=timeout, verify=_verified(verify), transport=transport
        )

    embed = _Answered(calls.embed)
    compare = _Answered(calls.compare)
    explain = _Answered(calls.explain)
    score = _Answered(calls.score)
    recommend_for = _Answered(calls.recommend_for)
    recommend_like = _Answered(calls.recommend_like)
    ask = _Answered(calls.ask)
    models = _Answered(calls.models)

    def gallery(self, name: str) -> "Gallery":
        """The gallery of this name; whether it is served shows when it is asked."""
        return Gallery(self, name)

    def ready(self) -> bool:
        """Whether the service can be reached and can answer."""
        try:
            return self._http.get("/readyz").is_success
        except httpx2.HTTPError:
            return False

    def do(self, call: Call[T]) -> T:
        """Send a call, and give its answer."""
        request = _request(self._http, call)
        for tried in range(self.retries + 1):
            try:
                response = self._http.send(request)
            except httpx2.HTTPError as error:
                raise unreachable(error, self.url) from error
            wait = wait_before_again(response, tried, self.retries)
            if wait is None:
                break
            sleep(wait)
        return call.read(read(response))

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Gallery:
    """A gallery of a service."""

    def __init__(self, client: Client, name: str) -> None:
        self.client, self.at = client, _gallery_at(name)

    about = _Answered(gallery_calls.about)
    enrol = _Answered(gallery_calls.enrol)
    verify = _Answered(gallery_calls.verify)
    identify = _Answered(gallery_calls.identify)
    search = _Answered(gallery_calls.search)
    like = _Answered(gallery_calls.like)
    identities = _Answered(gallery_calls.identities)
    templates = _Answered(gallery_calls.templates)
    remove = _Answered(gallery_calls.remove)
    remove_template = _Answered(gallery_calls.remove_template)

    def do(self, call: Call[T]) -> T:
        """Send a call, and give its answer."""
        return self.client.do(call)


class AsyncClient:
    """`Client` for asyncio: the same methods, each to be awaited.

    async with AsyncClient("http://127.0.0.1:8000") as client:
        decision = await client.compare(Path("left.jpg"), Path("right.jpg"))

    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        timeout: float = TIMEOUT,
        verify: bool | Path | ssl.SSLContext = True,
        retries: int = RETRIES,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.at, self.url, self.retries = V1, _checked(url), retries
        self._http = httpx2.AsyncClient(
            base_url=url, headers=_headers(key), timeout=timeout, verify=_verified(verify), transport=transport
        )

    embed = _Awaited(calls.embed)
    compare = _Awaited(calls.compare)
    explain = _Awaited(calls.explain)
    score = _Awaited(calls.score)
    recommend_for = _Awaited(calls.recommend_for)
    recommend_like = _Awaited(calls.recommend_like)
    ask = _Awaited(calls.ask)
    models = _Awaited(calls.models)

    def gallery(self, name: str) -> "AsyncGallery":
        """The gallery of this name; whether it is served shows when it is asked."""
        return AsyncGallery(self, name)

    async def ready(self) -> bool:
        """Whether the service can be reached and can answer."""
        try:
            return (await self._http.get("/readyz")).is_success
        except httpx2.HTTPError:
            return False

    async def do(self, call: Call[T]) -> T:
        """Send a call, and give its answer."""
        request = _request(self._http, call)
        for tried in range(self.retries + 1):
            try:
                response = await self._http.send(request)
            except httpx2.HTTPError as error:
                raise unreachable(error, self.url) from error
            wait = wait_before_again(response, tried, self.retries)
            if wait is None:
                break
            await async_sleep(wait)
        return call.read(read(response))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class AsyncGallery:
    """A gallery of a service, for asyncio."""

    def __init__(self, client: AsyncClient, name: str) -> None:
        self.client, self.at = client, _gallery_at(name)

    about = _Awaited(gallery_calls.about)
    enrol = _Awaited(gallery_calls.enrol)
    verify = _Awaited(gallery_calls.verify)
    identify = _Awaited(gallery_calls.identify)
    search = _Awaited(gallery_calls.search)
    like = _Awaited(gallery_calls.like)
    identities = _Awaited(gallery_calls.identities)
    templates = _Awaited(gallery_calls.templates)
    remove = _Awaited(gallery_calls.remove)
    remove_template = _Awaited(gallery_calls.remove_template)

    async def do(self, call: Call[T]) -> T:
        """Send a call, and give its answer."""
        return await self.client.do(call)


def _gallery_at(name: str) -> str:
    return f"{V1}/galleries/{quote(name, safe='')}"


def _checked(url: str) -> str:
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL as problem:
        raise SettingsError(f"{url!r} is no address ({problem}); give one such as http://127.0.0.1:8000") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise SettingsError(f"{url!r} is no address of a service; give one such as http://127.0.0.1:8000")
    return url


def _headers(key: str | None) -> dict[str, str]:
    if key is None:
        return {}
    if not key.isascii() or not key.isprintable() or " " in key or not key:
        raise SettingsError("the key holds signs that no key has; give it as `alikely keys add` printed it")
    return {"Authorization": f"Bearer {key}"}


def _verified(verify: bool | Path | ssl.SSLContext) -> ssl.SSLContext | bool:
    if not isinstance(verify, Path):
        return verify
    try:
        return ssl.create_default_context(cafile=verify)
    except (OSError, ssl.SSLError) as problem:
        raise SettingsError(f"{verify}: holds no certificates that can be read ({problem})") from None


def _request(http: httpx2.Client | httpx2.AsyncClient, call: Call[Any]) -> httpx2.Request:
    query = {name: value for name, value in call.query.items() if value is not None}
    sent = {} if call.asked is None else body(call.asked)
    return http.build_request(call.method, call.path, params=query, **sent)
