"""Answers of people in; a file to which lines are added, and all that it says so far, out.

Several threads and processes may add to one file at once. Each line is on the disk before `add` returns; a line that
was cut off by a crash counts as never said. Nothing is ever changed or removed: undoing is a line, too.
"""

import json
import os
import threading
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

from alikely.errors import GalleryError, InputError, StorageError
from alikely.folders import alone_with
from alikely.labelling.kept import KeptItem, kept_from
from alikely.labelling.pool import DRAWN, Drawn

Verdict: TypeAlias = Literal["same", "different", "skip"]
VERDICTS: tuple[Verdict, ...] = ("same", "different", "skip")
FILE, LOCK = "answers.jsonl", "answers.lock"
LONGEST_NAME = 60
FORMULA = "=+-@"  # a cell that begins so is computed, not shown, by many a program for tables
LONGEST_SECONDS = 86_400.0

# The ids of two items, in alphabetical order.
PairOfIds: TypeAlias = tuple[str, str]


@dataclass(frozen=True)
class Answer:
    """What somebody said of a pair. `number` counts the lines of answers and of undoing, from 1.

    `left` and `right` are ids of items. `time` is UTC, as ISO 8601 has it; `seconds` is how long they looked. `drawn`
    says how the pair was found, `probability` what the model said (None: no calibration), `known` what the data says.
    """

    number: int
    left: str
    right: str
    answer: Verdict
    who: str
    time: str
    seconds: float
    drawn: Drawn
    probability: float | None = None
    known: bool | None = None

    @property
    def pair(self) -> PairOfIds:
        """The ids of the two items, in alphabetical order."""
        return pair_of(self.left, self.right)


@dataclass(frozen=True)
class Asked:
    """A pair as it was asked: its items, how it was found, and what model and data say of it."""

    left: KeptItem
    right: KeptItem
    drawn: Drawn
    probability: float | None = None
    known: bool | None = None


class AnswerFile:
    """The answers in a folder; nothing is made before the first one comes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / FILE
        self._inside = threading.Lock()
        self._forget()

    def answers(self) -> list[Answer]:
        """All that count, in the order in which they came: without those undone, of two to one pair the later.

        Raises InputError that names a line which is no answer, or a file that cannot be read.
        """
        with self._inside:
            self._read_on()
            latest = {(answer.who, answer.pair): answer for answer in self._answers.values()}
            return sorted(latest.values(), key=lambda answer: answer.number)

    def items(self) -> dict[str, KeptItem]:
        """The items of all answers by their ids."""
        with self._inside:
            self._read_on()
            return dict(self._items)

    def add(self, asked: Asked, answer: Verdict, who: str, seconds: float | int = 0) -> Answer:
        """Keep an answer; it is on the disk when this returns.

        Raises InputError for a name that is none, StorageError where it cannot be written.
        """
        if answer not in VERDICTS:
            raise InputError(f"an answer is one of {', '.join(VERDICTS)}; got {answer!r}")
        name = name_of_labeller(who)
        with self._inside, alone_with(self.folder / LOCK):
            self._read_on()
            said = Answer(
                number=self._last + 1,
                left=asked.left.id,
                right=asked.right.id,
                answer=answer,
                who=name,
                time=datetime.now(UTC).isoformat(timespec="milliseconds"),
                seconds=round(float(min(max(seconds, 0.0), LONGEST_SECONDS)), 2),
                drawn=asked.drawn,
                probability=asked.probability,
                known=asked.known,
            )
            new = {item.id: item for item in (asked.left, asked.right) if item.id not in self._items}
            self._append([*({"item": item.to_dict()} for item in new.values()), {"answer": asdict(said)}])
            self._read_on()
        return said

    def undo(self, who: str, before: Callable[[Answer], object] | None = None) -> Answer:
        """Take back the last answer of a labeller that counts, and say which it was.

        `before` is called with it while it still counts: where that raises, nothing is taken back. Raises GalleryError
        where there is none.
        """
        name = name_of_labeller(who)
        with self._inside, alone_with(self.folder / LOCK):
            self._read_on()
            mine = [answer for answer in self._answers.values() if answer.who == name]
            if not mine:
                raise GalleryError(f"{name} has given no answer that could be undone")
            last = max(mine, key=lambda answer: answer.number)
            if before is not None:
                before(last)
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            self._append([{"undo": {"number": self._last + 1, "undone": last.number, "who": name, "time": now}}])
            self._read_on()
        return last

    def _forget(self) -> None:
        self._offset, self._line, self._last = 0, 0, 0
        self._answers: dict[int, Answer] = {}
        self._items: dict[str, KeptItem] = {}

    def _read_on(self) -> None:
        """Read the lines that were added since the last time, by whomever."""
        try:
            with self.path.open("rb") as file:
                if os.fstat(file.fileno()).st_size < self._offset:
                    self._forget()
                file.seek(self._offset)
                added = file.read()
        except FileNotFoundError:
            self._forget()
            return
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read ({error.strerror or error})") from error
        whole = added[: added.rfind(b"\n") + 1]
        for line in whole.splitlines():
            self._line += 1
            self._take(line)
        self._offset += len(whole)

    def _take(self, line: bytes) -> None:
        try:
            said: Mapping[str, Any] = json.loads(line)
            if "item" in said:
                item = kept_from(said["item"])
                self._items[item.id] = item
            elif "undo" in said:
                self._answers.pop(said["undo"]["undone"], None)
                self._last = int(said["undo"]["number"])
            else:
                answer = Answer(**said["answer"])
                if answer.answer not in VERDICTS or answer.drawn not in DRAWN:
                    raise ValueError(answer.answer)
                if not {answer.left, answer.right} <= set(self._items):
                    raise ValueError("items that are not in the file")
                self._answers[answer.number] = answer
                self._last = answer.number
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(
                f"{self.path}, line {self._line}: is no answer ({error}); remove the line, or take the file from a copy"
            ) from error

    def _append(self, lines: list[dict[str, Any]]) -> None:
        text = "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines).encode()
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                # Beyond what was read lies at most a line that a crash cut off: it was never confirmed to anybody.
                os.ftruncate(handle, self._offset)
                os.lseek(handle, self._offset, os.SEEK_SET)
                _write_all(handle, text)
                os.fsync(handle)
            except OSError:
                os.ftruncate(handle, self._offset)
                raise
            finally:
                os.close(handle)
        except OSError as error:
            raise StorageError(f"{self.path}: the answer cannot be written ({error.strerror or error})") from error


def pair_of(left: str, right: str) -> PairOfIds:
    """Two ids in alphabetical order: a pair is the same from either side."""
    return (left, right) if left <= right else (right, left)


def name_of_labeller(said: str) -> str:
    """A name as it is kept. Raises InputError for one that is blank, long, or has signs that no table can hold well."""
    name = unicodedata.normalize("NFC", " ".join(said.split()))
    if not name or len(name) > LONGEST_NAME:
        raise InputError(f"a labeller's name has 1 to {LONGEST_NAME} characters; say who answers")
    odd = next((sign for sign in name if sign == ";" or unicodedata.category(sign).startswith("C")), None)
    if odd is not None:
        raise InputError(f"a labeller's name cannot hold {odd!r}; leave it out")
    if name[0] in FORMULA:
        raise InputError(f"a labeller's name cannot begin with {name[0]!r}: a table's program would take it to compute")
    return name


def _write_all(handle: int, text: bytes) -> None:
    while text:
        text = text[os.write(handle, text) :]
