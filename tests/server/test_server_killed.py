"""A real server is killed (SIGKILL) while several clients enrol: what it acknowledged is there, and nothing half."""

import contextlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from alikely.client import Client
from alikely.errors import ServiceError
from alikely.gallery import Gallery
from alikely.storage import save_model
from tests.gallery.galleries import calibrated, passing_model

DIM = 8
CLIENTS = 4
AT_ONCE = 3  # items in a request: all of them are kept, or none


@contextmanager
def serving(root: Path) -> Iterator[tuple[subprocess.Popen, str]]:
    """`alikely serve` in a process of its own, and its address."""
    command = [sys.executable, "-m", "alikely", "serve", str(root / "model"), "--gallery", str(root / "people")]
    command += ["--port", "0", "--state", str(root / "state"), "--json"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())["url"]
        finally:
            process.kill()


def embedding(identity: str, place: int) -> list[float]:
    """An item that nobody else has."""
    return np.random.default_rng([*identity.encode(), place]).normal(size=DIM).tolist()


class Load:
    """Clients that enrol as fast as they can, until the server is gone; and what it acknowledged."""

    def __init__(self, url: str, round_: int) -> None:
        self.url, self.round = url, round_
        self.enrolled: list[str] = []
        self.removed: list[str] = []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._go, args=[number]) for number in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def _go(self, number: int) -> None:
        with Client(self.url, retries=0) as client, contextlib.suppress(ServiceError):
            gallery = client.gallery("people")
            for count in range(10**6):
                identity = f"{self.round}/{number}/{count}"
                done = gallery.enrol([embedding(identity, place) for place in range(AT_ONCE)], identity)
                assert (done.new, done.problems) == (AT_ONCE, ())
                with self.lock:
                    self.enrolled.append(identity)
                if count % 5 == 4:
                    # From here on it may be there or not, until the answer says that it is gone.
                    with self.lock:
                        self.enrolled.remove(identity)
                    gallery.remove(identity)
                    with self.lock:
                        self.removed.append(identity)

    def wait_for_first(self) -> None:
        """Until something was acknowledged."""
        deadline = time.monotonic() + 60
        while not self.enrolled:
            assert time.monotonic() < deadline, "nothing is enrolled"
            time.sleep(0.01)

    def wait(self) -> None:
        for thread in self.threads:
            thread.join(120)
            assert not thread.is_alive(), "a client hangs though the server is gone"


def kill_again_and_again(root: Path, times: int, seed: int) -> int:
    """How many enrolments were acknowledged in all."""
    model = calibrated(passing_model(DIM))
    save_model(model, root / "model")
    Gallery.create(root / "people", root / "model").close()
    draw = random.Random(seed)
    enrolled: list[str] = []
    removed: list[str] = []
    for round_ in range(times):
        with serving(root) as (process, url):
            load = Load(url, round_)
            load.wait_for_first()
            time.sleep(draw.uniform(0.2, 1.0))
            process.kill()
            load.wait()
        enrolled += load.enrolled
        removed += load.removed
        with Gallery.open(root / "people") as gallery:
            assert_kept(gallery.identities(), enrolled, removed)
    with serving(root) as (_, url), Client(url) as client:
        people = client.gallery("people")
        for identity in draw.sample(enrolled, min(len(enrolled), 60)):
            for place in range(AT_ONCE):
                (hit,) = people.search(embedding(identity, place), k=1)
                assert (hit.identity, hit.distance) == (identity, pytest.approx(0, abs=1e-5))
    return len(enrolled) + len(removed)


def assert_kept(there: dict[str, int], enrolled: list[str], removed: list[str]) -> None:
    """All that was acknowledged, and of all other requests everything or nothing."""
    assert [identity for identity in enrolled if there.get(identity) != AT_ONCE] == []
    assert [identity for identity in removed if identity in there] == []
    assert set(there.values()) <= {AT_ONCE}


def test_a_lost_or_half_enrolment_would_be_found():
    assert_kept({"a": AT_ONCE, "late": AT_ONCE}, ["a"], ["b"])
    for there in ({}, {"a": 1}, {"a": AT_ONCE, "late": 2}, {"a": AT_ONCE, "b": AT_ONCE}):
        with pytest.raises(AssertionError):
            assert_kept(there, ["a"], ["b"])


def test_killed_twice(tmp_path):
    assert kill_again_and_again(tmp_path, times=2, seed=0) > 10


@pytest.mark.slow
def test_killed_twenty_times(tmp_path):
    assert kill_again_and_again(tmp_path, times=20, seed=1) > 200
