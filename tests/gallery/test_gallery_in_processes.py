"""A gallery that one process keeps open (as the service does), while others open, use and close it."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from alikely.gallery import Gallery
from tests.gallery.galleries import embeddings, passing_model

HERE = Path(__file__).resolve().parents[2]
FIRST = [f"first{number}" for number in range(30)]


class KeepsOpen:
    """The other process (tests/gallery/keeps_open.py)."""

    def __init__(self, program: "subprocess.Popen[str]") -> None:
        self.program = program

    def says(self, line: str) -> None:
        assert self.program.stdin
        self.program.stdin.write(line + "\n")
        self.program.stdin.flush()
        self.answered("done\n")

    def answered(self, line: str) -> None:
        assert self.program.stdout
        assert self.program.stdout.readline() == line


@contextmanager
def another_process(folder: Path) -> Iterator[KeepsOpen]:
    command = [sys.executable, "-m", "tests.gallery.keeps_open", str(folder)]
    with subprocess.Popen(command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        try:
            other = KeepsOpen(program)
            other.answered("open\n")
            yield other
        finally:
            program.kill()


def opened_and_closed(folder: Path) -> list[str]:
    with Gallery.open(folder, passing_model()) as gallery:
        return list(gallery.identities())


def test_what_is_enrolled_after_a_removal_survives_others_and_a_kill(tmp_path):
    folder = tmp_path / "all"
    Gallery.create(folder, passing_model()).close()
    with another_process(folder) as other:
        other.says("enrol before")
        other.says("enrol going")
        other.says("remove going")
        assert opened_and_closed(folder) == ["before"]
        for identity in FIRST:
            other.says(f"enrol {identity}")
        assert opened_and_closed(folder) == sorted(["before", *FIRST])
        other.program.kill()
        other.program.wait()
    assert opened_and_closed(folder) == sorted(["before", *FIRST])


def test_two_processes_that_write_after_a_removal_lose_nothing(tmp_path):
    folder = tmp_path / "all"
    Gallery.create(folder, passing_model()).close()
    more, late = [f"more{number}" for number in range(300)], [f"late{number}" for number in range(30)]
    with another_process(folder) as other:
        other.says("enrol going")
        other.says("remove going")
        opened_and_closed(folder)
        for identity in FIRST:
            other.says(f"enrol {identity}")
        with Gallery.open(folder, passing_model()) as gallery:
            rows = np.stack([np.arange(300.0), np.full(300, 2.0)], axis=1)
            assert gallery.enrol(embeddings(rows, more)).new == 300
        for identity in late:
            other.says(f"enrol {identity}")
        assert other.program.stdin
        other.program.stdin.close()
        assert other.program.wait() == 0
    assert opened_and_closed(folder) == sorted([*FIRST, *more, *late])
    with closing(sqlite3.connect(folder / "records.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
