"""Items by number -> what the page shows of each, for JSON: a small picture, a text, cells, or curves."""

from collections.abc import Sequence
from typing import Any

from alikely.contracts import Preparation
from alikely.report.items import shown_items
from alikely.types import Examples


def shown_of(examples: Examples, numbers: Sequence[int], preparation: Preparation) -> dict[int, dict[str, Any]]:
    """What each of them holds, as `ShownItem.holds` has it; what can no longer be read is null."""
    shown = shown_items(examples, numbers, preparation)
    return {number: item.holds(examples.kind) for number, item in shown.items()}
