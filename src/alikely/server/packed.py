"""Bytes -> an answer with them, packed by gzip for whoever can unpack it."""

import gzip
from collections.abc import Mapping
from functools import cached_property

from fastapi import Request
from starlette.responses import Response

# What has the version in its address; only for whoever may see it.
A_YEAR = {"Cache-Control": "private, max-age=31536000, immutable"}
LEVEL = 6


class Packed:
    """Bytes, and the same packed: once, when they are first asked for so."""

    def __init__(self, plain: bytes) -> None:
        self.plain = plain

    @cached_property
    def packed(self) -> bytes:
        """By gzip."""
        return gzip.compress(self.plain, LEVEL, mtime=0)


def packed_answer(
    request: Request,
    content: Packed,
    media_type: str = "application/octet-stream",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The bytes as an answer, packed where the client says that it can unpack them."""
    said = {"Vary": "Accept-Encoding", **(headers or {})}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(content.plain, media_type=media_type, headers=said)
    return Response(content.packed, media_type=media_type, headers={**said, "Content-Encoding": "gzip"})
