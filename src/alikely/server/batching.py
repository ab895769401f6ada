"""Requests that come at the same time -> one batch for the network, in a bounded queue; answers back to each."""

import asyncio
import contextlib
import logging
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
from jaxtyping import Float
from torch import Tensor

from alikely.contracts import Preparation
from alikely.data.items import MOST_THREADS, name_of, read_or_problem
from alikely.errors import AlikelyError, InputError
from alikely.model import SiameseModel
from alikely.server.problems import RefusedError
from alikely.types import Item

# How many differs from answer to answer, also within one call.
Rows = Float[np.ndarray, "_ dim"]
# Who waits for an answer: a thread by a future of threads, a route by one of its loop.
Waiting = Future[Rows] | asyncio.Future[Rows]
Answer = tuple[Waiting, Rows | Exception]
# Bytes of items that are read at once, where they come in: that takes a millisecond or so.
SMALL = 16_384
CELL = 100  # bytes that a cell of a row counts as
# Seconds of the processor for which a batch may keep the loop: about as long as reading what is small takes.
BRIEF = 0.002
# Items whose lengths differ by more than this factor are no batch of one: most of it would be padding.
LENGTHS = 2

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class _Job:
    """What one request asks, read already."""

    read: Sequence[Tensor]
    answer: Waiting


class Batching:
    """Meets `Engine`: whoever asks at the same time is answered out of one batch, by one thread that runs the network.

    The thread takes what waits, up to `batch` items. Where the batch before had company, it first waits for as many
    requests again, for at most `wait_ms` milliseconds; a request that is alone never waits. At most `queue` requests
    wait; one more gets RefusedError (503). `told` is called with the number of items of each batch.
    """

    def __init__(
        self, model: SiameseModel, batch: int, wait_ms: float, queue: int, told: Callable[[int], None]
    ) -> None:
        self.model, self.batch, self.wait_ms, self.queue, self.told = model, batch, wait_ms, queue, told
        self._jobs: deque[_Job] = deque()
        self._collected: list[_Job] = []  # of this turn of the loop
        self._changed = threading.Condition()
        self._reading = 0  # requests whose items other threads read
        self._wanted = 1  # requests that the thread sleeps for
        self._expected = 1  # requests that came together last
        self._pace = math.inf  # seconds of the processor that the network took for an item
        self._closed = False
        self._readers = ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1), "alikely-reading")
        self._thread = threading.Thread(target=self._work, name="alikely-batching", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Requests that wait for the network now."""
        return len(self._jobs) + len(self._collected) + self._reading

    def __call__(self, read: Tensor) -> Rows:
        """The embeddings of items that were read; waits until they are there."""
        answer: Future[Rows] = Future()
        with self._changed:
            self._check_room()
            self._jobs.append(_Job(list(read), answer))
            self._wake()
        return answer.result()

    async def embed(self, items: Sequence[Item]) -> Rows:
        """The same for items, without a thread that waits. Raises InputError for the first that cannot be read."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Rows] = loop.create_future()
        self._check_room()
        # To hand what is small to another thread takes longer than to read it.
        read = _read(self.model.preparation, items) if _size(items) <= SMALL else await self._read_elsewhere(items)
        with self._changed:
            self._check_open()
            # All that comes in at the same turn of the loop is handed over at once: the two threads meet less often.
            if not self._collected:
                loop.call_soon(self._hand_over)
            self._collected.append(_Job(read, answer))
        return await answer

    def close(self) -> None:
        """Answer what waits, then end; who comes later is refused."""
        self._hand_over()
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
        self._readers.shutdown()

    async def _read_elsewhere(self, items: Sequence[Item]) -> list[Tensor]:
        self._reading += 1
        gone = threading.Event()
        wanted = takewhile(lambda _: not gone.is_set(), items)
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._readers, _read, self.model.preparation, wanted)
        finally:
            # Else the thread would read on for who has given up.
            gone.set()
            self._reading -= 1

    def _hand_over(self) -> None:
        jobs, self._collected = self._collected, []
        # Two threads that take turns at the interpreter cost more than a small network.
        if not self._jobs and self._pace * sum(len(job.read) for job in jobs) < BRIEF:
            _tell(self._answered(jobs))
            return
        with self._changed:
            self._jobs.extend(jobs)
            self._wake()

    def _wake(self) -> None:
        # Waking the thread for each job would cost more than the job.
        if len(self._jobs) >= self._wanted:
            self._changed.notify()

    def _check_room(self) -> None:
        self._check_open()
        if self.waiting >= self.queue:
            raise RefusedError(
                503, "busy", f"{self.queue} requests wait already; ask again in a second", {"Retry-After": "1"}
            )

    def _check_open(self) -> None:
        if self._closed:
            raise RefusedError(503, "closing", "the service is shutting down", {"Retry-After": "5"})

    def _work(self) -> None:
        while jobs := self._next():
            answers = self._answered(jobs)
            self._expected = len(jobs) + len(self._jobs)
            _settle(answers)

    def _next(self) -> list[_Job]:
        """The jobs of the next batch; none when it is closed."""
        with self._changed:
            self._wait_for(1, None)
            deadline = time.monotonic() + self.wait_ms / 1000
            self._wait_for(min(self._expected, self.batch), deadline)
            jobs: list[_Job] = []
            items = 0
            while self._jobs and (not jobs or items + len(self._jobs[0].read) <= self.batch):
                jobs.append(self._jobs.popleft())
                items += len(jobs[-1].read)
            return jobs

    def _wait_for(self, jobs: int, deadline: float | None) -> None:
        self._wanted = jobs
        while len(self._jobs) < jobs and not self._closed:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return
            self._changed.wait(left)

    def _answered(self, jobs: Sequence[_Job]) -> list[Answer]:
        asked = [job for job in jobs if not job.answer.cancelled()]
        try:
            rows, start = self._rows([one for job in asked for one in job.read]), 0
        except Exception as error:  # whatever it is, those who wait must know, and the next are answered
            _log.exception("a batch failed")
            return [(job.answer, _told_as(error)) for job in asked]
        answers: list[Answer] = []
        for job in asked:
            answers.append((job.answer, rows[start : start + len(job.read)]))
            start += len(job.read)
        return answers

    def _rows(self, read: Sequence[Tensor]) -> Rows:
        rows, begun = np.zeros((len(read), self.model.dim), np.float32), time.thread_time()
        for places in _alike(read, self.batch):
            self.told(len(places))
            rows[places] = self.model.embed_read(self.model.preparation.join([read[place] for place in places]))
        if read:
            self._pace = (time.thread_time() - begun) / len(read)
        return rows


