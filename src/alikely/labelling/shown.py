"""A pair of items in; what a page shows of each, as JSON has it, out: larger and longer than in a report."""

from typing import Any

from alikely.contracts import Preparation
from alikely.report.items import shown_items
from alikely.report.thumbnails import pictures_of
from alikely.types import Examples

SIDE = 448  # of a picture, in pixels
LONGEST = 10_000  # characters of a text


def shown_for_labelling(examples: Examples, place: int, preparation: Preparation) -> dict[str, Any]:
    """What is shown of one item, nothing of its label: a picture as a data URL, a text, cells, or curves.

    Curves are some steps of each channel, with how many steps there are in all.
    """
    item = examples.items[place]
    if examples.kind == "picture":
        return {"picture": pictures_of([item], [""], SIDE)[0]}
    if examples.kind == "text":
        return {"text": str(item)[:LONGEST]}
    return shown_items(examples, [place], preparation)[place].holds(examples.kind)
