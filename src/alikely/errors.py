"""Every error that a user of Alikely can cause, as one tree. Each has a stable `code`, and says what to do.

    AlikelyError
    ├── InputError            an item, a table or a folder that cannot be used
    │   └── BadItemsError     several items that cannot be read: all of them in `problems`
    ├── TooFewError           not enough identities, items or pairs for what was asked
    ├── SettingsError         a setting that does not exist, does not fit another, or is out of bounds
    ├── ModelError            a model folder that is damaged, of another version, or does not fit
    ├── CalibrationError      a promise that the calibration data cannot bear, or no calibration at all
    ├── GalleryError          a gallery that is damaged, in use, of another model, or without what was asked for
    ├── TrainingError         training that cannot go on (loss not finite, nothing to learn from)
    ├── ServiceError          a service that cannot start, or that refuses a request
    └── StorageError          a file that cannot be written (disk full, no rights)

The command line turns each into one line on standard error and exit code 2.
"""

from collections.abc import Sequence
from typing import Any

MOST_LISTED = 20  # bad items in a message


class AlikelyError(Exception):
    """The root: catch this to catch everything that is not a bug of ours."""

    code = "alikely"


class InputError(AlikelyError):
    """An item, a table or a folder that cannot be used; the message names it."""

    code = "input"


class BadItemsError(InputError):
    """Items that cannot be read. `problems` holds (name of the item, what is wrong with it) of all of them.

    The message lists the first ones: a single mistake may make all items unreadable.
    """

    code = "bad_items"

    def __init__(self, problems: Sequence[tuple[str, str]], advice: str) -> None:
        self.problems = tuple(problems)
        lines = "\n".join(f"  {name}: {problem}" for name, problem in self.problems[:MOST_LISTED])
        count = len(self.problems)
        if count > MOST_LISTED:
            lines += f"\n  ... and {count - MOST_LISTED:,} more (--json lists all; in Python, the error's `problems`)"
        super().__init__(f"{count} item{'' if count == 1 else 's'} cannot be read:\n{lines}\n{advice}")


class TooFewError(AlikelyError):
    """Not enough identities, items or pairs for what was asked; the message says how many it takes."""

    code = "too_few"


class SettingsError(AlikelyError):
    """A setting that does not exist, does not fit another, or is out of bounds."""

    code = "settings"


class ModelError(AlikelyError):
    """A model folder that is damaged, of another format version, or does not fit what was asked of it."""

    code = "model"


class CalibrationError(AlikelyError):
    """A promise that the calibration data cannot bear, or a model without a calibration.

    `smallest` is the smallest rate that can be asked for instead; None where that is not known. `estimate` is the rate
    nearest to the one asked for of which there is an estimate, without a promise; None where there is none, or where
    an estimate was asked for.
    """

    code = "calibration"

    def __init__(self, message: str, smallest: float | None = None, estimate: float | None = None) -> None:
        super().__init__(message)
        self.smallest = smallest
        self.estimate = estimate


class GalleryError(AlikelyError):
    """A gallery or its store that is damaged, in use, of another model, or does not hold what was asked for."""

    code = "gallery"


class TrainingError(AlikelyError):
    """Training that cannot go on."""

    code = "training"


class ServiceError(AlikelyError):
    """A service that cannot start (port in use, certificate that does not fit), or that refuses a request.

    A client of a service (`alikely.client`) tells what the service said: its HTTP `status` (None: it gave no answer),
    its `code`, as `problems` (name of the item, what is wrong with it) of items that cannot be read, and of a list that
    is asked in several requests how many of its items were `done` before, and their `answers`: as the whole list would
    have them, in its order, up to the first request that holds an item without an answer; None: none.
    """

    code = "service"

    def __init__(
        self,
        message: str,
        status: int | None = None,
        code: str = "service",
        problems: Sequence[tuple[str, str]] = (),
        done: int = 0,
        answers: Any = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.problems, self.done = status, code, tuple(problems), done
        self.answers = answers


class StorageError(AlikelyError):
    """A file that could not be written; nothing half-written is left."""

    code = "storage"
