"""The class of an answer and an example of it -> what the OpenAPI description says of a route that answers so."""

from typing import Any

from alikely.server.uploads import JSON


def answers(kind: Any, example: Any) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route: an answer with status 200 of this class (or list of it), such as this one."""
    return {200: {"model": kind, "content": {JSON: {"example": example}}}}
