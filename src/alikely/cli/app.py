"""The application that all commands join, and the options that several of them share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="alikely",
    help=(
        "Siamese networks: learn from examples what is alike, decide about items never seen.\n\n"
        "Exit codes: 0 done (compare: same), 1 compare: different, check: faults found, gallery: different, nobody, "
        "something left out or left behind, drift, 2 error, 3 compare: unsure, 130 stopped by Ctrl-C."
    ),
    add_completion=False,
    # Rich would take [default: ...] in a help text for markup and swallow it.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# In the order in which somebody new to it needs them.
COMMANDS = (
    "check",
    "tune",
    "train",
    "evaluate",
    "calibrate",
    "compare",
    "explain",
    "embed",
    "inspect",
    "duplicates",
    "export",
    "serve",
    "labels",
    "demo",
)


def _group(name: str, what: str) -> typer.Typer:
    group = typer.Typer(name=name, help=what, rich_markup_mode=None)
    app.add_typer(group)
    return group


# The uses with several commands each: `alikely gallery enrol` ...
gallery_app = _group("gallery", "Enrol items, verify and identify them, search.")
anomaly_app = _group("anomaly", "Learn what is normal; tell what is not, and why.")
recommend_app = _group("recommend", "Learn what people like; recommend what they may like next.")
sentences_app = _group("sentences", "Compare texts, answer what was asked before, find paraphrases and groups.")
keys_app = _group("keys", "Make, list and remove the API keys of a service.")

ModelFolder = Annotated[Path, typer.Argument(metavar="MODEL", help="folder of a trained model")]
Source = Annotated[
    Path,
    typer.Argument(
        metavar="SOURCE",
        help="folder of identity folders, or a table (CSV, JSONL, Parquet) with path,label[,group] or text,label or "
        "left,right,same or left,right,score or anchor,positive,negative (all forms: docs/data.md)",
    ),
]
Items = Annotated[
    str | None,
    typer.Option(help="what the items are: picture, text, row, sequence or embedding [default: as SOURCE shows]"),
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON, for programs")]
OwnCode = Annotated[
    bool,
    typer.Option("--own-code", help="import the encoder of a model with one of your own (module:Class): runs its code"),
]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="go on without items that cannot be read")]


def version(wanted: bool) -> bool:
    """Print the version and end, where that is `wanted`."""
    if wanted:
        from importlib.metadata import version as version_of

        typer.echo(f"alikely {version_of('alikely')}")
        raise typer.Exit
    return wanted


def said_columns(said: Sequence[str]) -> dict[str, str]:
    """`NAME=KIND` as they are said on a command line -> the kinds by column. Raises SettingsError for anything else."""
    from alikely.errors import SettingsError

    kinds = {}
    for text in said:
        name, equals, kind = text.partition("=")
        if not equals or not name.strip():
            raise SettingsError(f"{text!r}: say NAME=KIND, such as title=text")
        kinds[name.strip().lower()] = kind.strip()
    return kinds


@app.callback()
def start(
    _: Annotated[bool, typer.Option("--version", callback=version, is_eager=True, help="print the version")] = False,
) -> None:
    """Begin; the help text stands with the application."""


def in_order(application: typer.Typer) -> None:
    """Put the commands, which register themselves as their modules are loaded, in the order of `COMMANDS`."""
    application.registered_commands.sort(
        key=lambda command: COMMANDS.index(command.callback.__name__ if command.callback else "")
    )
