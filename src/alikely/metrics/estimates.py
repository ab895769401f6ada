"""Error rates of pairs in; EER, AUC, FNMR at an FMR and costs, each with its interval, in one report, out."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from alikely.errors import SettingsError, TooFewError
from alikely.metrics.agreement import Agreement
from alikely.metrics.costs import DetectionCosts
from alikely.metrics.intervals import (
    DRAWS,
    FEWEST_IDENTITIES,
    Estimate,
    estimate_from,
    resampled_figures,
    resampled_shares,
)
from alikely.metrics.pairs import PairDistances
from alikely.metrics.rates import ErrorRates
from alikely.metrics.verification import area_under_roc, check_rate, equal_error_rate, smallest_fnmr

FEWEST_PAIRS = 10  # of each kind, for a figure that means something
MOST_DIGITS = 10  # of a rate that is not quite all


@dataclass(frozen=True)
class AtThreshold:
    """What a model's own threshold, set at calibration for a false-match rate of `wanted_fmr`, gives on these pairs.

    A threshold of -inf accepts nothing. The intervals are None with too few identities.
    """

    threshold: float
    wanted_fmr: float
    fmr: float
    fnmr: float
    fmr_interval: tuple[float, float] | None = None
    fnmr_interval: tuple[float, float] | None = None

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the fields by name; a threshold that accepts nothing is null."""
        return {
            "threshold": None if self.threshold == -math.inf else self.threshold,
            "wanted_fmr": self.wanted_fmr,
            "fmr": self.fmr,
            "fnmr": self.fnmr,
            "fmr_interval": None if self.fmr_interval is None else list(self.fmr_interval),
            "fnmr_interval": None if self.fnmr_interval is None else list(self.fnmr_interval),
        }


