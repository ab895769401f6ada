"""An index and the rows at its positions <-> one file with a checksum, written whole or not at all.

It is only a copy: what cannot be read, or belongs to another store, is None, and built again from the database.
"""

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import faiss
import numpy as np
from jaxtyping import Int

from alikely.contracts import Metric
from alikely.folders import whole_file
from alikely.stores.index import Index

FORMAT = 1
ENDING = 4  # bytes of the checksum, at the end


@dataclass
class _Summed:
    """A file of which everything that goes through is summed up, up to `left` bytes."""

    file: BinaryIO
    left: int
    sum: int = 0

    def write(self, data: bytes) -> int:
        self.sum = zlib.crc32(data, self.sum)
        return self.file.write(data)

    def read(self, size: int) -> bytes:
        data = self.file.read(min(size, self.left))
        self.left -= len(data)
        self.sum = zlib.crc32(data, self.sum)
        return data

    def line(self) -> bytes:
        line = self.file.readline(min(4096, self.left))
        self.left -= len(line)
        self.sum = zlib.crc32(line, self.sum)
        return line


def save_index(path: Path, store: str, index: Index, rows: Int[np.ndarray, " positions"]) -> None:
    """Write it. Raises StorageError where the disk is full."""
    head = {
        "format": FORMAT,
        "store": store,
        "metric": index.metric,
        "kind": index.kind,
        "learned_from": index.learned_from,
        "effort": index.effort,
        "rows": len(rows),
    }
    with whole_file(path) as partial, partial.open("wb") as file:
        summed = _Summed(file, 0)
        summed.write(json.dumps(head).encode() + b"\n")
        summed.write(rows.astype("<i8").tobytes())
        faiss.write_index(index.inner, faiss.PyCallbackIOWriter(summed.write))
        file.write(summed.sum.to_bytes(ENDING, "little"))


def load_index(path: Path, store: str, metric: Metric, dim: int) -> tuple[Index, Int[np.ndarray, " positions"]] | None:
    """The index and its rows, in ascending order; None where there is none that can be used."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            summed = _Summed(file, size - ENDING)
            head = json.loads(summed.line())
            if (head["format"], head["store"], head["metric"]) != (FORMAT, store, metric):
                return None
            rows = np.frombuffer(summed.read(8 * head["rows"]), dtype="<i8").astype(np.int64)
            inner = faiss.read_index(faiss.PyCallbackIOReader(summed.read))
            if summed.left or file.read() != summed.sum.to_bytes(ENDING, "little"):
                return None
    # FAISS tells what it cannot read as a RuntimeError, or asks for more memory than there is.
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, MemoryError):
        return None
    if inner.ntotal != len(rows) or inner.d != dim:
        return None
    return Index(inner, metric, head["kind"], head["learned_from"], head["effort"]), rows
