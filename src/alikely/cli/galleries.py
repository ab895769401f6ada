"""alikely gallery create, enrol, verify, identify, search."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alikely.cli.app import AsJson, OwnCode, gallery_app
from alikely.cli.output import give_answer, print_json, print_rows, say, say_skipped, say_stopped

if TYPE_CHECKING:
    from alikely.gallery import Gallery
    from alikely.types import Item

Where = Annotated[str, typer.Argument(metavar="GALLERY", help="folder of the gallery, or URI of a Milvus server")]
Model = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="folder of its model [default: where it lay when the gallery was made]"),
]
Items = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="folder of identity folders, folder, table, or one item: a text as it is, a row as JSON, a picture or "
        "sequence by its file (docs/data.md)",
    ),
]
OneItem = Annotated[
    str,
    typer.Argument(metavar="ITEM", help="one item: a text as it is, a row as JSON, a picture or sequence by its file"),
]
Condition = Annotated[
    str | None,
    typer.Option(
        "--where", metavar="CONDITION", help="only templates whose fields meet this: shop = 'B' and price < 20"
    ),
]
Fpir = Annotated[float, typer.Option(help="false-positive-identification rate: strangers taken for somebody")]
Confidence = Annotated[
    float | None,
    typer.Option(help="confidence that the rate is kept; 0: an estimate [default: that of the model's calibration]"),
]
Prior = Annotated[float, typer.Option(help="chance, before looking, that the claim is true, or somebody is enrolled")]
Log = Annotated[bool, typer.Option("--log", help="keep the distances in the gallery's folder, for `gallery drift`")]


@gallery_app.command(short_help="Make an empty gallery for MODEL.")
def create(
    where: Where,
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="folder of a trained model")],
    join: Annotated[
        str, typer.Option(help="how several templates of an identity are joined: nearest, mean or learned")
    ] = "nearest",
    learn_from: Annotated[
        Path | None, typer.Option(metavar="SOURCE", help="labelled items to learn from how to join (--join learned)")
    ] = None,
    templates: Annotated[int, typer.Option(help="templates of an identity, as learned for (--join learned)")] = 3,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Make an empty gallery, in a new folder or on a Milvus server. It takes no other model than MODEL."""
    from alikely.gallery import Gallery, joining_for

    rule = joining_for(join, model, learn_from, templates, own_code)
    Gallery.create(where, model, rule, own_code).close()
    if as_json:
        print_json({"gallery": where, "model": str(model), "joining": rule.to_dict()})
        return
    sharpness = "" if rule.sharpness is None else f" (sharpness {rule.sharpness:g})"
    say(f"gallery {where} made for {model}; templates are joined by: {rule.rule}{sharpness}")


@gallery_app.command(short_help="Enrol the items of SOURCE, each once.")
def enrol(
    where: Where,
    source: Items,
    identity: Annotated[
        str | None, typer.Option(help="who or what all the items show [default: their labels, else their own names]")
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="a field of all the items; may be repeated")
    ] = None,
    model: Model = None,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Enrol the items of SOURCE; labels are identities, further columns of a table are fields.

    Each item once, however often it is run: a run that was stopped goes on from there. Items that cannot be read are
    named, and the others go on. Exit code: 0 all are enrolled, 1 some could not be read, 2 error.
    """
    from alikely.gallery.fields import parse_field
    from alikely.training.progress import Terminal

    with Terminal() as terminal, opened_gallery(where, model, own_code) as gallery:
        fields = dict(parse_field(said) for said in field or ())
        try:
            done = gallery.enrol(source, identity, fields, terminal.done)
        except KeyboardInterrupt as stop:
            say_stopped(stop)
            raise
    say_skipped(done.problems)
    give_answer(done, as_json)


@gallery_app.command(short_help="Say whether ITEM shows IDENTITY (1:1).")
def verify(
    where: Where,
    item: OneItem,
    identity: Annotated[str, typer.Argument(metavar="IDENTITY", help="who or what it claims to be")],
    fmr: Annotated[float | None, typer.Option(help="false-match rate [default: the model's own]")] = None,
    confidence: Confidence = None,
    prior: Prior = 0.5,
    model: Model = None,
    log: Log = False,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Say whether ITEM shows IDENTITY. Exit code: 0 same, 1 different, 2 error."""
    with opened_gallery(where, model, own_code, log) as gallery:
        decision = gallery.verify(_item(item, gallery), identity, fmr, prior, confidence)
    give_answer(decision, as_json)


@gallery_app.command(short_help="Say who the items of SOURCE show, or nobody (1:N).")
def identify(
    where: Where,
    source: Items,
    fpir: Fpir = 0.01,
    confidence: Confidence = None,
    prior: Prior = 0.5,
    k: Annotated[int, typer.Option("-k", help="nearest identities to give (in JSON)")] = 5,
    model: Model = None,
    log: Log = False,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Say who ITEM shows, or that nobody enrolled is shown; with many items, a line for each.

    Exit code: 0 somebody (each of them), 1 nobody (one of them), 2 error. Items that cannot be read are named; exit
    code 1 then too.
    """
    from alikely.training.progress import Terminal

    with Terminal() as terminal, opened_gallery(where, model, own_code, log) as gallery:
        answers, problems = gallery.identify_all(source, fpir, confidence, k, prior, terminal.done)
    say_skipped(problems)
    if as_json:
        print_json([answer.to_dict() for answer in answers])
    else:
        for answer in answers:
            say(answer.sentence() if len(answers) == 1 else f"{answer.item}: {answer.sentence()}")
    raise typer.Exit(max([answer.exit_code for answer in answers] + [1 if problems else 0]))


@gallery_app.command(short_help="Find what is most like the items of SOURCE.")
def search(
    where: Where,
    source: Items,
    k: Annotated[int, typer.Option("-k", help="how many to find")] = 10,
    condition: Condition = None,
    model: Model = None,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Find the templates most like each item of SOURCE, nearest first, whether or not they are near."""
    from alikely.training.progress import Terminal

    with Terminal() as terminal, opened_gallery(where, model, own_code) as gallery:
        found, problems = gallery.search_all(source, k, condition, terminal.done)
    say_skipped(problems)
    if as_json:
        print_json([{"item": name, "found": [hit.to_dict() for hit in hits]} for name, hits in found])
    else:
        for name, hits in found:
            print_rows(f"Most like {name}", ("identity", "distance", "fields"), [hit.cells() for hit in hits])
    raise typer.Exit(1 if problems else 0)


def opened_gallery(where: str, model: Path | None, own_code: bool, log: bool = False) -> "Gallery":
    """The gallery there; with `log`, verify and identify keep their distances in its folder."""
    from alikely.gallery import Gallery
    from alikely.gallery.live import log_beside

    return Gallery.open(where, model, log_beside(where) if log else None, own_code)


def _item(said: str, gallery: "Gallery") -> "Item":
    from alikely.data.sources import parse_item

    return parse_item(said, gallery.inside.model.preparation.kind)
