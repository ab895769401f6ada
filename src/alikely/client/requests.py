"""What is asked, by name -> one request, and how its answer is read. Nothing is sent here."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import httpx2

from alikely.client.saying import File
from alikely.errors import InputError

T = TypeVar("T")


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request, and how the JSON of its answer is read. `asked` is its body: None is no body.

    called: the user's name of what the service calls so.
    """

    method: str
    path: str
    read: Callable[[Any], T]
    asked: Mapping[str, Any] | None = None
    query: Mapping[str, Any] = field(default_factory=dict)
    called: Callable[[str], str] = str


def request_of(http: httpx2.Client | httpx2.AsyncClient, call: Call[Any]) -> httpx2.Request:
    """The request of a call, for this client of HTTP; what is None is left to the service."""
    query = {name: value for name, value in call.query.items() if value is not None}
    sent = {} if call.asked is None else body(call.asked)
    return http.build_request(call.method, call.path, params=query, **sent)


def body(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked, by name -> the arguments of a request: JSON, or a form with files where there are pictures.

    What is None is left to the service.
    """
    given = {name: value for name, value in asked.items() if value is not None}
    files = [
        (name, (one.name, one.content, "application/octet-stream"))
        for name, value in given.items()
        for one in _each(value)
        if isinstance(one, File)
    ]
    if not files:
        return {"content": _json(given).encode(), "headers": {"Content-Type": "application/json"}}
    texts = {
        name: [one if isinstance(one, str) else _json(one) for one in _each(value) if not isinstance(one, File)]
        for name, value in given.items()
    }
    return {"files": files, "data": {name: values for name, values in texts.items() if values}}


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _json(value: Any) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as problem:
        raise InputError(f"what is asked cannot be sent as JSON ({problem})") from None
