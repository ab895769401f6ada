"""A file of API keys, hashed -> whose key one is, and what it allows; keys made and taken away while a service runs."""

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from alikely.errors import ServiceError, SettingsError
from alikely.folders import alone_with, write_text
from alikely.server.state import OWNER_ONLY

Right = Literal["read", "enrol", "admin"]
# Each contains those before it. read: ask; enrol: also add, remove, label; admin: also settings, logs.
RIGHTS: tuple[Right, ...] = get_args(Right)

BEGINNING = "alikely_"  # so that a key is known as one where it does not belong, such as in a repository
RANDOM_BYTES = 32  # as hard to guess as a hash to turn round: no slow hash is needed
LONGEST_KEY = 200  # characters of what may be one at all
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@dataclass(frozen=True)
class Key:
    """What is kept of a key: what it is called, what it allows, its SHA-256, and when it was made. Not the key."""

    name: str
    right: Right
    sha256: str
    made: str


class Keys:
    """The keys in a file. What another process changes there counts from the next look on.

    A file that is there asks for keys, also one without any: then nobody is let in. Without a file none is asked for
    on this machine itself.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int, int] | None = None
        self._keys: Mapping[str, Key] = {}

    def by_hash(self) -> Mapping[str, Key] | None:
        """All keys by their SHA-256; None without a file. Raises ServiceError for a damaged one: it lets nobody in."""
        try:
            status = os.stat(self.path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(self.path, error.strerror or str(error)) from error
        # It is always written anew, so that another content is another file; ctime, since numbers of files return.
        seen = (status.st_ino, status.st_ctime_ns, status.st_size)
        if seen != self._seen:
            self._keys = {key.sha256: key for key in _read(self.path)}
            self._seen = seen
        return self._keys

    def listed(self) -> list[Key]:
        """All keys, in the order in which they were made."""
        return list((self.by_hash() or {}).values())

    def of(self, said: str) -> Key | None:
        """Whose key this is; None where it is nobody's."""
        if len(said) > LONGEST_KEY:
            return None
        hashed = hashed_key(said)
        found = (self.by_hash() or {}).get(hashed)
        return found if found is not None and hmac.compare_digest(found.sha256, hashed) else None

    def add(self, name: str, right: str) -> str:
        """Make a key and keep its hash; answers the key, which nobody can find out again.

        Raises SettingsError for a name that there is already or that is no plain name, and for another right.
        """
        if not NAME.fullmatch(name):
            raise SettingsError(
                f"{name!r} cannot be a key's name; use 1 to 64 letters, digits, and . _ @ - between them"
            )
        chosen = next((one for one in RIGHTS if one == right), None)
        if chosen is None:
            raise SettingsError(f"{right!r} is no right; there are {', '.join(RIGHTS)}")
        made = BEGINNING + secrets.token_urlsafe(RANDOM_BYTES)
        try:
            self.path.parent.mkdir(OWNER_ONLY, parents=True, exist_ok=True)
        except OSError as error:
            raise _unreadable(self.path, error.strerror or str(error)) from error
        with alone_with(self.path.with_name(f".{self.path.name}.lock")):
            there = _read(self.path)
            if any(key.name == name for key in there):
                raise SettingsError(f"there is a key called {name}; remove it first, or take another name")
            now = datetime.now(UTC).isoformat(timespec="seconds")
            _write(self.path, [*there, Key(name, chosen, hashed_key(made), now)])
        return made

    def remove(self, name: str) -> Key:
        """Take a key away: it and its sessions count no more. Raises SettingsError where none is called so."""
        with alone_with(self.path.with_name(f".{self.path.name}.lock")):
            there = _read(self.path)
            gone = [key for key in there if key.name == name]
            if not gone:
                known = ", ".join(key.name for key in there) or "none"
                raise SettingsError(f"{self.path}: no key is called {name}; there are: {known}")
            _write(self.path, [key for key in there if key.name != name])
        return gone[0]


def hashed_key(said: str) -> str:
    """The SHA-256 of a key, in hexadecimal."""
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _read(path: Path) -> list[Key]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        keys = [Key(**entry) for entry in said["keys"]]
        whole = all(
            isinstance(value, str) for key in keys for value in (key.name, key.right, key.sha256, key.made)
        ) and all(key.right in RIGHTS for key in keys)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except (ValueError, TypeError, KeyError, RecursionError):
        whole = False
    if not whole:
        raise _unreadable(path, "it is no file of keys, or damaged")
    return keys


def _write(path: Path, keys: list[Key]) -> None:
    text = json.dumps({"version": 1, "keys": [asdict(key) for key in keys]}, indent=2) + "\n"
    write_text(path, text, private=True)


def _unreadable(path: Path, why: str) -> ServiceError:
    return ServiceError(
        f"{path}: the keys cannot be read or changed ({why}); mend or remove the file, then make keys: alikely keys add"
    )
