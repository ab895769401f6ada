"""alikely demo."""

import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from alikely.cli.app import AsJson, app
from alikely.cli.output import print_json, print_rows, say


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="folder for the digits and the model")] = Path("alikely-demo"),
    as_json: AsJson = False,
) -> None:
    """Train on some handwritten digits and decide about digits never seen: a minute at the most, no network."""
    from alikely.demo import run_demo
    from alikely.metrics import percent

    shown = run_demo(out)
    if as_json:
        print_json(shown.to_dict())
        return
    unseen = ", ".join(shown.held_back.digits)
    print_rows(f"On the digits {unseen}, never seen before", ("", "value", "95 % interval"), shown.rows())
    print_rows(
        f"Some pairs of them, drawn at random, decided at a false-match rate of {percent(shown.fmr)}",
        ("left", "right", "verdict", "probability of same", "distance"),
        [decision.row() for decision in shown.decisions],
    )
    say(f"{shown.verdicts()}\n")
    print_rows(
        "Trained anew with other digits held back: few digits teach, so it matters which",
        ("held back", "EER", "EER of plain pixels"),
        shown.other_rows(),
    )
    say(shown.next_steps(_as_called()))


def _as_called() -> str:
    """How the user can call this program again: `make demo` calls it by its path, which then is not on the PATH."""
    return "alikely" if shutil.which("alikely") else shlex.quote(sys.argv[0])
