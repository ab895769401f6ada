"""The application that all commands join, and the options that several of them share."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="alikely",
    help=(
        "Siamese networks: learn from examples what is alike, decide about items never seen.\n\n"
        "Exit codes: 0 done (compare: same), 1 compare: different, 2 error, 3 compare: unsure, 130 stopped by Ctrl-C."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ModelFolder = Annotated[Path, typer.Argument(metavar="MODEL", help="folder of a trained model")]
Source = Annotated[
    Path,
    typer.Argument(
        metavar="SOURCE",
        help="folder of identity folders, or a table (CSV, JSONL, Parquet) with path,label[,group] or left,right,same",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON, for programs")]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="go on without items that cannot be read")]


def version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        from importlib.metadata import version as version_of

        typer.echo(f"alikely {version_of('alikely')}")
        raise typer.Exit


@app.callback()
def start(
    _: Annotated[bool, typer.Option("--version", callback=version, is_eager=True, help="print the version")] = False,
) -> None:
    """Begin; the help text stands with the application."""
