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
from alikely.metrics.estimates import rates_at_threshold
from alikely.metrics.intervals import FEWEST_IDENTITIES, Estimate, estimate_from, resampled_curves
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

    `items` and `identities` are those of the group (in the row of different values: all). `fmr` and `fnmr` are those at
    the given threshold, `eer` at the best one for these pairs. What there are no pairs for is None, with the reason.
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

    With `labels`, of all pairs; else of the known `pairs`. Raises InputError without labels or pairs, TooFewError where
    a comparison makes no sense: all items bear one value, or no two items that form a pair share one.
    """
    values = np.unique(marks)
    if len(values) < 2:
        shown = f"the one value '{values[0]}'" if len(values) else "no value"
        raise TooFewError(
            f"groups need two values or more, got {shown} for all {len(marks)} items; name another column"
        )
    if labels is not None:
        parts = _parts_of_all(embeddings, marks, distance, labels, threshold, seed)
    elif pairs is not None:
        parts = _parts_of_known(embeddings, marks, distance, pairs, threshold, seed)
    else:
        raise InputError("nothing is known of these items: give them labels or pairs")
    *within, between = (_row(*part, confidence, seed) for part in parts)
    if not any(row.same_pairs + row.different_pairs for row in within):
        raise TooFewError(
            f"groups need pairs whose two items share a value, got none: {len(marks)} items bear {len(values)} values; "
            "name a column with fewer values"
        )
    return (*within, between) if between.same_pairs + between.different_pairs else tuple(within)


def _parts_of_all(
    embeddings: Float[np.ndarray, "items dim"],
    marks: Shaped[np.ndarray, " items"],
    distance: Distance,
    labels: Shaped[np.ndarray, " items"],
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
    marks: Shaped[np.ndarray, " items"],
    distance: Distance,
    pairs: Pairs,
    threshold: float | None,
    seed: int,
) -> Iterator[tuple[str | None, int, ErrorRates]]:
    """The same from the known pairs only."""
    found = known_pairs(embeddings, pairs, None, distance)
    left, right = marks[pairs.left], marks[pairs.right]
    for value in (*np.unique(marks), None):
        inside = left != right if value is None else (left == value) & (right == value)
        of_same, of_different = inside[pairs.same], inside[~pairs.same]
        sides = np.concatenate([found.same_identities[of_same], found.different_identities[of_different]])
        part = PairDistances.from_table(
            np.concatenate([found.same[of_same], found.different[of_different]]),
            np.arange(len(sides)) < of_same.sum(),
            sides[:, 0],
            sides[:, 1],
        )
        items = len(marks) if value is None else int((marks == value).sum())
        yield None if value is None else str(value), items, ErrorRates.from_pairs(part, threshold, MOST_PAIRS, seed)


def _row(value: str | None, items: int, rates: ErrorRates, confidence: float, seed: int) -> GroupRow:
    if rates.errors is None:
        fmr = fnmr = Estimate(None, reason=NO_THRESHOLD)
    else:
        fmr, fnmr = rates_at_threshold(rates, confidence, seed)
    if rates.roc is None:
        eer = Estimate(None, reason=f"no {'different' if rates.same_pairs else 'same'} pair")
    else:
        enough = rates.identities >= FEWEST_IDENTITIES
        curves = resampled_curves(rates.sample, seed=seed) if enough else ()
        drawn = np.array([equal_error_rate(*curve) for curve in curves])
        eer = estimate_from(equal_error_rate(rates.roc.fmr, rates.roc.fnmr), drawn, rates.matched, confidence)
    return GroupRow(value, items, rates.identities, rates.same_pairs, rates.different_pairs, fmr, fnmr, eer)
