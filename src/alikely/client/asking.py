"""Calls -> methods that send them and give the answer, or with asyncio what is awaited for it; each is listed once."""

from collections.abc import Callable, Coroutine
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload, runtime_checkable
from urllib.parse import quote

from alikely.client import gallery_calls
from alikely.client.many import Many
from alikely.client.requests import Call

P = ParamSpec("P")
T = TypeVar("T")
C_co = TypeVar("C_co", bound="Sends | SendsAsync", covariant=True)

V1 = "/v1"
Question = Call[T] | Many[Any, T]


@runtime_checkable
class Sends(Protocol):
    """Sends a question, in as many requests as it takes, and gives the answer."""

    def do(self, question: Question[T]) -> T:
        """Send a question, and give its answer."""
        ...


@runtime_checkable
class SendsAsync(Protocol):
    """The same with asyncio."""

    async def do(self, question: Question[T]) -> T:
        """Send a question, and give its answer."""
        ...


@runtime_checkable
class _Asks(Protocol[C_co]):
    """What has questions as methods: by whom they are sent, and where to."""

    @property
    def sender(self) -> C_co: ...
    @property
    def at(self) -> str: ...


class Asked(Generic[P, T]):
    """A function of `calls` as a method: so each question is described only once, and typed for both clients."""

    def __init__(self, build: Callable[Concatenate[str, P], Question[T]]) -> None:
        self.build = build

    @overload
    def __get__(self, asks: _Asks[Sends], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, asks: _Asks[SendsAsync], owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, asks: Any, owner: type) -> Any:
        def ask(*args: P.args, **named: P.kwargs) -> Any:
            return asks.sender.do(self.build(asks.at, *args, **named))

        return update_wrapper(ask, self.build)


class Gallery(Generic[C_co]):
    """A gallery of a service, as `Client.gallery` and `AsyncClient.gallery` give it; of the latter to be awaited."""

    def __init__(self, sender: C_co, name: str) -> None:
        self.at, self._sender = f"{V1}/galleries/{quote(name, safe='')}", sender

    @property
    def sender(self) -> C_co:
        """The client that sends."""
        return self._sender

    about = Asked(gallery_calls.about)
    enrol = Asked(gallery_calls.enrol)
    enrol_each = Asked(gallery_calls.enrol_each)
    verify = Asked(gallery_calls.verify)
    identify = Asked(gallery_calls.identify)
    search = Asked(gallery_calls.search)
    search_all = Asked(gallery_calls.search_all)
    like = Asked(gallery_calls.like)
    identities = Asked(gallery_calls.identities)
    templates = Asked(gallery_calls.templates)
    remove = Asked(gallery_calls.remove)
    remove_template = Asked(gallery_calls.remove_template)
