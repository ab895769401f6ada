"""alikely keys add, list, remove."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alikely.cli.app import AsJson, keys_app
from alikely.cli.output import print_json, print_rows, say

if TYPE_CHECKING:
    from alikely.server.keys import Keys

StateFolder = Annotated[Path, typer.Option(help="folder of the service, as in `alikely serve`")]
STATE = Path("alikely-service")
Name = Annotated[str, typer.Argument(metavar="NAME", help="what the key is called")]


@keys_app.command(short_help="Make a key and print it, once.")
def add(
    name: Name,
    right: Annotated[str, typer.Option(help="read: ask; enrol: also add, remove, label; admin: all")],
    state: StateFolder = STATE,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it: only its hash is kept, so that nobody can find it out again.

    A service that runs on this folder takes it at once, and asks everybody for a key from then on.
    """
    key = _keys(state).add(name, right)
    if as_json:
        print_json({"name": name, "right": right, "key": key})
    else:
        say(key)


@keys_app.command(name="list", short_help="List the keys.")
def list_keys(state: StateFolder = STATE, as_json: AsJson = False) -> None:
    """List what the keys are called, what they allow, and when they were made."""
    there = _keys(state).listed()
    if as_json:
        print_json({"keys": [{"name": key.name, "right": key.right, "made": key.made} for key in there]})
    elif not there:
        say("no keys; make one: alikely keys add NAME --right read")
    else:
        print_rows(
            f"the keys in {state}", ("name", "right", "made"), [(key.name, key.right, key.made) for key in there]
        )


@keys_app.command(short_help="Take a key away.")
def remove(name: Name, state: StateFolder = STATE) -> None:
    """Take a key away: from now on it is refused, and whoever is logged in on the page with it is logged out."""
    keys = _keys(state)
    gone = keys.remove(name)
    say(f"removed {gone.name} ({gone.right})")
    if not keys.listed():
        say(f"no key is left: nobody is let in; to ask for none on this machine, remove {keys.path}")


def _keys(state: Path) -> "Keys":
    from alikely.server.keys import Keys
    from alikely.server.state import State

    return Keys(State(state).keys)
