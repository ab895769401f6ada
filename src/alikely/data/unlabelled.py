"""Items of which nothing is known -> those to learn from and those to watch, with no group in both."""

from dataclasses import replace

import numpy as np

from alikely.data.splits import Fractions, Split, split
from alikely.errors import InputError, SettingsError, TooFewError
from alikely.types import Examples

FEWEST = 2  # items, to learn what is different


def without_useless_labels(examples: Examples, seed: int, fractions: Fractions) -> Examples:
    """The examples without labels and pairs that are too few for a split and to measure by; a note says so.

    Raises TooFewError for fewer than 2 items.
    """
    if len(examples) < FEWEST:
        raise TooFewError(f"found {len(examples)} item, but learning from views takes at least {FEWEST}; add items")
    if examples.unlabelled:
        return examples
    try:
        split(examples, seed, fractions)
    except (InputError, TooFewError) as error:
        note = f"nothing is measured or calibrated: {error}"
        return replace(examples, labels=None, pairs=None, notes=(*examples.notes, note))
    return examples


def split_items(examples: Examples, seed: int, validate_share: float) -> Split:
    """Learn from all items but `validate_share` of them (of the groups, where there are any), which are watched.

    The same way for the same seed and order of items. There is nothing to calibrate or test by. Where a share of them
    is less than 2 items, none are watched. Raises SettingsError for a share of 1 or more.
    """
    if not 0 <= validate_share < 1:
        raise SettingsError(f"validate_share is {validate_share:g}; it must be at least 0 and less than 1")
    units = np.arange(len(examples)) if examples.groups is None else np.unique(examples.groups, return_inverse=True)[1]
    shuffled = np.random.default_rng(seed).permutation(int(units.max()) + 1)
    watched = np.flatnonzero(np.isin(units, shuffled[: int(len(shuffled) * validate_share)]))
    learned = np.setdiff1d(np.arange(len(examples)), watched)
    if len(watched) < FEWEST or len(learned) < FEWEST:
        learned, watched = np.arange(len(examples)), np.arange(0)
    positions = {"train": learned, "validate": watched}
    return Split(
        train=examples.select(learned),
        validate=examples.select(watched) if len(watched) else None,
        calibrate=None,
        test=None,
        positions={name: places for name, places in positions.items() if len(places)},
        dropped_pairs=0,
    )
