"""What is kept of a calibration: thresholds for wanted error rates, probabilities, decisions; and how to JSON."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from alikely.calibration.curve import OperatingCurve
from alikely.calibration.probability import ProbabilityMap
from alikely.decision import Decision, Verdict
from alikely.errors import CalibrationError, InputError, SettingsError
from alikely.metrics import percent
from alikely.metrics.estimates import resolves
from alikely.metrics.verification import check_rate

FORMAT = "alikely calibration"
VERSION = 2


@dataclass(frozen=True, eq=False)
class Calibration:
    """Turns a distance into a probability and a decision, as learned from pairs held back from training.

    `distance` names the distance, `model` is the hash of the encoder, distance and preparation that gave it: with any
    other the figures here mean nothing. `default_fmr` is the false-match rate that `decide` keeps unless told
    otherwise; `note` says where it could not be the one wanted.

    `confidence` is the one at which its thresholds keep their rates on identities never seen; 0 for rates as they were
    found on the held-back pairs, which promise nothing: on others they may lie above as well as below.
    """

    curve: OperatingCurve
    probability_map: ProbabilityMap
    same_pairs: int
    different_pairs: int
    identities: int
    distance: str
    model: str | None
    default_fmr: float
    confidence: float
    note: str | None = None

    def threshold(
        self, *, fmr: float | None = None, fnmr: float | None = None, confidence: float | None = None
    ) -> float:
        """The threshold that keeps a wanted error rate: at or below it, a pair is accepted.

        For `fmr`: the largest whose false-match rate on identities never seen is at most that, with this confidence
        (of all sets of identities that one might calibrate on, at least so many give such a threshold).
        For `fnmr`: the smallest whose false non-match rate is at most that, likewise. `confidence` lies in 0..1; None
        takes the calibration's own, 0 the rates as found on the held-back pairs; -inf then accepts nothing.

        Raises SettingsError unless exactly one rate is given and all lie in 0..1, CalibrationError where the data
        cannot bear such a promise: it says the smallest rate that they can, and how many identities it would take.
        """
        sure = self.confidence if confidence is None else confidence
        check_confidence(sure)
        if fmr is not None and fnmr is None:
            self._require_borne(fmr, "fmr", sure)
            return self.curve.at_fmr(fmr, sure)
        if fnmr is not None and fmr is None:
            self._require_borne(fnmr, "fnmr", sure)
            return self.curve.at_fnmr(fnmr, sure)
        raise SettingsError("a threshold is for one error rate: give either fmr or fnmr")

    def cheapest(self, prior: float, false_match_cost: float = 1.0, false_non_match_cost: float = 1.0) -> float:
        """The threshold with the smallest expected cost of a decision, by the rates found on the held-back pairs.

            cost = (1 - prior) * FMR * false_match_cost + prior * FNMR * false_non_match_cost

        `prior` is the share of same pairs among all that will be compared. -inf (accept nothing) may be cheapest. This
        minimises the detection cost of NIST's speaker recognition evaluations; it promises no rate. Raises
        SettingsError unless 0 <= prior <= 1 and both costs are 0 or more.
        """
        if not 0 <= prior <= 1:
            raise SettingsError(f"the prior must lie between 0 and 1, got {prior}; one same pair in a hundred is 0.01")
        for cost in (false_match_cost, false_non_match_cost):
            if not 0 <= cost < math.inf:
                raise SettingsError(f"a cost must be finite and 0 or more, got {cost}")
        missed = prior * false_non_match_cost
        costs = (1 - prior) * false_match_cost * self.curve.fmr + missed * self.curve.fnmr
        cheapest = int(np.argmin(costs))
        return float(self.curve.thresholds[cheapest]) if costs[cheapest] < missed else -math.inf

    def probability(self, distance: float, prior: float = 0.5) -> float:
        """The chance (above 0, below 1) that two items at this distance are the same; falls as the distance grows.

        `prior` is the share of same pairs among all that will be compared. Raises SettingsError unless 0 < prior < 1,
        InputError for a distance that is NaN, infinite or negative.
        """
        return float(self.probabilities(np.array([distance], dtype=np.float64), prior)[0])

    def probabilities(self, distances: Float[np.ndarray, " pairs"], prior: float = 0.5) -> Float[np.ndarray, " pairs"]:
        """`probability` for many distances at once."""
        bad = distances[~(np.isfinite(distances) & (distances >= 0))]
        if len(bad):
            raise InputError(f"a distance must be finite and 0 or more, got {bad[0]}; look at the two embeddings")
        return self.probability_map.probabilities(distances, prior)

    def decide(
        self,
        distance: float,
        fmr: float | None = None,
        fnmr: float | None = None,
        prior: float = 0.5,
        confidence: float | None = None,
        threshold: float | None = None,
    ) -> Decision:
        """Same at or below the threshold for `fmr` (without one: `default_fmr`), else different.

        `threshold` stands in place of `fmr`: it decides as it is, and `promise` says the rate that it keeps. With
        `fnmr` too, only what lies above the threshold for it is different, and what lies between the two is unsure.
        Where the two kinds are so far apart that the thresholds meet or pass each other, there is no such band.
        Raises as `threshold`, `promise` and `probability` do, and SettingsError for both `fmr` and `threshold`.
        """
        wanted, sure = self.default_fmr if fmr is None else fmr, self.confidence if confidence is None else confidence
        probability = self.probability(distance, prior)
        if threshold is None:
            lower = self.threshold(fmr=wanted, confidence=sure)
        elif fmr is None:
            lower, wanted = threshold, self.promise(threshold, sure)
        else:
            raise SettingsError(f"a decision is by one of the two: give fmr ({fmr}) or threshold ({threshold})")
        upper = lower if fnmr is None else self.threshold(fnmr=fnmr, confidence=sure)
        if upper <= lower:
            verdict: Verdict = "same" if distance <= lower else "different"
            return Decision(verdict, probability, distance, lower, wanted, confidence=sure)
        verdict = "same" if distance <= lower else "different" if distance > upper else "unsure"
        return Decision(verdict, probability, distance, lower, wanted, upper, fnmr, sure)

    def promise(self, threshold: float, confidence: float | None = None) -> float:
        """The false-match rate that a threshold keeps on identities never seen; for a confidence of 0, the one found.

        `confidence` None is the calibration's own. Raises SettingsError for a threshold that is negative or not finite.
        """
        check_threshold(threshold)
        sure = self.confidence if confidence is None else confidence
        check_confidence(sure)
        return self.curve.rates_at(threshold, sure).fmr_bound

    def fits(self, model: str) -> None:
        """Raise CalibrationError unless `model` is the hash that this calibration was made for."""
        if model != self.model:
            made_for = "no model of ours" if self.model is None else f"model {self.model}"
            raise CalibrationError(
                f"the calibration was made for {made_for}, this one is {model}; distances of another model "
                "mean something else: calibrate this model"
            )

    def bearable(self, error: Literal["fmr", "fnmr"], confidence: float | None = None) -> float:
        """The smallest rate for which there is a threshold that accepts something and promises it."""
        sure = self.confidence if confidence is None else confidence
        if sure == 0:
            return 1 / (self.different_pairs if error == "fmr" else self.same_pairs)
        evidence = self.curve.false_matches if error == "fmr" else self.curve.false_non_matches
        return float(evidence.bound(sure).min())

    def needed(self, rate: float, error: Literal["fmr", "fnmr"] = "fmr", confidence: float | None = None) -> str:
        """How many identities it takes to promise this rate, in words: a rough figure.

        Different pairs grow with the square of the identities, so the smallest FMR that they bear falls about so (see
        `python -m benchmarks.promise`); same pairs grow with the identities.
        """
        smallest = self.bearable(error, confidence)
        if rate == 0:
            return "no number of identities can"
        if smallest == 1:
            return "these tell nothing of others"
        needed = self.identities * (smallest / rate) ** (0.5 if error == "fmr" else 1)
        # Two digits: no more is known of such a number.
        step = 10 ** max(math.floor(math.log10(needed)) - 1, 0)
        return f"it takes about {math.ceil(needed / step) * step:,} identities"

    def _require_borne(self, rate: float, error: Literal["fmr", "fnmr"], confidence: float) -> None:
        name = "false-match rate" if error == "fmr" else "false non-match rate"
        kind, pairs = ("different", self.different_pairs) if error == "fmr" else ("same", self.same_pairs)
        check_rate(rate, name)
        smallest = self.bearable(error, confidence)
        if confidence == 0 and not resolves(pairs, rate):
            needed = f"it takes at least {math.ceil(1 / rate):,}" if rate > 0 else "no number of pairs can"
            raise CalibrationError(
                f"a {name} of {percent(rate)} cannot be told from {pairs:,} {kind} pairs: {needed}. "
                f"The smallest rate that these can bear is {percent(smallest)}; ask for that, or calibrate on more "
                "identities",
                smallest,
            )
        if confidence > 0 and rate < smallest:
            raise CalibrationError(
                f"a {name} of {percent(rate)} on identities never seen cannot be promised with {percent(confidence)} "
                f"confidence from {pairs:,} {kind} pairs of {self.identities:,} identities: "
                f"{self.needed(rate, error, confidence)}. The smallest rate that these can bear is "
                f"{percent_up(smallest)}; ask for that or a lower confidence, or calibrate on more identities",
                smallest if smallest < 1 else None,
                max(rate, self.bearable(error, 0.0)),
            )

    def to_dict(self) -> dict[str, Any]:
        """For JSON, made to be read by other programs too; `calibration_from` gives back exactly this calibration.

        format, version    "alikely calibration", 2
        distance, model    what it was made for: the distance's name, the model's hash (null: made elsewhere)
        pairs              {"same", "different"}: how many pairs it rests on
        identities         how many identities these come from
        default_fmr, confidence, note    the usual false-match rate, the confidence of its promise (0: none), and what
                           to know about it (or null)
        curve              lists of equal length; "same" means distance <= threshold
            thresholds         ascending
            fmr, fnmr          the rates as found at each of them
            fmr_bound, fnmr_bound    the rates on identities never seen are, with `confidence`, at most these
            fmr_hardest, fmr_effective, fnmr_hardest, fnmr_effective    for bounds at other confidences: the bound is
                               the quantile at the confidence of Beta(h n + 1, n - h n), with h = hardest, n = effective
        probability        {"method", "distances", "log_ratios"}: the log likelihood ratio r of a distance is
                           interpolated linearly between the distances and stays as at the ends beyond them; the
                           probability is 1 / (1 + exp(-(ln(prior / (1 - prior)) + r)))
        """
        false_matches, false_non_matches = self.curve.false_matches, self.curve.false_non_matches
        return {
            "format": FORMAT,
            "version": VERSION,
            "distance": self.distance,
            "model": self.model,
            "pairs": {"same": self.same_pairs, "different": self.different_pairs},
            "identities": self.identities,
            "default_fmr": self.default_fmr,
            "confidence": self.confidence,
            "note": self.note,
            "curve": {
                "thresholds": self.curve.thresholds.tolist(),
                "fmr": false_matches.rate.tolist(),
                "fnmr": false_non_matches.rate.tolist(),
                "fmr_bound": false_matches.bound(self.confidence).tolist(),
                "fnmr_bound": false_non_matches.bound(self.confidence).tolist(),
                "fmr_hardest": false_matches.hardest.tolist(),
                "fmr_effective": false_matches.effective.tolist(),
                "fnmr_hardest": false_non_matches.hardest.tolist(),
                "fnmr_effective": false_non_matches.effective.tolist(),
            },
            "probability": {
                "method": self.probability_map.method,
                "distances": self.probability_map.distances.tolist(),
                "log_ratios": self.probability_map.log_ratios.tolist(),
            },
        }


def check_threshold(threshold: float) -> None:
    """Raise SettingsError unless it is a distance."""
    if not 0 <= threshold < math.inf:
        raise SettingsError(f"a threshold must be a distance, finite and 0 or more, got {threshold}")


def check_confidence(confidence: float) -> None:
    """Raise SettingsError unless the confidence is 0 (no promise) or more, and less than 1."""
    if not 0 <= confidence < 1:
        raise SettingsError(
            f"the confidence must be at least 0 (no promise) and less than 1, got {confidence}; 95 % is 0.95"
        )


def estimate_way(wanted: float, estimate: float, option: str) -> str:
    """The way out of a promise that cannot be made, in words: an estimate of the wanted rate or of a larger one."""
    if estimate <= wanted:
        return "take an estimate that promises nothing (--confidence 0)"
    return f"take an estimate of {percent_up(estimate)} or more, which promises nothing (--confidence 0 {option})"


def percent_up(rate: float) -> str:
    """A rate for people, rounded up to two digits, so that it can be asked for as it is written."""
    if rate >= 1:
        return "100 %"
    digits = 1 - math.floor(math.log10(rate))
    return percent(math.ceil(rate * 10**digits - 1e-9) / 10**digits)
