"""A model and pairs to calibrate it by -> whether it learned from these, and which identities they join."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from alikely.contracts import Distance
from alikely.data.items import counted
from alikely.data.joining import joined
from alikely.data.learned import learned_among
from alikely.errors import ModelError
from alikely.evaluation import IDENTITIES, all_named, known_labels, named_identities
from alikely.metrics import PairDistances, known_pairs
from alikely.model import SiameseModel, distances_of_examples
from alikely.types import Examples

NO_PROMISE = "So nothing is promised for others, the rates are those found"
UNCHECKED = (
    "nobody checked whether the model learned from these items: nothing that is known of both says so. If it did, the "
    "rates are too good and the promise does not hold"
)


@dataclass(frozen=True)
class Unlearned:
    """Whether a model has not learned from what it is calibrated by; None: nobody knows. `note` says what follows."""

    proven: bool | None
    note: str | None = None


def unlearned(model: SiameseModel, examples: Examples) -> Unlearned:
    """By the names of identities where they are known of both, else by what the items hold.

    Raises ModelError where the model's record is damaged.
    """
    data = model.record.get("data", {})
    known = known_labels(model, examples, ("train", "validate"))
    if known:
        return Unlearned(False, _of_identities(known, len(named_identities(examples))))
    named = all_named(examples)
    if named and (not data or data.get("labels", {}).get("train")):
        return Unlearned(True if data else None)
    try:
        found = learned_among(data["learned"], examples) if "learned" in data else None
    except ValueError as error:
        raise ModelError(f"the model's record of what it learned from is damaged ({error}); copy it again") from error
    if found is None:
        return Unlearned(None, UNCHECKED)
    return Unlearned(False, _of_items(found, len(examples))) if found else Unlearned(True)


def distances_by_identity(
    embeddings: Float[np.ndarray, "items dim"], examples: Examples, distance: Distance
) -> PairDistances:
    """As `distances_of_examples`; of pairs, items whose identity has one name are one identity, too."""
    pairs = examples.pairs
    if examples.labels is not None or pairs is None or not set(IDENTITIES) <= set(pairs.columns):
        return distances_of_examples(embeddings, examples, distance)
    first: dict[str, int] = {}
    left, right = pairs.left[pairs.same].tolist(), pairs.right[pairs.same].tolist()
    for column, items in zip(IDENTITIES, (pairs.left, pairs.right), strict=True):
        for name, item in zip(pairs.columns[column].tolist(), items.tolist(), strict=True):
            if name:
                left.append(item)
                right.append(first.setdefault(name, item))
    numbers = joined(len(examples), np.array(left, np.int64), np.array(right, np.int64))
    return known_pairs(embeddings, pairs, numbers, distance)


def _of_identities(known: tuple[str, ...], count: int) -> str:
    few = ", ".join(known[:3]) + (" ..." if len(known) > 3 else "")
    return (
        f"{len(known)} of {count} identities ({few}) bear labels that the model was trained on; if they are "
        f"the same, their distances are too good. {NO_PROMISE}: "
        "calibrate on identities that it has not seen (or rename the labels, where they are others)"
    )


def _of_items(found: int, count: int) -> str:
    return (
        f"the model learned from {found:,} of these {counted(count, 'item', 'items')}, so their distances are too "
        f"good. {NO_PROMISE}: calibrate on items of identities that it has not seen"
    )
