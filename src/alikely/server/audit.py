"""Who did what -> lines of a file: enrolments, removals, verdicts. Never a picture, a text or another item."""

import errno
import fcntl
import json
import math
import os
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alikely.errors import StorageError
from alikely.server.lines import way_out

LARGEST = 100 * 10**6  # bytes of a file; a larger one is put aside under the number of its last line
LONGEST = 200  # characters of a text that a client said, such as the name of an identity
TAIL = 64 * 1024  # bytes in which the last whole line is looked for


class Audit:
    """A log to which lines are added; StorageError where one cannot be written, before the answer is sent.

    Lines are numbered, over restarts and for several processes too: their order never depends on a clock. Each is
    written at once, so that none is torn by another, and only its owner may read the file. A service that is killed
    loses no line; a machine that loses power may lose the last ones.
    """

    def __init__(self, path: Path, largest: int = LARGEST) -> None:
        self.path, self.largest = path, largest
        self._lock = threading.Lock()
        self._file = -1
        self._size = -1
        self._number = 0

    def add(self, who: str, what: str, told: Mapping[str, Any]) -> None:
        """One line: its number, when, who (the name of a key), what ("enrol", "compare" ...), and what is `told`."""
        with self._lock:
            try:
                self._open()
                try:
                    self._write(who, what, told)
                finally:
                    fcntl.flock(self._file, fcntl.LOCK_UN)
            except OSError as error:
                raise StorageError(
                    f"{self.path}: the audit log cannot be written ({error.strerror or error}){way_out(error)}"
                ) from error

    def last(self, count: int) -> list[dict[str, Any]]:
        """The last lines, newest first; those of files that were put aside are not among them."""
        try:
            with self.path.open("rb") as file:
                lines = _last_lines(file.fileno(), count)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StorageError(f"{self.path}: cannot be read ({error.strerror or error})") from error
        read = [_entry(line) for line in reversed(lines)]
        return [entry for entry in read if entry is not None]

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def _open(self) -> None:
        """The file that is called so now, open and locked, and how long it was with the number of its last line."""
        while True:
            if self._file < 0:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
                self._size = -1
            fcntl.flock(self._file, fcntl.LOCK_EX)
            mine = os.fstat(self._file)
            try:
                there = os.stat(self.path)
                same = (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)
            except FileNotFoundError:
                same = False
            if same and mine.st_size < self.largest:
                break
            if same:
                self._number = _last_number(self._file, self._number)
                self.path.rename(self.path.with_name(f"{self.path.stem}-{self._number:012d}{self.path.suffix}"))
            # Another put it aside, or it was just now: the next line begins a new one.
            os.close(self._file)
            self._file = -1
        if mine.st_size != self._size:
            before = self._number if mine.st_size else max(self._number, *self._put_aside(), 0)
            self._number = _last_number(self._file, before)
            self._size = mine.st_size

    def _put_aside(self) -> list[int]:
        """The numbers of the last lines of all files that were put aside."""
        names = (
            path.stem.rpartition("-")[2] for path in self.path.parent.glob(f"{self.path.stem}-*{self.path.suffix}")
        )
        return [int(name) for name in names if name.isdigit()]

    def _write(self, who: str, what: str, told: Mapping[str, Any]) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"number": self._number + 1, "time": now, "who": who, "what": what}
        # Nothing that is told takes the place of the line's own number or time.
        text = json.dumps({**line, **{name: _plain(value) for name, value in told.items()}, **line}, allow_nan=False)
        text += "\n"
        content = text.encode()
        if self._size > 0 and os.pread(self._file, 1, self._size - 1) != b"\n":
            content = b"\n" + content  # half a line that a full disk or a crash left
        if os.write(self._file, content) != len(content):
            os.ftruncate(self._file, self._size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._size += len(content)
        self._number += 1


def _plain(value: Any) -> Any:
    """What JSON can hold, and not longer than anybody reads."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str) and len(value) > LONGEST:
        return value[:LONGEST] + "..."
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _last_number(file: int, before: int) -> int:
    """The number of the last whole line, and never less than `before`."""
    for line in reversed(_last_lines(file, 2)):
        entry = _entry(line)
        if entry is not None:
            return max(before, int(entry["number"]))
    return before


def _last_lines(file: int, count: int) -> list[bytes]:
    """The last lines, oldest first."""
    start = os.fstat(file).st_size
    pieces: list[bytes] = []
    ends = 0
    while start > 0 and ends <= count:
        begin = max(0, start - TAIL)
        pieces.append(os.pread(file, start - begin, begin))
        ends += pieces[-1].count(b"\n")
        start = begin
    lines = b"".join(reversed(pieces)).split(b"\n")
    whole = lines if start == 0 else lines[1:]
    return [line for line in whole if line][-count:]


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) and isinstance(said.get("number"), int) else None
