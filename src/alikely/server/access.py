"""A request -> who asks and what they may. Every route names the right that it needs."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Request, Security
from fastapi.openapi.models import HTTPBearer
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase

from alikely.errors import ServiceError
from alikely.server.keys import LONGEST_KEY, RIGHTS, Key, Keys, Right
from alikely.server.problems import RefusedError
from alikely.server.sessions import COOKIE, Sessions

_log = logging.getLogger("alikely.server")

NO_KEY = {"WWW-Authenticate": 'Bearer realm="alikely"'}


@dataclass(frozen=True)
class Caller:
    """Who asks: the name of their key, and the highest right that it gives; whether they are logged in on the page."""

    name: str
    right: Right
    on_page: bool = False


# On this machine itself, where no key was made: whoever can start programs here may do all.
LOCAL = Caller("local", "admin")


class Access:
    """Whose requests a service answers: by keys, by sessions, or (only `local`, and without a file of keys) all."""

    def __init__(self, local: bool, keys: Keys, sessions: Sessions) -> None:
        self.local, self.keys, self.sessions = local, keys, sessions

    def needed(self) -> bool:
        """Whether a key is asked for. Raises RefusedError (503) where the file of keys is damaged."""
        return not self.local or self._known() is not None

    def caller_of(self, authorization: bytes, cookies: bytes) -> Caller | None:
        """Who sends these two headers (empty: not sent); None for nobody. No cookie makes up for a wrong key."""
        known = self._known()
        if known is None and self.local:
            return LOCAL
        if authorization:
            scheme, _, said = authorization.partition(b" ")
            key = self.keys.of(said.strip().decode("latin-1")) if scheme.lower() == b"bearer" else None
            return None if key is None else Caller(key.name, key.right)
        found = (self.sessions.key_of(token) for token in tokens_in(cookies))
        hashed = next((one for one in found if one is not None), None)
        key = None if hashed is None or known is None else known.get(hashed)
        return None if key is None else Caller(key.name, key.right, on_page=True)

    def _known(self) -> Mapping[str, Key] | None:
        try:
            return self.keys.by_hash()
        except ServiceError as error:
            said = "nobody can be let in: the file of keys cannot be read; the service's log says more"
            _log.error("%s", error)
            raise RefusedError(503, "keys", said) from error


def tokens_in(cookies: bytes) -> list[str]:
    """The tokens of sessions in the header Cookie: of this service, and of others at other ports of its host."""
    parts = (part.strip().partition(b"=") for part in cookies.split(b";"))
    return [
        value.decode("latin-1")
        for name, _, value in parts
        if name.startswith(COOKIE.encode()) and len(value) <= LONGEST_KEY
    ]


class _NeedsKey(SecurityBase):
    """The caller, where they have the right that the route wants. Raises RefusedError: 401 or 403."""

    def __init__(self) -> None:
        self.model = HTTPBearer(description="An API key: `Authorization: Bearer KEY`. The scope is the right it needs.")
        self.scheme_name = "key"

    async def __call__(self, request: Request, wanted: SecurityScopes) -> Caller:
        caller: Caller | None = request.scope.get("state", {}).get("caller")
        if caller is None:
            raise no_key()
        rank = RIGHTS.index(caller.right)
        for right in wanted.scopes:
            if RIGHTS.index(right) > rank:
                raise RefusedError(
                    403,
                    "right",
                    f"the key {caller.name} has the right {caller.right}; this takes {right}; whoever runs "
                    "the service can make one with that right (alikely keys add)",
                )
        return caller


def no_key() -> RefusedError:
    """What is said where a key is needed and none that counts was sent."""
    return RefusedError(
        401,
        "no_key",
        "this takes a key: send Authorization: Bearer KEY; whoever runs the service makes one (alikely keys add)",
        NO_KEY,
    )


permitted = _NeedsKey()

# What a route takes as `caller`; the OpenAPI description says the right, and a test walks over it.
MayRead = Annotated[Caller, Security(permitted, scopes=["read"])]
MayEnrol = Annotated[Caller, Security(permitted, scopes=["enrol"])]
MayAdmin = Annotated[Caller, Security(permitted, scopes=["admin"])]
