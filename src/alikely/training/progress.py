"""What training tells while it runs: a bar with loss, pairs a second and time left, and a line per epoch."""

import sys
from types import TracebackType
from typing import Protocol, runtime_checkable

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from alikely.training.history import Epoch


@runtime_checkable
class Reporter(Protocol):
    """Who is told how far the training is."""

    def note(self, text: str) -> None:
        """Something worth knowing, once."""
        ...

    def alarm(self, text: str) -> None:
        """Something that goes wrong."""
        ...

    def done(self, phase: str, count: int, total: int) -> None:
        """How far a phase is: reading, embedding."""
        ...

    def begin(self, epochs: int) -> None:
        """Before the training: how many epochs there will be at the most."""
        ...

    def step(self, epoch: int, step: int, steps: int, loss: float, pairs_per_second: float) -> None:
        """After each step of training."""
        ...

    def epoch(self, epoch: Epoch, epochs: int) -> None:
        """After each epoch."""
        ...


class Silent:
    """Tells nobody anything."""

    def note(self, text: str) -> None:
        """Nothing."""

    def alarm(self, text: str) -> None:
        """Nothing."""

    def done(self, phase: str, count: int, total: int) -> None:
        """Nothing."""

    def begin(self, epochs: int) -> None:
        """Nothing."""

    def step(self, epoch: int, step: int, steps: int, loss: float, pairs_per_second: float) -> None:
        """Nothing."""

    def epoch(self, epoch: Epoch, epochs: int) -> None:
        """Nothing."""


class Terminal:
    """A bar on standard error while it is a terminal; the lines per epoch, notes and alarms everywhere."""

    def __init__(self) -> None:
        # Through sys.stderr at the time of use, so that who redirects it gets the lines.
        self.console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[said]}"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.task: TaskID | None = None
        self.phase = ""
        self.epochs = 1

    def __enter__(self) -> "Terminal":
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def note(self, text: str) -> None:
        """A line."""
        self.console.print(text, markup=False)

    def alarm(self, text: str) -> None:
        """A line that stands out."""
        self.console.print(f"warning: {text}", style="yellow", markup=False)

    def done(self, phase: str, count: int, total: int) -> None:
        """Move the bar of this phase."""
        self._move(phase, count, total, f"{count:,}/{total:,}")

    def begin(self, epochs: int) -> None:
        """Keep for the bar, which shows the whole training."""
        self.epochs = epochs

    def step(self, epoch: int, step: int, steps: int, loss: float, pairs_per_second: float) -> None:
        """Move the bar of the training."""
        said = f"epoch {epoch}/{self.epochs}  loss {loss:.4f}  {pairs_per_second:,.0f} pairs/s"
        self._move("training", (epoch - 1) * steps + step, self.epochs * steps, said)

    def epoch(self, epoch: Epoch, epochs: int) -> None:
        """A line."""
        self.console.print(epoch.line(epochs), markup=False)

    def _move(self, phase: str, count: int, total: int, said: str) -> None:
        if self.task is None or self.phase != phase:
            if self.task is not None:
                self.bar.remove_task(self.task)
            # A training that is resumed does not begin at 0; its speed is measured from where it begins.
            self.task, self.phase = self.bar.add_task(phase, total=total, completed=count, said=said), phase
        self.bar.update(self.task, completed=count, total=total, said=said)
