"""Columns, cells and endings -> what the items are, where that is plain; else an error that says how to say it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath
from typing import Literal, TypeAlias, get_args

from alikely.data.pictures import PICTURE_ENDINGS
from alikely.data.sequences import SEQUENCE_ENDINGS, is_long_table
from alikely.data.tables import Table
from alikely.errors import InputError, SettingsError
from alikely.types import Kind

KindOrAuto: TypeAlias = Kind | Literal["auto"]

# Columns that hold the items, and what these are; a path may be that of a picture or of a sequence.
ITEM_COLUMNS: dict[str, tuple[Kind, ...]] = {
    "path": ("picture", "sequence"),
    "text": ("text",),
    "image": ("picture",),
    "sequence": ("sequence",),
    "embedding": ("embedding",),
}
# A column of one of these names says which part of the user's own split a row belongs to.
PART_COLUMNS = ("part", "split", "fold", "subset")
# Columns that say something of a row of a table, and are not among the cells of the row.
OF_ROWS = ("id", "label", "group", *PART_COLUMNS)

FEWEST_CELLS = 2  # with fewer, a table is more likely one whose columns are called otherwise
NAME_IT = "say what the items are: --items picture, text, row, sequence or embedding"


def kind_or_auto(items: str) -> KindOrAuto:
    """The kind of this name. Raises SettingsError for one that there is not."""
    known: dict[str, KindOrAuto] = {"auto": "auto", **{kind: kind for kind in get_args(Kind)}}
    if items not in known:
        raise SettingsError(f"items = {items!r}: must be {', '.join(known)}")
    return known[items]


def kind_of_cells(table: Table, columns: Sequence[str]) -> Kind:
    """What the cells of these columns are: files by their endings, else texts. InputError where they are of both."""
    endings = {name: _kinds_of_endings(table.columns[name]) for name in columns}
    counts = sum(endings.values(), Counter[Kind]())
    if len(counts) > 1:
        found = ", ".join(f"{count} like a {kind}" for kind, count in counts.most_common())
        raise InputError(f"{table.path}: of the cells of {' and '.join(columns)} end {found}; {NAME_IT}")
    return next(iter(counts))


def kind_of_items(table: Table, wanted: str) -> Kind:
    """What the items of a table with one item a row are. Raises InputError where that is not plain.

    `wanted` says which columns there should have been.
    """
    found = [name for name in ITEM_COLUMNS if name in table.found]
    if len(found) > 1:
        raise InputError(
            f"{table.path}: has the columns {' and '.join(found)}, so it is not plain which holds the items; {NAME_IT}"
        )
    if found == ["path"]:
        counts = _kinds_of_endings(table.columns["path"])
        if counts["sequence"] and counts["picture"]:
            raise InputError(
                f"{table.path}: has paths of pictures and of sequences; {NAME_IT}, or make two tables of it"
            )
        return "sequence" if counts["sequence"] > counts["text"] else "picture"
    if found:
        return ITEM_COLUMNS[found[0]][0]
    if is_long_table(table.found) and len(set(table.columns["id"])) < len(table.places):
        return "sequence"
    cells = [name for name in table.columns if name not in OF_ROWS]
    if not table.has("label") or len(cells) < FEWEST_CELLS:
        raise InputError(f"{table.path}: has the columns {', '.join(table.found)}, but needs {wanted}")
    for name in cells:
        if "text" not in _kinds_of_endings(table.columns[name]):
            raise InputError(
                f"{table.path}: the column {name!r} holds paths; call it path, or name the items: --items row"
            )
    return "row"


def item_column(table: Table, kind: Kind) -> str | None:
    """The column that holds items of this kind; None where there is none, and for rows."""
    return next((name for name, kinds in ITEM_COLUMNS.items() if kind in kinds and name in table.found), None)


def _kinds_of_endings(cells: Sequence[str]) -> Counter[Kind]:
    """How many cells end as a picture, how many as a sequence; all others count as text."""
    counts: Counter[Kind] = Counter()
    for ending, count in Counter(PurePath(cell.strip()).suffix.lower() for cell in cells).items():
        kind: Kind = "picture" if ending in PICTURE_ENDINGS else "sequence" if ending in SEQUENCE_ENDINGS else "text"
        counts[kind] += count
    return counts
