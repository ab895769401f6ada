"""alikely gallery remove, list, export, import, rebuild, recover, drift."""

from pathlib import Path
from typing import Annotated

import typer

from alikely.cli.app import AsJson, OwnCode, gallery_app
from alikely.cli.galleries import Condition, Items, Model, Where, opened_gallery
from alikely.cli.output import give_answer, print_json, print_rows, say, say_skipped

LONGEST_SHOWN = 60  # characters of a name in a table; --json has all


@gallery_app.command(short_help="Remove an identity, or one template.")
def remove(
    where: Where,
    identity: Annotated[str | None, typer.Argument(metavar="IDENTITY", help="whose templates are removed")] = None,
    key: Annotated[str | None, typer.Option(help="remove one template, by its key (`gallery list --json`)")] = None,
    model: Model = None,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Remove an identity with all its templates, or one template; then look whether the files hold anything of it.

    Where a full disk stops it, the same command again ends it. Exit code: 0 removed, 1 removed, but something of it is
    left in a file, 2 error.
    """
    with opened_gallery(where, model, own_code) as gallery:
        done = gallery.remove(identity, key)
    give_answer(done, as_json)


@gallery_app.command("list", short_help="Show the identities.")
def list_(
    where: Where,
    condition: Condition = None,
    model: Model = None,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Show the identities and how many templates each has; with --json the keys and fields of all templates."""
    with opened_gallery(where, model, own_code) as gallery:
        if as_json:
            print_json(gallery.described(condition))
            return
        named = gallery.identities(condition)
    from alikely.data.items import counted

    templates = sum(named.values())
    print_rows(
        f"{counted(len(named), 'identity', 'identities')}, {counted(templates, 'template', 'templates')}",
        ("identity", "templates"),
        [(_clipped(name), f"{count:,}") for name, count in named.items()],
    )


@gallery_app.command(short_help="Write all templates to a file.")
def export(
    where: Where,
    out: Annotated[Path, typer.Option(metavar="FILE.npz", help="file to write")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace a file that is there")] = False,
    model: Model = None,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Write keys, identities, fields and embeddings of all templates to one file."""
    from alikely.data.items import counted

    with opened_gallery(where, model, own_code) as gallery:
        count = gallery.export_to(out, overwrite)
    if as_json:
        print_json({"templates": count, "file": str(out)})
    else:
        say(f"{counted(count, 'template', 'templates')} written to {out}")


@gallery_app.command("import", short_help="Take in the templates of a file.")
def import_(
    where: Where,
    file: Annotated[Path, typer.Argument(metavar="FILE.npz", help="what `gallery export` wrote")],
    model: Model = None,
    own_code: OwnCode = False,
    as_json: AsJson = False,
) -> None:
    """Take in all templates that `gallery export` wrote, from a gallery of the same model."""
    from alikely.training.progress import Terminal

    with Terminal() as terminal, opened_gallery(where, model, own_code) as gallery:
        new, replaced = gallery.import_from(file, terminal.done)
    if as_json:
        print_json({"new": new, "there": replaced})
    else:
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
    give_answer(done, as_json)


@gallery_app.command(short_help="Keep what can be read of a damaged gallery.")
def recover(
    where: Annotated[Path, typer.Argument(metavar="GALLERY", help="folder of the gallery")],
    as_json: AsJson = False,
) -> None:
    """Keep what can still be read where a file of the gallery is damaged; the damaged file stays as damaged.db.

    Nobody else may use the gallery meanwhile. Exit code: 0 nothing is lost, 1 some templates are, 2 error: nothing can
    be read, and nothing was changed.
    """
    from alikely.stores.recovering import recover as recover_store

    done = recover_store(where)
    give_answer(done, as_json)


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
    with opened_gallery(where, model, own_code) as gallery:
        found = gallery.drift(log, source)
    if as_json:
        print_json(found.to_dict())
    else:
        print_rows(found.title(), ("pairs", "number", "KS", "p", "PSI", "verdict"), found.cells())
        say(found.sentence())
    raise typer.Exit(found.exit_code)


def _clipped(name: str) -> str:
    return name if len(name) <= LONGEST_SHOWN else f"{name[: LONGEST_SHOWN - 1]}…"
