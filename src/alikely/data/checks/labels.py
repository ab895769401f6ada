"""Labels and counts of pairs -> what is said about them alone: too few, one by one, unequal, spelled in two ways."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from jaxtyping import Shaped

from alikely.data.checks.findings import Finding, listed
from alikely.data.items import counted
from alikely.errors import InputError, TooFewError
from alikely.types import Examples

# Below this a split spares none to choose the epoch by, and 15 % of them are 3 or fewer to calibrate on.
FEW_IDENTITIES = 20

# An identity is too frequent with more than half of all same pairs, from so many identities on.
FEWEST_TO_COMPARE = 5

# So many times as many pairs of one kind as of the other are unequal.
UNEQUAL = 20


def require_enough(examples: Examples) -> None:
    """Raise InputError where nothing is known of the items, TooFewError where too little is to learn from it.

    With labels: at least two identities, and one of them with two items. With pairs: at least one of each kind.
    """
    if examples.labels is not None:
        labels, counts = np.unique(examples.labels, return_counts=True)
        if len(labels) < 2:
            raise TooFewError(
                f"found {counted(len(examples), 'item', 'items')} of {len(labels)} identity "
                f"({listed(map(str, labels))}), but telling alike from different takes at least "
                "2 identities; add items of others"
            )
        if counts.max() < 2:
            raise TooFewError(
                f"each of the {len(labels)} identities has a single item, but at least one needs 2 or more to learn "
                "what alike means; add items, or check that the label is the identity and not the name of the file"
            )
    elif examples.pairs is not None:
        same = int(examples.pairs.same.sum())
        different = len(examples.pairs) - same
        if same == 0 or different == 0:
            raise TooFewError(
                f"found {same} same and {different} different pairs, but it takes at least 1 of each; add such pairs"
            )
    else:
        raise InputError(
            "nothing is known of these items; give labels or pairs, or learn without: loss = 'vicreg' (--loss vicreg)"
        )


def of_labels(examples: Examples) -> Iterator[Finding]:
    """Findings too_few, spelling, single, few_identities and imbalance; none where nothing is known of the items."""
    if examples.unlabelled:
        return
    try:
        require_enough(examples)
    except TooFewError as error:
        yield Finding("too_few", str(error), "error")
    if examples.labels is not None:
        yield from _spellings(examples, examples.labels)
        yield from _counts(examples, examples.labels)
    elif examples.pairs is not None:
        kinds = (int(examples.pairs.same.sum()), int((~examples.pairs.same).sum()))
        if max(kinds) > UNEQUAL * min(kinds) > 0:
            what = (
                f"{kinds[0]:,} same and {kinds[1]:,} different pairs: the fewer kind decides how sure the figures are"
            )
            yield Finding("imbalance", what, "note", count=max(kinds))


def _spellings(examples: Examples, given: Shaped[np.ndarray, " items"]) -> Iterator[Finding]:
    spelled: dict[str, list[str]] = defaultdict(list)
    for label in np.unique(given):
        spelled["".join(str(label).split()).casefold()].append(str(label))
    for labels in spelled.values():
        if len(labels) > 1:
            said = listed(map(repr, labels))
            names = tuple(np.array(examples.names)[np.isin(given, labels)].tolist())
            what = f"labels that differ only in capitals or blanks: {said}"
            yield Finding("spelling", what, "warning", names, len(labels))


def _counts(examples: Examples, given: Shaped[np.ndarray, " items"]) -> Iterator[Finding]:
    labels, firsts, counts = np.unique(given, return_index=True, return_counts=True)
    alone = firsts[counts == 1]
    if len(alone):
        said = listed(str(given[place]) for place in alone)
        have = "has" if len(alone) == 1 else "have"
        what = f"{len(alone)} of {len(counts)} identities {have} a single item, of use only as different: {said}"
        yield Finding("single", what, "note", tuple(examples.names[place] for place in alone), len(alone))
    useful = int((counts > 1).sum())
    if len(counts) >= 2 and 0 < useful < FEW_IDENTITIES:
        what = (
            f"{counted(useful, 'identity has', 'identities have')} 2 items or more, fewer than {FEW_IDENTITIES}: "
            "too few to set some aside for choosing the best epoch, and a threshold calibrated on so few promises "
            "little; add identities"
        )
        yield Finding("few_identities", what, "note", count=useful)
    pairs = counts * (counts - 1) // 2
    most = int(pairs.argmax())
    if useful >= FEWEST_TO_COMPARE and pairs[most] > pairs.sum() / 2:
        what = (
            f"the identity {labels[most]} has {counts[most]:,} items and so {pairs[most] / pairs.sum():.0%} of all "
            "same pairs: figures over pairs are mostly about it"
        )
        yield Finding("imbalance", what, "note", count=int(counts[most]))
