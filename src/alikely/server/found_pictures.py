"""Folders of pictures, and files -> the file that holds a given content. All are hashed once, beside other work."""

import json
import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path

from alikely.data.pictures import PICTURE_ENDINGS
from alikely.errors import InputError, StorageError
from alikely.folders import write_text
from alikely.gallery.content import content_of
from alikely.server.thumbnails import small_copy

LARGEST = 100_000_000  # bytes of a file that is looked at
TOLD_EVERY = 1000  # files, in the log
LOOK_AGAIN = 60.0  # seconds after which a picture that is not known lets the folders be looked through again
HELD = 1000  # small copies in memory

_log = logging.getLogger(__name__)


class FoundPictures:
    """Pictures in folders by what they hold; `remembered` is a file that spares hashing them again at the next start.

    Only `files`, and those that lie in the folders, are looked at: what a symbolic link outside leads to is not. Raises
    InputError for a folder that is none.
    """

    def __init__(self, folders: Sequence[Path], remembered: Path, files: Sequence[Path] = ()) -> None:
        for folder in folders:
            if not folder.is_dir():
                raise InputError(f"{folder}: is no folder; name the folder of the pictures that were enrolled")
        self.folders = tuple(folder.resolve() for folder in folders)
        self.files = frozenset(files)
        self.remembered = remembered
        self._known: dict[str, tuple[int, int, str]] = {}
        self._places: dict[str, Path] = {}
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._looked = float("-inf")
        self._looking: threading.Thread | None = None
        self._copy = lru_cache(maxsize=HELD)(self._copied)

    def look(self) -> None:
        """Begin to look through the folders, in a thread of its own; nothing where that is going on, or was just so."""
        with self._lock:
            busy = self._looking is not None and self._looking.is_alive()
            if busy or self._stop.is_set() or time.monotonic() < self._looked + LOOK_AGAIN:
                return
            if not self.folders and not self.files:
                return
            self._looking = threading.Thread(target=self._look, name="pictures", daemon=True)
            self._looking.start()

    def wait(self) -> None:
        """Until the folders have been looked through."""
        looking = self._looking
        if looking is not None:
            looking.join()

    def knows(self, content: str) -> bool:
        """Whether a file with this content was found (so far)."""
        if content not in self._places:
            self.look()
        return content in self._places

    def small_copy(self, content: str) -> bytes | None:
        """A small copy of the picture with this content; None where none is known (yet)."""
        if not self.knows(content):
            return None
        try:
            return self._copy(content, self._places[content])
        except (InputError, OSError, KeyError, _ChangedError):
            return None

    def close(self) -> None:
        """Stop looking; what is known so far is remembered."""
        self._stop.set()
        self.wait()

    def _look(self) -> None:
        if not self._known:
            self._known = _read(self.remembered)
        known: dict[str, tuple[int, int, str]] = {}
        places: dict[str, Path] = {}
        hashed = 0
        for path in chain(_files(self.folders), sorted(self.files)):
            if self._stop.is_set():
                known = {**self._known, **known}
                break
            try:
                about = path.stat()
                seen = self._known.get(str(path))
                if seen is None or seen[:2] != (about.st_size, about.st_mtime_ns):
                    if about.st_size > LARGEST:
                        continue
                    seen = (about.st_size, about.st_mtime_ns, content_of(path))
                    hashed += 1
                    if hashed % TOLD_EVERY == 0:
                        _log.info("%s pictures hashed, to show them beside what is enrolled", f"{hashed:,}")
            except (InputError, OSError) as problem:
                _log.warning("%s: left out (%s)", path, problem)
                continue
            known[str(path)] = seen
            places.setdefault(seen[2], path)
            self._places.setdefault(seen[2], path)
        else:
            self._places = places
        self._known = known
        self._looked = time.monotonic()
        if hashed:
            _log.info("%s pictures are known, %s of them hashed now", f"{len(known):,}", f"{hashed:,}")
            try:
                write_text(self.remembered, json.dumps(known), private=True)
            except StorageError as problem:
                _log.warning("%s; they are hashed again at the next start", problem)

    def _copied(self, content: str, place: Path) -> bytes:
        """Raises _ChangedError where the file holds something else by now, or lies elsewhere."""
        if place not in self.files and not any(place.resolve().is_relative_to(folder) for folder in self.folders):
            raise _ChangedError
        held = place.read_bytes()
        if content_of(held) != content:
            raise _ChangedError
        return small_copy(held)


class _ChangedError(Exception):
    """A file that is not any more what it was."""


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        for where, _, names in os.walk(folder):
            for name in sorted(names):
                path = Path(where, name)
                inside = not path.is_symlink() or path.resolve().is_relative_to(folder)
                if path.suffix.lower() in PICTURE_ENDINGS and inside and path.is_file():
                    yield path


def _read(remembered: Path) -> dict[str, tuple[int, int, str]]:
    """What an earlier start hashed; nothing where that cannot be read: it only saves time."""
    try:
        said = json.loads(remembered.read_text(encoding="utf-8"))
        return {str(path): (int(size), int(time_ns), str(content)) for path, (size, time_ns, content) in said.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
