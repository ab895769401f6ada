"""A model's folder and a new calibration in; an error where that would replace a promise by none, out."""

from pathlib import Path

from alikely.calibration import Calibration
from alikely.errors import CalibrationError, ModelError
from alikely.metrics import percent
from alikely.recalibration.making import load_calibration
from alikely.recalibration.result import Calibrated
from alikely.storage import CALIBRATION


def refuse_worse(found: Calibrated, folder: Path | str) -> None:
    """Raise CalibrationError where the calibration in the model's folder keeps a promise that the new one would lose.

    That is so where the one in the folder promises its default rate and accepts something, and the new one promises
    nothing for others, or accepts none of its same pairs. One that cannot be read, or is another model's, may go.
    """
    new = found.calibration
    try:
        old = load_calibration(Path(folder) / CALIBRATION)
    except ModelError:
        return
    if old.model != new.model or not old.confidence or _accepted(old) == 0 or (new.confidence and _accepted(new)):
        return
    raise CalibrationError(
        f"{folder}: nothing was written, for its calibration is better than the new one. There now: {_said(old)}. The "
        f"new one: {_said(new)}. Write the new one into a copy: --out COPY; or replace the good one: --overwrite"
    )


def _accepted(calibration: Calibration) -> float:
    """The share of its same pairs that its default threshold accepts; 0 where it has none."""
    try:
        threshold = calibration.threshold(fmr=calibration.default_fmr)
    except CalibrationError:
        return 0.0
    return 1 - calibration.curve.rates_at(threshold).fnmr


def _said(calibration: Calibration) -> str:
    rate, sure = percent(calibration.default_fmr), calibration.confidence
    promised = f"promised with {percent(sure)} confidence" if sure else "an estimate that promises nothing"
    return (
        f"a false-match rate of {rate}, {promised}, {percent(_accepted(calibration))} of the same pairs accepted "
        f"({calibration.same_pairs:,} same and {calibration.different_pairs:,} different pairs)"
    )
