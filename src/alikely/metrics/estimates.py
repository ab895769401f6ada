"""Distances of pairs in; EER, AUC and FNMR at an FMR, each with its interval over identities, in one report, out."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from alikely.errors import SettingsError
from alikely.metrics.intervals import percentile_interval, resampled_curves
from alikely.metrics.pairs import PairDistances
from alikely.metrics.verification import (
    Verification,
    area_under_roc,
    check_rate,
    equal_error_rate,
    smallest_fnmr,
)

# With fewer identities, or fewer draws that hold both kinds of pairs, the ends of an interval mean nothing.
FEWEST_IDENTITIES = 5
FEWEST_DRAWS = 50


@dataclass(frozen=True)
class Estimate:
    """A figure and the ends of its interval. What cannot be told from the data is None, and `reason` says why."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class AtThreshold:
    """What a model's own threshold, set at calibration for a false-match rate of `wanted_fmr`, gives on these pairs.

    A threshold of -inf accepts nothing.
    """

    threshold: float
    wanted_fmr: float
    fmr: float
    fnmr: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the fields by name; a threshold that accepts nothing is null."""
        return {
            "threshold": None if self.threshold == -math.inf else self.threshold,
            "wanted_fmr": self.wanted_fmr,
            "fmr": self.fmr,
            "fnmr": self.fnmr,
        }


@dataclass(frozen=True)
class VerificationReport:
    """How well same and different are told apart, with intervals at `confidence` by drawing the identities anew.

    `fnmr_at_fmr` holds (FMR, the smallest FNMR at it), with the best threshold for these very pairs; `at_threshold` is
    what the model's own threshold gives (None without a calibration). `items` is None where the pairs do not say.
    """

    eer: Estimate
    auc: Estimate
    fnmr_at_fmr: tuple[tuple[float, Estimate], ...]
    same_pairs: int
    different_pairs: int
    identities: int
    items: int | None
    confidence: float
    at_threshold: AtThreshold | None = None

    def to_dict(self) -> dict[str, Any]:
        """For JSON: `eer`, `auc`, `fnmr_at_fmr_0.01`, ...; with each `..._interval` as [low, high], or null.

        A figure that the data cannot give is null, and so is an interval; `..._reason` then says why. Then the counts
        `same_pairs`, `different_pairs`, `identities`, `items`, `confidence`, and `at_threshold` (or null).
        """
        figures: dict[str, Any] = {}
        for key, _, estimate in self._figures():
            figures[key] = estimate.value
            figures[f"{key}_interval"] = None if estimate.low is None else [estimate.low, estimate.high]
            if estimate.reason is not None:
                figures[f"{key}_reason"] = estimate.reason
        counts = {
            "same_pairs": self.same_pairs,
            "different_pairs": self.different_pairs,
            "identities": self.identities,
            "items": self.items,
            "confidence": self.confidence,
            "at_threshold": None if self.at_threshold is None else self.at_threshold.to_dict(),
        }
        return figures | counts

    def rows(self) -> list[tuple[str, str, str]]:
        """For printing: (name, value, interval) of each figure; where there is none, why not."""
        rows = []
        for key, name, estimate in self._figures():
            text = _plain if key == "auc" else percent
            value = "not known" if estimate.value is None else text(estimate.value)
            if estimate.low is None or estimate.high is None:
                interval = estimate.reason or ""
            else:
                interval = f"{text(estimate.low)} to {text(estimate.high)}"
            rows.append((name, value, interval))
        if self.at_threshold is not None:
            remark = f"its threshold was set for {percent(self.at_threshold.wanted_fmr)}"
            rows.append(("FMR of the model's verdicts", percent(self.at_threshold.fmr), remark))
            rows.append(("FNMR of the model's verdicts", percent(self.at_threshold.fnmr), ""))
        return rows

    def _figures(self) -> list[tuple[str, str, Estimate]]:
        at_rates = [(f"fnmr_at_fmr_{fmr:g}", f"FNMR at FMR {percent(fmr)}", found) for fmr, found in self.fnmr_at_fmr]
        return [("eer", "EER", self.eer), ("auc", "AUC", self.auc), *at_rates]


def summary(
    pairs: PairDistances,
    fmrs: tuple[float, ...] = (0.01, 0.001),
    confidence: float = 0.95,
    seed: int = 0,
) -> VerificationReport:
    """EER, AUC and the FNMR at each of `fmrs`, from all pairs, with intervals by drawing the identities anew.

    An FMR below one in the number of different pairs cannot be told from them: its value is None, with the reason.
    Below 10 identities the intervals come out too narrow.
    Where no error was seen (EER or FNMR 0, AUC 1), the interval reaches as far as that many identities leave open.
    Raises InputError for distances that are NaN, infinite or negative, TooFewError without same or different pairs,
    SettingsError for rates outside 0..1.
    """
    for fmr in fmrs:
        check_rate(fmr, "FMR")
    if not 0 < confidence < 1:
        raise SettingsError(f"confidence must lie between 0 and 1, got {confidence}; 95 % is 0.95")
    verification = Verification.from_distances(pairs.same, pairs.different)
    curves = resampled_curves(pairs, seed=seed) if pairs.identities >= FEWEST_IDENTITIES else ()
    draws = np.array(
        [
            [equal_error_rate(*curve), area_under_roc(*curve), *(smallest_fnmr(*curve, fmr) for fmr in fmrs)]
            for curve in curves
        ]
    )
    values = [verification.eer, verification.auc, *(verification.fnmr_at_fmr(fmr).fnmr for fmr in fmrs)]
    if len(draws) >= FEWEST_DRAWS:
        low, high = percentile_interval(draws, confidence)
        unseen = _largest_unseen_rate(pairs, confidence)
        estimates = [_with_interval(*figure, unseen) for figure in zip(values, low, high, strict=True)]
    else:
        reason = f"no interval: {pairs.identities} identities are too few"
        estimates = [Estimate(value, reason=reason) for value in values]
    for place, fmr in enumerate(fmrs, start=2):
        if not resolves(len(pairs.different), fmr):
            estimates[place] = Estimate(None, reason=_unresolved(len(pairs.different), fmr))
    return VerificationReport(
        eer=estimates[0],
        auc=estimates[1],
        fnmr_at_fmr=tuple(zip(fmrs, estimates[2:], strict=True)),
        same_pairs=len(pairs.same),
        different_pairs=len(pairs.different),
        identities=pairs.identities,
        items=pairs.items,
        confidence=confidence,
    )


def resolves(pairs: int, rate: float) -> bool:
    """Whether so many pairs can show so small an error rate at all: one pair must not be more than the rate."""
    return bool(1 / pairs <= rate)


def percent(rate: float) -> str:
    """A rate for people: 0.01 is "1 %"."""
    return f"{100 * rate:.3g} %"


def _with_interval(value: float, low: float, high: float, unseen: float) -> Estimate:
    # Drawn anew, data without an error still have none, which says nothing of the errors to come.
    if value == 0:
        high = max(high, unseen)
    if value == 1:
        low = min(low, 1 - unseen)
    return Estimate(value, float(low), float(high))


def _largest_unseen_rate(pairs: PairDistances, confidence: float) -> float:
    """The error rate up to which that many identities may well show no error (Clopper and Pearson 1934).

    All same pairs of one identity count as one observation, since they may stand or fall together.
    """
    observations = len(np.unique(pairs.same_identities))
    return float(1 - ((1 - confidence) / 2) ** (1 / observations))


def _plain(value: float) -> str:
    return f"{value:.3f}"


def _unresolved(pairs: int, fmr: float) -> str:
    if fmr == 0:
        return "no number of pairs can show an FMR of 0"
    return f"an FMR of {percent(fmr)} takes {math.ceil(1 / fmr):,} different pairs, there are {pairs:,}"
