"""Several items as a client says them -> Examples with the places that they had, and what is wrong with the others."""

from collections.abc import Sequence
from dataclasses import replace

from alikely.data.items import read_or_problem
from alikely.data.sources import examples_from
from alikely.data.sources.names import name_of_item
from alikely.errors import BadItemsError, InputError
from alikely.model import SiameseModel
from alikely.server.settings import ServeSettings
from alikely.server.threads import GoOn
from alikely.server.uploads import ItemSaid, item_from
from alikely.types import Examples, Item, Kind

Problems = tuple[tuple[str, str], ...]  # the name of an item, what is wrong with it
ADVICE = "Mend them or leave them out."


def items_from(
    said: Sequence[ItemSaid], kind: Kind, settings: ServeSettings, labels: Sequence[str] | None = None
) -> tuple[Examples | None, list[int], Problems]:
    """The items that can be taken (None: not one), their places in what was said, and the problems of the others.

    Whether a picture can be read shows later, when it is read. Raises InputError where there is no item at all.
    """
    if not said:
        raise InputError(f"there are no items; give at least one {kind}")
    items: list[Item] = []
    places: list[int] = []
    problems: list[tuple[str, str]] = []
    for place, one in enumerate(said):
        called = f"{kind} {place + 1}"
        try:
            items.append(item_from(one, kind, settings, called))
            places.append(place)
        except InputError as error:
            problems.append((called, str(error).removeprefix(f"{called}: ").removeprefix(f"{called} ")))
    if not items:
        return None, places, tuple(problems)
    mine = None if labels is None else [labels[place] for place in places]
    names = tuple(name_of_item(item, kind, place) for item, place in zip(items, places, strict=True))
    return replace(examples_from(items, mine, kind=kind), names=names), places, tuple(problems)


def one_item_from(said: ItemSaid, kind: Kind, settings: ServeSettings) -> Examples:
    """The same of one item. Raises BadItemsError where it cannot be taken."""
    examples, _, problems = items_from([said], kind, settings)
    if examples is None:
        raise unreadable(problems)
    return examples


def all_bad(
    error: InputError,
    said: Sequence[ItemSaid],
    model: SiameseModel,
    settings: ServeSettings,
    names: Sequence[str] | None,
    go_on: GoOn,
) -> InputError:
    """The error that names all of these items that cannot be read; `error` itself where it is about something else.

    `go_on` is called before each is read.
    """
    kind, problems = model.preparation.kind, []
    for place, one in enumerate(said):
        go_on()
        called = f"{kind} {place + 1}" if names is None else names[place]
        try:
            _, problem = read_or_problem(item_from(one, kind, settings, called), model.preparation.read_one)
        except InputError as bad:
            problem = str(bad).removeprefix(f"{called}: ")
        if problem is not None:
            problems.append((called, problem))
    return unreadable(problems) if problems else error


def unreadable(problems: Sequence[tuple[str, str]]) -> BadItemsError:
    """The error that names all items that cannot be read."""
    return BadItemsError(problems, ADVICE)
