"""Error rates by group and by identity -> the tables of a report."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float

from alikely.contracts import Distance
from alikely.errors import TooFewError
from alikely.metrics import ErrorRates, Estimate, GroupRow, IdentityRow, group_rows, identity_rows, percent
from alikely.metrics import worst_identities as worst_of
from alikely.report.content import ErrorTable
from alikely.report.sampling import some_items
from alikely.types import Examples

MOST_VALUES = 12  # a column with more of them is no grouping to look at
MOST_COLUMNS = 6
SHOWN = 8
MISSING = "not known"


def tables_of_groups(
    examples: Examples, embeddings: Float[np.ndarray, "items dim"], distance: Distance, threshold: float | None
) -> tuple[ErrorTable, ...]:
    """A table for each column with 2 to 12 values, six at the most; of many items, from a seeded sample.

    Columns by which no two items can be compared are left out.
    """
    places = some_items(len(examples))
    shown, rows = examples.select(places), embeddings[places]
    columns = [name for name, marks in shown.columns.items() if 2 <= len(np.unique(marks)) <= MOST_VALUES]
    sample = f" From a sample of {len(places):,} of the {len(examples):,} items." if len(places) < len(examples) else ""
    return tuple(_tables(shown, rows, distance, threshold, columns[:MOST_COLUMNS], sample))


def tables_of_identities(rates: ErrorRates, examples: Examples) -> tuple[ErrorTable, ...]:
    """Those whose pairs are refused most often, and those taken for others most often; none without labels."""
    if rates.errors is None or examples.labels is None:
        return ()
    names, items = np.unique(examples.labels, return_counts=True)
    worst = worst_of(identity_rows(rates, [str(name) for name in names], items.tolist()), SHOWN)
    return (
        ErrorTable(
            "Refused most often",
            "Identities whose own pairs are called different (FNMR).",
            ("identity", "items", "FNMR", "wrong", "same pairs"),
            tuple(_identity(row, row.fnmr, row.false_non_matches, row.same_pairs) for row in worst.false_non_matches),
        ),
        ErrorTable(
            "Taken for others most often",
            "Identities whose pairs with others are called same (FMR).",
            ("identity", "items", "FMR", "wrong", "different pairs"),
            tuple(_identity(row, row.fmr, row.false_matches, row.different_pairs) for row in worst.false_matches),
        ),
    )


def _tables(
    examples: Examples,
    embeddings: Float[np.ndarray, "items dim"],
    distance: Distance,
    threshold: float | None,
    columns: Sequence[str],
    sample: str,
) -> Iterator[ErrorTable]:
    for column in columns:
        try:
            rows = group_rows(
                embeddings, examples.columns[column], distance, examples.labels, examples.pairs, threshold=threshold
            )
        except TooFewError:
            continue
        said = "A row for the pairs whose two items share a value, and one for all others."
        header = (column, "items", "same pairs", "different pairs", "FMR", "FNMR", "EER")
        yield ErrorTable(f"By {column}", said + sample, header, tuple(_group(row) for row in rows))


def _group(row: GroupRow) -> tuple[str, ...]:
    counts = (f"{row.items:,}", f"{row.same_pairs:,}", f"{row.different_pairs:,}")
    name = "(different values)" if row.value is None else row.value or "(empty)"
    return (name, *counts, *(_rate(rate) for rate in (row.fmr, row.fnmr, row.eer)))


def _rate(rate: Estimate) -> str:
    if rate.value is None:
        return MISSING
    if rate.low is None or rate.high is None:
        return percent(rate.value)
    return f"{percent(rate.value)} ({percent(rate.low)} to {percent(rate.high)})"


def _identity(row: IdentityRow, rate: float | None, wrong: int, pairs: int) -> tuple[str, ...]:
    return (row.identity, f"{row.items:,}", MISSING if rate is None else percent(rate), f"{wrong:,}", f"{pairs:,}")
