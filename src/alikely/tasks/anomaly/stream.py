"""Lines of JSON in, one item each; one answer a line out, as each line comes. A line that is wrong stops nothing."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from alikely.data.sources.kinds import ITEM_COLUMNS
from alikely.data.sources.values import item_of
from alikely.errors import AlikelyError, InputError
from alikely.tasks.anomaly.detector import Detector
from alikely.types import Item, Kind


def judge_lines(detector: Detector, lines: Iterable[str], rate: float | None = None) -> Iterator[dict[str, Any]]:
    """For each line that is not blank what is said of its item, with the number of the line, from 1.

    A line holds one item as JSON: a row as an object; anything else as itself (a text, the path of a picture or a
    sequence, a list of numbers), or in an object under the name that it has in a table (text, path, embedding ...).
    What cannot be read is answered with {"line": 7, "error": {"code": ..., "message": ...}}.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            name = f"line {number}"
            answer = detector.judge([_item(line, detector.kind, name)], rate, names=[name])[0]
        except AlikelyError as error:
            yield {"line": number, "error": {"code": error.code, "message": str(error)}}
        else:
            yield {"line": number, **answer.to_dict()}


def _item(line: str, kind: Kind, name: str) -> Item:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as problem:
        raise InputError(f"{name}: is not JSON ({problem}); write each item as JSON in a line of its own") from None
    if kind != "row" and isinstance(value, dict):
        columns = [column for column, kinds in ITEM_COLUMNS.items() if kind in kinds]
        found = [column for column in columns if column in value]
        if not found:
            raise InputError(f'{name}: holds no {kind}; write it as {{"{columns[0]}": ...}}, or the {kind} alone')
        value = value[found[0]]
    return item_of(value, kind, name)
