"""Errors -> answers as RFC 9457 has them (application/problem+json), with our stable codes."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from starlette.responses import JSONResponse

from alikely.errors import AlikelyError, BadItemsError, ServiceError

# HTTP status by the code of the error; anything else of ours is the client's mistake, too.
STATUS = {"input": 422, "bad_items": 422, "too_few": 422, "settings": 422, "calibration": 409, "gallery": 404}
STATUS |= {"model": 409, "training": 409, "storage": 507}
OF_OTHERS = 422
TITLES = {
    400: "Bad request",
    401: "No valid key",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
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


class RefusedError(ServiceError):
    """A request that is refused, with the HTTP status, a code of its own, and headers to send along."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, dict(headers or {})


def problem(
    status: int,
    code: str,
    detail: str,
    further: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An answer of type application/problem+json."""
    content = {"type": "about:blank", "title": TITLES.get(status, "Error"), "status": status, "code": code}
    return JSONResponse(
        {**content, "detail": detail, **(further or {})},
        status_code=status,
        headers=dict(headers or {}),
        media_type="application/problem+json",
    )


def answer_of(error: AlikelyError) -> JSONResponse:
    """What a client is told of one of our errors."""
    if isinstance(error, RefusedError):
        return problem(error.status, error.code, str(error), headers=error.headers)
    further = {}
    if isinstance(error, BadItemsError):
        further = {"items": [{"item": name, "problem": said} for name, said in error.problems]}
    return problem(STATUS.get(error.code, OF_OTHERS), error.code, str(error), further)


async def tell(request: Request, error: Exception) -> JSONResponse:  # noqa: ARG001
    """For FastAPI: the answer to one of our errors."""
    assert isinstance(error, AlikelyError)  # registered for these only
    return answer_of(error)
