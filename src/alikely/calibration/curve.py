"""Distances of pairs in; the thresholds worth keeping, each with its error rates and their bounds, out."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from alikely.calibration.evidence import Evidence, evidence_of
from alikely.metrics import PairDistances, Verification
from alikely.metrics.verification import check_rate

MOST_POINTS = 2000


@dataclass(frozen=True)
class RatesAt:
    """Both error rates of one threshold: as found on the held-back pairs, and at most so on others at `confidence`."""

    fmr: float
    fnmr: float
    fmr_bound: float
    fnmr_bound: float
    confidence: float


@dataclass(frozen=True, eq=False)
class OperatingCurve:
    """Thresholds, ascending, with what is known of their false matches and false non-matches.

    All thresholds are distances that occurred, and the rates at them are those of all pairs. Where thresholds had to
    be left out, the next kept one errs to the safe side: `at_fmr` then accepts less than it might, `at_fnmr` more.
    Rates of one or two digits (0.1, 0.025, 0.0012, ...) lose nothing: the thresholds for them are all kept.
    """

    thresholds: Float[np.ndarray, " points"]
    false_matches: Evidence
    false_non_matches: Evidence

    @classmethod
    def from_pairs(cls, pairs: PairDistances) -> "OperatingCurve":
        """All thresholds up to 2,000 pairs; above that, those for rates of one or two digits: fewer than 2,000."""
        kept = _worth_keeping(Verification.from_distances(pairs.same, pairs.different))
        return cls(
            kept.astype(np.float64),
            evidence_of(pairs.different, pairs.different_identities, pairs.identities, kept, "accepted"),
            evidence_of(pairs.same, pairs.same_identities, pairs.identities, kept, "refused"),
        )

    @property
    def fmr(self) -> Float[np.ndarray, " points"]:
        """The share of different pairs accepted, as it was found."""
        return self.false_matches.rate

    @property
    def fnmr(self) -> Float[np.ndarray, " points"]:
        """The share of same pairs refused, as it was found."""
        return self.false_non_matches.rate

    def at_fmr(self, rate: float, confidence: float = 0.0) -> float:
        """The largest threshold whose FMR is, at this confidence, at most `rate`; -inf (accept nothing) for none.

        A confidence of 0 asks for the FMR as it was found. Raises SettingsError for a rate outside 0..1.
        """
        check_rate(rate, "FMR")
        position = int(np.searchsorted(self.false_matches.bound(confidence), rate, side="right"))
        return float(self.thresholds[position - 1]) if position > 0 else -math.inf

    def at_fnmr(self, rate: float, confidence: float = 0.0) -> float:
        """The smallest threshold whose FNMR is, at this confidence, at most `rate`.

        -inf (accept nothing) for a rate of 1, inf (accept all) where no threshold keeps the rate. Raises SettingsError
        for a rate outside 0..1.
        """
        check_rate(rate, "FNMR")
        if rate == 1:
            return -math.inf
        # FNMR falls as the threshold grows.
        kept = np.flatnonzero(self.false_non_matches.bound(confidence) <= rate)
        return float(self.thresholds[kept[0]]) if len(kept) else math.inf

    def rates_at(self, threshold: float, confidence: float = 0.0) -> RatesAt:
        """The error rates of any threshold; between two that were kept, each rate is the larger one of theirs."""
        above = min(int(np.searchsorted(self.thresholds, threshold, side="left")), len(self.thresholds) - 1)
        below = int(np.searchsorted(self.thresholds, threshold, side="right")) - 1
        fmr = fmr_bound = 0.0  # of accepting nothing
        fnmr = fnmr_bound = 1.0
        if threshold > -math.inf:
            fmr, fmr_bound = self.fmr[above], self.false_matches.bound(confidence)[above]
        if below >= 0:
            fnmr, fnmr_bound = self.fnmr[below], self.false_non_matches.bound(confidence)[below]
        return RatesAt(float(fmr), float(fnmr), float(fmr_bound), float(fnmr_bound), confidence)


def _worth_keeping(verification: Verification) -> Float[np.ndarray, " points"]:
    same, different = verification.same, verification.different
    if len(same) + len(different) <= MOST_POINTS:
        return np.unique(np.concatenate([same, different]))
    thresholds = [verification.fnmr_at_fmr(rate).threshold for rate in _rates(len(different))]
    thresholds += [verification.fmr_at_fnmr(rate).threshold for rate in _rates(len(same))]
    return np.unique(np.array([t for t in thresholds if t != -math.inf], dtype=np.result_type(same, different)))


def _rates(pairs: int) -> list[float]:
    """0, 1 and every rate of two digits down to one pair among `pairs`, as exactly as a person writes it."""
    decades = math.ceil(math.log10(pairs))
    return [0.0, 1.0, *(float(f"{digits}e-{place}") for place in range(2, decades + 2) for digits in range(10, 100))]
