"""A list of items -> requests that each hold as many as the service takes; their answers -> one, in its order."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Any, Generic, TypeVar

from alikely.client.answers import Limits
from alikely.client.failing import ADVICE, BAD_ITEMS, TOO_LARGE, UNREACHABLE, told_of
from alikely.client.naming import path_of, placed
from alikely.client.requests import Call
from alikely.client.saying import File, Item, refuse_one, said
from alikely.errors import BadItemsError, InputError, ServiceError

A = TypeVar("A")
T = TypeVar("T")

Problems = Sequence[tuple[str, str]]  # the name of an item, what is wrong with it
# What is being done, how many items are done, how many there are (of an iterator: that were taken from it so far).
Progress = Callable[[str, int, int], None]

MOST_AT_ONCE = 500  # items of a request, whatever the service takes: a form holds few more, and answers should not wait
ROOM = 0.95  # of a request's bytes, for items: the rest is for what else it says
AROUND = 400  # bytes around a file in a form


@dataclass
class Part:
    """Items that go into one request, as it says them; their places in the list; and what cannot be sent."""

    said: list[Any] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    size: int = 0
    count: int = 0  # items of the list, with those that cannot be sent, and those that stood in it before
    repeated: int = 0  # those that stood in it before

    @property
    def to_send(self) -> bool:
        """Whether there is something to send."""
        return bool(self.said)

    def called(self, name: str) -> str:
        """The user's name of what the service calls so."""
        return placed(name, self.places, [path_of(item) for item in self.items])

    def all_called(self, told: Problems) -> tuple[tuple[str, str], ...]:
        """What is told of items, by the user's names."""
        return tuple((self.called(name), what) for name, what in told)


@dataclass(frozen=True)
class Many(Generic[A, T]):
    """One question about many items, and how it is asked in parts.

    items: each item, and how a request says it; read when its turn comes. total: how many they are, None: unknown.
    ask: the request for a part. join: the answers, and the problems of items that cannot be read -> one answer.
    skips: items that cannot be read are told in the answer; else they are an error, when all others were asked.
    kept: the service keeps what is answered, and to ask again changes nothing. once: what stands twice in the list is
    sent once. most: items in a request. without: what is asked where there are no items; None: nothing.
    """

    doing: str
    items: Iterable[tuple[Item, Callable[[], Any]]]
    total: int | None
    ask: Callable[[Part], Call[A]]
    join: Callable[[Sequence[A], Problems], T]
    skips: bool = False
    kept: bool = False
    once: bool = False
    most: int = MOST_AT_ONCE
    progress: Progress | None = None
    without: Call[T] | None = None

    def parts(self, limits: Limits | None) -> Iterator[Part]:
        """The items in parts that these limits allow, in their order; None: they are one at most."""
        most = self.most if limits is None else min(self.most, limits.items)
        room = float("inf") if limits is None else limits.megabytes * 1e6 * ROOM
        part, seen = Part(), set[bytes]()
        for place, (item, say) in enumerate(self.items):
            try:
                one = say()
            except InputError as error:
                part.problems.append(_problem(item, place, error))
                part.count += 1
                continue
            if self.once:
                if (mark := mark_of(one)) in seen:
                    part.repeated += 1
                    part.count += 1
                    continue
                seen.add(mark)
            size = _size(one)
            if part.said and (len(part.said) >= most or part.size + size > room):
                yield part
                part = Part()
            part.said.append(one)
            part.places.append(place)
            part.items.append(item)
            part.size += size
            part.count += 1
        if part.count:
            yield part


