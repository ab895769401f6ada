"""Embeddings, what is known of them, and a mark for each item in; error rates for each mark, or each identity, out.

For marks (light, writer, device): a row for each value, from the pairs whose two items both bear it, and one row for
the pairs whose items bear different values. So every pair is in exactly one row. This is the comparison within and
between groups of NISTIR 8280 (Grother, Ngan, Hanaoka 2019, part 3: demographic effects).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from alikely.contracts import Distance
from alikely.errors import InputError, TooFewError
from alikely.metrics.estimates import percent, rates_at_threshold
from alikely.metrics.intervals import DRAWS, FEWEST_IDENTITIES, Estimate, estimate_from, resampled_figures
from alikely.metrics.pairs import PairDistances, known_pairs
from alikely.metrics.rates import ErrorRates
from alikely.metrics.verification import equal_error_rate
from alikely.types import Pairs

# There are as many intervals as values, and so many pairs are enough for each.
MOST_PAIRS = 100_000
NO_THRESHOLD = "the model has no threshold"


@dataclass(frozen=True)
class GroupRow:
    """How the pairs of one group err. `value` is None in the row of the pairs whose items bear different values.

    `items` and `identities` are those of the group (of its pairs, where only some pairs are known). `fmr` and `fnmr`
    are those at the given threshold, `eer` at the best one for these pairs. What there is no pair for is None, with the
    reason.
    """

    value: str | None
    items: int
    identities: int
    same_pairs: int
    different_pairs: int
    fmr: Estimate
    fnmr: Estimate
    eer: Estimate

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the fields by name, with `fmr_interval`, `fnmr_interval`, `eer_interval` and reasons."""
        counts = {
            "value": self.value,
            "items": self.items,
            "identities": self.identities,
            "same_pairs": self.same_pairs,
            "different_pairs": self.different_pairs,
        }
        return counts | self.fmr.to_dict("fmr") | self.fnmr.to_dict("fnmr") | self.eer.to_dict("eer")

    def cells(self) -> tuple[str, ...]:
        """For printing: value, items, same pairs, different pairs, FMR, FNMR, EER."""
        value = "(different values)" if self.value is None else self.value or "(empty)"
        counts = (f"{count:,}" for count in (self.items, self.same_pairs, self.different_pairs))
        return (value, *counts, *(_cell(estimate) for estimate in (self.fmr, self.fnmr, self.eer)))


