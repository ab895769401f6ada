"""Who did what -> lines of a file: enrolments, removals, verdicts. Never a picture, a text or another item."""

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alikely.errors import StorageError


class Audit:
    """A log to which lines are added; StorageError where one cannot be written, before the answer is sent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def add(self, who: str, what: str, told: Mapping[str, Any]) -> None:
        """One line: when, who (the name of a key), what ("enrol", "compare" ...), and figures and names by `told`."""
        line = {"time": datetime.now(UTC).isoformat(), "who": who, "what": what, **told}
        text = json.dumps(line, allow_nan=False) + "\n"
        try:
            with self._lock:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with self.path.open("ab", buffering=0) as file:
                    file.write(text.encode())
        except OSError as error:
            raise StorageError(f"{self.path}: the audit log cannot be written ({error.strerror or error})") from error
