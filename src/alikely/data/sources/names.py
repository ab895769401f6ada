"""Items -> what messages call them: a text by its beginning, a file by its path, anything else by its place."""

from collections.abc import Sequence
from pathlib import Path

from alikely.data.items import name_of
from alikely.data.texts.reading import cleaned
from alikely.errors import InputError
from alikely.types import Item, Kind

MOST_CHARACTERS = 60
MOST_SHOWN = 20


def shortened(text: str) -> str:
    """The beginning of a text, in one line, as any file can hold it."""
    line = " ".join(text[: 4 * MOST_CHARACTERS].split())
    whole = len(line) <= MOST_CHARACTERS and len(text) <= 4 * MOST_CHARACTERS
    said = line if whole else f"{line[:MOST_CHARACTERS].rstrip()}..."
    return said.encode("utf-8", "replace").decode()


def name_of_text(text: str, place: str) -> str:
    """The beginning of the text in quotes, as it is read, and where it stands."""
    return f"{shortened(cleaned(text, 8 * MOST_CHARACTERS))!r} ({place})"


def name_of_item(item: Item, kind: Kind, position: int) -> str:
    """What an item from a list is called; `position` counts from 0."""
    if kind == "text":
        return name_of_text(str(item), f"item {position + 1}")
    if kind == "picture" or isinstance(item, Path):
        return name_of(item, position)
    return f"{kind} {position + 1}"


def refuse_missing(where: str, items: Sequence[Item], names: Sequence[str], advice: str = "") -> None:
    """Raise InputError with the files that are not there; `advice` is what else may be wrong."""
    missing = [name for item, name in zip(items, names, strict=True) if isinstance(item, Path) and not item.exists()]
    if missing:
        shown = "".join(f"\n  {name}" for name in missing[:MOST_SHOWN])
        more = f"\n  ... and {len(missing) - MOST_SHOWN} more" if len(missing) > MOST_SHOWN else ""
        raise InputError(
            f"{where}{len(missing)} of {len(items)} files are not there:{shown}{more}\n"
            f"Paths in a table start at the table's folder, others at the folder you are in; mend the paths.{advice}"
        )