def _size(items: Sequence[Item]) -> int:
    """About how many bytes there are to read; what is not known counts as many."""
    return sum(
        len(item)
        if isinstance(item, bytes | str)
        else item.nbytes
        if isinstance(item, np.ndarray)
        else CELL * len(item)
        if isinstance(item, Mapping)
        else SMALL + 1
        for item in items
    )


def _read(preparation: Preparation, items: Iterable[Item]) -> list[Tensor]:
    read = []
    for place, item in enumerate(items):
        one, problem = read_or_problem(item, preparation.read_one)
        if one is None:
            raise InputError(f"{name_of(item, place)}: {problem}")
        read.append(one)
    return read


def _alike(read: Sequence[Tensor], most: int) -> Iterator[list[int]]:
    """Places of items that are of like length, at most so many together."""
    lengths = [len(one) for one in read]
    order = range(len(read)) if len(set(lengths)) <= 1 else sorted(range(len(read)), key=lengths.__getitem__)
    some: list[int] = []
    for place in order:
        if some and (len(some) == most or lengths[place] > LENGTHS * max(1, lengths[some[0]])):
            yield some
            some = []
        some.append(place)
    if some:
        yield some


def _settle(answers: Sequence[Answer]) -> None:
    """Hand the answers out: to threads at once, to each loop all of its own in one call."""
    of_loops: dict[asyncio.AbstractEventLoop, list[Answer]] = {}
    for answer, found in answers:
        if isinstance(answer, Future):
            _tell([(answer, found)])
        else:
            of_loops.setdefault(answer.get_loop(), []).append((answer, found))
    for loop, some in of_loops.items():
        # A loop that has ended has nobody left who waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_tell, some)


def _tell(answers: Sequence[Answer]) -> None:
    for answer, found in answers:
        if answer.done():
            continue
        if isinstance(found, Exception):
            answer.set_exception(found)
        else:
            answer.set_result(found)


def _told_as(error: Exception) -> Exception:
    """Our errors as they are; of others what they are, without more of what the server holds."""
    if isinstance(error, AlikelyError):
        return error
    return RefusedError(500, "network", f"the network failed on this batch ({type(error).__name__}); see the log")
