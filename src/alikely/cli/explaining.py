"""alikely explain."""

from pathlib import Path
from typing import Annotated

import typer

from alikely.cli.app import AsJson, ModelFolder, OwnCode, app
from alikely.cli.output import print_json, say

# What the picture can be written as, by the ending of the file.
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}


@app.command(short_help="Show which regions of two pictures make MODEL call them alike or unlike.")
def explain(
    model: ModelFolder,
    left: Annotated[Path, typer.Argument(metavar="LEFT", help="one picture")],
    right: Annotated[Path, typer.Argument(metavar="RIGHT", help="the other picture")],
    out: Annotated[Path, typer.Option(help="picture to write: .png, .jpg or .webp")],
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Show which regions of two pictures make MODEL call them alike or unlike: coloured in a picture, and in words."""
    from alikely.errors import SettingsError
    from alikely.explaining import explain as explained
    from alikely.folders import whole_file
    from alikely.storage import load_model

    ending = out.suffix.lower()
    if ending not in FORMATS:
        raise SettingsError(f"{out}: the picture is written as {', '.join(FORMATS)}; name such a file")
    found = explained(load_model(model, own_code=own_code), left, right)
    with whole_file(out) as partial:
        found.picture().save(partial, FORMATS[ending])
    if as_json:
        print_json({"out": str(out), **found.to_dict()})
        return
    say(found.verdict())
    say(found.sentence())
    say(f"picture written to {out}")
