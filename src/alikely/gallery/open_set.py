"""A gallery and a wanted false-positive-identification rate (FPIR) in; the threshold that keeps it out."""

from dataclasses import dataclass

import numpy as np

from alikely.calibration.record import check_confidence, estimate_way, percent_up
from alikely.errors import CalibrationError
from alikely.gallery.answers import Threshold
from alikely.gallery.candidates import nearest_identities
from alikely.gallery.held import Held
from alikely.gallery.remembering import mark_of, remember, remembered
from alikely.gallery.strangers import Strangers, copies_error
from alikely.metrics import percent
from alikely.metrics.verification import check_rate

CONFIDENCE = 0.95  # where the model has no calibration that says another
MOST_SHOWN = 3000  # identities shown to the others: enough for an FPIR of 0.2 %
AT_ONCE = 256
FEWEST_ASKED = 20


def default_confidence(held: Held) -> float:
    """The confidence of the model's calibration, or 95 %."""
    return CONFIDENCE if held.model.calibration is None else held.model.calibration.confidence


@dataclass(frozen=True, eq=False)
class Shown:
    """Who is enrolled, counted, and what these say of strangers: None where they are too few to say anything."""

    identities: int
    templates: int
    strangers: Strangers | None


def shown_to_others(held: Held, templates: int) -> Shown:
    """The state of a gallery with so many templates: as its folder remembers it, or computed, and then remembered."""
    identities = held.store.identities()
    mark = mark_of(identities)
    strangers = remembered(held.where, mark)
    if strangers is None:
        strangers = strangers_of(held)
        if strangers is not None:
            remember(held.where, mark, strangers)
    return Shown(len(identities), templates, strangers)


def strangers_of(held: Held, seed: int = 0) -> Strangers | None:
    """Each enrolled identity (of many, 3,000 drawn at random) shown to all others by its first template.

    Identities with the label of one that the model learned from are not shown: the model knows how to tell them apart.
    None where fewer than 20 are left.
    """
    names, fresh = list(held.store.identities()), _unlearned(held)
    number = {name: place for place, name in enumerate(names)}
    if len(fresh) < FEWEST_ASKED:
        return None
    chosen = np.random.default_rng(seed).permutation(fresh)[:MOST_SHOWN].tolist()
    found: list[tuple[float, int, int]] = []
    for start in range(0, len(chosen), AT_ONCE):
        probes: dict[str, np.ndarray] = {}
        for piece in held.store.read(identities=chosen[start : start + AT_ONCE]):
            for row, name in enumerate(piece.identities):
                probes.setdefault(name, piece.embeddings[row])
        answers = nearest_identities(held, np.stack(list(probes.values())), 2)
        for name, answer in zip(probes, answers, strict=True):
            other = next((found for found in answer if found[0] != name), None)
            if other is not None and other[0] in number:
                found.append((other[1], number[name], number[other[0]]))
    found.sort()
    distances, themselves, nearest = (np.array(column) for column in zip(*found, strict=True))
    return Strangers(distances.astype(np.float64), themselves, nearest, len(names))


def _unlearned(held: Held) -> list[str]:
    """The enrolled identities without the label of one that the model learned from."""
    learned = held.model.record.get("data", {}).get("labels", {})
    known = {label for part in ("train", "validate") for label in learned.get(part, ())}
    return [name for name in held.store.identities() if name not in known]


def open_set_threshold(held: Held, shown: Shown, fpir: float, confidence: float | None) -> Threshold:
    """The threshold by a fixed rule: by the gallery's own identities where they can show the rate, else by the model's
    calibration at a false-match rate of the FPIR divided by the number of templates (the union bound), where that can.

    `confidence` None is the calibration's own (95 % without one), 0 an estimate. Raises CalibrationError with the
    smallest FPIR that can be kept, and with what it takes for less.
    """
    sure = default_confidence(held) if confidence is None else confidence
    check_confidence(sure)
    check_rate(fpir, "false-positive-identification rate")
    by_gallery = None if shown.strangers is None else shown.strangers.threshold(fpir, sure)
    if by_gallery is not None and shown.strangers is not None:
        if shown.strangers.only_copies_within(by_gallery):
            raise copies_error(shown.strangers, list(held.store.identities()), fpir, sure)
        return Threshold(by_gallery, fpir, sure, "gallery", shown.identities)
    calibration = held.model.calibration
    if calibration is not None and calibration.bearable("fmr", sure) <= fpir / shown.templates:
        by_calibration = calibration.threshold(fmr=fpir / shown.templates, confidence=sure)
        return Threshold(by_calibration, fpir, sure, "calibration", shown.identities)
    raise _cannot(held, shown, fpir, sure)


def _cannot(held: Held, shown: Shown, fpir: float, confidence: float) -> CalibrationError:
    calibration, templates, fresh = held.model.calibration, shown.templates, len(_unlearned(held))
    smallest = _smallest(held, shown, confidence)
    promised = f"with {percent(confidence)} confidence" if confidence else "even as an estimate"
    bearable = 1.0 if calibration is None else calibration.bearable("fmr", confidence) * templates
    if calibration is None:
        by_calibration = "the model has no calibration"
    elif bearable < 1:
        by_calibration = f"the calibration of the model can bear {percent_up(bearable)} for {templates:,} templates"
    else:
        by_calibration = f"the calibration of the model can bear no rate below 100 % for {templates:,} templates"
    ways = [f"ask for {percent_up(smallest)} or more (--fpir, fpir=)"] if smallest < 1 else []
    estimate = max(fpir, _smallest(held, shown, 0.0))
    estimated = confidence > 0 and estimate < smallest
    ways += [estimate_way(fpir, estimate, "--fpir")] if estimated else []
    needed = _needed(shown.strangers, fpir, confidence)
    if needed <= MOST_SHOWN:
        ways.append(f"enrol until there are about {needed:,} that the model has not learned from")
    of_these = "which" if fresh == shown.identities else f"{fresh:,} of which"
    return CalibrationError(
        f"a false-positive-identification rate of {percent(fpir)} cannot be kept {promised}: {shown.identities:,} "
        f"enrolled identities, {of_these} the model has not learned from, are too few to show it, and "
        f"{by_calibration}; " + (", or ".join(ways) or "calibrate the model on more identities"),
        smallest if smallest < 1 else None,
        estimate if estimated else None,
    )


def _smallest(held: Held, shown: Shown, confidence: float) -> float:
    """The smallest rate that can be kept: by the enrolled identities, or by the calibration."""
    bearable = [] if shown.strangers is None else [shown.strangers.bearable(confidence)]
    if held.model.calibration is not None:
        bearable.append(held.model.calibration.bearable("fmr", confidence) * shown.templates)
    return min(bearable, default=1.0)


def _needed(strangers: Strangers | None, fpir: float, confidence: float) -> int:
    """About how many identities can show the rate."""
    rate = max(fpir, 1e-9)
    # Without errors, errors coming in pairs: half of the identities count.
    needed = 2 * np.log(1 - confidence) / np.log1p(-fpir) if confidence and 0 < fpir < 1 else 1 / rate
    if strangers is not None:
        # Where these bear less than so many should, more of their kind do, too: the bound falls as their number grows.
        needed = max(needed, len(strangers.distances) * strangers.bearable(confidence) / rate)
    # Some more than that: how often errors share an identity is known of those that are there alone.
    return max(int(np.ceil(1.1 * needed)), FEWEST_ASKED)
