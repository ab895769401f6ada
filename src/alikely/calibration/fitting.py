"""Distances of pairs that were held back from training in; a calibration out."""

from alikely.calibration.curve import OperatingCurve
from alikely.calibration.probability import fit_probability
from alikely.calibration.record import Calibration
from alikely.errors import CalibrationError, InputError
from alikely.metrics import PairDistances, Verification, percent
from alikely.metrics.estimates import resolves

FEWEST_PAIRS = 10
# Below so many, pairs of the same few identities repeat each other, however many pairs there are.
FEW_IDENTITIES = 10
USUAL_FMR = 0.01


def calibrate(pairs: PairDistances, distance: str, model: str, fmr: float | None = None) -> Calibration:
    """Learn probabilities and thresholds from pairs of identities that the encoder never saw in training.

    `distance` is the distance's name and `model` the hash of what gave it. `fmr` is the false-match rate that decisions
    keep by default; without one it is 0.01, or the smallest that the pairs can bear where that is more, and `note` of
    the result says so. The rates found are estimates on these pairs, not bounds (see `Calibration`).

    Raises CalibrationError with fewer than 10 pairs of either kind, with distances that are NaN, infinite or
    negative, or where the pairs cannot bear the wanted `fmr`; SettingsError for an `fmr` outside 0..1.
    """
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
    usual, notes = USUAL_FMR, []
    if pairs.identities < FEW_IDENTITIES:
        notes.append(
            f"the threshold rests on {pairs.identities} identities only: on others its false-match rate may be several "
            f"times what was asked for; calibrate on {FEW_IDENTITIES} or more to rely on it"
        )
    if fmr is None and not resolves(different, USUAL_FMR):
        usual = 1 / different
        notes.append(
            f"{different} different pairs bear no false-match rate of {percent(USUAL_FMR)}: "
            f"the default is {percent(usual)}"
        )
    calibration = Calibration(
        curve=OperatingCurve.from_verification(verification),
        probability_map=fit_probability(verification),
        same_pairs=same,
        different_pairs=different,
        identities=pairs.identities,
        distance=distance,
        model=model,
        default_fmr=usual if fmr is None else fmr,
        note="; ".join(notes) or None,
    )
    calibration.threshold(fmr=calibration.default_fmr)
    return calibration