@dataclass(frozen=True)
class VerificationReport:
    """How well same and different are told apart, with intervals at `confidence` by drawing the identities anew.

    `fnmr_at_fmr` holds (FMR, the smallest FNMR at it), with the best threshold for these very pairs; `at_threshold` is
    what the model's own threshold gives (None without a calibration), `agreement` how distances go with scores (None
    where there are none). `min_detection_cost` is normalised, at `costs` (see `DetectionCosts`). `items` is None where
    the pairs do not say.
    """

    eer: Estimate
    auc: Estimate
    fnmr_at_fmr: tuple[tuple[float, Estimate], ...]
    min_detection_cost: Estimate
    same_pairs: int
    different_pairs: int
    identities: int
    items: int | None
    confidence: float
    at_threshold: AtThreshold | None = None
    costs: DetectionCosts = field(default_factory=DetectionCosts)
    agreement: Agreement | None = None

    def to_dict(self) -> dict[str, Any]:
        """For JSON: `eer`, `auc`, `fnmr_at_fmr_0.01`, `tar_at_far_0.01`, ..., `min_detection_cost`.

        With each stands `..._interval` as [low, high]. A figure that the data cannot give is null, and so is an
        interval; `..._reason` then says why. Then the counts `same_pairs`, `different_pairs`, `identities`, `items`,
        `confidence`, `detection_costs`, and `at_threshold` (or null).
        """
        figures: dict[str, Any] = {}
        for key, _, estimate in (*self._figures(), *self._further_figures()):
            figures |= estimate.to_dict(key)
        counts = {
            "same_pairs": self.same_pairs,
            "different_pairs": self.different_pairs,
            "identities": self.identities,
            "items": self.items,
            "confidence": self.confidence,
            **({} if self.agreement is None else {"scored_pairs": self.agreement.pairs}),
            "detection_costs": asdict(self.costs),
            "at_threshold": None if self.at_threshold is None else self.at_threshold.to_dict(),
        }
        return figures | counts

    def rows(self) -> list[tuple[str, str, str]]:
        """For printing: (name, value, interval) of the main figures; where there is no interval, why not."""
        rows = [
            row(name, estimate, plain if key in ("auc", "spearman", "pearson") else percent)
            for key, name, estimate in self.for_people()._figures()
        ]
        if self.at_threshold is not None:
            at = self.at_threshold
            set_for = f"its threshold was set for {percent(at.wanted_fmr)}"
            remark = "; ".join(filter(None, (_span(at.fmr_interval), set_for)))
            rows.append(("FMR of the model's verdicts", percent(at.fmr), remark))
            rows.append(("FNMR of the model's verdicts", percent(at.fnmr), _span(at.fnmr_interval)))
        return rows

    def further_rows(self) -> list[tuple[str, str, str]]:
        """The same for figures that some fields go by: TAR at a FAR, the minimum detection cost."""
        return [
            row(name, estimate, plain if key == "min_detection_cost" else percent)
            for key, name, estimate in self.for_people()._further_figures()
        ]

    def for_people(self) -> "VerificationReport":
        """The same with figures not known that rest on too few pairs; JSON has the numbers."""
        few = too_few(self.same_pairs, self.different_pairs)
        if few is None:
            return self
        unknown = Estimate(None, reason=few)
        return replace(
            self,
            eer=unknown,
            auc=unknown,
            fnmr_at_fmr=tuple((fmr, unknown) for fmr, _ in self.fnmr_at_fmr),
            min_detection_cost=unknown,
        )

    def _figures(self) -> list[tuple[str, str, Estimate]]:
        at_rates = [(f"fnmr_at_fmr_{fmr:g}", f"FNMR at FMR {percent(fmr)}", found) for fmr, found in self.fnmr_at_fmr]
        return [*self._agreements(), ("eer", "EER", self.eer), ("auc", "AUC", self.auc), *at_rates]

    def _agreements(self) -> list[tuple[str, str, Estimate]]:
        found = self.agreement
        if found is None:
            return []
        return [("spearman", "Spearman", found.spearman), ("pearson", "Pearson", found.pearson)]

    def _further_figures(self) -> list[tuple[str, str, Estimate]]:
        accepted = [
            (f"tar_at_far_{far:g}", f"TAR at FAR {percent(far)}", _one_minus(fnmr)) for far, fnmr in self.fnmr_at_fmr
        ]
        name = f"minimum detection cost (prior {percent(self.costs.prior)})"
        return [*accepted, ("min_detection_cost", name, self.min_detection_cost)]


