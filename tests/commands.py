"""A command line -> what the command printed, and its exit code; run in this process, through the real `main`."""

import io
import json
import sys
import textwrap
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

from alikely.cli import main

# As small and as short as a training can be.
SMALL = ("--size", "16", "--epochs", "1", "--set", "encoder_settings={width=8,depth=2,dim=8,grid=2}")


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def command(*arguments: str | Path) -> Ran:
    """`alikely ARGUMENTS`; an exception that `main` lets through fails the test."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["alikely", *map(str, arguments)]),
        redirect_stdout(out),
        redirect_stderr(err),
        pytest.raises(SystemExit) as end,
    ):
        main()
    return Ran(end.value.code or 0, out.getvalue(), err.getvalue())


def refused(*arguments: str | Path) -> str:
    """The message of a command that must end with exit code 2, one message on standard error, and no traceback."""
    ran = command(*arguments)
    assert ran.code == 2, ran
    assert ran.out == ""
    assert "Traceback" not in ran.err
    before, error, message = ran.err.partition("error: ")
    assert error
    assert "error: " not in message
    assert all(line.startswith("data: ") for line in before.splitlines()), before
    return message


def parsed(ran: Ran) -> dict:
    """The JSON on standard output, which holds nothing else."""
    return json.loads(ran.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def block(text: str) -> str:
    """A text of several lines as it stands in a test, without what it is indented by."""
    return textwrap.dedent(text).lstrip("\n")
