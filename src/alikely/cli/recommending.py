"""alikely recommend fit, alikely recommend for, alikely recommend like."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alikely.cli.app import AsJson, recommend_app, said_columns
from alikely.cli.output import print_json, print_rows, say, say_skipped

if TYPE_CHECKING:
    from alikely.tasks.recommend import Recommendation

Folder = Annotated[Path, typer.Argument(metavar="RECOMMENDER", help="folder that `alikely recommend fit` wrote")]
Many = Annotated[int, typer.Option("--k", help="how many items")]
Where = Annotated[
    str | None,
    typer.Option(metavar="CONDITION", help='only items that meet it, such as "in_stock = 1 and price < 20"'),
]
Diversity = Annotated[float, typer.Option(help="0: the best items; towards 1: items unlike each other")]


@recommend_app.command(short_help="Learn from ITEMS and HISTORIES and write a recommender.")
def fit(
    items: Annotated[
        Path,
        typer.Argument(
            metavar="ITEMS", help="table with a column id; all others are characteristics (text, path, ...)"
        ),
    ],
    histories: Annotated[
        Path, typer.Argument(metavar="HISTORIES", help="table with the columns person,item[,rating][,time]")
    ],
    out: Annotated[Path, typer.Option(metavar="RECOMMENDER", help="folder to write")],
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=KIND",
            help="what a column holds: text, picture, sequence, embedding, row or leave_out; can be repeated",
        ),
    ] = None,
    liked: Annotated[float | None, typer.Option(help="the least rating that is liking [default: every row is]")] = None,
    ids: Annotated[bool, typer.Option("--ids/--no-ids", help="items also learn a vector of their own")] = True,
    epochs: Annotated[int | None, typer.Option(help="how often every person is seen [default: 40]")] = None,
    seed: Annotated[int, typer.Option(help="equal seeds give equal recommenders")] = 0,
    skip_bad: Annotated[
        bool,
        typer.Option("--skip-bad", help="go on without items that cannot be read and rows without a person or an item"),
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace a recommender that is there")] = False,
    as_json: AsJson = False,
) -> None:
    """Learn what people like from ITEMS and HISTORIES, and write a recommender.

    A share of what people liked is held back first, to choose how much each part counts.
    """
    from alikely.tasks.recommend import RecommendSettings, fit_recommender, save_recommender
    from alikely.tasks.recommend.storage import require_replaceable
    from alikely.training.progress import Terminal

    require_replaceable(out, overwrite)
    settings = RecommendSettings(columns=said_columns(column or ()), liked=liked, ids=ids, seed=seed)
    settings = settings.with_epochs(epochs)
    with Terminal() as terminal:
        recommender = fit_recommender(items, histories, settings, skip_bad, terminal.done)
        for note in recommender.histories.notes:
            terminal.note(f"data: {note}")
    say_skipped(recommender.skipped)
    save_recommender(recommender, out)
    if as_json:
        skipped = [{"item": name, "problem": problem} for name, problem in recommender.skipped]
        print_json({"out": str(out), **recommender.record, "skipped": skipped})
        return
    print_rows(str(out), ("", "value"), recommender.rows())


@recommend_app.command("for", short_help="Recommend items to somebody.")
def for_person(
    folder: Folder,
    history: Annotated[
        str | None,
        typer.Option(
            metavar="ID,ID...", help="the items that somebody liked, the latest last; come after those of --person"
        ),
    ] = None,
    person: Annotated[
        str | None,
        typer.Option(metavar="ID", help="somebody in the histories that were learned from; with --history, both count"),
    ] = None,
    k: Many = 10,
    where: Where = None,
    with_seen: Annotated[
        bool, typer.Option("--with-seen", help="also items that the person has liked or seen already")
    ] = False,
    diversity: Diversity = 0.0,
    as_json: AsJson = False,
) -> None:
    """Recommend items to somebody by what they liked, and say because of which item.

    Without --history and --person: what most people liked.
    """
    from alikely.tasks.recommend import load_recommender

    recommender = load_recommender(folder)
    given = tuple(name.strip() for name in (history or "").split(",") if name.strip())
    found = recommender.for_somebody(given, person, k, where=where, with_seen=with_seen, diversity=diversity)
    say_skipped([(name, "is not in the catalogue") for name in found.unknown])
    if as_json:
        print_json(found.to_dict())
        return
    if found.by_popularity:
        say("nothing is known of what the person liked: these are the items that most people liked")
    print_items(found.items)


@recommend_app.command(short_help="Find items like one item.")
def like(
    folder: Folder,
    item: Annotated[str, typer.Argument(metavar="ID", help="an item of the catalogue")],
    k: Many = 10,
    where: Where = None,
    diversity: Diversity = 0.0,
    as_json: AsJson = False,
) -> None:
    """Find the items that somebody may like because of this one, whatever most people like."""
    from alikely.tasks.recommend import load_recommender

    found = load_recommender(folder).like(item, k, where=where, diversity=diversity)
    if as_json:
        print_json({"items": [item.to_dict() for item in found]})
        return
    print_items(found)


def print_items(items: "Sequence[Recommendation]") -> None:
    """A line for each item, the best first."""
    if not items:
        say("no item meets the condition")
    for item in items:
        say(item.sentence())