class Joining(Generic[A, T]):
    """The answers to the parts of a question so far."""

    def __init__(self, many: Many[A, T]) -> None:
        self.many, self.done = many, 0
        self._answers: list[A] = []
        self._problems: list[tuple[str, str]] = []
        self._refused: ServiceError | None = None
        self._whole = True  # no item so far is without an answer
        self._first: list[A] = []  # the answers before the first item without one

    @property
    def begun(self) -> bool:
        """Whether the service has answered."""
        return bool(self._answers)

    @property
    def without(self) -> Call[T] | None:
        """What is asked where there were no items; None: nothing."""
        return None if self.done else self.many.without

    @contextmanager
    def asking(self, part: Part) -> Iterator[None]:
        """What happens to a part: items that cannot be read are noted, any other error says what was done before it."""
        self._whole = self._whole and (self.many.skips or not part.problems)
        try:
            yield
            self._problems += part.problems
            self._tell(part)
        except ServiceError as error:
            if (problems := _of_items(part, error)) is not None:
                self._problems += [*part.problems, *problems]
                self._refused, self._whole = error, self._whole and self.many.skips
                self._tell(part)
            elif said := self._so_far(error):
                message, cause = f"{error}{said}", error.__cause__
                told = (error.status, error.code, error.problems, self.done, self._answered())
                raise ServiceError(message, *told) from cause
            else:
                raise
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"stopped{self._so_far(None)}") from None

    def add(self, answer: A) -> None:
        """The answer to the part that is next in the list's order."""
        self._answers.append(answer)
        if self._whole:
            self._first.append(answer)

    def result(self) -> T:
        """All answers as one. Raises ServiceError or, where all others could be asked, BadItemsError for bad items."""
        if not self._problems or (self.many.skips and self._answers):
            return self.many.join(self._answers, self._problems)
        if self._refused is None:
            raise BadItemsError(self._problems, ADVICE)
        told = (self._refused.status, self._refused.code, self._problems, self.done, self._answered())
        raise ServiceError(told_of(self._problems), *told)

    def _answered(self) -> T | None:
        problems = self._problems if self.many.skips else ()
        return self.many.join(self._first, problems) if self._first else None

    def _tell(self, part: Part) -> None:
        self.done += part.count
        if self.many.progress is not None:
            self.many.progress(self.many.doing, self.done, self.many.total or self.done)

    def _so_far(self, error: ServiceError | None) -> str:
        of = "" if self.many.total is None else f" of {self.many.total:,}"
        if self.many.kept and self.done:
            done = f"{self.done:,}{of} items are done, and what can be read of them is enrolled"
            return f"\n{done}; enrol all again: each is kept once"
        if self.many.kept and (error is None or (error.status is None and error.code != UNREACHABLE)):
            return "\nwhat was sent may be enrolled; enrol all again: each is kept once"
        return f"\nbefore, {self.done:,}{of} items were answered" if self.done else ""


def listed(items: Iterable[Item]) -> tuple[Iterator[tuple[Item, Callable[[], Any]]], int | None]:
    """`items` and `total` of Many. Raises InputError where one item is given in place of several."""
    refuse_one(items)
    return ((item, partial(said, item)) for item in items), len(items) if isinstance(items, Sized) else None


def _problem(item: Item, place: int, error: InputError) -> tuple[str, str]:
    name = path_of(item) or f"item {place + 1}"
    return name, str(error).removeprefix(f"{name}: ")


def _of_items(part: Part, error: ServiceError) -> Problems | None:
    """The problems of single items, for which a part was refused; None where it was refused for another reason."""
    if error.code == BAD_ITEMS:
        return error.problems
    alone = error.status == TOO_LARGE and len(part.said) == 1
    return [(path_of(part.items[0]) or f"item {part.places[0] + 1}", str(error))] if alone else None


def mark_of(said: Any) -> bytes:
    """The same for items that are said alike: a File by what it holds, anything else as JSON."""
    content = said.content if isinstance(said, File) else json.dumps(said, sort_keys=True).encode()
    return sha256(content).digest()


def _size(said: Any) -> int:
    if isinstance(said, File):
        return len(said.content) + AROUND
    # Nearly all of JSON's numbers and signs are as long as Python's.
    return len(json.dumps(said)) + 2
