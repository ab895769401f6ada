"""An embedding and a gallery in; whether it is who it claims to be, or who it is, out."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from alikely.calibration import Calibration
from alikely.calibration.record import check_confidence, estimate_way, percent_up
from alikely.decision import Decision
from alikely.errors import CalibrationError, GalleryError, SettingsError
from alikely.gallery.answers import Candidate, Identification, Threshold
from alikely.gallery.candidates import check_k, distances_to, gathered, nearest_identities
from alikely.gallery.held import Held
from alikely.gallery.strangers import ROUNDING
from alikely.metrics import percent
from alikely.metrics.verification import check_rate

AT_ONCE = 256


def verify(
    held: Held,
    query: Float[np.ndarray, " dim"],
    identity: str,
    fmr: float | None,
    prior: float,
    confidence: float | None,
) -> Decision:
    """Same or different, of an embedding (as the store keeps it) and an identity: see `Gallery.verify`."""
    templates = gathered(held.store.read(identities=[identity]), held.store.dim)
    count = len(templates)
    if count == 0:
        raise GalleryError(
            f"{held.where}: the identity {identity!r} is not there; `alikely gallery list` shows those that are"
        )
    calibration = held.model.require_calibration()
    sure = calibration.confidence if confidence is None else confidence
    distance = float(held.joining.joined(distances_to(held, query, templates)[None])[0])
    wanted = calibration.default_fmr if fmr is None else fmr
    check_rate(wanted, "false-match rate")
    check_confidence(sure)
    # Each template may match falsely: the union bound. No rule goes below the nearest, so that it holds for all.
    if count > 1 and wanted / count < calibration.bearable("fmr", sure):
        raise _cannot(calibration, identity, count, wanted, sure)
    decision = calibration.decide(distance, fmr=wanted / count, prior=prior, confidence=sure)
    return replace(decision, fmr=wanted)


def identify(
    held: Held,
    names: Sequence[str],
    queries: Float[np.ndarray, "items dim"],
    threshold: Threshold,
    k: int,
    prior: float,
) -> list[Identification]:
    """Who each of the embeddings (as the store keeps them) is, or nobody: see `Gallery.identify`."""
    if not 0 < prior < 1:
        raise SettingsError(f"the prior must lie between 0 and 1, got {prior}; one enrolled in ten is 0.1")
    check_k(k)
    answers = []
    for start in range(0, len(queries), AT_ONCE):
        found = nearest_identities(held, queries[start : start + AT_ONCE], max(k, 2))  # two: to see a tie
        for name, nearest in zip(names[start : start + AT_ONCE], found, strict=True):
            if not nearest:
                raise GalleryError(f"{held.where}: another removed all that was enrolled, meanwhile; enrol something")
            tied, nearest = _tied(nearest, threshold.distance), nearest[:k]
            # Before looking, each of the enrolled has an equal part of the prior.
            chances = _chances(held, [distance for _, distance, _ in nearest], prior / threshold.identities)
            candidates = tuple(
                Candidate(identity, distance, templates, chance)
                for (identity, distance, templates), chance in zip(nearest, chances, strict=True)
            )
            near_enough = candidates[0].distance <= threshold.distance
            identity = candidates[0].identity if near_enough else None
            answers.append(Identification(name, identity, threshold, candidates, tied))
    return answers


def _tied(nearest: Sequence[tuple[str, float, int]], threshold: float) -> tuple[str, ...]:
    """The identities as near as the nearest, but for rounding; none where it is alone."""
    _, smallest, _ = nearest[0]
    scale = max(threshold, smallest, 0.0)
    tied = tuple(identity for identity, distance, _ in nearest if distance <= smallest + ROUNDING * scale)
    return tied if len(tied) > 1 else ()


def _cannot(calibration: Calibration, identity: str, count: int, wanted: float, confidence: float) -> CalibrationError:
    bearable = calibration.bearable("fmr", confidence)
    smallest, estimate = bearable * count, max(wanted, calibration.bearable("fmr", 0.0) * count)
    promised = f"with {percent(confidence)} confidence" if confidence else "even as an estimate"
    ways = [f"ask for {percent_up(smallest)} or more (--fmr, fmr=)"] if smallest < 1 else []
    ways += [estimate_way(wanted, estimate, "--fmr")] if confidence and estimate < 1 else []
    ways += ["enrol fewer templates of it", "calibrate the model on more identities"]
    return CalibrationError(
        f"{identity} has {count} templates, and each of them may match falsely: a false-match rate of "
        f"{percent(wanted)} takes one of {percent(wanted / count)} for each, and the calibration of the model can bear "
        f"{percent_up(bearable)} {promised}; {', or '.join(ways)}",
        smallest if smallest < 1 else None,
        estimate if confidence and estimate < 1 else None,
    )


def _chances(held: Held, distances: Sequence[float], prior: float) -> list[float | None]:
    calibration = held.model.calibration
    if calibration is None:
        return [None] * len(distances)
    return [float(chance) for chance in calibration.probabilities(np.array(distances, dtype=np.float64), prior)]
