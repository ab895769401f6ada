"""A folder, a table, an archive or records -> Examples: the items, and what is known of them, checked."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from alikely.data.pictures import PICTURE_ENDINGS
from alikely.data.sequences import ARCHIVE_ENDINGS, SEQUENCE_ENDINGS, is_long_table
from alikely.data.sources.kinds import KindOrAuto, item_column, kind_of_cells, kind_of_items, kind_or_auto
from alikely.data.sources.lists import examples_from
from alikely.data.sources.of_arrays import ARRAY_ENDINGS, examples_of_archive, examples_of_arrays
from alikely.data.sources.of_folders import files_in, identities_in
from alikely.data.sources.of_items import ids_of, items_of_table
from alikely.data.sources.of_pairs import ends_in, examples_of_pairs, with_pairs
from alikely.data.tables import TABLE_ENDINGS, Table, read_table, table_of_records
from alikely.data.walk import TABLES_OF_PAIRS, table_of
from alikely.errors import InputError
from alikely.types import Examples, Kind

_KNOWN = ("path", "text", "label", "group", "left", "right", "same", "score", "anchor", "positive", "negative")
_LISTS = ("embedding", "sequence", "image")
_WANTED = (
    "path,label or text,label (and group where there is one), or left,right,same or left,right,score or "
    "anchor,positive,negative"
)

_WANTED_ITEMS = "a column path, text or embedding; if each row is an item, say so: --items row"


def read_source(source: str | Path, items: str = "auto") -> Examples:
    """Everything that is known in a folder or table.

    - A folder: one folder inside it for each identity. All pictures (or sequences) below `source/LABEL/`, however deep,
      show the identity LABEL. Names that begin with a dot and files with other endings are left out, and said in
      `notes`; so are files that lie beside the identity folders. A link that leads back up is not followed. Where a
      table `items.csv` (or another ending) lies in the folder, the table is read instead; and with it a table `pairs`,
      `triplets` or `scores` beside it, if `items` has a column `id`.
    - A table `.csv`, `.tsv`, `.txt`, `.jsonl`, `.ndjson`, `.parquet`, `.pq` with an item in each row: the columns
      path,label[,group] or text,label[,group]; or label and two columns or more that are the cells of a row; or
      id,t,... with a row for each step of a sequence; or embedding,label.
    - Such a table with pairs or triplets of texts or paths: left,right,same (1 or 0, true or false, yes or no, same or
      different); left,right,score (the smallest score counts as 0, the largest as 1, unless the column is called, say,
      `score 0..5`); anchor,positive,negative; or left,right alone, which are all alike: what they join is one label.
      Beside a table `items` with a column `id`, the cells are ids of its items.
    - A `.ts` file of the UEA and UCR archive; embeddings as `alikely embed` writes them (`.npz`, `.parquet`).

    `items` says what the items are; auto: as columns and endings show. Paths in a table are relative to the folder that
    the table lies in, or absolute. Columns of other names are kept as text in `columns` (of the pairs, in a table of
    pairs). Each file and each text is one item, in however many rows it stands. Rows that say the same thing again are
    taken once, with the other columns of the last of them that fills one.

    Raises InputError that names the file, row or column. Pictures and sequences in files of their own are not opened.
    """
    path, wanted = Path(source), kind_or_auto(items)
    if not path.is_dir():
        return _from_file(path, wanted, labelled=True)
    if table := table_of(path):
        return _from_folder_of(table, wanted, labelled=True)
    return identities_in(path, wanted)


def read_items(source: str | Path, items: str = "auto") -> Examples:
    """The items of one picture or sequence, a folder of them or a table, whether or not anything is known of them.

    As `read_source`, but a folder may have files directly in it (then there are no labels), and a table need have no
    label.
    """
    path, wanted = Path(source), kind_or_auto(items)
    if path.is_dir() and (table := table_of(path)):
        return _from_folder_of(table, wanted, labelled=False)
    if path.is_dir():
        return files_in(path, wanted)
    ending = path.suffix.lower()
    if wanted in ("auto", "picture") and ending in PICTURE_ENDINGS:
        return examples_from([path])
    if wanted == "sequence" and ending in SEQUENCE_ENDINGS and _is_one_sequence(path):
        return examples_from([path], kind="sequence")
    return _from_file(path, wanted, labelled=False)


def examples_from_records(records: Iterable[Any], items: str = "auto") -> Examples:
    """Examples from mappings of columns to cells, such as a Hugging Face `Dataset`, by the same columns as a table.

    A column `image` may hold opened pictures, a column `sequence` or `embedding` lists of numbers. Paths start at the
    folder you are in. Raises InputError that names the record or column.
    """
    wanted = kind_or_auto(items)
    table = table_of_records(records, [name for name in _KNOWN if name != "path"])
    return _from_table(table, wanted, labelled=True)


def _is_one_sequence(path: Path) -> bool:
    """Whether a file whose ending is that of a sequence holds one, and no table of several."""
    if path.suffix.lower() not in TABLE_ENDINGS:
        return True
    table = read_table(path, _KNOWN, _LISTS)
    return not (item_column(table, "sequence") or ends_in(table) or is_long_table(table.found))


def _from_file(path: Path, items: KindOrAuto, labelled: bool) -> Examples:
    ending = path.suffix.lower()
    archive = ending in ARCHIVE_ENDINGS and items in ("auto", "sequence")
    if archive or (ending in ARRAY_ENDINGS and items in ("auto", "embedding")):
        examples = examples_of_archive(path) if archive else examples_of_arrays(path)
        if labelled and examples.labels is None:
            raise InputError(f"{path}: holds no labels, so that nothing is known of its items; add them")
        return examples
    if ending not in TABLE_ENDINGS:
        what = "is neither a folder nor a table" if path.exists() else "is not there"
        raise InputError(f"{path}: {what}; give a folder, or a table that ends in {', '.join(sorted(TABLE_ENDINGS))}")
    table = read_table(path, _KNOWN, _LISTS)
    return _from_table(table, items, labelled)


def _from_table(table: Table, items: KindOrAuto, labelled: bool) -> Examples:
    if not table.places:
        raise InputError(f"{table.path}: has no rows; it needs one for each item or pair")
    ends = ends_in(table)
    if not ends:
        kind = _kind(table, items, labelled)
        return items_of_table(table, kind, labelled, _WANTED).examples
    if (beside := table_of(table.path.parent)) and table.path.exists():
        named = read_table(beside, _KNOWN, _LISTS)
        if "id" in named.found:
            return _joined(named, table, items)
    return examples_of_pairs(table, kind_of_cells(table, ends) if items == "auto" else items)


def _from_folder_of(path: Path, items: KindOrAuto, labelled: bool) -> Examples:
    """What the table of a folder says, with the table of pairs beside it where its items have ids."""
    table = read_table(path, _KNOWN, _LISTS)
    note = f"read {path}, the table that says what lies in its folder"
    if "id" in table.found and (pairs := table_of(path.parent, TABLES_OF_PAIRS)):
        examples = _joined(table, read_table(pairs, _KNOWN), items)
        note = f"read {path} and {pairs.name}, the tables that say what lies in their folder"
    else:
        examples = _from_table(table, items, labelled)
    return replace(examples, notes=(*examples.notes, note))


def _joined(items_table: Table, pairs_table: Table, items: KindOrAuto) -> Examples:
    kind = _kind(items_table, items, labelled=False)
    listed = items_of_table(items_table, kind, False, _WANTED)
    return with_pairs(listed.examples, pairs_table, ids_of(items_table, listed))


def _kind(table: Table, items: KindOrAuto, labelled: bool) -> Kind:
    return kind_of_items(table, _WANTED if labelled else _WANTED_ITEMS) if items == "auto" else items
