"""Statistics of the items, and columns of the table -> those that alone tell what only the whole items should tell."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from alikely.data.checks.advice import advice
from alikely.data.checks.findings import Finding, Severity, finding_of_pairs
from alikely.data.checks.measures import Measures
from alikely.data.checks.questions import OfIdentities, OfPairs, auc, question_of_pairs, questions_of_identities
from alikely.data.sources.kinds import PART_COLUMNS
from alikely.types import Examples, Pairs

# A shortcut: the lower end of the AUC's interval, over identities or groups, is at least LIMIT. Of fewer than FEW of
# them, some differ in anything: then, and where one class is told from others, the AUC itself must be nearly 1.
# `python -m benchmarks.checks` shows the AUCs of sets with a shortcut and of sets without.
LIMIT = 0.9
NEARLY_ONE = 0.98
FEW = 5
LOWER_END = 0.025

# In a small set some statistic reaches that by chance. So the items are shuffled (within their groups): in at most
# ALLOWED of SHUFFLES may the best of all statistics do as well as the one that is called a shortcut.
SHUFFLES = 100
ALLOWED = 5

SEED = 0  # the same data give the same findings

PASS_OVER = "alikely check --ignore"
COLUMN = "no model sees this column, but what it stands for may show in the items"

Values = Mapping[str, Shaped[np.ndarray, " items"]]
Question = OfPairs | OfIdentities


def shortcuts(examples: Examples, measures: Measures, ignore: Collection[str] = ()) -> Iterator[Finding]:
    """Findings shortcut: statistics of items (warnings) and columns (notes) with an AUC that chance does not explain.

    Columns, which no model sees, are asked about pairs only; those that name the part or the label are left out, and
    so are names in `ignore` and items that cannot be read.
    """
    kept = np.flatnonzero(measures.readable)
    if not len(kept):
        return
    examples = examples.select(kept)
    rng = np.random.default_rng(SEED)
    of_items = _asked({name: values[kept] for name, values in measures.statistics.items()}, ignore)
    of_table = _asked({name: as_values(cells) for name, cells in examples.columns.items()}, (*ignore, *PART_COLUMNS))
    of_table = {name: values for name, values in of_table.items() if not _names_label(values, examples.labels)}
    groups = np.zeros(len(examples), dtype=np.int64)
    if examples.groups is not None:
        groups = np.unique(examples.groups, return_inverse=True)[1]
    of_pairs = question_of_pairs(examples, rng)
    best: dict[str, tuple[float, str]] = {}
    # Columns of rows are there to be learned from, and each may well tell a class: only one that says it all is odd.
    rows = examples.kind == "row"
    least = dict.fromkeys(of_items, NEARLY_ONE) if rows else {}
    for questions, values in (
        ([] if of_pairs is None else [of_pairs], {**of_table, **of_items}),
        ([] if rows else questions_of_identities(examples), of_items),
    ):
        for name, reached, tells in _told(questions, values, groups, rng, least):
            best[name] = max(best.get(name, (0.0, "")), (reached, tells))
    for name, (reached, tells) in sorted(best.items(), key=lambda item: -item[1][0]):
        if name in of_items:
            meant, what_to_do = advice(examples.kind, name)
            what = f"{meant} alone tells {tells}, AUC {reached:.3f}: a model may learn it in place of the rest"
            what += f"; {what_to_do}, or, where it is what is meant, pass over this ({PASS_OVER} {name})"
            yield _finding(what, "warning", name, reached, examples, of_items[name])
        else:
            what = f"the column {name} alone tells {tells}, AUC {reached:.3f}; {COLUMN}"
            yield _finding(what, "note", name, reached, examples, of_table[name])
    if examples.labels is None and examples.pairs is not None:
        yield from _columns_of_pairs(examples.pairs, ignore, rng)


def as_values(cells: Shaped[np.ndarray, " rows"]) -> Shaped[np.ndarray, " rows"]:
    """A column as numbers where every cell is one, else as it is."""
    try:
        numbers = cells.astype(np.float64)
    except ValueError:
        return cells
    return np.asarray(numbers) if np.isfinite(numbers).all() else cells


def _asked(values: Values, ignore: Collection[str]) -> dict[str, Shaped[np.ndarray, " items"]]:
    """The statistics that are not ignored, that every item has, and that are not the same for all."""
    return {
        name: column
        for name, column in values.items()
        if name not in ignore
        and not (column.dtype.kind == "f" and np.isnan(column).any())
        and (column != column[:1]).any()
    }


def _names_label(column: Shaped[np.ndarray, " items"], labels: Shaped[np.ndarray, " items"] | None) -> bool:
    """Whether the column is another name of the label: equal where that is equal, and nowhere else."""
    if labels is None:
        return False
    names, label = (np.unique(marks, return_inverse=True)[1] for marks in (column, labels))
    both = len(np.unique(np.stack([names, label], axis=1), axis=0))
    return bool(both == names.max() + 1 == label.max() + 1)


def _told(
    questions: Sequence[Question],
    values: Values,
    groups: Int[np.ndarray, " items"],
    rng: np.random.Generator,
    least: Mapping[str, float],
) -> Iterator[tuple[str, float, str]]:
    """The statistics that answer one of the questions: (name, AUC, what it tells); `least` in place of LIMIT."""
    high = [
        (name, reached, question.tells)
        for question in questions
        for name, column in values.items()
        if (reached := question.answer(column)) >= least.get(name, LIMIT) and surely(question, column, reached, rng)
    ]
    if high:
        chance = _by_chance(questions, list(values.values()), groups, rng)
        yield from (found for found in high if (chance >= found[1]).sum() <= ALLOWED)


def surely(question: Question, column: Shaped[np.ndarray, " items"], reached: float, rng: np.random.Generator) -> bool:
    """Whether an AUC of LIMIT or more is one not only for the identities that happen to be there."""
    if question.independent < FEW:
        return reached >= NEARLY_ONE
    return bool(np.quantile(question.shorter(rng).drawn(column, rng), LOWER_END) >= LIMIT)


def _by_chance(
    questions: Sequence[Question],
    values: Sequence[Shaped[np.ndarray, " items"]],
    groups: Int[np.ndarray, " items"],
    rng: np.random.Generator,
) -> Float[np.ndarray, " shuffles"]:
    """The highest AUC of any statistic in any question, for items shuffled within their groups."""
    shorter = [question.shorter(rng) for question in questions]
    order = np.argsort(groups, kind="stable")
    highest = np.zeros(SHUFFLES)
    for shuffle in range(SHUFFLES):
        shuffled = np.empty_like(order)
        shuffled[order] = np.lexsort((rng.random(len(groups)), groups))
        highest[shuffle] = max(question.answer(column[shuffled]) for question in shorter for column in values)
    return highest


def _finding(
    what: str,
    severity: Severity,
    name: str,
    reached: float,
    examples: Examples,
    values: Shaped[np.ndarray, " items"],
) -> Finding:
    """The finding, shown by the items at the two ends of the statistic."""
    ends = np.argsort(values, kind="stable")[[0, -1]]
    finding = finding_of_pairs("shortcut", what, severity, examples, [(int(ends[0]), int(ends[1]))])
    return replace(finding, statistic=name, auc=reached)


def _columns_of_pairs(pairs: Pairs, ignore: Collection[str], rng: np.random.Generator) -> Iterator[Finding]:
    """Columns of a table of pairs whose own value tells same from different."""
    columns = _asked({name: as_values(cells) for name, cells in pairs.columns.items()}, (*ignore, *PART_COLUMNS))
    if not columns or pairs.same.all() or not pairs.same.any():
        return
    reached = {name: _of_rows(column, pairs.same) for name, column in columns.items()}
    high = {name: found for name, found in reached.items() if found >= LIMIT}
    if not high:
        return
    chance = np.zeros(SHUFFLES)
    for shuffle in range(SHUFFLES):
        same = rng.permutation(pairs.same)
        chance[shuffle] = max(_of_rows(column, same) for column in columns.values())
    for name, found in high.items():
        if (chance >= found).sum() <= ALLOWED:
            what = f"the column {name} alone tells same pairs from different pairs, AUC {found:.3f}; {COLUMN}"
            yield Finding("shortcut", what, "note", statistic=name, auc=found)


def _of_rows(column: Shaped[np.ndarray, " pairs"], same: Bool[np.ndarray, " pairs"]) -> float:
    """The AUC of a column of pairs; of a text by how often the other pairs with that text are the same."""
    if column.dtype.kind == "f":
        found = auc(column[~same], column[same])
        return max(found, 1 - found)
    rows = np.unique(column, return_inverse=True)[1]
    others = np.bincount(rows)[rows] - 1
    same_of_others = np.bincount(rows, same)[rows] - same
    rate = np.divide(same_of_others, others, out=np.full(len(same), same.mean()), where=others > 0)
    return auc(rate[~same], rate[same])
