"""A source -> everything that training needs of it: checked, read, split, and prepared as the training part asks."""

import csv
import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from alikely.config import TrainSettings
from alikely.data.checks import Finding, check_examples, require_enough
from alikely.data.preparation import fit_preparation
from alikely.data.reading import Pictures, read_pictures
from alikely.data.sources import read_source
from alikely.data.splits import Fractions, Split, split
from alikely.training.progress import Reporter
from alikely.types import Examples

SKIPPED = "skipped.csv"
MOST_KEPT = 100  # items that the model's record names of one finding
MEASURED = 5000  # pictures whose mean and deviation stand for all


@dataclass(frozen=True)
class Gathered:
    """Pictures and the parts of their split; what the checks found; what could not be read and why."""

    pictures: Pictures
    split: Split
    source: str
    findings: tuple[Finding, ...]
    skipped: tuple[tuple[str, str], ...]

    def part(self, name: str) -> Pictures | None:
        """The pictures of one part of the split: train, validate, calibrate or test; None where it has none."""
        positions = self.split.positions.get(name)
        return None if positions is None else self.pictures.select(positions)

    def record(self) -> dict[str, Any]:
        """What the model's folder says of its data."""
        return {
            "source": self.source,
            "items": len(self.pictures),
            "fingerprint": self.pictures.fingerprint(),
            "parts": self.split.describe(),
            "labels": self.split.labels(),
            "skipped": len(self.skipped),
            "findings": [finding.to_dict(MOST_KEPT) for finding in self.findings],
        }

    def skipped_csv(self) -> str:
        """The items that were left out, as CSV: item, problem."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["item", "problem"])
        writer.writerows(self.skipped)
        return text.getvalue()


def gather(source: Path | str | Examples, settings: TrainSettings, skip_bad: bool, reporter: Reporter) -> Gathered:
    """Read, check and split a source. `settings` are resolved.

    Raises InputError, BadItemsError (unless `skip_bad`), TooFewError.
    """
    examples = source if isinstance(source, Examples) else read_source(source)
    require_enough(examples)
    assert settings.size is not None  # resolved
    preparation = fit_preparation(
        examples.items, settings.size, colour=settings.colour, shape=settings.shape, light=settings.light
    )
    pictures, skipped = read_pictures(
        examples, preparation, settings.memory_gb, skip_bad, lambda done, total: reporter.done("reading", done, total)
    )
    if skipped:
        reporter.note(f"{len(skipped)} items that cannot be read are left out: {SKIPPED} lists them")
        require_enough(pictures.examples)
    held_back = settings.validate_share + settings.calibrate_share + settings.test_share
    shares = Fractions(
        train=1 - held_back,
        validate=settings.validate_share,
        calibrate=settings.calibrate_share,
        test=settings.test_share,
    )
    parts = split(pictures.examples, settings.seed, shares)
    findings = _checked(pictures.examples, parts, reporter)
    train = parts.positions["train"]
    seen = (
        train if len(train) <= MEASURED else np.random.default_rng(settings.seed).choice(train, MEASURED, replace=False)
    )
    pictures = replace(pictures, preparation=preparation.standardised(pictures.take(seen)))
    name = str(source) if isinstance(source, Path | str) else f"{len(examples)} examples given from Python"
    return Gathered(pictures, parts, name, findings, tuple(skipped))


def _checked(examples: Examples, parts: Split, reporter: Reporter) -> tuple[Finding, ...]:
    """What the checks find in the items and between the parts of their split; mistakes are told as alarms."""
    part = np.full(len(examples), "", dtype="U9")
    for name, places in parts.positions.items():
        part[places] = name
    found = check_examples(examples, part, progress=lambda done, total: reporter.done("checking", done, total))
    for finding in found:
        tell = reporter.note if finding.severity == "note" else reporter.alarm
        tell(f"data: {finding.what}")
    return tuple(found)
