"""A file of JSON lines, its owner's, to which is only added: on the disk at once; half a line after a crash is none."""

import errno
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from alikely.errors import StorageError
from alikely.folders import write_text


def read_lines(path: Path) -> list[dict[str, Any]]:
    """All lines; none where there is no file. Raises StorageError for one that is none of ours, but a last half one."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"{path}: cannot be read ({error.strerror or error})") from error
    whole, _, _ = content.rpartition(b"\n")
    lines = []
    for number, line in enumerate(whole.split(b"\n") if whole else [], start=1):
        try:
            said = json.loads(line)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise damaged(path, number)
        lines.append(said)
    return lines


def damaged(path: Path, number: int) -> StorageError:
    """What is said of a line that is none of ours."""
    return StorageError(f"{path}: line {number} is damaged; remove that line, and the others can be read")


def append_lines(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    """Add lines, on the disk when it returns. Raises StorageError where that cannot be done; then none is added."""
    if not lines:
        return
    text = _text(lines).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "ab", buffering=0) as file:
            end = _end_of_whole_lines(path)
            try:
                os.ftruncate(file.fileno(), end)
                if file.write(text) != len(text):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), end)
                raise
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror or error}){way_out(error)}") from error


def way_out(error: OSError) -> str:
    """What to do about a file that cannot be written, where that is known."""
    return "; free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""


def rewrite_lines(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    """The file with these lines in place of its own, whole or not at all. Raises StorageError."""
    write_text(path, _text(lines), private=True)


def _text(lines: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines)


def _end_of_whole_lines(path: Path) -> int:
    """Where the last whole line ends: what a crash left behind it is overwritten."""
    size = path.stat().st_size
    with path.open("rb") as file:
        place = size
        while place > 0:
            start = max(0, place - 65_536)
            file.seek(start)
            found = file.read(place - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            place = start
    return 0
