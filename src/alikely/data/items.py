"""What holds for items of every kind: what messages call one, and the reading of many in a few threads."""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from PIL import Image

from alikely.errors import InputError
from alikely.types import Item

T = TypeVar("T")

MOST_THREADS = 4
ITEMS_AT_ONCE = 32
TOLD_EVERY = 0.2  # seconds: of large pictures, so many take long
LONGEST_NAME = 200  # in characters, of what may be a path or a text


def name_of(item: Item, position: int | None = None) -> str:
    """What messages call an item: a file by its path, anything else by its kind and its place, counted from 1.

    A text that is blank, long or in several lines, and so no path, by its beginning in quotes.
    """
    if isinstance(item, Path):
        return str(item)
    if isinstance(item, str):
        return item if item.strip() and item.isprintable() and len(item) <= LONGEST_NAME else _beginning(item)
    file = getattr(item, "filename", "")
    if file:
        return str(file)
    kind = "picture" if isinstance(item, Image.Image | bytes) else "row" if isinstance(item, Mapping) else "array"
    return f"the {kind}" if position is None else f"{kind} {position + 1}"


def counted(count: int, one: str, many: str) -> str:
    """The number and the words that fit it: 1 item stands, 2 items stand."""
    return f"{count:,} {one if count == 1 else many}"


def read_all(
    items: Sequence[Item],
    names: Sequence[str],
    read_one: Callable[[Item], T],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[T | None], list[tuple[str, str]]]:
    """Read every item once, in a few threads, and go on past those that cannot be read.

    Answers what `read_one` made of each item, in the order of the items and None where it raised InputError, and
    the list of (name, what is wrong) of those. `progress` is called with (items read so far, items in all), every 0.2
    seconds at least; an error that it raises ends the reading at the items that are being read.
    """
    stopped = threading.Event()

    def read_some(places: Sequence[int]) -> list[tuple[T | None, str | None]]:
        return [read_or_problem(items[place], read_one) for place in places if not stopped.is_set()]

    results: list[tuple[T | None, str | None]] = []
    pool = ThreadPoolExecutor(max_workers=min(MOST_THREADS, os.cpu_count() or 1))
    try:
        starts = range(0, len(items), ITEMS_AT_ONCE)
        reading = [pool.submit(read_some, range(len(items))[start : start + ITEMS_AT_ONCE]) for start in starts]
        for some in reading:
            while progress is not None and not wait([some], TOLD_EVERY).done:
                progress(len(results), len(items))
            results.extend(some.result())
            if progress is not None:
                progress(len(results), len(items))
    finally:
        # After Ctrl-C or a bug nobody waits for the rest.
        stopped.set()
        pool.shutdown(cancel_futures=True)
    bad = [(name, problem) for name, (_, problem) in zip(names, results, strict=True) if problem is not None]
    return [value for value, _ in results], bad


def read_or_problem(item: Item, read_one: Callable[[Item], T]) -> tuple[T | None, str | None]:
    """What `read_one` makes of an item, or None and what is wrong with it, where it raises InputError."""
    try:
        return read_one(item), None
    except InputError as problem:
        said, name = str(problem), name_of(item)
        return None, said[len(name) + 2 :] if said.startswith((f"{name}: ", f"{name}, ")) else said


def _beginning(text: str) -> str:
    most = LONGEST_NAME // 2
    return f"the text {text[:most]!r}{'...' if len(text) > most else ''}"
