"""Error rates of all pairs in; a row for each identity, and those that err most, out.

Doddington et al. 1998, "Sheep, goats, lambs and wolves": *goats* are identities whose own pairs are refused; *lambs*
are easily taken for others, *wolves* easily pass for others. A distance is symmetric, so it knows no difference between
a lamb and a wolf: both are in many false matches.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from alikely.errors import SettingsError
from alikely.metrics.estimates import percent
from alikely.metrics.rates import ErrorRates


@dataclass(frozen=True)
class IdentityRow:
    """The pairs of one identity and how many of them a threshold gets wrong.

    A rate is None where there is no pair of its kind. There is no interval: it is identities that are drawn for one,
    and this is a single one.
    """

    identity: str
    items: int
    same_pairs: int
    different_pairs: int
    false_matches: int
    false_non_matches: int

    @property
    def fmr(self) -> float | None:
        """The share of its pairs with others that are accepted."""
        return self.false_matches / self.different_pairs if self.different_pairs else None

    @property
    def fnmr(self) -> float | None:
        """The share of its same pairs that are refused."""
        return self.false_non_matches / self.same_pairs if self.same_pairs else None

    def told(self, rate: Literal["FMR", "FNMR"]) -> str:
        """For printing: the rate and what it comes from, "3.5 % (7 of 200)"."""
        found, errors, pairs = (
            (self.fmr, self.false_matches, self.different_pairs)
            if rate == "FMR"
            else (self.fnmr, self.false_non_matches, self.same_pairs)
        )
        return "no pair" if found is None else f"{percent(found)} ({errors:,} of {pairs:,})"

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the fields by name, `fmr` and `fnmr`."""
        return {**asdict(self), "fmr": self.fmr, "fnmr": self.fnmr}


@dataclass(frozen=True)
class WorstIdentities:
    """Those with the most false matches (lambs, wolves) and with the most false non-matches (goats), worst first.

    Each list goes by the rate, then by the number of errors; identities without an error of the kind are in neither.
    """

    false_matches: tuple[IdentityRow, ...]
    false_non_matches: tuple[IdentityRow, ...]


def identity_rows(rates: ErrorRates, names: Sequence[str], items: Sequence[int]) -> tuple[IdentityRow, ...]:
    """A row for each identity, in the order of their numbers: `names` and `items` (how many it has) are in it too.

    Raises SettingsError where `rates` were made without a threshold.
    """
    errors = rates.errors
    if errors is None:
        raise SettingsError("errors by identity need a threshold: give one where the rates are made")
    columns = (errors.same_of, errors.different_of, errors.false_matches_of, errors.false_non_matches_of)
    counted = np.stack(columns, axis=1).tolist()
    return tuple(IdentityRow(name, int(n), *row) for name, n, row in zip(names, items, counted, strict=True))


def worst_identities(rows: Sequence[IdentityRow], most: int = 10) -> WorstIdentities:
    """The `most` identities that err most, of either kind."""

    def falsely_matched(row: IdentityRow) -> tuple[float, int]:
        return -(row.fmr or 0.0), -row.false_matches

    def refused(row: IdentityRow) -> tuple[float, int]:
        return -(row.fnmr or 0.0), -row.false_non_matches

    return WorstIdentities(
        tuple(row for row in sorted(rows, key=falsely_matched)[:most] if row.false_matches),
        tuple(row for row in sorted(rows, key=refused)[:most] if row.false_non_matches),
    )
