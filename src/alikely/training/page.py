"""A finished training -> its report as a page."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from alikely.metrics import PairDistances, VerificationReport
from alikely.model import SiameseModel
from alikely.report import EpochPoint, Learning, report_html, report_of_model, report_unmeasured
from alikely.training.gather import Gathered
from alikely.training.history import History
from alikely.types import Examples

REPORT = "report.html"
MEASURED_ON = "identities that were used for nothing else"


@dataclass(frozen=True, eq=False)
class Tested:
    """The test identities, what the model makes of them, and how good that is."""

    examples: Examples
    embeddings: Float[np.ndarray, "items dim"]
    pairs: PairDistances
    report: VerificationReport


def page_of_training(
    name: str, model: SiameseModel, gathered: Gathered, tested: Tested | None, history: History
) -> str:
    """The page. `name` is the model's; without `tested` it tells of the training only."""
    learning = _learning(gathered, history) if history.epochs else None
    if tested is None:
        return report_html(report_unmeasured(name, model, learning, gathered.findings))
    content = report_of_model(
        name,
        model,
        tested.examples,
        tested.embeddings,
        tested.pairs,
        tested.report,
        measured_on=MEASURED_ON,
        learning=learning,
        findings=gathered.findings,
    )
    return report_html(content)


def _learning(gathered: Gathered, history: History) -> Learning:
    """The course of the training, what it was watched on, and whether that chose the best epoch."""
    epochs = tuple(EpochPoint(row.epoch, row.loss, row.eer, row.spearman) for row in history.epochs)
    scored = any(row.spearman is not None for row in epochs)
    chosen_by: Literal["EER", "Spearman"] | None = None
    if gathered.items.examples.unlabelled:
        watched = "two views of each held-back item, against views of others"
    elif "validate" not in gathered.split.positions:
        watched = "the calibration identities"
    else:
        watched = "held-back pairs" if scored else "held-back identities"
        measured = scored or any(row.eer is not None for row in epochs)
        chosen_by = ("Spearman" if scored else "EER") if measured else None
    return Learning(epochs, history.best, history.ended, history.alarms, watched, chosen_by)
