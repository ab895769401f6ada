"""The folder in which a service keeps what outlives it, and where in it each thing lies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alikely.errors import ServiceError

# What people said, and pictures of them, lie in it; the mode of a folder that is there already stays.
OWNER_ONLY = 0o700


@dataclass(frozen=True)
class State:
    """Paths in the service's folder; nothing but the lock is made before it is needed."""

    folder: Path

    @contextmanager
    def held(self) -> Iterator[None]:
        """One service at a time uses the folder, for it knows what is in it. Keys and labels may be read and written
        by other processes meanwhile. The lock ends with the process, however that ends.

        Raises ServiceError where another service uses it, and where nothing can be written to it.
        """
        try:
            self.folder.mkdir(OWNER_ONLY, parents=True, exist_ok=True)
            lock = os.open(self.lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ServiceError(
                f"{self.folder}: the service cannot write to its folder ({error.strerror or error}); let it, or name "
                "another: --state DIR"
            ) from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise ServiceError(
                    f"{self.folder}: another service runs with this folder; end it, or name another folder for this "
                    "one: --state DIR"
                ) from error
            yield
        finally:
            os.close(lock)

    def writable(self) -> bool:
        """Whether the folder may be written to (a full disk does not count)."""
        return os.access(self.folder, os.W_OK)

    @property
    def lock(self) -> Path:
        """An empty file; locked while a service runs."""
        return self.folder / "service.lock"

    @property
    def keys(self) -> Path:
        """API keys, hashed (keys.py)."""
        return self.folder / "keys.json"

    @property
    def audit(self) -> Path:
        """Who enrolled, removed and asked what (audit.py)."""
        return self.folder / "audit.jsonl"

    @property
    def points(self) -> Path:
        """Operating points by name (points.py)."""
        return self.folder / "operating-points.json"

    @property
    def labels(self) -> Path:
        """The folder of answers to the page's pairs (alikely.labelling)."""
        return self.folder / "labels"

    @property
    def anomalies(self) -> Path:
        """What detectors found, and what people said of it."""
        return self.folder / "anomalies.jsonl"

    @property
    def pictures(self) -> Path:
        """Small copies of pictures, where they are kept at all (pictures.py)."""
        return self.folder / "pictures"

    @property
    def finding_pictures(self) -> Path:
        """Small copies of the pictures of findings, and of their heat maps, where they are kept at all."""
        return self.pictures / "findings"

    @property
    def found_pictures(self) -> Path:
        """Which files of the folders of `--pictures` hold what, by hashes (found_pictures.py)."""
        return self.folder / "found-pictures.json"
