"""Items by number -> what the page shows of each, for JSON: a small picture, a text, cells, or curves."""

from collections.abc import Sequence
from typing import Any

from alikely.contracts import Preparation
from alikely.report.items import shown_items
from alikely.types import Examples


def shown_of(examples: Examples, numbers: Sequence[int], preparation: Preparation) -> dict[int, dict[str, Any]]:
    """{"picture": data URL or null}, {"text": ...}, {"cells": [[column, cell], ...]} or {"curves": [...], "steps": n}.

    What can no longer be read is null; of an embedding nothing is shown.
    """
    told: dict[int, dict[str, Any]] = {}
    for number, item in shown_items(examples, numbers, preparation).items():
        if examples.kind == "picture":
            told[number] = {"picture": item.picture}
        elif examples.kind == "text":
            told[number] = {"text": item.text}
        elif examples.kind == "row":
            told[number] = {"cells": [list(cell) for cell in item.cells.items()]}
        elif examples.kind == "sequence":
            told[number] = {"curves": None if item.curves is None else item.curves.T.tolist(), "steps": item.steps}
        else:
            told[number] = {}
    return told
