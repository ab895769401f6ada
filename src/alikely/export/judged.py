"""A model and a source -> the items that an export is judged on: of the identities that the model is calibrated by."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from alikely.data.items import counted
from alikely.data.reading import Prepared
from alikely.data.sources import read_items
from alikely.embedding import Progress, read_for
from alikely.errors import InputError
from alikely.model import SiameseModel
from alikely.recalibration.chosen import chosen_items
from alikely.types import Examples

WAY_OUT = "name a folder or table that holds them, or other identities: --source SOURCE (source=...)"


@dataclass(frozen=True)
class Judged:
    """The items, read; which they are, in words; and whether they are all that the model is calibrated by."""

    items: Prepared
    which: str
    calibration: bool
    source: str
    skipped: tuple[tuple[str, str], ...]


def judged_items(
    model: SiameseModel, source: Path | str | Examples | None, skip_bad: bool, progress: Progress | None
) -> Judged:
    """The items of the calibration identities in `source`: without one, in what the model's record says they are from.

    In a source of the user's own without these identities, of those that the model has not learned from. Where nothing
    is known of labels, all items. Raises InputError where the source is not there or holds other items, BadItemsError
    (unless `skip_bad`).
    """
    data = model.record.get("data", {})
    own = source is not None
    found = source if source is not None else _recorded(data.get("calibrated_on") or data.get("source"))
    said = "examples given from Python" if isinstance(found, Examples) else str(found)
    examples = found if isinstance(found, Examples) else read_items(found, model.preparation.kind)
    parts = data.get("labels", {})
    wanted, learned = set(parts.get("calibrate", ())), {*parts.get("train", ()), *parts.get("validate", ())}
    if examples.labels is None:
        which = "all pairs, as it is not known which of them it is calibrated by"
        which = "items of which nothing is known" if examples.pairs is None else which
        return _read(model, examples, f"{said}: {which}", False, said, skip_bad, progress)
    labels = [str(label) for label in examples.labels]
    there = wanted & set(labels)
    chosen, whose = (there, "it is calibrated by") if there else (set(labels) - learned, "it did not learn from")
    if not chosen or (not own and there != wanted):
        lacking = "only identities that the model learned from" if not chosen else "other identities than the model's"
        raise InputError(f"{said}: holds {lacking}, so there is nothing to judge an export on; {WAY_OUT}")
    kept = examples.select(np.flatnonzero(np.isin(labels, sorted(chosen))))
    assert kept.labels is not None  # as above
    drawn = kept.select(chosen_items(kept.labels)[0])
    which = f"{said}: {counted(len(chosen), 'identity', 'identities')} {whose}"
    judged = _read(model, drawn, which, bool(wanted) and there == wanted, said, skip_bad, progress)
    expected = data.get("parts", {}).get("calibrate", {}).get("items")
    same = not judged.calibration or expected is None or expected in (len(kept), len(drawn), len(judged.items))
    if not own and not same:
        raise InputError(
            f"{said}: holds {len(judged.items):,} items of the identities that the model is calibrated by, and it was "
            f"calibrated by {expected:,}; {WAY_OUT}"
        )
    return judged


def _recorded(named: str | None) -> Path:
    """The source that a record names. Raises InputError where it is not there."""
    if named is None:
        raise InputError(f"the model does not say what it was made from, so there is nothing to judge on; {WAY_OUT}")
    if not Path(named).exists():
        raise InputError(f"{named}: is not there (any more), and the model was calibrated by items of it; {WAY_OUT}")
    return Path(named)


def _read(
    model: SiameseModel,
    examples: Examples,
    which: str,
    calibration: bool,
    source: str,
    skip_bad: bool,
    progress: Progress | None,
) -> Judged:
    items, skipped = read_for(model, examples, skip_bad, progress)
    return Judged(items, which, calibration, source, tuple(skipped))
