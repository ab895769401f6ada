"""A table of scores made elsewhere, or its columns, in; the distances of its pairs, or an error naming a row, out."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Shaped

from alikely.data.tables import TABLE_ENDINGS, Table, read_table
from alikely.errors import InputError, SettingsError
from alikely.metrics import PairDistances
from alikely.recalibration.elsewhere import MadeElsewhere, Similarities

COLUMNS = ("distance", "similarity", "same", "left_identity", "right_identity")
WANTED = "distance,same or similarity,same, and left_identity,right_identity where the identities are known"
# A cosine in 32 bits may come out a little above 1.
ROUNDING = 1e-6
INDEPENDENT = (
    "there are no identities (columns left_identity,right_identity), so each pair was taken as independent of all "
    "others: the promise holds only if no two pairs share an identity"
)


@dataclass(frozen=True, eq=False)
class _Scores:
    """The columns, whatever they came from. `place(row)` says where a row stands."""

    where: str
    place: Callable[[int], str]
    kind: Literal["distance", "similarity"]
    values: Float[np.ndarray, " pairs"]
    same: Bool[np.ndarray, " pairs"]
    identities: tuple[Shaped[np.ndarray, " pairs"], Shaped[np.ndarray, " pairs"]] | None


def scores_of(source: Path | str | Mapping[str, Any], largest_similarity: float = 1.0) -> MadeElsewhere:
    """Distances, or similarities, and whether each pair is the same.

    `source` is a table (CSV, JSONL, Parquet) with the columns `distance,same` or `similarity,same`, and
    `left_identity,right_identity` where the identities are known; or such columns by name. The name of the column says
    the direction, which is never guessed. A distance of similarities is `largest_similarity` - similarity. Without
    identities each pair is taken as independent of all others, which `notes` says.

    Raises InputError that names row and value, SettingsError for a largest similarity that is not finite.
    """
    if not math.isfinite(largest_similarity):
        raise SettingsError(
            f"the largest similarity must be a finite number, got {largest_similarity}; a cosine's is 1"
        )
    scores = _from_columns(source) if isinstance(source, Mapping) else _from_table(Path(source))
    largest = largest_similarity if scores.kind == "similarity" else None
    _check_values(scores, largest)
    similarities = None if largest is None else Similarities.of(scores.values, largest)
    distances = scores.values if similarities is None else similarities.distances(scores.values)
    name = "distance" if largest is None else f"{largest:g} - similarity"
    if scores.identities is None:
        own = np.arange(len(distances))
        return MadeElsewhere(
            PairDistances.from_table(distances, scores.same, own, own),
            name,
            similarities,
            (INDEPENDENT,),
            identities_known=False,
        )
    _check_identities(scores, *scores.identities)
    return MadeElsewhere(PairDistances.from_table(distances, scores.same, *scores.identities), name, similarities)


def _from_table(path: Path) -> _Scores:
    if path.suffix.lower() not in TABLE_ENDINGS:
        raise InputError(f"{path}: scores are read from a table that ends in {', '.join(sorted(TABLE_ENDINGS))}")
    table = read_table(path, COLUMNS)
    kind = _kind(str(path), table.found)
    if not table.places:
        raise InputError(f"{path}: has no rows; it needs one for each pair")
    table.column("same")
    left, right = (np.array(table.column(n)) if n in table.found else None for n in ("left_identity", "right_identity"))
    return _Scores(
        where=str(path),
        place=lambda row: table.places[row],
        kind=kind,
        values=_numbers(table, kind),
        same=np.array([table.said_same(row) for row in range(len(table.places))]),
        identities=None if left is None or right is None else (left, right),
    )


def _from_columns(columns: Mapping[str, Any]) -> _Scores:
    where = "the scores"
    kind = _kind(where, tuple(columns))
    given = {name: np.asarray(columns[name]) for name in COLUMNS if name in columns}
    shapes = {name: cells.shape for name, cells in given.items()}
    if given[kind].ndim != 1 or len(set(shapes.values())) > 1:
        told = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise InputError(f"{where}: columns must be lists of the same length, got {told}")
    try:
        values = given[kind].astype(np.float64)
    except (TypeError, ValueError) as problem:
        raise InputError(f"{where}: the column {kind!r} must hold numbers ({problem})") from None
    if not np.isin(given["same"], (0, 1)).all():
        row = int(np.flatnonzero(~np.isin(given["same"], (0, 1)))[0])
        raise InputError(f"{where}, row {row + 1}: same is {given['same'][row]!r}; say True or False")
    left, right = given.get("left_identity"), given.get("right_identity")
    return _Scores(
        where=where,
        place=lambda row: f"row {row + 1}",
        kind=kind,
        values=values,
        same=given["same"].astype(bool),
        identities=None if left is None or right is None else (left, right),
    )


def _kind(where: str, found: tuple[str, ...]) -> Literal["distance", "similarity"]:
    shown = ", ".join(found) or "none"
    if "distance" in found and "similarity" in found:
        raise InputError(f"{where}: has both a column 'distance' and a column 'similarity'; leave the one that counts")
    if not {"distance", "similarity"} & set(found) or "same" not in found:
        raise InputError(f"{where}: has the columns {shown}, but needs {WANTED}; rename or add the columns")
    one = {"left_identity", "right_identity"} & set(found)
    if len(one) == 1:
        raise InputError(f"{where}: has the column {min(one)!r} alone; give both left_identity and right_identity")
    return "distance" if "distance" in found else "similarity"


def _numbers(table: Table, name: str) -> Float[np.ndarray, " pairs"]:
    cells = table.column(name)
    try:
        return np.array([float(cell) for cell in cells], dtype=np.float64)
    except ValueError:
        row = next(row for row, cell in enumerate(cells) if not _is_number(cell))
        raise InputError(
            f"{table.path}, {table.places[row]}: the {name} {cells[row]!r} is no number; write it as 0.25"
        ) from None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _check_values(scores: _Scores, largest: float | None) -> None:
    values, kind = scores.values, scores.kind
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise InputError(
            f"{scores.where}, {scores.place(int(bad[0]))}: the {kind} is {values[bad[0]]}{_more(bad)}; "
            "it must be a finite number: look at what gave it, or remove the row"
        )
    if largest is None:
        bad = np.flatnonzero(values < 0)
        if len(bad):
            raise InputError(
                f"{scores.where}, {scores.place(int(bad[0]))}: the distance is {values[bad[0]]:g}{_more(bad)}; "
                "distances are 0 (alike) or more. If these are similarities, call the column 'similarity'"
            )
        return
    bad = np.flatnonzero(values > largest + ROUNDING * max(abs(largest), 1.0))
    if len(bad):
        raise InputError(
            f"{scores.where}, {scores.place(int(bad[0]))}: the similarity {values[bad[0]]:g} is above the largest that "
            f"there can be, {largest:g}{_more(bad)}; say the largest that yours can have: --largest-similarity "
            f"(largest_similarity=...), here at least {values.max():g}"
        )


def _check_identities(scores: _Scores, left: Shaped[np.ndarray, " pairs"], right: Shaped[np.ndarray, " pairs"]) -> None:
    wrong = np.flatnonzero((left == right) != scores.same)
    if len(wrong):
        row = int(wrong[0])
        said, sides = ("same", "differ") if scores.same[row] else ("different", "are equal")
        raise InputError(
            f"{scores.where}, {scores.place(row)}: the pair is called {said}, but its identities {sides}: "
            f"{str(left[row])!r} and {str(right[row])!r}{_more(wrong)}; mend one of them"
        )


def _more(rows: np.ndarray) -> str:
    return f" (and {len(rows) - 1:,} more rows are like it)" if len(rows) > 1 else ""
