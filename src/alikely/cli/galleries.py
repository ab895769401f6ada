"""alikely gallery create, enrol, verify, identify, search, remove, list, export, import, rebuild, drift."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alikely.cli.app import AsJson, OwnCode, gallery_app
from alikely.cli.output import print_json, print_rows, say, say_skipped

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
) -> None:
    """Make an empty gallery, in a new folder or on a Milvus server. It takes no other model than MODEL."""
    from alikely.gallery import Gallery, joining_for

    rule = joining_for(join, model, learn_from, templates, own_code)
    Gallery.create(where, model, rule, own_code).close()
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

    with Terminal() as terminal, _opened(where, model, own_code) as gallery:
        fields = dict(parse_field(said) for said in field or ())
        done = gallery.enrol(source, identity, fields, terminal.done)
    say_skipped(done.problems)
    if as_json:
        print_json(done.to_dict())
    else:
        say(done.sentence())
    raise typer.Exit(done.exit_code)


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
    with _opened(where, model, own_code, log) as gallery:
        decision = gallery.verify(_item(item, gallery), identity, fmr, prior, confidence)
    if as_json:
        print_json(decision.to_dict())
    else:
        say(decision.sentence())
    raise typer.Exit(decision.exit_code)


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

    with Terminal() as terminal, _opened(where, model, own_code, log) as gallery:
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

    with Terminal() as terminal, _opened(where, model, own_code) as gallery:
        found, problems = gallery.search_all(source, k, condition, terminal.done)
    say_skipped(problems)
    if as_json:
        print_json([{"item": name, "found": [hit.to_dict() for hit in hits]} for name, hits in found])
    else:
        for name, hits in found:
            print_rows(f"Most like {name}", ("identity", "distance", "fields"), [hit.cells() for hit in hits])
    raise typer.Exit(1 if problems else 0)


@gallery_app.command(short_help="Remove an identity, or one template.")
def remove(
    where: Where,
    identity: Annotated[str | None, typer.Argument(metavar="IDENTITY", help="whose templates are removed")] = None,
    key: Annotated[str | None, typer.Option(help="remove one template, by its key (`gallery list --json`)")] = None,
    model: Model = None,
    own_code: OwnCode = False,
) -> None:
    """Remove an identity with all its templates, or one template; then look whether the files hold anything of it."""
    with _opened(where, model, own_code) as gallery:
        say(gallery.remove(identity, key).sentence())


@gallery_app.command("list", short_help="Show the identities.")
def list_(
    where: Where,
    condition: Condition = None,
    model: Model = None,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Show the identities and how many templates each has; with --json the keys and fields of all templates."""
    with _opened(where, model, own_code) as gallery:
        if as_json:
            print_json(gallery.described(condition))
            return
        named = gallery.identities(condition)
    templates = sum(named.values())
    print_rows(
        f"{len(named):,} identities, {templates:,} templates",
        ("identity", "templates"),
        [(name, f"{count:,}") for name, count in named.items()],
    )


@gallery_app.command(short_help="Write all templates to a file.")
def export(
    where: Where,
    out: Annotated[Path, typer.Option(metavar="FILE.npz", help="file to write")],
    model: Model = None,
    own_code: OwnCode = False,
) -> None:
    """Write keys, identities, fields and embeddings of all templates to one file."""
    with _opened(where, model, own_code) as gallery:
        count = gallery.export_to(out)
    say(f"{count:,} templates written to {out}")


@gallery_app.command("import", short_help="Take in the templates of a file.")
def import_(
    where: Where,
    file: Annotated[Path, typer.Argument(metavar="FILE.npz", help="what `gallery export` wrote")],
    model: Model = None,
    own_code: OwnCode = False,
) -> None:
    """Take in all templates that `gallery export` wrote, from a gallery of the same model."""
    from alikely.training.progress import Terminal

    with Terminal() as terminal, _opened(where, model, own_code) as gallery:
        new, replaced = gallery.import_from(file, terminal.done)
    say(f"{new:,} templates are new, {replaced:,} were there already")


@gallery_app.command(short_help="Embed everything anew with another model.")
def rebuild(
    where: Where,
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="folder of the new model")],
    source: Items,
    without_missing: Annotated[
        bool, typer.Option("--without-missing", help="leave out templates whose items are not in SOURCE")
    ] = False,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Embed everything anew with MODEL, from SOURCE: the items that were enrolled, wherever they lie now.

    Identities and fields stay. The old gallery stays as it is until all is done. Exit code: 0 done, 1 some are left
    out, 2 error.
    """
    from alikely.gallery import Gallery
    from alikely.training.progress import Terminal

    with Terminal() as terminal:
        done = Gallery.rebuild(where, model, source, without_missing, terminal.done, own_code)
    say_skipped(done.problems)
    if as_json:
        print_json(done.to_dict())
    else:
        say(done.sentence())
    raise typer.Exit(done.exit_code)


@gallery_app.command(short_help="Say whether distances have moved since the calibration.")
def drift(
    where: Where,
    log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="distances that were kept [default: the gallery's own log]")
    ] = None,
    source: Annotated[
        Path | None, typer.Option(metavar="SOURCE", help="labelled items of today, in place of a log")
    ] = None,
    model: Model = None,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Compare the distances in use with those of the calibration (Kolmogorov-Smirnov, PSI).

    Exit code: 0 no drift, or too few distances to tell, 1 watch or calibrate anew, 2 error.
    """
    with _opened(where, model, own_code) as gallery:
        found = gallery.drift(log, source)
    if as_json:
        print_json(found.to_dict())
    else:
        print_rows(found.title(), ("pairs", "number", "KS", "p", "PSI", "verdict"), found.cells())
        say(found.sentence())
    raise typer.Exit(found.exit_code)


def _opened(where: str, model: Path | None, own_code: bool, log: bool = False) -> "Gallery":
    from alikely.gallery import Gallery
    from alikely.gallery.live import log_beside

    return Gallery.open(where, model, log_beside(where) if log else None, own_code)


def _item(said: str, gallery: "Gallery") -> "Item":
    from alikely.data.sources import parse_item

    return parse_item(said, gallery.inside.model.preparation.kind)
