"""Settings and training items -> the encoder that learns, and of one whose first part stays as it is only the head.

Encoders come by name, as the user's own class (`module:Class`), or ready made from Python.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from alikely.config import TrainSettings
from alikely.contracts import Encoder, Starting
from alikely.data.embeddings import EmbeddingPreparation
from alikely.data.reading import Prepared
from alikely.encoders import build_encoder, default_settings
from alikely.encoders.own import own_encoder, require_rows
from alikely.errors import SettingsError
from alikely.model import BATCH, finished
from alikely.own_code import is_own
from alikely.training.progress import Reporter

TRIED = 2  # items that go through an encoder of the user's own before it learns


def make_encoder(given: nn.Module | None, items: Prepared, settings: TrainSettings) -> nn.Module:
    """The encoder for these items: `given`, where there is one, else a new one as the (resolved) settings say.

    Raises SettingsError for settings that do not fit, and says which part of the contract an encoder does not meet.
    """
    name, facts = str(settings.encoder), items.preparation.facts()
    if given is None and not is_own(name):
        return build_encoder(name, {**default_settings(name, facts), **settings.encoder_settings})
    encoder = own_encoder(name, facts, settings.encoder_settings) if given is None else given
    some = finished(items.preparation, items.take(np.arange(min(TRIED, len(items)))))
    require_rows(encoder, name if given is None else type(given).__name__, some)
    return encoder


def start_from(items: Prepared, encoder: nn.Module) -> None:
    """Let an encoder that finds weights in the training items at once do so.

    Raises SettingsError where it needs labels and there are none.
    """
    if not isinstance(encoder, Starting):
        return
    labels = items.examples.labels
    if labels is None:
        raise SettingsError(
            f"the encoder {type(encoder).__name__.lower()} learns from labels, and the items have none; "
            "give them (folders, a column `label`), or choose another encoder"
        )
    pieces = [
        finished(items.preparation, items.take(np.arange(start, min(start + BATCH, len(items)))))
        for start in range(0, len(items), BATCH)
    ]
    encoder.start(torch.cat(pieces), np.unique(labels, return_inverse=True)[1])


class Learning(NamedTuple):
    """What learns, the items as it takes them, and the held-back items that are watched, in the same way."""

    encoder: nn.Module
    items: Prepared
    watched: Prepared | None


def what_learns(
    encoder: nn.Module, items: Prepared, watched: Prepared | None, settings: TrainSettings, reporter: Reporter
) -> Learning:
    """The encoder with its items; or, where only its head learns and no item is changed on the way, the head with what
    it is given for each item, computed once and kept in memory.

    The head is a part of the encoder, so that what it learns the encoder knows.
    """
    fixed = bool(getattr(encoder, "fixed", False)) and isinstance(getattr(encoder, "head", None), Encoder)
    unchanged = settings.of_augmentation() in ("none", {}) and settings.new_classes == "none"
    if not (fixed and unchanged):
        return Learning(encoder, items, watched)
    together = len(items) + (0 if watched is None else len(watched))
    once = _features(encoder, items, 0, together, reporter)
    known = None if watched is None else _features(encoder, watched, len(items), together, reporter)
    return Learning(encoder.head, once, known)  # type: ignore[arg-type]


def learns(*parts: object) -> bool:
    """Whether any of these has a weight that can change."""
    modules = [part for part in parts if isinstance(part, nn.Module)]
    return any(weights.requires_grad for module in modules for weights in module.parameters())


def _features(encoder: nn.Module, items: Prepared, before: int, total: int, reporter: Reporter) -> Prepared:
    """What the encoder's head is given for each item, as items of their own."""
    encoder.eval()
    rows = []
    with torch.no_grad():
        for start in range(0, len(items), BATCH):
            end = min(start + BATCH, len(items))
            batch = finished(items.preparation, items.take(np.arange(start, end)))
            rows.append(encoder.features(batch).float())  # type: ignore[operator]
            reporter.done("computing once", before + end, total)
    stored = torch.cat(rows)
    examples = replace(items.examples, kind="embedding")
    return Prepared(examples, EmbeddingPreparation(stored.shape[1]), stored, np.arange(len(items)))
