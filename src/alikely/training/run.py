"""Epochs -> History: until all are done, the EER stops falling, or the user stops it; with checkpoints."""

from dataclasses import asdict
from pathlib import Path
from time import perf_counter

import numpy as np

from alikely.data.reading import Prepared
from alikely.folders import write_text
from alikely.metrics import Verification, known_distances, spearman
from alikely.model import distances_of_examples
from alikely.training.alarms import alarms_of_epoch, learned_by_heart
from alikely.training.checkpoint import (
    Checkpoint,
    named,
    network_tensors,
    optimizer_tensors,
    read_checkpoint,
    restore_network,
    restore_optimizer,
    write_checkpoint,
)
from alikely.training.history import Epoch, History, epochs_to_csv
from alikely.training.learner import Learner
from alikely.training.progress import Reporter
from alikely.training.trackers import Trackers

WATCHED_ITEMS = 2000  # at most so many held-back items are embedded after each epoch

METRICS = "metrics.csv"


class Run:
    """One training from its first epoch, or from its checkpoint, to its end.

    `watched` are held-back items whose EER is told after each epoch; where `deciding`, it also chooses the epoch
    whose weights are kept, and when to stop.
    """

    def __init__(
        self, learner: Learner, watched: Prepared | None, deciding: bool, folder: Path | None, fingerprint: str
    ) -> None:
        self.learner, self.deciding, self.folder, self.fingerprint = learner, deciding, folder, fingerprint
        self.watched = None if watched is None else _some(watched, learner.settings.seed)
        self.epochs: list[Epoch] = []
        self.alarms: list[str] = []
        self.best = 0
        self.least = float("inf")
        self.best_tensors = named("best", network_tensors(learner.modules))

    def resume(self) -> None:
        """Go on from the checkpoint in the folder. Raises ModelError or SettingsError where that cannot be."""
        assert self.folder is not None  # resuming is offered only where there is a folder
        saved = read_checkpoint(self.folder, self._settings(), self.fingerprint)
        restore_network(self.learner.modules, saved.part("weights"))
        restore_optimizer(self.learner.optimizer, saved.part("optimizer"))
        self.best_tensors = {f"best.{name}": tensor for name, tensor in saved.part("best").items()}
        self.epochs = [Epoch(**row) for row in saved.state["epochs"]]
        self.alarms = list(saved.state["alarms"])
        self.best = saved.state["best"]
        self.least = float("inf") if saved.state["least"] is None else saved.state["least"]

    def learn(self, reporter: Reporter, trackers: Trackers) -> History:
        """Train to the end; the learner has the weights of the best epoch then."""
        settings = self.learner.settings
        ended = "all epochs"
        reporter.begin(settings.epochs)
        try:
            for number in range(len(self.epochs) + 1, settings.epochs + 1):
                if self._stalled():
                    ended = "early stop"
                    break
                self._epoch(number, reporter, trackers)
        except KeyboardInterrupt:
            ended = "interrupted"
            reporter.note("stopped by the user: the model is made of what has been learned so far")
        if self.best:
            restore_network(
                self.learner.modules, {name.removeprefix("best."): t for name, t in self.best_tensors.items()}
            )
        if 0 < self.best < len(self.epochs):
            chosen_by = "eer was the lowest" if self.epochs[-1].spearman is None else "spearman was the highest"
            several = sum(row.badness == self.least for row in self.epochs) > 1
            whose = f"{'the last of those ' if several else ''}whose {chosen_by}"
            reporter.note(f"the model has the weights of epoch {self.best}, {whose}")
        errors = [row.badness for row in self.epochs if row.badness is not None]
        alarm = learned_by_heart([row.loss for row in self.epochs], errors) if len(errors) == len(self.epochs) else None
        if alarm is not None:
            self.alarms.append(alarm)
            reporter.alarm(alarm)
        seconds = sum(epoch.seconds for epoch in self.epochs)
        return History(tuple(self.epochs), tuple(self.alarms), self.best, ended, seconds)

    def _epoch(self, number: int, reporter: Reporter, trackers: Trackers) -> None:
        learner, started = self.learner, perf_counter()
        steps = learner.steps_per_epoch
        done = learner.epoch(number, lambda step, loss, speed: reporter.step(number, step, steps, loss, speed))
        for alarm in alarms_of_epoch(done.losses, done.spreads, learner.settings.loss or ""):
            if alarm not in self.alarms:
                self.alarms.append(alarm)
                reporter.alarm(alarm)
        eer, agreed = self._watch()
        row = Epoch(
            epoch=number,
            loss=float(np.mean(done.losses)),
            eer=eer,
            learning_rate=done.learning_rate,
            pairs_per_second=done.pairs / done.seconds,
            seconds=perf_counter() - started,
            spearman=agreed,
        )
        best, least, best_tensors = self.best, self.least, self.best_tensors
        # Of equally good epochs the last: it has learned the most.
        if not self.deciding or row.badness is None or row.badness <= self.least:
            best, least = number, float("inf") if row.badness is None else row.badness
            best_tensors = named("best", network_tensors(learner.modules))
        # From here on the epoch counts, all of it: a Ctrl-C before this line loses it, after it keeps it.
        self.best, self.least, self.best_tensors = best, least, best_tensors
        self.epochs.append(row)
        self._save()
        reporter.epoch(row, learner.settings.epochs)
        trackers.log(row)

    def _watch(self) -> tuple[float | None, float | None]:
        """The EER of the held-back items, and where their pairs have scores, Spearman's correlation with these."""
        if self.watched is None:
            return None, None
        distance, examples = self.learner.distance, self.watched.examples
        embeddings, pairs = self.learner.embed(self.watched), self.watched.examples.pairs
        agreed = None
        if pairs is not None and pairs.score is not None and len(pairs):
            agreed = spearman(known_distances(embeddings, pairs, distance), pairs.score)
        found = distances_of_examples(embeddings, examples, distance)
        if len(found.same) == 0 or len(found.different) == 0:
            return None, agreed
        return Verification.from_distances(found.same, found.different).eer, agreed

    def _stalled(self) -> bool:
        """Whether the patience is at an end; an epoch that is as good as the best one does not lengthen it."""
        patience = self.learner.settings.patience
        better = next((row.epoch for row in self.epochs if row.badness == self.least), self.best)
        return self.deciding and patience is not None and len(self.epochs) - better >= patience

    def _save(self) -> None:
        if self.folder is None:
            return
        learner = self.learner
        tensors = {
            **named("weights", network_tensors(learner.modules)),
            **named("optimizer", optimizer_tensors(learner.optimizer)),
            **self.best_tensors,
        }
        state = {
            "settings": self._settings(),
            "fingerprint": self.fingerprint,
            "epochs": [asdict(epoch) for epoch in self.epochs],
            "alarms": self.alarms,
            "best": self.best,
            "least": None if self.least == float("inf") else self.least,
        }
        write_checkpoint(self.folder, Checkpoint(tensors, state))
        write_text(self.folder / METRICS, epochs_to_csv(tuple(self.epochs)))

    def _settings(self) -> dict[str, object]:
        return self.learner.settings.model_dump(mode="json")


def _some(items: Prepared, seed: int) -> Prepared:
    if len(items) <= WATCHED_ITEMS:
        return items
    chosen = np.random.default_rng(seed).choice(len(items), WATCHED_ITEMS, replace=False)
    return items.select(np.sort(chosen))
