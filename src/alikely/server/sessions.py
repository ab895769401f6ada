"""A key that was given on the page -> a session: a random token in a cookie, known for some hours, only in memory."""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

COOKIE = "alikely-session-"  # and the port: browsers send the cookies of a host to all its ports
SECONDS = 12 * 60 * 60
MOST = 10_000  # with more, the oldest ends


@dataclass(frozen=True)
class _Session:
    key: str
    until: float


class Sessions:
    """Who is logged in. `clock` never jumps (seconds): a clock that is put right ends no session and prolongs none."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._by_hash: dict[bytes, _Session] = {}  # oldest first; not the tokens themselves

    def __len__(self) -> int:
        return len(self._by_hash)

    def begin(self, key: str) -> str:
        """The token of a new session of whoever gave the key with this SHA-256."""
        self._forget()
        token = secrets.token_urlsafe(32)
        self._by_hash[_hashed(token)] = _Session(key, self._clock() + SECONDS)
        return token

    def key_of(self, token: str) -> str | None:
        """The SHA-256 of the key that was given, while the session lasts."""
        session = self._by_hash.get(_hashed(token))
        return None if session is None or session.until <= self._clock() else session.key

    def end(self, token: str) -> None:
        """Log out."""
        self._by_hash.pop(_hashed(token), None)

    def _forget(self) -> None:
        now = self._clock()
        gone = [hashed for hashed, session in self._by_hash.items() if session.until <= now]
        for hashed in gone or list(self._by_hash)[: max(0, len(self._by_hash) - MOST + 1)]:
            del self._by_hash[hashed]


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
