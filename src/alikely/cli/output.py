"""What commands print: tables for people, JSON for programs, errors on standard error."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from alikely.errors import AlikelyError, BadItemsError


def print_json(content: Any) -> None:
    """JSON on standard output; never NaN or infinity, which JSON does not have."""
    print(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))


def print_error(error: AlikelyError, as_json: bool) -> None:
    """The message on standard error; for programs also as JSON on standard output, with the error's stable code."""
    print(f"error: {error}", file=sys.stderr)
    if as_json:
        described: dict[str, Any] = {"code": error.code, "message": str(error)}
        if isinstance(error, BadItemsError):
            described["items"] = [{"item": name, "problem": problem} for name, problem in error.problems]
        print_json({"error": described})


def print_rows(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on standard output, as wide as it needs to be."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, title_style="bold")
    for place, name in enumerate(header):
        table.add_column(name, justify="left" if place != 1 else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(highlight=False, soft_wrap=True).print(table)
