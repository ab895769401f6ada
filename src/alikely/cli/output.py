"""What commands print: tables and lines for people, JSON for programs, errors on standard error."""

import json
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn, Protocol, runtime_checkable

import typer

from alikely.errors import AlikelyError, BadItemsError, StorageError

WIDEST_RULE = 76  # the line under a table's header fits in any terminal, also where a row does not


@runtime_checkable
class Answer(Protocol):
    """What a command has found or done, as it tells it."""

    @property
    def exit_code(self) -> int:
        """What the command ends with."""
        ...

    def sentence(self) -> str:
        """For people, in one line."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        ...


def say(text: str) -> None:
    """A line on standard output, now: who reads it need not wait for the end. StorageError where it cannot be written.

    Where the reader went away (`| head`), it has seen enough: the command ends there, with exit code 2.
    """
    try:
        print(text, flush=True)
    except BrokenPipeError:
        close_output()
        raise SystemExit(2) from None
    except OSError as error:
        raise StorageError(f"standard output: cannot be written ({error.strerror}); free some space") from error


def close_output() -> None:
    """Send what is still waiting for standard output nowhere, or Python's own last flush would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say_skipped(skipped: Sequence[tuple[str, str]]) -> None:
    """Items that were left out and why, on standard error."""
    for name, problem in skipped:
        print(f"left out: {name}: {problem}", file=sys.stderr)


def say_stopped(stop: KeyboardInterrupt) -> None:
    """What is kept of something that was stopped, on standard error."""
    print(stop, file=sys.stderr)


def print_json(content: Any) -> None:
    """JSON on standard output, in ASCII; never NaN or infinity, which JSON does not have."""
    say(json.dumps(content, indent=2, allow_nan=False))


def give_answer(answer: Answer, as_json: bool) -> NoReturn:
    """Print an answer, as a sentence or as JSON, and end the command with its exit code."""
    if as_json:
        print_json(answer.to_dict())
    else:
        say(answer.sentence())
    raise typer.Exit(answer.exit_code)


def print_error(message: str, code: str, items: Sequence[tuple[str, str]], as_json: bool) -> None:
    """The message on standard error; for programs also as JSON on standard output, with the error's stable code."""
    print(f"error: {message}", file=sys.stderr)
    if as_json:
        described: dict[str, Any] = {"code": code, "message": message}
        if items:
            described["items"] = [{"item": name, "problem": problem} for name, problem in items]
        print_json({"error": described})


def items_of(error: AlikelyError) -> Sequence[tuple[str, str]]:
    """The items that the error lists, with what is wrong with each; most errors list none."""
    return error.problems if isinstance(error, BadItemsError) else ()


def print_rows(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on standard output, as wide as it needs to be; the column "value" to the right."""
    table = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(len(row[place]) for row in table) for place in range(len(header))]
    last = len(header) - 1
    lines = []
    for row in table:
        cells = []
        for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
            right = header[place] == "value" and place != last
            cells.append(cell.rjust(width) if right else cell.ljust(width))
        lines.append(("  " + "   ".join(cells)).rstrip())
    rule = "  " + "-" * min(sum(widths) + 3 * last, WIDEST_RULE)
    say("\n".join([title, "", lines[0], rule, *lines[1:], ""]))
