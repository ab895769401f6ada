"""Distances of pairs that were held back from training in; a calibration out."""

from dataclasses import replace

from alikely.calibration.curve import OperatingCurve
from alikely.calibration.probability import Method, fit_probability
from alikely.calibration.record import Calibration, check_confidence
from alikely.errors import CalibrationError, InputError
from alikely.metrics import PairDistances, Verification, percent
from alikely.metrics.estimates import FEWEST_PAIRS, resolves
from alikely.metrics.verification import check_rate

USUAL_FMR = 0.01
USUAL_CONFIDENCE = 0.95
# Where the usual rate cannot be promised, the first of these that can be is the default; a larger one helps nobody.
LARGER_FMRS = (0.02, 0.05, 0.1)
# An AUC below this is no chance: the numbers grow with likeness, or same and different are exchanged.
WRONG_WAY = 0.4


def calibrate(
    pairs: PairDistances,
    distance: str,
    model: str | None,
    fmr: float | None = None,
    confidence: float = USUAL_CONFIDENCE,
    probability: Method | None = None,
) -> Calibration:
    """Learn probabilities and thresholds from pairs of identities that the encoder never saw in training.

    `distance` is the distance's name and `model` the hash of what gave it (None: it was made elsewhere). `fmr` is the
    false-match rate that decisions keep by default, with this `confidence`; 0 promises nothing, and takes the rates as
    they are found. Without an `fmr` it is 0.01, or the first of 0.02, 0.05 and 0.1 that the data can bear; where they
    bear none of these, 0.01 as an estimate (the result's `confidence` is 0 then). `note` of the result says so.
    `probability`: isotonic follows any shape, logistic needs fewer pairs; by itself isotonic from 1,000 of each kind.

    Raises CalibrationError with fewer than 10 pairs of either kind, with distances that are NaN, infinite or negative
    or that run the wrong way, or where the pairs cannot bear the wanted `fmr`; SettingsError for rates outside 0..1.
    """
    check_confidence(confidence)
    if fmr is not None:
        check_rate(fmr, "FMR")
    calibration = Calibration(
        probability_map=fit_probability(_verified(pairs), probability),
        curve=OperatingCurve.from_pairs(pairs),
        same_pairs=len(pairs.same),
        different_pairs=len(pairs.different),
        identities=pairs.identities,
        distance=distance,
        model=model,
        default_fmr=USUAL_FMR if fmr is None else fmr,
        confidence=confidence,
    )
    if fmr is None:
        return _as_borne(calibration)
    calibration.threshold(fmr=fmr)
    return calibration


def _verified(pairs: PairDistances) -> Verification:
    same, different = len(pairs.same), len(pairs.different)
    if min(same, different) < FEWEST_PAIRS:
        short = " and ".join(
            f"{FEWEST_PAIRS - count} {kind}"
            for kind, count in (("same", same), ("different", different))
            if count < FEWEST_PAIRS
        )
        raise CalibrationError(
            f"calibration needs at least {FEWEST_PAIRS} pairs of each kind, got {same} same and {different} different; "
            f"add at least {short} from identities that were not used for training"
        )
    try:
        verification = Verification.from_distances(pairs.same, pairs.different)
    except InputError as error:
        raise CalibrationError(f"no calibration on damaged distances: {error}") from error
    if verification.auc < WRONG_WAY:
        raise CalibrationError(
            f"the numbers run the wrong way: a same pair is more alike than a different one in only "
            f"{percent(verification.auc)} of cases. A column `distance` is for numbers that are 0 for alike, "
            "`similarity` for those that are large for alike: if that is right, look whether same and different are "
            "exchanged"
        )
    return verification


def _as_borne(calibration: Calibration) -> Calibration:
    """With the usual rate, or the next larger one that the data can bear, or an estimate; and a note that says so."""
    if calibration.confidence > 0:
        smallest, identities = calibration.bearable("fmr"), calibration.identities
        if smallest <= USUAL_FMR:
            return calibration
        for rate in LARGER_FMRS:
            if smallest <= rate:
                note = (
                    f"no false-match rate of {percent(USUAL_FMR)} can be promised from {identities:,} identities "
                    f"({calibration.needed(USUAL_FMR)}): the default is {percent(rate)}"
                )
                return replace(calibration, default_fmr=rate, note=note)
        note = (
            f"the false-match rate of the threshold is an estimate, and on others may be several times as high: "
            f"{identities:,} identities cannot promise even {percent(LARGER_FMRS[-1])} "
            f"({calibration.needed(LARGER_FMRS[-1])})"
        )
        return _as_borne(replace(calibration, confidence=0.0, note=note))
    if resolves(calibration.different_pairs, USUAL_FMR):
        return calibration
    usual = 1 / calibration.different_pairs
    note = (
        f"{calibration.different_pairs} different pairs bear no false-match rate of {percent(USUAL_FMR)}: "
        f"the default is {percent(usual)}"
    )
    return replace(calibration, default_fmr=usual, note="; ".join(filter(None, (calibration.note, note))))
