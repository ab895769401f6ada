"""alikely demo."""

from pathlib import Path
from typing import Annotated

import typer

from alikely.cli.app import AsJson, app
from alikely.cli.output import print_json, print_rows


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="folder for the digits and the model")] = Path("alikely-demo"),
    as_json: AsJson = False,
) -> None:
    """Train on some handwritten digits and decide about digits never seen: a minute at the most, no network."""
    from alikely.demo import run_demo

    shown = run_demo(out)
    if as_json:
        print_json(shown.to_dict())
        return
    print_rows(
        f"On the digits {', '.join(shown.unseen)}, never seen before",
        ("", "value", "95 % interval"),
        shown.report.rows(),
    )
    print_rows("Some decisions about them", ("left", "right", "verdict"), shown.decisions)
    typer.echo(shown.next_steps())
