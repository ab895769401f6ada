"""Requests that come at the same time -> one batch for the network, in a bounded queue; answers back to each."""

import asyncio
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor

from alikely.data.items import name_of, read_or_problem
from alikely.errors import AlikelyError, InputError
from alikely.model import SiameseModel
from alikely.server.problems import RefusedError
from alikely.types import Item

Rows = Float[np.ndarray, "items dim"]
# Who waits for an answer: a thread by a future of threads, a route by one of its loop.
Waiting = Future[Rows] | asyncio.Future[Rows]
# Items whose lengths differ by more than this factor are no batch of one: most of it would be padding.
LENGTHS = 2

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class _Job:
    """What one request asks: items still to be read, or (by a thread) what was read already."""

    items: Sequence[Item] | Tensor
    answer: Waiting

    def read(self, model: SiameseModel) -> list[Tensor]:
        if isinstance(self.items, Tensor):
            return list(self.items)
        read = []
        for place, item in enumerate(self.items):
            one, problem = read_or_problem(item, model.preparation.read_one)
            if one is None:
                raise InputError(f"{name_of(item, place)}: {problem}")
            read.append(one)
        return read


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
        self._changed = threading.Condition()
        self._wanted = 1  # requests that the thread sleeps for
        self._expected = 1  # requests that came together last
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="alikely-batching", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Requests that wait for the network now."""
        return len(self._jobs)

    def __call__(self, read: Tensor) -> Rows:
        """The embeddings of items that were read; waits until they are there."""
        answer: Future[Rows] = Future()
        self._add(_Job(read, answer))
        return answer.result()

    async def embed(self, items: Sequence[Item]) -> Rows:
        """The same for items, without a thread that waits. Raises InputError for the first that cannot be read."""
        answer: asyncio.Future[Rows] = asyncio.get_running_loop().create_future()
        self._add(_Job(items, answer))
        return await answer

    def close(self) -> None:
        """Answer what waits, then end; who comes later is refused."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _add(self, job: _Job) -> None:
        with self._changed:
            if self._closed:
                raise RefusedError(503, "closing", "the service is shutting down", {"Retry-After": "5"})
            if len(self._jobs) >= self.queue:
                raise RefusedError(
                    503, "busy", f"{self.queue} requests wait already; ask again in a second", {"Retry-After": "1"}
                )
            self._jobs.append(job)
            # Waking the thread for each job would cost more than the job.
            if len(self._jobs) >= self._wanted:
                self._changed.notify()

    def _work(self) -> None:
        while jobs := self._next():
            try:
                self._answer(jobs)
            except Exception as error:  # whatever it is, those who wait must know, and the next are answered
                _log.exception("a batch failed")
                _settle([(job.answer, _told_as(error)) for job in jobs])

    def _next(self) -> list[_Job]:
        """The jobs of the next batch; none when it is closed."""
        with self._changed:
            self._wait_for(1, None)
            deadline = time.monotonic() + self.wait_ms / 1000
            self._wait_for(min(self._expected, self.batch), deadline)
            jobs, items = [], 0
            while self._jobs and (not jobs or items + len(self._jobs[0].items) <= self.batch):
                jobs.append(self._jobs.popleft())
                items += len(jobs[-1].items)
            return jobs

    def _wait_for(self, jobs: int, deadline: float | None) -> None:
        self._wanted = jobs
        while len(self._jobs) < jobs and not self._closed:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return
            self._changed.wait(left)

    def _answer(self, jobs: Sequence[_Job]) -> None:
        answers: list[tuple[Waiting, Rows | Exception]] = []
        good: list[tuple[_Job, int]] = []
        read: list[Tensor] = []
        for job in jobs:
            if job.answer.cancelled():
                continue
            try:
                tensors = job.read(self.model)
            except Exception as error:
                answers.append((job.answer, _told_as(error)))
                continue
            good.append((job, len(tensors)))
            read += tensors
        if good:
            rows, start = self._rows(read), 0
            for job, count in good:
                answers.append((job.answer, rows[start : start + count]))
                start += count
        self._expected = len(jobs) + len(self._jobs)
        _settle(answers)

    def _rows(self, read: Sequence[Tensor]) -> Rows:
        rows = np.zeros((len(read), self.model.dim), np.float32)
        for places in _alike(read, self.batch):
            self.told(len(places))
            rows[places] = self.model.embed_read(self.model.preparation.join([read[place] for place in places]))
        return rows


def _alike(read: Sequence[Tensor], most: int) -> Iterator[list[int]]:
    """Places of items that are of like length, at most so many together."""
    if len({one.shape for one in read}) <= 1:
        order = list(range(len(read)))
    else:
        order = sorted(range(len(read)), key=lambda place: len(read[place]))
    some: list[int] = []
    for place in order:
        if some and (len(some) == most or len(read[place]) > LENGTHS * max(1, len(read[some[0]]))):
            yield some
            some = []
        some.append(place)
    if some:
        yield some


def _settle(answers: Sequence[tuple[Waiting, Rows | Exception]]) -> None:
    """Hand the answers out: to threads at once, to each loop all of its own in one call."""
    of_loops: dict[asyncio.AbstractEventLoop, list[tuple[Waiting, Rows | Exception]]] = {}
    for answer, found in answers:
        if isinstance(answer, Future):
            _tell([(answer, found)])
        else:
            of_loops.setdefault(answer.get_loop(), []).append((answer, found))
    for loop, some in of_loops.items():
        # A loop that has ended has nobody left who waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_tell, some)


def _tell(answers: Sequence[tuple[Waiting, Rows | Exception]]) -> None:
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
