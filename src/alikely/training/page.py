"""A finished training -> its report as a page."""

from dataclasses import dataclass

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
    epochs = tuple(EpochPoint(row.epoch, row.loss, row.eer) for row in history.epochs)
    learning = Learning(epochs, history.best, history.ended, history.alarms) if epochs else None
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
