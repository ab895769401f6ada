"""An embedding and a gallery in; whether it is who it claims to be, or who it is, out."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from alikely.calibration import Calibration
from alikely.decision import Decision
from alikely.errors import CalibrationError, GalleryError, SettingsError
from alikely.gallery.answers import Candidate, Identification, Threshold
from alikely.gallery.candidates import distances_to, gathered, nearest_identities
from alikely.gallery.held import Held

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
    calibration = calibration_of(held)
    sure = calibration.confidence if confidence is None else confidence
    distance = float(held.joining.joined(distances_to(held, query, templates)[None])[0])
    # Each template may match falsely: the union bound.
    each = max(calibration.default_fmr / count, _bearable(calibration, sure)) if fmr is None else fmr / count
    try:
        decision = calibration.decide(distance, fmr=each, prior=prior, confidence=sure)
    except CalibrationError as error:
        if count == 1:
            raise
        raise CalibrationError(
            f"{identity} has {count} templates, so that the rate is divided by {count}, and then: {error}"
        ) from error
    return replace(decision, fmr=min(1.0, each * count))


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
    answers = []
    for start in range(0, len(queries), AT_ONCE):
        found = nearest_identities(held, queries[start : start + AT_ONCE], k)
        for name, nearest in zip(names[start : start + AT_ONCE], found, strict=True):
            # Before looking, each of the enrolled has an equal part of the prior.
            chances = _chances(held, [distance for _, distance, _ in nearest], prior / threshold.identities)
            candidates = tuple(
                Candidate(identity, distance, templates, chance)
                for (identity, distance, templates), chance in zip(nearest, chances, strict=True)
            )
            near_enough = candidates[0].distance <= threshold.distance
            answers.append(Identification(name, candidates[0].identity if near_enough else None, threshold, candidates))
    return answers


def calibration_of(held: Held) -> Calibration:
    """The calibration of the gallery's model. Raises CalibrationError where it has none."""
    if held.model.calibration is None:
        raise CalibrationError(
            "the model has no calibration, so nothing is known of what a distance means; calibrate it "
            "(`alikely calibrate`, `calibrate_model`)"
        )
    return held.model.calibration


def _bearable(calibration: Calibration, confidence: float) -> float:
    """The smallest FMR that the calibration bears; its own where that is smaller."""
    return min(calibration.default_fmr, calibration.bearable("fmr", confidence))


def _chances(held: Held, distances: Sequence[float], prior: float) -> list[float | None]:
    calibration = held.model.calibration
    if calibration is None:
        return [None] * len(distances)
    return [float(chance) for chance in calibration.probabilities(np.array(distances, dtype=np.float64), prior)]
