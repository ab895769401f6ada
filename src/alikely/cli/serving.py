"""alikely serve: a model and its uses for other programs and for people, until it is told to stop."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alikely.cli.app import AsJson, OwnCode, app
from alikely.cli.output import say

if TYPE_CHECKING:
    from alikely.server import Served

Folders = list[Path] | None


@app.command(short_help="Serve MODEL and galleries: REST API and page.")
def serve(
    model: Annotated[Path | None, typer.Argument(metavar="[MODEL]", help="folder of a trained model")] = None,
    gallery: Annotated[
        list[str] | None, typer.Option(metavar="GALLERY", help="gallery of this model; may be repeated")
    ] = None,
    detector: Annotated[Folders, typer.Option(metavar="DETECTOR", help="detector; may be repeated")] = None,
    recommender: Annotated[Folders, typer.Option(metavar="RECOMMENDER", help="recommender; may be repeated")] = None,
    answers: Annotated[Folders, typer.Option(metavar="ANSWERS", help="answers; may be repeated")] = None,
    items: Annotated[
        Path | None, typer.Option(metavar="SOURCE", help="items for the pages Map, Threshold and Label")
    ] = None,
    pictures: Annotated[
        Folders, typer.Option(metavar="FOLDER", help="where enrolled pictures lie, to show them on the page")
    ] = None,
    host: Annotated[
        str, typer.Option(help="address to listen at; any but this machine's own takes keys")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port to listen at; 0: any that is free")] = 8000,
    name: Annotated[
        list[str] | None, typer.Option(help="further name under which it is reached; may be repeated")
    ] = None,
    certificate: Annotated[Path | None, typer.Option(metavar="PEM", help="certificate, to speak HTTPS")] = None,
    private_key: Annotated[Path | None, typer.Option(metavar="PEM", help="the certificate's private key")] = None,
    state: Annotated[Path, typer.Option(help="folder for what the service keeps: keys, audit log, labels")] = Path(
        "alikely-service"
    ),
    keep_items: Annotated[
        bool, typer.Option("--keep-items", help="keep small copies of enrolled pictures, and what is found anomalous")
    ] = False,
    batch: Annotated[int, typer.Option(help="items embedded at once, at most")] = 64,
    wait_ms: Annotated[float, typer.Option(help="milliseconds that a request waits for others to join it")] = 2.0,
    queue: Annotated[int, typer.Option(help="requests at once; one more is refused (503)")] = 256,
    upload_mb: Annotated[float, typer.Option(help="megabytes of a request, at most")] = 10.0,
    pixels: Annotated[float, typer.Option(help="millions of pixels in a picture, at most")] = 25.0,
    most_items: Annotated[int, typer.Option(help="items in a request, at most")] = 64,
    rate: Annotated[int, typer.Option(help="requests a minute for each key; 0: any number")] = 0,
    drain_seconds: Annotated[float, typer.Option(help="what was accepted may take so long at the end")] = 10.0,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Serve a model, galleries and what else is named, until Ctrl-C or SIGTERM; what was accepted is answered first.

    The page is at the address that is printed, the API below /v1, its description at /openapi.json. On this machine
    itself nobody needs a key until one is made; for others listen at --host 0.0.0.0 and make keys: alikely keys add.
    With --json, a line of JSON says the address once it listens.
    """
    from alikely.errors import SettingsError
    from alikely.server import Folders, ServeSettings, open_served, run
    from alikely.server.running import check_settings
    from alikely.training.progress import Terminal

    folders = Folders(
        model=model,
        galleries=tuple(gallery or ()),
        detectors=tuple(detector or ()),
        recommenders=tuple(recommender or ()),
        answers=tuple(answers or ()),
        items=items,
        pictures=tuple(pictures or ()),
    )
    if not folders.anything:
        raise SettingsError(
            "there is nothing to serve; name a model: alikely serve MODEL, or a use: --detector, --recommender, "
            "--answers (`alikely demo` makes a model to try)"
        )
    settings = ServeSettings(
        host=host,
        port=port,
        names=tuple(name or ()),
        certificate=certificate,
        private_key=private_key,
        state=state,
        keep_items=keep_items,
        batch=batch,
        wait_ms=wait_ms,
        queue=queue,
        upload_mb=upload_mb,
        pixels=pixels,
        items=most_items,
        rate=rate,
        drain_seconds=drain_seconds,
    )
    # Before what takes long to open.
    check_settings(settings)
    with Terminal() as terminal:
        served = open_served(folders, settings, own_code, terminal.done)
    run(served, lambda url: _say_started(url, served, as_json))


def _say_started(url: str, served: "Served", as_json: bool) -> None:
    """Where the page is, what is served, and how to end it."""
    from alikely.server.listening import reached_from_elsewhere
    from alikely.server.overview import overview

    described = overview(served)
    if as_json:
        # One line: programs read it while the service runs on.
        say(json.dumps({"url": url, **described}, allow_nan=False))
        return
    del described["limits"]
    lists = {what: [many] if what == "model" else many for what, many in described.items() if many}
    parts = [f"  {what}: {', '.join(one['name'] for one in many)}" for what, many in lists.items()]
    elsewhere = reached_from_elsewhere(served.settings)
    others = [] if elsewhere is None else [elsewhere]
    say("\n".join([f"listening at {url}", *others, *parts, "Ctrl-C ends it"]))
