"""A calibration in; its thresholds for the usual rates out, each with what it does, or why there is none."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from alikely.calibration import Calibration
from alikely.errors import CalibrationError
from alikely.metrics import DetectionCosts, percent
from alikely.recalibration.elsewhere import Similarities

RATES = (0.1, 0.01, 0.001, 0.0001)  # false-match rates that people ask for


@dataclass(frozen=True)
class Threshold:
    """A threshold, the same as a similarity where similarities were given, and what it does.

    `fmr_found` and `fnmr_found` are the rates on the held-back pairs; `fmr_bound` and `fnmr_bound` those that it keeps
    on identities never seen, with the calibration's confidence (None: nothing is promised). A `distance` of None
    accepts nothing.
    """

    distance: float | None
    similarity: float | None
    fmr_found: float
    fnmr_found: float
    fmr_bound: float | None
    fnmr_bound: float | None

    def to_dict(self) -> dict[str, Any]:
        """For JSON: `threshold`, where similarities were given `similarity`, and the rates."""
        rates = asdict(self)
        distance, similarity = rates.pop("distance"), rates.pop("similarity")
        return {"threshold": distance, **({} if similarity is None else {"similarity": similarity}), **rates}

    def said(self, confidence: float) -> str:
        """What the threshold does, in words."""
        found = f"FMR {percent(self.fmr_found)}, FNMR {percent(self.fnmr_found)}"
        if self.fmr_bound is None or self.fnmr_bound is None:
            return f"{found}: estimates"
        bounds = f"at most {percent(self.fmr_bound)} and {percent(self.fnmr_bound)}"
        return f"{found}; on others {bounds}, with {percent(confidence)} confidence"

    def shown(self) -> str:
        """The threshold for people: as a similarity where similarities were given."""
        if self.distance is None:
            return "none: nothing is accepted"
        return f"{self.distance if self.similarity is None else self.similarity:.4g}"


@dataclass(frozen=True)
class PromisedRate:
    """A false-match rate and the threshold that keeps it; or, in `reason`, why there is none."""

    fmr: float
    confidence: float
    threshold: Threshold | None
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """For JSON: fmr, confidence, and what `Threshold.to_dict` says; or the reason."""
        said = {"reason": self.reason} if self.threshold is None else self.threshold.to_dict()
        return {"fmr": self.fmr, "confidence": self.confidence, **said}

    def row(self, default: bool) -> tuple[str, str, str, str, str]:
        """For printing: rate, threshold, FMR found, FNMR found, FNMR at most (or why there is no threshold)."""
        name = f"{percent(self.fmr)}{' (default)' if default else ''}"
        at = self.threshold
        if at is None:
            return name, "none", "", "", self.reason or ""
        bound = "-" if at.fnmr_bound is None else percent(at.fnmr_bound)
        return name, at.shown(), percent(at.fmr_found), percent(at.fnmr_found), bound


@dataclass(frozen=True)
class UnsureBand:
    """Between the threshold for the false-match rate and this one, which is for a false non-match rate, lies unsure.

    `lower` is the threshold for the default false-match rate. Where `upper` is not above it, there is no such band.
    """

    fnmr: float
    confidence: float
    lower: Threshold
    upper: Threshold

    @property
    def empty(self) -> bool:
        """Whether the two kinds lie so far apart that nothing is unsure."""
        assert self.lower.distance is not None
        return self.upper.distance is None or self.upper.distance <= self.lower.distance

    def to_dict(self) -> dict[str, Any]:
        """For JSON: fnmr, confidence, empty, and what `Threshold.to_dict` says of the upper threshold."""
        return {"fnmr": self.fnmr, "confidence": self.confidence, "empty": self.empty, **self.upper.to_dict()}

    def sentence(self) -> str:
        """For printing."""
        kept = f"a false non-match rate of {percent(self.fnmr)}"
        if self.empty:
            return (
                f"nothing is unsure: the threshold for {kept}, {self.upper.shown()}, does not go beyond the default one"
            )
        return f"unsure between {self.lower.shown()}, the default threshold, and {self.upper.shown()}, that for {kept}"


@dataclass(frozen=True)
class Cheapest:
    """The threshold with the smallest expected cost, by the rates found; it promises no rate."""

    costs: DetectionCosts
    threshold: Threshold

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the prior, both costs, and what `Threshold.to_dict` says."""
        costs = self.costs
        given = {"prior": costs.prior, "false_match_cost": costs.false_alarm, "false_non_match_cost": costs.miss}
        return {**given, **self.threshold.to_dict()}

    def sentence(self, confidence: float) -> str:
        """For printing."""
        return (
            f"cheapest with {percent(self.costs.prior)} same pairs, a false match at {self.costs.false_alarm:g} and a "
            f"false non-match at {self.costs.miss:g}: {self.threshold.shown()} ({self.threshold.said(confidence)})"
        )


def promised_rates(calibration: Calibration, similarities: Similarities | None) -> tuple[PromisedRate, ...]:
    """The usual rates and the default one, the largest first."""
    rates = sorted({*RATES, calibration.default_fmr}, reverse=True)
    return tuple(_promised(calibration, rate, similarities) for rate in rates)


def unsure_band(calibration: Calibration, fnmr: float, similarities: Similarities | None) -> UnsureBand:
    """What is unsure at the default false-match rate and this false non-match rate.

    Raises SettingsError for a rate outside 0..1, CalibrationError where the data cannot bear it.
    """
    lower = calibration.threshold(fmr=calibration.default_fmr)
    upper = calibration.threshold(fnmr=fnmr)
    return UnsureBand(
        fnmr,
        calibration.confidence,
        _threshold(calibration, lower, similarities),
        _threshold(calibration, upper, similarities),
    )


def cheapest(calibration: Calibration, costs: DetectionCosts, similarities: Similarities | None) -> Cheapest:
    """The threshold with the smallest expected cost."""
    return Cheapest(
        costs,
        _threshold(calibration, calibration.cheapest(costs.prior, costs.false_alarm, costs.miss), similarities),
    )


def _promised(calibration: Calibration, rate: float, similarities: Similarities | None) -> PromisedRate:
    sure = calibration.confidence
    try:
        threshold = calibration.threshold(fmr=rate)
    except CalibrationError:
        if sure > 0:
            return PromisedRate(rate, sure, None, calibration.needed(rate))
        needed = math.ceil(1 / rate)
        reason = f"it takes {needed:,} different pairs, there are {calibration.different_pairs:,}"
        return PromisedRate(rate, sure, None, reason)
    if threshold == -math.inf:
        return PromisedRate(rate, sure, None, "even the smallest distance lets more through")
    return PromisedRate(rate, sure, _threshold(calibration, threshold, similarities))


def _threshold(calibration: Calibration, distance: float, similarities: Similarities | None) -> Threshold:
    rates, sure = calibration.curve.rates_at(distance, calibration.confidence), calibration.confidence > 0
    accepts = distance > -math.inf
    return Threshold(
        distance if accepts else None,
        None if similarities is None or not accepts else similarities.at(distance),
        rates.fmr,
        rates.fnmr,
        rates.fmr_bound if sure else None,
        rates.fnmr_bound if sure else None,
    )
