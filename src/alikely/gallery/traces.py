"""Files and runs of bytes in; the files that hold one of them out. Searched by a process of its own.

POSIX takes all of a process's locks on a file when the process closes any handle of that file. So who has a gallery
open must never open its database itself, only through SQLite: without its locks, the next process that closes the
gallery takes itself for the last one, and removes the journal in which the first one goes on writing.

That process runs this file by itself, without Alikely: it takes no time to start.
"""

import json
import subprocess
import sys
from collections.abc import Sequence

PIECE = 1 << 20  # bytes read at once


def files_with(paths: Sequence[str], traces: Sequence[bytes]) -> list[str]:
    """The files that hold one of these runs of bytes; one that is not there (any more) holds none.

    Raises OSError where they cannot be searched.
    """
    asked = json.dumps({"paths": list(paths), "traces": [trace.hex() for trace in traces]})
    command = [sys.executable, "-I", "-S", __file__]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        raise OSError(done.stderr.strip().rpartition("\n")[2] or f"the search ended with {done.returncode}")
    return [str(path) for path in json.loads(done.stdout)]


def holds_any(path: str, traces: Sequence[bytes]) -> bool:
    """Whether a file holds one of these runs of bytes. Never for a database that this process has open."""
    overlap = max(map(len, traces), default=1) - 1
    end = b""
    try:
        with open(path, "rb") as file:
            while piece := file.read(PIECE):
                content = end + piece
                if any(trace in content for trace in traces):
                    return True
                end = content[-overlap:] if overlap else b""
    except FileNotFoundError:
        return False
    return False


def _answer() -> None:
    asked = json.loads(sys.stdin.read())
    traces = [bytes.fromhex(trace) for trace in asked["traces"]]
    print(json.dumps([path for path in asked["paths"] if holds_any(path, traces)]))


if __name__ == "__main__":
    _answer()
