"""Training items and settings -> the plan of an epoch: which items in which batch, and how each is seen."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Int, Shaped
from torch import Tensor

from alikely.config import TrainSettings
from alikely.contracts import Augmentation
from alikely.data.augmentations import build_augmentation
from alikely.data.batches import LabelAndPairBatches, LabelBatches, PairBatches, ViewBatches
from alikely.data.reading import Prepared
from alikely.data.symmetries import symmetries_of, turn
from alikely.errors import SettingsError
from alikely.losses import compares_earlier, learns_from_views
from alikely.model import as_floats, finished
from alikely.types import Batch, Pairs


@runtime_checkable
class Batches(Protocol):
    """A seeded plan of batches: the same for the same epoch, whatever came before it."""

    @property
    def batches_per_epoch(self) -> int:
        """The same for every epoch."""
        ...

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of epoch `number`."""
        ...


@dataclass(frozen=True)
class Plan:
    """What is learned from in an epoch: every item, or two views of each; pictures in each of their symmetries.

    With the `symmetries` s0, s1 ... of `new_classes`, picture i turned by symmetry k is item k * len(items) + i of
    the batches; its label and group are not those of the picture as it is, but new ones. `classes` counts all labels.
    """

    items: Prepared
    batches: Batches
    classes: int
    augmentation: Augmentation
    symmetries: tuple[int, ...]

    def seen(self, batch: Batch, device: torch.device, generator: torch.Generator) -> Tensor:
        """The batch as the encoder takes it: turned as its items say, and augmented by draws from the generator."""
        turns, places = np.divmod(batch.items, len(self.items))
        items = as_floats(self.items.take(places).to(device))
        if len(self.symmetries) > 1:
            items = turn(items, torch.from_numpy(np.array(self.symmetries)[turns]).to(device))
        return finished(self.items.preparation, self.augmentation(items, generator))


def plan_training(items: Prepared, settings: TrainSettings) -> Plan:
    """The plan that the settings ask for. Raises SettingsError for what does not fit together."""
    examples, symmetries = items.examples, symmetries_of(settings.new_classes)
    turns = len(symmetries)
    classes = 0
    batches: LabelBatches | PairBatches | LabelAndPairBatches | ViewBatches
    if learns_from_views(str(settings.loss)):
        _require_views(settings)
        batches = ViewBatches(len(examples) * turns, settings.items_per_batch, settings.seed)
    elif examples.labels is not None:
        labels = _anew_for_each_turn(examples.labels, turns)
        classes = int(labels.max()) + 1
        batches = LabelBatches(
            labels=labels,
            groups=None if examples.groups is None else _anew_for_each_turn(examples.groups, turns),
            labels_per_batch=settings.labels_per_batch,
            items_per_label=settings.items_per_label,
            groups_per_batch=settings.groups_per_batch,
            seed=settings.seed,
            draw=settings.draw,
        )
        if examples.pairs is not None and len(examples.pairs):
            batches = LabelAndPairBatches(batches, _pair_batches(examples.pairs, len(examples), turns, settings))
    else:
        assert examples.pairs is not None  # examples have labels or pairs
        batches = _pair_batches(examples.pairs, len(examples), turns, settings)
    _require_labels_where_needed(settings, isinstance(batches, LabelBatches))
    return Plan(items, batches, classes, build_augmentation(examples.kind, settings.of_augmentation()), symmetries)


def _require_views(settings: TrainSettings) -> None:
    """Raise SettingsError where the two views of an item would be one and the same."""
    if settings.of_augmentation() in ("none", {}) or settings.items == "embedding":
        unseen = "embeddings cannot be augmented" if settings.items == "embedding" else "augment is none"
        raise SettingsError(
            f"loss {settings.loss} learns from two views of each item, and {unseen}, so that both views are the same; "
            + ("choose a loss that learns from labels" if settings.items == "embedding" else "set augment = 'strong'")
        )


def _require_labels_where_needed(settings: TrainSettings, labelled: bool) -> None:
    """Raise SettingsError for settings that would do nothing here."""
    for name in ("hard_negatives", "remembered"):
        if getattr(settings, name) and not labelled:
            raise SettingsError(f"{name} needs labels and no pairs beside them to learn from; leave it out")
    if settings.remembered and not compares_earlier(str(settings.loss)):
        raise SettingsError(
            f"loss {settings.loss} compares no distances within a batch, so that remembered does nothing; leave it out"
        )


def _pair_batches(known: Pairs, items: int, turns: int, settings: TrainSettings) -> PairBatches:
    """Batches of the pairs in each symmetry, of which each has units of its own."""
    turn = np.repeat(np.arange(turns), len(known))
    units = None if known.units is None else np.tile(known.units, turns) + turn * (int(known.units.max()) + 1)
    pairs = Pairs(
        np.tile(known.left, turns) + turn * items,
        np.tile(known.right, turns) + turn * items,
        np.tile(known.same, turns),
        score=None if known.score is None else np.tile(known.score, turns),
        units=units,
    )
    return PairBatches(pairs, settings.pairs_per_batch, settings.seed)


def _anew_for_each_turn(names: Shaped[np.ndarray, " items"], turns: int) -> Int[np.ndarray, " turned"]:
    numbers = np.unique(names, return_inverse=True)[1]
    count = int(numbers.max()) + 1
    return np.concatenate([numbers + number * count for number in range(turns)])