def group_rows(
    embeddings: Float[np.ndarray, "items dim"],
    marks: Shaped[np.ndarray, " items"],
    distance: Distance,
    labels: Shaped[np.ndarray, " items"] | None = None,
    pairs: Pairs | None = None,
    threshold: float | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> tuple[GroupRow, ...]:
    """A row for each value of `marks`, in order, and last that of different values (left out where it has no pair).

    With `labels`, of all pairs; else of the known `pairs`. Raises InputError without either, TooFewError where a
    comparison makes no sense: all items bear one value, or no two items that form a pair share one.
    """
    if labels is not None:
        _check_several(marks)
        return _rows(_parts_of_all(embeddings, labels, marks, distance, threshold, seed), confidence, seed)
    if pairs is None:
        raise InputError("nothing is known of these items: give them labels or pairs")
    left, right = marks[pairs.left], marks[pairs.right]
    return pair_group_rows(embeddings, pairs, left, right, distance, threshold, confidence, seed)


def pair_group_rows(
    embeddings: Float[np.ndarray, "items dim"],
    pairs: Pairs,
    left_marks: Shaped[np.ndarray, " pairs"],
    right_marks: Shaped[np.ndarray, " pairs"],
    distance: Distance,
    threshold: float | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> tuple[GroupRow, ...]:
    """The same of known pairs that bear marks on either side; where it is the pairs that bear them, twice the same."""
    _check_several(np.concatenate([left_marks, right_marks]))
    parts = _parts_of_known(embeddings, pairs, left_marks, right_marks, distance, threshold, seed)
    return _rows(parts, confidence, seed)


def _cell(estimate: Estimate) -> str:
    if estimate.value is None:
        return estimate.reason or "not known"
    if estimate.low is None or estimate.high is None:
        return percent(estimate.value)
    return f"{percent(estimate.value)} ({percent(estimate.low)} to {percent(estimate.high)})"


def _check_several(marks: Shaped[np.ndarray, " marks"]) -> None:
    values = np.unique(marks)
    if len(values) < 2:
        shown = f"the one value '{values[0]}'" if len(values) else "no value"
        raise TooFewError(f"groups need two values or more, got {shown}; name another column")


def _rows(parts: Iterator[tuple[str | None, int, ErrorRates]], confidence: float, seed: int) -> tuple[GroupRow, ...]:
    *within, between = (_row(*part, confidence, seed) for part in parts)
    if not any(row.same_pairs + row.different_pairs for row in within):
        raise TooFewError(
            f"groups need pairs whose two items share a value, got none with {len(within)} values; "
            "name a column with fewer values"
        )
    return (*within, between) if between.same_pairs + between.different_pairs else tuple(within)


def _parts_of_all(
    embeddings: Float[np.ndarray, "items dim"],
    labels: Shaped[np.ndarray, " items"],
    marks: Shaped[np.ndarray, " items"],
    distance: Distance,
    threshold: float | None,
    seed: int,
) -> Iterator[tuple[str | None, int, ErrorRates]]:
    """Each value (None: different values), its items, its error rates."""
    for value in np.unique(marks):
        inside = marks == value
        rates = ErrorRates.from_embeddings(
            embeddings[inside], labels[inside], distance, threshold, most_pairs=MOST_PAIRS, seed=seed
        )
        yield str(value), int(inside.sum()), rates
    rates = ErrorRates.from_embeddings(
        embeddings, labels, distance, threshold, apart=marks, most_pairs=MOST_PAIRS, seed=seed
    )
    yield None, len(marks), rates


def _parts_of_known(
    embeddings: Float[np.ndarray, "items dim"],
    pairs: Pairs,
    left: Shaped[np.ndarray, " pairs"],
    right: Shaped[np.ndarray, " pairs"],
    distance: Distance,
    threshold: float | None,
    seed: int,
) -> Iterator[tuple[str | None, int, ErrorRates]]:
    """The same from the known pairs only."""
    found = known_pairs(embeddings, pairs, None, distance)
    for value in (*np.unique(np.concatenate([left, right])), None):
        inside = left != right if value is None else (left == value) & (right == value)
        of_same, of_different = inside[pairs.same], inside[~pairs.same]
        sides = np.concatenate([found.same_identities[of_same], found.different_identities[of_different]])
        part = PairDistances.from_table(
            np.concatenate([found.same[of_same], found.different[of_different]]),
            np.arange(len(sides)) < of_same.sum(),
            sides[:, 0],
            sides[:, 1],
        )
        items = len(np.union1d(pairs.left[inside], pairs.right[inside]))
        yield None if value is None else str(value), items, ErrorRates.from_pairs(part, threshold, MOST_PAIRS, seed)


def _row(value: str | None, items: int, rates: ErrorRates, confidence: float, seed: int) -> GroupRow:
    if rates.errors is None:
        fmr = fnmr = Estimate(None, reason=NO_THRESHOLD)
    else:
        fmr, fnmr = rates_at_threshold(rates, confidence, seed)
    if rates.roc is None:
        eer = Estimate(None, reason=f"no {'different' if rates.same_pairs else 'same'} pair")
    else:
        draws = DRAWS if rates.identities >= FEWEST_IDENTITIES else 0
        drawn = resampled_figures(rates.sample, lambda *curve: [equal_error_rate(*curve)], draws, seed).ravel()
        eer = estimate_from(equal_error_rate(rates.roc.fmr, rates.roc.fnmr), drawn, rates.matched, confidence)
    return GroupRow(value, items, rates.identities, rates.same_pairs, rates.different_pairs, fmr, fnmr, eer)
