"""Errors -> answers as RFC 9457 has them (application/problem+json), with our stable codes."""

import json
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from alikely.errors import AlikelyError, BadItemsError, CalibrationError, ServiceError, StorageError

# HTTP status by the code of the error; anything else of ours is the client's mistake, too.
STATUS = {"input": 422, "bad_items": 422, "too_few": 422, "settings": 422, "calibration": 409, "gallery": 404}
STATUS |= {"model": 409, "training": 409}
OF_OTHERS = 422
# Codes of what is not one of our errors, by HTTP status.
CODES = {404: "not_found", 405: "method"}
# What pydantic calls the ways in which an item may be said.
OF_ITEMS = ("str", "bytes", "list[any]", "dict[str,any]")
NO_ITEM = "is no item; give a text, a list or an object, or a file of a form"
# What whoever reads a message may not be able to do: who can, and how.
CALIBRATE = "whoever runs the service can calibrate it (alikely calibrate MODEL SOURCE)"
# What messages say to whoever types commands -> to clients: they know fields of requests, and lists of galleries.
OF_COMMANDS = (
    (r"calibrate it \(`alikely calibrate`, `calibrate_model`\)(, or train with calibrate_share above 0)?", CALIBRATE),
    (r"\(--(\w+), \1=\)", r"(\1)"),
    (r"\(--confidence 0 --(\w+)\)", r"(confidence 0, \1)"),
    (r"\(--confidence 0\)", "(confidence 0)"),
    (r" \(`alikely gallery (enrol|remove)`\)", ""),
    (r"`alikely gallery list` shows (what is|those that are)", "its list of identities says who is"),
    (r"`alikely gallery list --json` shows those", "its list of templates says which are"),
)
# Not a part of another word, number or path; a full stop behind it ends the sentence.
WHOLE_PATH = r"(?<![\w./-]){}(?![\w-]|\.\w)"
_log = logging.getLogger("alikely.server")
TITLES = {
    400: "Bad request",
    401: "No valid key",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Cannot be decided",
    411: "Length required",
    413: "Too large",
    415: "Unsupported media type",
    421: "Wrong host",
    422: "Cannot be used",
    429: "Too many requests",
    500: "Error of the service",
    503: "Busy",
    507: "Cannot be stored",
}
# Of answers 503 for which to wait a second is no way out.
TITLES_OF_CODES = {"keys": "Keys cannot be read", "state": "Cannot write", "ending": "Ending", "closing": "Ending"}


class RefusedError(ServiceError):
    """A request that is refused, with the HTTP status, a code of its own, and headers to send along."""

    status: int

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, dict(headers or {})


def problem(
    status: int,
    code: str,
    detail: str,
    further: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer of type application/problem+json."""
    title = TITLES_OF_CODES.get(code) or TITLES.get(status, "Error")
    content = {"type": "about:blank", "title": title, "status": status, "code": code}
    # In ASCII: also half a character that a client sent can be said back.
    said = json.dumps({**content, "detail": detail, **(further or {})}, allow_nan=False)
    return Response(said, status, dict(headers or {}), "application/problem+json")


def answer_of(error: AlikelyError, places: Mapping[str, str] | None = None) -> Response:
    """What a client is told of one of our errors; `places` on this machine by what is said instead of them."""
    if isinstance(error, RefusedError):
        return problem(error.status, error.code, str(error), headers=error.headers)
    if isinstance(error, StorageError | ServiceError):
        # What it says is for whoever runs the service: it names places on this machine.
        _log.error("%s", error)
        return problem(507, error.code, "the service cannot read or write what it keeps; its log says why")
    further: dict[str, Any] = {}
    if isinstance(error, CalibrationError):
        rates = {"smallest": error.smallest, "estimate": error.estimate}
        further = {name: rate for name, rate in rates.items() if rate is not None}
    if isinstance(error, BadItemsError):
        problems = [(for_clients(name, places), for_clients(said, places)) for name, said in error.problems]
        further = {"items": [{"item": name, "problem": said} for name, said in problems]}
        if len(problems) == 1:
            return problem(STATUS[error.code], error.code, ": ".join(problems[0]), further)
    return problem(STATUS.get(error.code, OF_OTHERS), error.code, for_clients(str(error), places), further)


def for_clients(said: str, places: Mapping[str, str] | None = None) -> str:
    """A message in the words of requests and of whoever reads the page, with nothing of `places` on this machine."""
    for place, instead in (places or {}).items():
        said = instead.join(re.split(WHOLE_PATH.format(re.escape(place)), said))
    for pattern, instead in OF_COMMANDS:
        said = re.sub(pattern, instead, said)
    return said


def of_http(error: HTTPException) -> Response:
    """What a client is told where no route fits."""
    detail = {404: "there is nothing at this address", 405: "this address takes other methods: see the header Allow"}
    said = str(error.detail)
    if said in ("Not Found", "Method Not Allowed"):
        said = detail[error.status_code]
    return problem(error.status_code, CODES.get(error.status_code, "http"), said, headers=error.headers)


def of_values(errors: Sequence[Mapping[str, Any]]) -> Response:
    """What a client is told of a value in the address that cannot be used; `errors` as pydantic has them."""
    return problem(422, "request", first_mistake(errors))


def first_mistake(errors: Sequence[Mapping[str, Any]], known: Iterable[str] = ()) -> str:
    """The first of what pydantic found, in one line; `known`: the names that a body may hold."""
    first = errors[0]
    said = f"{first['msg'][:1].lower()}{first['msg'][1:]}"
    parts = [str(part) for part in first["loc"] if part not in ("query", "path")]
    if first["type"] in ("model_type", "model_attributes_type", "dict_type"):
        said = "is no object; give one of JSON, from names to values"
    elif first["type"] == "extra_forbidden":
        there = f"; there are {', '.join(known)}" if len(parts) == 1 and known else "; leave it out"
        said = f"there is no such field{there}"
    elif parts and parts[-1] in OF_ITEMS:
        parts.pop()
        of_field = parts[-2:-1] == ["fields"]
        said = "is no field; give a number, a text, or true or false" if of_field else NO_ITEM
    return f"{'.'.join(parts) or 'the body'}: {said}"
