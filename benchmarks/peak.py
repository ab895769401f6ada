"""The most memory that this process has held at once, since it was last asked to forget."""

import re
from pathlib import Path


def peak_memory_mb(reset: bool) -> float:
    """In MB, and with `reset` from now on; Linux only, elsewhere NaN."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
    return int(found[1]) / 1024 if found else float("nan")
