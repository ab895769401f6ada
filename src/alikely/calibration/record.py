"""What is kept of a calibration: thresholds for wanted error rates, probabilities, decisions; to JSON and back."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from alikely.calibration.curve import OperatingCurve
from alikely.calibration.probability import ProbabilityMap
from alikely.decision import Decision, Verdict
from alikely.errors import CalibrationError, InputError, ModelError, SettingsError
from alikely.metrics import percent
from alikely.metrics.estimates import resolves
from alikely.metrics.verification import check_rate

FORMAT = "alikely calibration"
VERSION = 1


@dataclass(frozen=True, eq=False)
class Calibration:
    """Turns a distance into a probability and a decision, as learned from pairs held back from training.

    `distance` names the distance, `model` is the hash of the encoder, distance and preparation that gave it: with any
    other the figures here mean nothing. `default_fmr` is the false-match rate that `decide` keeps unless told
    otherwise; `note` says where it could not be the one wanted.

    The error rates are those found on the held-back pairs: estimates, not bounds. On identities never seen the rates
    may lie above as well as below, the more so the fewer identities there were.
    """

    curve: OperatingCurve
    probability_map: ProbabilityMap
    same_pairs: int
    different_pairs: int
    identities: int
    distance: str
    model: str
    default_fmr: float
    note: str | None = None

    def threshold(self, *, fmr: float | None = None, fnmr: float | None = None) -> float:
        """The threshold for one wanted error rate on the held-back pairs: at or below it, a pair is accepted.

        For `fmr`: the largest whose false-match rate is at most that; -inf (accept nothing) where even the smallest
        distance has too many. For `fnmr`: the smallest whose false non-match rate is at most that. Raises SettingsError
        unless exactly one is given and lies in 0..1, CalibrationError where there were too few pairs for such a rate.
        """
        if fmr is not None and fnmr is None:
            _check_borne(fmr, "false-match rate", self.different_pairs, "different")
            return self.curve.at_fmr(fmr)
        if fnmr is not None and fmr is None:
            _check_borne(fnmr, "false non-match rate", self.same_pairs, "same")
            return self.curve.at_fnmr(fnmr)
        raise SettingsError("a threshold is for one error rate: give either fmr or fnmr")

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
        self, distance: float, fmr: float | None = None, fnmr: float | None = None, prior: float = 0.5
    ) -> Decision:
        """Same at or below the threshold for `fmr` (without one: `default_fmr`), else different.

        With `fnmr` too, only what lies above the threshold for it is different, and what lies between the two is
        unsure. Where the two kinds are so far apart that the thresholds meet or pass each other, there is no such
        band. Raises as `threshold` and `probability` do.
        """
        wanted = self.default_fmr if fmr is None else fmr
        probability = self.probability(distance, prior)
        lower = self.threshold(fmr=wanted)
        upper = lower if fnmr is None else self.threshold(fnmr=fnmr)
        if upper <= lower:
            return Decision("same" if distance <= lower else "different", probability, distance, lower, wanted)
        verdict: Verdict = "same" if distance <= lower else "different" if distance > upper else "unsure"
        return Decision(verdict, probability, distance, lower, wanted, upper, fnmr)

    def fits(self, model: str) -> None:
        """Raise CalibrationError unless `model` is the hash that this calibration was made for."""
        if model != self.model:
            raise CalibrationError(
                f"the calibration was made for model {self.model}, this one is {model}; distances of another model "
                "mean something else: calibrate this model"
            )

    def to_dict(self) -> dict[str, Any]:
        """For JSON, made to be read by other programs too; `calibration_from` gives back exactly this calibration.

        format, version    "alikely calibration", 1
        distance, model    what it was made for: the distance's name, the model's hash
        pairs              {"same", "different"}: how many pairs it rests on
        identities         how many identities these come from
        default_fmr, note  the usual false-match rate, and what to know about it (or null)
        curve              {"thresholds", "fmr", "fnmr"}: lists of equal length, thresholds ascending; "same" means
                           distance <= threshold
        probability        {"method", "distances", "log_ratios"}: the log likelihood ratio r of a distance is
                           interpolated linearly between the distances and stays as at the ends beyond them; the
                           probability is 1 / (1 + exp(-(ln(prior / (1 - prior)) + r)))
        """
        return {
            "format": FORMAT,
            "version": VERSION,
            "distance": self.distance,
            "model": self.model,
            "pairs": {"same": self.same_pairs, "different": self.different_pairs},
            "identities": self.identities,
            "default_fmr": self.default_fmr,
            "note": self.note,
            "curve": {
                "thresholds": self.curve.thresholds.tolist(),
                "fmr": self.curve.fmr.tolist(),
                "fnmr": self.curve.fnmr.tolist(),
            },
            "probability": {
                "method": self.probability_map.method,
                "distances": self.probability_map.distances.tolist(),
                "log_ratios": self.probability_map.log_ratios.tolist(),
            },
        }


def calibration_from(fields: Mapping[str, Any]) -> Calibration:
    """The calibration that `to_dict` gave. Raises ModelError for another format or version, or a damaged one."""
    found = (fields.get("format"), fields.get("version"))
    if found != (FORMAT, VERSION):
        raise ModelError(
            f"not a calibration that this version reads: expected format {FORMAT!r}, version {VERSION}, got "
            f"{found[0]!r}, version {found[1]!r}; calibrate again"
        )
    try:
        curve, probability = fields["curve"], fields["probability"]
        calibration = Calibration(
            curve=OperatingCurve(_row(curve["thresholds"]), _row(curve["fmr"]), _row(curve["fnmr"])),
            probability_map=ProbabilityMap(
                _method(probability["method"]), _row(probability["distances"]), _row(probability["log_ratios"])
            ),
            same_pairs=int(fields["pairs"]["same"]),
            different_pairs=int(fields["pairs"]["different"]),
            identities=int(fields["identities"]),
            distance=str(fields["distance"]),
            model=str(fields["model"]),
            default_fmr=float(fields["default_fmr"]),
            note=None if fields["note"] is None else str(fields["note"]),
        )
        _check_whole(calibration)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"the calibration is damaged ({type(error).__name__}: {error}); calibrate again") from error
    return calibration


def _row(values: Any) -> Float[np.ndarray, " points"]:
    row = np.array(values, dtype=np.float64)
    if row.ndim != 1 or len(row) == 0 or not np.isfinite(row).all():
        raise ValueError("expected a list of finite numbers")
    return row


def _method(name: str) -> Literal["logistic", "isotonic"]:
    methods: tuple[Literal["logistic", "isotonic"], ...] = ("logistic", "isotonic")
    for method in methods:
        if method == name:
            return method
    raise ValueError(f"unknown method {name!r}")


def _check_whole(calibration: Calibration) -> None:
    curve, line = calibration.curve, calibration.probability_map
    if not len(curve.thresholds) == len(curve.fmr) == len(curve.fnmr) or len(line.distances) != len(line.log_ratios):
        raise ValueError("lists of different length")
    if (np.diff(curve.thresholds) <= 0).any() or (np.diff(curve.fmr) < 0).any() or (np.diff(curve.fnmr) > 0).any():
        raise ValueError("curve is not in order")
    rates = np.concatenate([curve.fmr, curve.fnmr, [calibration.default_fmr]])
    if rates.min() < 0 or rates.max() > 1 or curve.fnmr[-1] != 0:
        raise ValueError("rates out of bounds")
    if (np.diff(line.distances) <= 0).any() or (np.diff(line.log_ratios) > 0).any():
        raise ValueError("probability is not in order")
    if min(calibration.same_pairs, calibration.different_pairs, calibration.identities) < 1:
        raise ValueError("counts out of bounds")


def _check_borne(rate: float, name: str, pairs: int, kind: str) -> None:
    check_rate(rate, name)
    if not resolves(pairs, rate):
        needed = f"it takes at least {math.ceil(1 / rate):,}" if rate > 0 else "no number of pairs can"
        raise CalibrationError(
            f"a {name} of {percent(rate)} cannot be told from {pairs:,} {kind} pairs: {needed}. "
            f"The smallest rate that these can bear is {percent(1 / pairs)}; ask for that, or calibrate on more "
            "identities"
        )
