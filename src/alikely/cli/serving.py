"""alikely serve, alikely keys ..."""

from pathlib import Path
from typing import Annotated

import typer

from alikely.cli.app import OwnCode, app


@app.command(short_help="Serve MODEL and galleries: REST API and page.")
def serve(
    model: Annotated[Path | None, typer.Argument(metavar="[MODEL]", help="folder of a trained model")] = None,
    gallery: Annotated[
        list[str] | None, typer.Option(metavar="GALLERY", help="gallery of this model; may be repeated")
    ] = None,
    detector: Annotated[list[Path] | None, typer.Option(metavar="DETECTOR", help="detector; may be repeated")] = None,
    recommender: Annotated[
        list[Path] | None, typer.Option(metavar="RECOMMENDER", help="recommender; may be repeated")
    ] = None,
    answers: Annotated[list[Path] | None, typer.Option(metavar="ANSWERS", help="answers; may be repeated")] = None,
    items: Annotated[
        Path | None, typer.Option(metavar="SOURCE", help="items for the pages Map, Threshold and Label")
    ] = None,
    pictures: Annotated[
        list[Path] | None, typer.Option(metavar="FOLDER", help="where enrolled pictures lie, to show them on the page")
    ] = None,
    host: Annotated[str, typer.Option(help="address to listen at")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port to listen at; 0: any that is free")] = 8000,
    state: Annotated[Path, typer.Option(help="folder for what the service keeps: keys, audit log, labels")] = Path(
        "alikely-service"
    ),
    keep_pictures: Annotated[
        bool, typer.Option("--keep-pictures", help="keep small copies of pictures that are enrolled or scored")
    ] = False,
    own_code: OwnCode = False,
) -> None:
    """Serve a model, galleries and what else is named, until Ctrl-C."""
    from alikely.server import Folders, ServeSettings, open_served, run
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
    settings = ServeSettings(host=host, port=port, state=state, keep_pictures=keep_pictures)
    with Terminal() as terminal:
        served = open_served(folders, settings, own_code, terminal.done)
    run(served)
