"""The whole way in a minute: some handwritten digits (they come with scikit-learn) teach, others are judged."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alikely.config import TrainSettings
from alikely.data.samples import write_digits
from alikely.data.sources import read_source
from alikely.errors import TooFewError
from alikely.folders import whole_folder
from alikely.metrics import VerificationReport
from alikely.training import train

# Ten identities only: each part gets three or four, and turned and mirrored digits teach as further ones.
SETTINGS = TrainSettings(
    loss="info_nce",
    size=32,
    epochs=3,
    new_classes="both",
    labels_per_batch=24,
    items_per_label=8,
    validate_share=0.0,
    calibrate_share=0.3,
    test_share=0.3,
)
SHOWN = 6  # decisions


@dataclass(frozen=True)
class Demo:
    """What the demo shows: the digits that the model had never seen, how it did, some decisions, where things lie."""

    model: Path
    digits: Path
    unseen: tuple[str, ...]
    report: VerificationReport
    decisions: tuple[tuple[str, str, str], ...]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "model": str(self.model),
            "digits": str(self.digits),
            "unseen": list(self.unseen),
            "evaluation": self.report.to_dict(),
            "decisions": [{"left": a, "right": b, "verdict": verdict} for a, b, verdict in self.decisions],
        }

    def next_steps(self) -> str:
        """What to type next, with files that are there."""
        left, right, _ = self.decisions[0]
        return (
            f"The model is {self.model}, the digits are {self.digits}. Next:\n"
            f"  alikely compare {self.model} {left} {right}\n"
            f"  alikely inspect {self.model}\n"
            f"  alikely train YOUR-FOLDER --out my-model      # one subfolder per identity"
        )


def run_demo(out: Path) -> Demo:
    """Write the digits to `out`/digits, train to `out`/model, decide about some pairs of digits never seen.

    A model of an earlier demo is replaced. Raises StorageError where `out` cannot be written.
    """
    digits, folder = out / "digits", out / "model"
    with whole_folder(digits) as partial:
        write_digits(partial)
    model, _, report = train(digits, SETTINGS, out=folder, overwrite=True)
    unseen = tuple(model.record["data"]["labels"]["test"])
    if report is None:
        raise TooFewError(f"{digits}: no digits were held back for the test")
    examples = read_source(digits)
    assert examples.labels is not None  # a folder of folders has labels
    chosen = np.random.default_rng(SETTINGS.seed)
    decisions = []
    for number in range(SHOWN):
        first = unseen[number % len(unseen)]
        second = first if number < SHOWN // 2 else unseen[(number + 1) % len(unseen)]
        left = int(chosen.choice(np.flatnonzero(examples.labels == first)))
        right = int(chosen.choice(np.setdiff1d(np.flatnonzero(examples.labels == second), [left])))
        verdict = model.compare(examples.items[left], examples.items[right])
        decisions.append((examples.names[left], examples.names[right], verdict.sentence()))
    return Demo(folder, digits, unseen, report, tuple(decisions))
