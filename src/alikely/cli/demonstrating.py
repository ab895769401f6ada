"""alikely demo."""

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alikely.cli.app import AsJson, app
from alikely.cli.output import print_json, print_rows, say

if TYPE_CHECKING:
    from alikely.demo import Demo


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="folder for signs, digits and the model")] = Path("alikely-demo"),
    serve: Annotated[
        bool, typer.Option("--serve", help="then show it all on a page, until Ctrl-C; the next time at once")
    ] = False,
    port: Annotated[int, typer.Option(help="with --serve: port to listen at, or the next one that is free")] = 8000,
    as_json: AsJson = False,
) -> None:
    """Learn from invented signs, judge handwritten digits never seen: a minute at the most, no network."""
    from alikely.demo import run_demo

    if not serve:
        _print(run_demo(out), as_json)
        return
    if as_json:
        from alikely.errors import SettingsError

        raise SettingsError("--json tells what the demo found, and --serve shows it on a page; give one of them")
    from alikely.demo_page import is_made  # where a part of the service lacks, that is told before the training

    if not is_made(out):
        _print(run_demo(out), as_json)
    _serve(out, port)


def _print(shown: "Demo", as_json: bool) -> None:
    from alikely.demo import MEANINGS
    from alikely.metrics import percent

    if as_json:
        print_json(shown.to_dict())
        return
    print_rows(
        "On all ten digits, in the writing of people: none was ever seen, invented signs have taught",
        ("", "value", "95 % interval"),
        shown.rows(),
    )
    say(f"{MEANINGS}\n")
    print_rows(
        "Thresholds are promised for signs like those (95 % confidence); digits are other writing, so it is measured",
        ("false matches asked", "found on new signs", "found on digits", "same digits missed"),
        [kept.row() for kept in shown.kept],
    )
    say(f"{shown.few_shot.sentence()}\n")
    print_rows(
        f"Some pairs of digits, drawn at random, decided at a false-match rate of {percent(shown.fmr)}",
        ("left", "right", "verdict", "probability of same", "distance"),
        [decision.row() for decision in shown.decisions],
    )
    say(shown.next_steps(_as_called()))


def _serve(out: Path, port: int) -> None:
    from alikely.demo_page import make_parts
    from alikely.server import ServeSettings, open_served, run
    from alikely.server.listening import next_free
    from alikely.training.progress import Terminal

    with Terminal() as terminal:
        parts = make_parts(out)
        free = next_free("127.0.0.1", port)
        settings = ServeSettings(port=free, state=parts.state, keep_items=True)
        served = open_served(parts.folders, settings, progress=terminal.done)
    run(served, lambda url: say(f"Open {url} in a browser. Pictures to try lie in {parts.digits}. Ctrl-C ends it."))


def _as_called() -> str:
    """How the user can call this program again: `make demo` calls it by its path, which then is not on the PATH."""
    if Path(sys.argv[0]).name == "__main__.py":
        return f"{shlex.quote(sys.orig_argv[0])} -m alikely"
    return "alikely" if shutil.which("alikely") else shlex.quote(sys.argv[0])
