"""Examples -> everything that training needs of it: checked, read, split, and prepared as the training part asks."""

import csv
import io
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Int

from alikely.config import TrainSettings
from alikely.data.checks import Finding, check_examples, require_enough
from alikely.data.learned import learned_text
from alikely.data.preparations import draft_preparation
from alikely.data.reading import Prepared, prepare
from alikely.data.splits import Fractions, Split, split
from alikely.data.unlabelled import split_items, without_useless_labels
from alikely.encoders import brought_preparation
from alikely.item_words import lines_of
from alikely.losses import learns_from_views
from alikely.training.progress import Reporter
from alikely.types import Examples

SKIPPED = "skipped.csv"
MOST_KEPT = 100  # items that the model's record names of one finding
MEASURED = 5000  # items whose mean and deviation stand for all


@dataclass(frozen=True)
class Gathered:
    """Items and the parts of their split; what the checks found; what could not be read and why."""

    items: Prepared
    split: Split
    source: str
    findings: tuple[Finding, ...]
    skipped: tuple[tuple[str, str], ...]

    def part(self, name: str) -> Prepared | None:
        """The items of one part of the split: train, validate, calibrate or test; None where it has none."""
        positions = self.split.positions.get(name)
        return None if positions is None else self.items.select(positions)

    def record(self) -> dict[str, Any]:
        """What the model's folder says of its data."""
        return {
            "source": self.source,
            "items": len(self.items),
            "fingerprint": self.items.fingerprint(),
            "parts": self.split.describe(),
            "labels": self.split.labels(),
            "learned": learned_text(self._learned_from()),
            "skipped": len(self.skipped),
            "findings": [finding.to_dict(MOST_KEPT) for finding in self.findings],
        }

    def _learned_from(self) -> Examples:
        """The items to train on and to choose the best epoch by."""
        places = [places for part, places in self.split.positions.items() if part in ("train", "validate")]
        return self.items.examples.select(np.concatenate(places))

    def skipped_csv(self) -> str:
        """The items that were left out, as CSV: item, problem."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["item", "problem"])
        writer.writerows(self.skipped)
        return text.getvalue()


def gather(examples: Examples, source: str, settings: TrainSettings, skip_bad: bool, reporter: Reporter) -> Gathered:
    """Read, check and split examples from a `source`, which is only named. `settings` are resolved.

    Raises InputError, BadItemsError (unless `skip_bad`), TooFewError.
    """
    examples = _usable(examples, settings)
    brought = brought_preparation(
        str(settings.encoder), examples.kind, settings.encoder_settings, settings.of_preparation()
    )
    draft = brought or draft_preparation(examples.kind, examples.items, settings.of_preparation())
    items, skipped = prepare(
        examples,
        draft,
        0.0 if draft.rereads else settings.memory_gb,
        skip_bad,
        lambda done, total: reporter.done("reading", done, total),
    )
    if skipped:
        reporter.note(f"{len(skipped)} items that cannot be read are left out: {SKIPPED} lists them")
        items = replace(items, examples=_usable(items.examples, settings))
    parts = _split(items.examples, settings)
    findings = _checked(items, parts, reporter)
    if brought is None:  # else it is that of a network which has learned already
        items = _fitted(items, parts.positions["train"], settings)
    if examples.kind == "row":  # what a column was taken for is guessed, and can be corrected
        reporter.note("\n".join(lines_of(items.preparation)))
    return Gathered(items, parts, source, findings, tuple(skipped))


def _usable(examples: Examples, settings: TrainSettings) -> Examples:
    """The examples, if there is enough to learn from; what is known of them is left out where it is of no use."""
    if learns_from_views(str(settings.loss)):
        return without_useless_labels(examples, settings.seed, _fractions(settings))
    require_enough(examples)
    return examples


def _split(examples: Examples, settings: TrainSettings) -> Split:
    if examples.unlabelled:
        return split_items(examples, settings.seed, settings.validate_share)
    return split(examples, settings.seed, _fractions(settings))


def _fractions(settings: TrainSettings) -> Fractions:
    held_back = settings.validate_share + settings.calibrate_share + settings.test_share
    return Fractions(
        train=1 - held_back,
        validate=settings.validate_share,
        calibrate=settings.calibrate_share,
        test=settings.test_share,
    )


def _fitted(items: Prepared, train: Int[np.ndarray, " training"], settings: TrainSettings) -> Prepared:
    """The items as the preparation reads them that has been fitted to those to train on."""
    draft = items.preparation
    seen = train
    if len(train) > MEASURED:
        seen = np.random.default_rng(settings.seed).choice(train, MEASURED, replace=False)
    fitted = draft.fitted([items.examples.items[i] for i in train], [] if draft.rereads else items.each(seen))
    if draft.rereads:
        return prepare(items.examples, fitted, settings.memory_gb)[0]
    return replace(items, preparation=fitted)


def _checked(items: Prepared, parts: Split, reporter: Reporter) -> tuple[Finding, ...]:
    """What the checks find in the items and between the parts of their split; mistakes are told as alarms."""
    part = np.full(len(items), "", dtype="U9")
    for name, places in parts.positions.items():
        part[places] = name
    found = check_examples(
        items.examples,
        part,
        progress=lambda done, total: reporter.done("checking", done, total),
        preparation=items.preparation,
    )
    for finding in found:
        tell = reporter.note if finding.severity == "note" else reporter.alarm
        tell(f"data: {finding.what}")
    return tuple(found)
