"""A finished search -> its best settings as TOML, its trials as CSV, and rows to print."""

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from alikely.config import TrainSettings
from alikely.folders import write_text

BEST, TRIALS = "best.toml", "trials.csv"


@dataclass(frozen=True)
class Trial:
    """One training of the search: what it changed in the settings, and the measure of its best epoch, if it got there.

    `ended`: done; pruned (given up early, since it was behind); or what went wrong.
    """

    number: int
    changes: Mapping[str, Any]
    value: float | None
    epochs: int
    ended: str
    seconds: float

    def said(self) -> str:
        """What it changed, in short: info_nce temperature=0.08 learning_rate=0.003 dim=64."""
        changes = self.changes
        words = [changes["loss"]] if "loss" in changes else []
        words += [f"{name}={value}" for name, value in changes.get("loss_settings", {}).items()]
        words += [f"learning_rate={changes['learning_rate']}"] if "learning_rate" in changes else []
        words += [f"dim={changes['encoder_settings']['dim']}"] if "encoder_settings" in changes else []
        return " ".join(words)


@dataclass(frozen=True)
class Again:
    """The settings as they were and the best ones, both trained anew on one other split."""

    seed: int
    start: float
    best: float


@dataclass(frozen=True)
class Tuned:
    """What `tune` gives. `settings` are the best ones, ready for `train`.

    `measure` is what was made small on held-back identities: their EER, or 1 - Spearman of scored pairs. The first of
    `trials` has the settings as they were. `again` are the same two on splits drawn anew: the best of many trials is
    better by luck, too, and only there it shows by how much. It is empty where the search found nothing better.
    """

    settings: TrainSettings
    measure: Literal["eer", "1 - spearman"]
    trials: tuple[Trial, ...]
    again: tuple[Again, ...]

    @property
    def start(self) -> Trial:
        """The trial with the settings as they were."""
        return self.trials[0]

    @property
    def best(self) -> Trial:
        """The first trial with the smallest value."""
        return best_of(self.trials)

    def rows(self) -> list[tuple[str, str, str]]:
        """For printing: (what, value, remark)."""
        start, best = self.start, self.best
        rows = [
            (f"{self.measure}, settings as they were", _figure(start.value), start.said()),
            (f"{self.measure}, best of {len(self.trials)} trials", _figure(best.value), best.said()),
        ]
        if self.again:
            seen = f"mean of {len(self.again)} splits drawn anew"
            befores, afters = [entry.start for entry in self.again], [entry.best for entry in self.again]
            rows.append((f"settings as they were, {seen}", f"{np.mean(befores):.4f}", _each(befores)))
            rows.append((f"best trial, {seen}", f"{np.mean(afters):.4f}", _each(afters)))
        return rows

    @property
    def better(self) -> bool:
        """Whether the best settings are to be taken: they are others, and won on splits drawn anew (if any)."""
        if self.best == self.start:
            return False
        return not self.again or bool(np.mean([entry.best - entry.start for entry in self.again]) < 0)

    def verdict(self) -> str:
        """Whether the search was of use, in words."""
        if self.best == self.start:
            return "no trial was better than the settings as they were: keep them"
        if not self.again:
            return "the best of several trials is better by luck, too: compare it with the settings as they were"
        won = sum(entry.best < entry.start for entry in self.again)
        if self.better:
            return f"on splits drawn anew the best settings won {won} of {len(self.again)} times, and on average"
        return "on splits drawn anew the best settings were no better on average: keep those you had"

    def to_csv(self) -> str:
        """The trials with a header: number, value, epochs, ended, seconds, and what each changed."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["trial", self.measure, "epochs", "ended", "seconds", "changed"])
        for trial in self.trials:
            value = "" if trial.value is None else f"{trial.value:.6f}"
            row = [trial.number, value, trial.epochs, trial.ended, f"{trial.seconds:.1f}", trial.said()]
            writer.writerow(row)
        return text.getvalue()

    def to_toml(self) -> str:
        """The best settings as a file for `alikely train --config`; what was never said stays unsaid."""
        said = self.settings.model_dump(mode="json", exclude_unset=True)
        comment = f"# {self.measure} on held-back identities: {_figure(self.best.value)}, best of {len(self.trials)}"
        lines = [f"{name} = {_toml(value)}" for name, value in said.items() if value is not None]
        return "\n".join([comment, f"# {self.verdict()}", *lines]) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "measure": self.measure,
            "start": self.start.value,
            "best": self.best.value,
            "settings": self.settings.model_dump(mode="json", exclude_unset=True),
            "again": [{"seed": entry.seed, "start": entry.start, "best": entry.best} for entry in self.again],
            "trials": [
                {"changes": dict(t.changes), "value": t.value, "epochs": t.epochs, "ended": t.ended}
                for t in self.trials
            ],
            "verdict": self.verdict(),
        }

    def write(self, folder: Path | str) -> None:
        """`best.toml` and `trials.csv` in the folder. Raises StorageError."""
        write_text(Path(folder) / BEST, self.to_toml())
        write_text(Path(folder) / TRIALS, self.to_csv())


def best_of(trials: tuple[Trial, ...]) -> Trial:
    """The first trial with the smallest value, of those that were trained to the end."""
    return min((trial for trial in trials if trial.ended == "done"), key=lambda trial: trial.value or 0.0)


def _figure(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}"


def _each(values: list[float]) -> str:
    return "each: " + ", ".join(f"{value:.4f}" for value in values)


def _toml(value: Any) -> str:
    """A value of the settings as TOML writes it."""
    if isinstance(value, Mapping):
        entries = (f"{_key(name)} = {_toml(entry)}" for name, entry in value.items() if entry is not None)
        return f"{{ {', '.join(entries)} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