def summary(
    pairs: PairDistances | ErrorRates,
    fmrs: tuple[float, ...] = (0.01, 0.001),
    confidence: float = 0.95,
    seed: int = 0,
    costs: DetectionCosts | None = None,
) -> VerificationReport:
    """EER, AUC, FNMR at each of `fmrs` and least cost, from all pairs, with intervals by drawing the identities anew.

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
    costs = costs or DetectionCosts()
    rates = ErrorRates.from_pairs(pairs, seed=seed) if isinstance(pairs, PairDistances) else pairs
    if rates.roc is None:
        missing = "different" if rates.same_pairs else "same"
        raise TooFewError(f"error rates need same and different pairs, got no {missing} pair; add some")

    def figures(fmr: Float[np.ndarray, " bends"], fnmr: Float[np.ndarray, " bends"]) -> list[float]:
        least = costs.normalised(float(costs.at(fmr, fnmr).min()))
        at_rates = [smallest_fnmr(fmr, fnmr, rate) for rate in fmrs]
        return [equal_error_rate(fmr, fnmr), area_under_roc(fmr, fnmr), least, *at_rates]

    enough = rates.identities >= FEWEST_IDENTITIES
    values = figures(rates.roc.fmr, rates.roc.fnmr)
    drawn = resampled_figures(rates.sample, figures, draws=DRAWS if enough else 0, seed=seed)
    columns = drawn.reshape(len(drawn), len(values)).T
    estimates = [
        estimate_from(value, column, rates.matched if enough else rates.identities, confidence)
        for value, column in zip(values, columns, strict=True)
    ]
    for place, fmr in enumerate(fmrs, start=3):
        if not resolves(rates.different_pairs, fmr):
            estimates[place] = Estimate(None, reason=_unresolved(rates.different_pairs, fmr))
    eer, auc, least, *at_rates = estimates
    return VerificationReport(
        eer=eer,
        auc=auc,
        fnmr_at_fmr=tuple(zip(fmrs, at_rates, strict=True)),
        min_detection_cost=least,
        same_pairs=rates.same_pairs,
        different_pairs=rates.different_pairs,
        identities=rates.identities,
        items=rates.items,
        confidence=confidence,
        costs=costs,
    )


def rates_at_threshold(rates: ErrorRates, confidence: float = 0.95, seed: int = 0) -> tuple[Estimate, Estimate]:
    """FMR and FNMR at the threshold that `rates` were counted at, over all pairs, with their intervals.

    A rate without a pair of its kind is None, with the reason. Raises SettingsError where no threshold was given.
    """
    if rates.errors is None:
        raise SettingsError(
            "there are no rates without a threshold: give one to ErrorRates.from_pairs or from_embeddings"
        )
    sample, errors, threshold = rates.sample, rates.errors, np.array([rates.errors.threshold])
    if rates.different_pairs == 0:
        fmr = Estimate(None, reason="no different pair")
    else:
        drawn = resampled_shares(sample.different, sample.different_identities, rates.identities, threshold, seed=seed)
        fmr = estimate_from(errors.false_matches / rates.different_pairs, drawn[:, 0], rates.identities, confidence)
    if rates.same_pairs == 0:
        return fmr, Estimate(None, reason="no same pair")
    drawn = resampled_shares(sample.same, sample.same_identities, rates.identities, threshold, seed=seed)
    return fmr, estimate_from(errors.false_non_matches / rates.same_pairs, 1 - drawn[:, 0], rates.matched, confidence)


def resolves(pairs: int, rate: float) -> bool:
    """Whether so many pairs can show so small an error rate at all: one pair must not be more than the rate."""
    return bool(1 / pairs <= rate)


def too_few(same: int, different: int) -> str | None:
    """Why so many pairs say next to nothing, in words; None where they are enough."""
    few = [(count, kind) for count, kind in ((same, "same"), (different, "different")) if count < FEWEST_PAIRS]
    if not few:
        return None
    said = " and ".join(f"{count} {kind}" for count, kind in few)
    return f"{said} pair is too few" if few == [(1, few[0][1])] else f"{said} pairs are too few"


def percent(rate: float) -> str:
    """A rate for people: 0.01 is "1 %". What is not quite all is never rounded to 100 %."""
    digits = 3
    while rate < 1 and f"{100 * rate:.{digits}g}" == "100" and digits < MOST_DIGITS:
        digits += 1
    return f"{100 * rate:.{digits}g} %"


def plain(value: float) -> str:
    """A number between 0 and 1, or near it, for people."""
    return f"{value:.3f}"


def row(name: str, estimate: Estimate, text: Callable[[float], str] = percent) -> tuple[str, str, str]:
    """For printing: name, value, interval; where there is no interval, why not."""
    value = "not known" if estimate.value is None else text(estimate.value)
    if estimate.low is None or estimate.high is None:
        return name, value, estimate.reason or ""
    return name, value, f"{text(estimate.low)} to {text(estimate.high)}"


def _span(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{percent(interval[0])} to {percent(interval[1])}"


def _one_minus(estimate: Estimate) -> Estimate:
    value, low, high = (None if end is None else 1 - end for end in (estimate.value, estimate.high, estimate.low))
    return Estimate(value, low, high, estimate.reason)


def _unresolved(pairs: int, fmr: float) -> str:
    if fmr == 0:
        return "no number of pairs can show an FMR of 0"
    return f"an FMR of {percent(fmr)} takes {math.ceil(1 / fmr):,} different pairs, there are {pairs:,}"
