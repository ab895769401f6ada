"""The command line. No logic of its own: each command calls what Python users call, and prints what it gives.

Exit codes: 0 done (compare: same), 1 compare: different, check: faults found, gallery: different, nobody, something
left out or left behind, drift, 2 error, 3 compare: unsure, 130 stopped by Ctrl-C.
"""

import io
import sys
from typing import cast

import typer

# They register their commands.
from alikely.cli import (  # noqa: F401
    anomalies,
    calibrating,
    checking,
    demonstrating,
    duplicates,
    explaining,
    exporting,
    galleries,
    judging,
    keeping,
    keys,
    labelling,
    learning,
    looking,
    recommending,
    sentences,
    serving,
    tuning,
)
from alikely.cli.app import app, in_order
from alikely.cli.output import close_output, items_of, print_error
from alikely.errors import AlikelyError

in_order(app)

# A command line that is wrong. Typer brings its own click or uses the installed one, so that the class has no one home.
UsageError = cast(type[Exception], typer.BadParameter.mro()[1])


def main() -> None:
    """Run a command; one of our errors becomes one message and exit code 2, never a traceback."""
    as_json = "--json" in sys.argv
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file's name may hold what the terminal's encoding has no sign for.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = _run(as_json)
    except (BrokenPipeError, AlikelyError):
        # Standard output itself is closed or full.
        close_output()
        code = 2
    if code == 130:
        print("stopped", file=sys.stderr)
    sys.exit(code)


def _run(as_json: bool) -> int:
    try:
        ended = app(sys.argv[1:] or ["--help"], prog_name="alikely", standalone_mode=False)
        sys.stdout.flush()
    except AlikelyError as error:
        print_error(str(error), error.code, items_of(error), as_json)
        return 2
    except UsageError as error:
        print_error(_usage(error), "usage", (), as_json)
        return 2
    except (KeyboardInterrupt, typer.Abort):
        return 130
    return ended if isinstance(ended, int) else 0


def _usage(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    command = "alikely" if context is None else context.command_path
    message = str(error.format_message()).rstrip(".")  # type: ignore[attr-defined]
    return f"{message[:1].lower()}{message[1:]}{_as_setting(error)}; see {command} --help"


def _as_setting(error: Exception) -> str:
    """How an option that a command does not have is said as a setting, where it is one and the command takes such."""
    from alikely.config import TrainSettings

    context, option = getattr(error, "ctx", None), getattr(error, "option_name", "")
    options = [] if context is None else [said for known in context.command.params for said in known.opts]
    name = option.lstrip("-").replace("-", "_")
    there = name in TrainSettings.model_fields and option not in options and "--set" in options
    return f"; it is a setting: --set {name}=VALUE" if there else ""
