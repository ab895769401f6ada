"""alikely tune."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from alikely.cli.app import AsJson, Items, SkipBad, Source, app
from alikely.cli.learning import said_settings
from alikely.cli.output import print_json, print_rows, say


@app.command(short_help="Search better settings for SOURCE.")
def tune(
    source: Source,
    out: Annotated[Path, typer.Option(help="folder for best.toml and trials.csv")] = Path("tuned"),
    trials: Annotated[int, typer.Option(help="how many trainings; the first is with the settings as they are")] = 20,
    epochs: Annotated[int | None, typer.Option(help="how often each of them sees every item [default: 10]")] = None,
    losses: Annotated[str | None, typer.Option(help="losses to search, such as info_nce,triplet")] = None,
    fresh: Annotated[int, typer.Option(help="compare the best with the start on so many splits drawn anew")] = 3,
    items: Items = None,
    config: Annotated[Path | None, typer.Option(help="TOML file with settings; options given here win")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="a setting that stays as it is; can be repeated"),
    ] = None,
    skip_bad: SkipBad = False,
    as_json: AsJson = False,
) -> None:
    """Search the learning rate, the loss, its margin or temperature, and the length of the embedding.

    What --config and --set say stays as it is. Trials are compared on identities that were held back from learning, and
    never on those to calibrate and test by. Needs optuna: pip install alikely[tune].
    """
    from alikely.config import TrainSettings
    from alikely.tuning import tune as tune_settings
    from alikely.tuning.result import BEST
    from alikely.tuning.search import EPOCHS

    values = {"epochs": EPOCHS, **said_settings(config, setting or [], {"epochs": epochs, "items": items})}
    chosen = [loss.strip() for loss in losses.split(",")] if losses else []
    tuned = tune_settings(
        source, TrainSettings(**values), trials=trials, losses=chosen, fresh=fresh, out=out, skip_bad=skip_bad
    )
    if as_json:
        print_json({**tuned.to_dict(), "file": str(out / BEST)})
        return
    print_rows("On identities held back from learning", ("", "value", ""), tuned.rows())
    say(tuned.verdict())
    if tuned.better:
        options, which = ["--config", str(out / BEST)], "the best settings"
    else:
        options, which = as_they_were(items, config, setting or []), "the settings as they were"
    line = ["alikely", "train", str(source), *options, *(["--skip-bad"] if skip_bad else []), "--out", "model"]
    say(f"to train with {which}: {shlex.join(line)}")


def as_they_were(items: str | None, config: Path | None, setting: Sequence[str]) -> list[str]:
    """The options of `alikely train` that say the same; not how often the short trials of the search saw every item."""
    named = [] if items is None else ["--items", items]
    from_file = [] if config is None else ["--config", str(config)]
    return [*named, *from_file, *(word for one in setting for word in ("--set", one))]
