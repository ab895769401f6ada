"""Files and folders written whole or not at all: a reader sees the old state or the new one, never half of it."""

import ctypes
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from alikely.errors import StorageError


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Yields an empty folder to write into; it becomes `target` when all went well, else nothing of it is left.

    A `target` that is there already is replaced. Raises StorageError where the disk is full or refuses.
    """
    partial = target.with_name(f".{target.name}.partial")
    old = target.with_name(f".{target.name}.old")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        yield partial
        for inside in partial.rglob("*"):
            _to_disk(inside)
        _to_disk(partial)
        # Only where the two cannot change places in one step does `target` lack for a moment.
        if target.exists() and not _exchanged(partial, target):
            shutil.rmtree(old, ignore_errors=True)
            target.rename(old)
        if not target.exists():
            partial.rename(target)
        _to_disk(target.parent)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        if old.exists() and not target.exists():
            old.rename(target)
        raise _refused(target, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Yields a path to write to; it becomes `target` when all went well, else `target` stays as it was."""
    partial = target.with_name(f".{target.name}.partial")
    alone = not target.parent.exists()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        _to_disk(partial)
        partial.replace(target)
        _to_disk(target.parent)
    except OSError as error:
        raise _refused(target, error) from error
    finally:
        # Nothing can be removed where nothing could be made.
        with suppress(OSError):
            partial.unlink(missing_ok=True)
            if alone and not target.exists():
                target.parent.rmdir()


def write_text(target: Path, text: str, private: bool = False) -> None:
    """Write a text file, whole or not at all; a `private` one for its owner alone (mode 0600).

    Raises StorageError where the disk is full or refuses.
    """
    with whole_file(target) as partial:
        partial.unlink(missing_ok=True)
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)


@contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """Whoever enters with the same path, in any thread or process, waits until nobody else is in it.

    `path` is an empty file that is made for this and stays. Raises StorageError where it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _refused(path, error) from error
    try:
        # The lock ends with the handle, also when the process is killed. Windows has none of this kind.
        with suppress(ImportError):
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _exchanged(one: Path, other: Path) -> bool:
    """Let two folders change their names in one step, if the system has a call for that (Linux); whether it did."""
    if sys.platform != "linux":
        return False
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return rename is not None and rename(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refused(target: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{target}: cannot be written ({error.strerror or error}); nothing half-written is left. "
        "Free some space or name another place"
    )
