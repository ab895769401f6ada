"""alikely train."""

import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from alikely.cli.app import AsJson, Items, SkipBad, Source, app
from alikely.cli.output import print_json, print_rows, say


@app.command(short_help="Learn from SOURCE and write a model.")
def train(
    source: Source,
    out: Annotated[Path, typer.Option(help="folder that the model is written to")],
    items: Items = None,
    encoder: Annotated[
        str | None,
        typer.Option(help="cnn, resnet, gru, lstm, mlp ... (docs/settings.md) [default: what fits the items]"),
    ] = None,
    distance: Annotated[
        str | None,
        typer.Option(
            help="euclidean, squared_euclidean, manhattan, exp_manhattan, cosine or learned "
            "[default: what fits the loss]"
        ),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(
            help="contrastive, triplet, info_nce, proxy_anchor, multiple_negatives, cosent ...; without labels vicreg, "
            "info_nce_views ... (docs/losses.md) [default: contrastive; for scores cosent]"
        ),
    ] = None,
    size: Annotated[int | None, typer.Option(help="height and width of the pictures in pixels [default: 64]")] = None,
    shape: Annotated[
        str | None, typer.Option(help="resize, pad (keep the aspect) or content (crop to the ink) [default: resize]")
    ] = None,
    light: Annotated[
        str | None, typer.Option(help="none, local or tan_triggs (even out the light) [default: none]")
    ] = None,
    detect: Annotated[
        str | None,
        typer.Option(help="none, face (crop to the largest face) or module:function of your own [default: none]"),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="how often every item is seen [default: 30]")] = None,
    augment: Annotated[str | None, typer.Option(help="none, light or strong [default: what fits the loss]")] = None,
    patience: Annotated[
        int | None, typer.Option(help="stop after so many epochs without a better EER [default: never]")
    ] = None,
    fmr: Annotated[
        float | None,
        typer.Option(help="false-match rate of the model's threshold [default: 0.01, or what the data bear]"),
    ] = None,
    confidence: Annotated[
        float | None,
        typer.Option(help="confidence that identities never seen keep that rate; 0: no promise [default: 0.95]"),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="equal seeds give equal models [default: 0]")] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file with settings; options given here win")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="any other setting, as in the TOML file; can be repeated"),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="go on with a training that was stopped or killed")] = False,
    skip_bad: SkipBad = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace a model that is there")] = False,
    as_json: AsJson = False,
) -> None:
    """Train on some identities of SOURCE, calibrate on others, measure on others still, and write the model.

    All settings, for --config and --set: docs/settings.md.
    """
    from alikely.config import TrainSettings
    from alikely.training import train as train_model

    given = {
        "items": items,
        "encoder": encoder,
        "distance": distance,
        "loss": loss,
        "size": size,
        "shape": shape,
        "light": light,
        "detect": detect,
        "epochs": epochs,
        "augment": augment,
        "patience": patience,
        "fmr": fmr,
        "confidence": confidence,
        "seed": seed,
    }
    values = said_settings(config, setting or [], given)
    model, history, report = train_model(
        source, TrainSettings(**values), out=out, resume=resume, skip_bad=skip_bad, overwrite=overwrite
    )
    if as_json:
        evaluation = None if report is None else report.to_dict()
        training = {key: value for key, value in model.record["training"].items() if key != "settings"}
        print_json({"model": str(out), "evaluation": evaluation, **training, "data": model.record["data"]})
    else:
        if report is not None:
            print_rows("On identities never seen", ("", "value", "95 % interval"), report.rows())
        say(f"report, for a browser: {out / 'report.html'}")
        say(f"model written to {out}")
    if history.ended == "interrupted":
        if history.epochs:
            typer.echo("the same command with --resume goes on with the training", err=True)
        sys.exit(130)


def said_settings(config: Path | None, setting: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """What a TOML file says, on top of it what each NAME=VALUE says, on top of that the options that were given."""
    from alikely.config import read_toml

    values: dict[str, Any] = {} if config is None else read_toml(config)
    for text in setting:
        values = _joined(values, _one_setting(text))
    return values | {name: value for name, value in given.items() if value is not None}


def _joined(values: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """`more` on top of `values`; tables in both (`encoder_settings.dim=64`) are joined by name, all the way down."""
    tables = {
        name: _joined(values[name], value)
        for name, value in more.items()
        if isinstance(value, dict) and isinstance(values.get(name), dict)
    }
    return {**values, **more, **tables}


def _one_setting(text: str) -> dict[str, Any]:
    from alikely.errors import SettingsError

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        name, equals, value = text.partition("=")
        if not equals:
            raise SettingsError(f"--set {text}: write NAME=VALUE") from None
    try:
        return tomllib.loads(f"{name} = '''{value.strip()}'''")
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"--set {text}: write NAME=VALUE as in a TOML file ({error})") from None
