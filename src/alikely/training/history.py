"""What happened in each epoch -> rows, a CSV file, and the words of the progress line."""

import csv
import io
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True)
class Epoch:
    """One epoch: mean loss, EER of held-back identities (None without any), last learning rate, pairs a second.

    `spearman` is there where held-back pairs have scores: how well the distances agree with them.
    """

    epoch: int
    loss: float
    eer: float | None
    learning_rate: float
    pairs_per_second: float
    seconds: float
    spearman: float | None = None

    @property
    def badness(self) -> float | None:
        """What decides which epoch is best, the smaller the better: 1 - Spearman where there are scores, else EER."""
        return self.eer if self.spearman is None else 1 - self.spearman

    def line(self, epochs: int) -> str:
        """The epoch as one line for people."""
        eer = "" if self.eer is None else f"  eer {self.eer:.4f}"
        eer = eer if self.spearman is None else f"  spearman {self.spearman:.4f}"
        return (
            f"epoch {self.epoch:>{len(str(epochs))}}/{epochs}  loss {self.loss:.4f}{eer}  "
            f"{self.pairs_per_second:,.0f} pairs/s  {self.seconds:.1f} s"
        )


@dataclass(frozen=True)
class History:
    """All epochs of a training, the alarms that were raised, and how it ended.

    `best` is the number of the epoch whose weights the model has. `ended`: all epochs, early stop or interrupted.
    """

    epochs: tuple[Epoch, ...]
    alarms: tuple[str, ...]
    best: int
    ended: str
    seconds: float

    def to_csv(self) -> str:
        """The epochs as CSV with a header."""
        return epochs_to_csv(self.epochs)


def epochs_to_csv(epochs: tuple[Epoch, ...]) -> str:
    """One line an epoch, with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [f.name for f in fields(Epoch)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(epoch) for epoch in epochs)
    return text.getvalue()
