"""JSON in; the calibration that it describes, checked, out."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from alikely.calibration.curve import OperatingCurve
from alikely.calibration.evidence import Evidence
from alikely.calibration.probability import Method, ProbabilityMap
from alikely.calibration.record import FORMAT, VERSION, Calibration, check_confidence
from alikely.errors import ModelError, SettingsError


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
            curve=OperatingCurve(
                _row(curve["thresholds"]),
                Evidence(_row(curve["fmr"]), _row(curve["fmr_hardest"]), _row(curve["fmr_effective"])),
                Evidence(_row(curve["fnmr"]), _row(curve["fnmr_hardest"]), _row(curve["fnmr_effective"])),
            ),
            probability_map=ProbabilityMap(
                _method(probability["method"]), _row(probability["distances"]), _row(probability["log_ratios"])
            ),
            same_pairs=int(fields["pairs"]["same"]),
            different_pairs=int(fields["pairs"]["different"]),
            identities=int(fields["identities"]),
            distance=str(fields["distance"]),
            model=None if fields["model"] is None else str(fields["model"]),
            default_fmr=float(fields["default_fmr"]),
            confidence=float(fields["confidence"]),
            note=None if fields["note"] is None else str(fields["note"]),
        )
        _check_whole(calibration)
    except (KeyError, TypeError, ValueError, SettingsError) as error:
        raise ModelError(f"the calibration is damaged ({type(error).__name__}: {error}); calibrate again") from error
    return calibration


def _row(values: Any) -> Float[np.ndarray, " points"]:
    row = np.array(values, dtype=np.float64)
    if row.ndim != 1 or len(row) == 0 or not np.isfinite(row).all():
        raise ValueError("expected a list of finite numbers")
    return row


def _method(name: str) -> Method:
    methods: tuple[Method, ...] = ("logistic", "isotonic")
    for method in methods:
        if method == name:
            return method
    raise ValueError(f"unknown method {name!r}")


def _check_whole(calibration: Calibration) -> None:
    curve, line = calibration.curve, calibration.probability_map
    sides = (curve.false_matches, curve.false_non_matches)
    lists = [row for side in sides for row in (side.rate, side.hardest, side.effective)]
    if {len(row) for row in lists} != {len(curve.thresholds)} or len(line.distances) != len(line.log_ratios):
        raise ValueError("lists of different length")
    if (np.diff(curve.thresholds) <= 0).any() or (np.diff(curve.fmr) < 0).any() or (np.diff(curve.fnmr) > 0).any():
        raise ValueError("curve is not in order")
    shares = np.concatenate([side.hardest for side in sides] + [curve.fmr, curve.fnmr, [calibration.default_fmr]])
    if shares.min() < 0 or shares.max() > 1 or curve.fnmr[-1] != 0 or min(side.effective.min() for side in sides) < 0:
        raise ValueError("rates out of bounds")
    if any((side.hardest < side.rate).any() for side in sides):
        raise ValueError("bounds below what was found")
    if (np.diff(line.distances) <= 0).any() or (np.diff(line.log_ratios) > 0).any():
        raise ValueError("probability is not in order")
    if min(calibration.same_pairs, calibration.different_pairs, calibration.identities) < 1:
        raise ValueError("counts out of bounds")
    check_confidence(calibration.confidence)
