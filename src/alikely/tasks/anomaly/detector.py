"""Detector: items in; how rare each is among normal ones, whether it is an anomaly, and why, out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from alikely.calibration.record import percent_up
from alikely.contracts import Preparation
from alikely.data.items import name_of, read_all
from alikely.data.reading import prepare
from alikely.errors import BadItemsError, InputError, SettingsError
from alikely.metrics import percent
from alikely.tasks.anomaly.answers import Answer
from alikely.tasks.anomaly.columns import left_out, require_columns, used
from alikely.tasks.anomaly.conformal import Normality, bearable
from alikely.tasks.anomaly.measure import Measure
from alikely.types import Examples, Item, Kind

BATCH = 256  # items judged at once


@dataclass(frozen=True, eq=False)
class Judged:
    """The items of a source that could be read with what is said of each, and (name, problem) of the others."""

    items: tuple[Item, ...]
    answers: tuple[Answer, ...]
    skipped: tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class Detector:
    """What normal items are like, and how far held-back ones of them lie from that.

    measure: how far items are from normal.
    normality: the deviations of held-back normal items.
    rate: the false-alarm rate: at most this share of new normal items is called anomalous,
    confidence: in this share of all draws of held-back items; 0: on average over them.
    note: what was decided for the user, or nothing.
    skipped: items of the source that could not be read, and why.
    also_normal: how many of those that are remembered were picked, such as dismissed findings, and not drawn.
    """

    measure: Measure
    normality: Normality
    rate: float
    confidence: float
    note: str = ""
    skipped: tuple[tuple[str, str], ...] = ()
    also_normal: int = 0

    @property
    def preparation(self) -> Preparation:
        """How items are read."""
        return self.measure.preparation

    @property
    def kind(self) -> Kind:
        """What the items are."""
        return self.preparation.kind

    def threshold(self, rate: float | None = None, confidence: float | None = None) -> float:
        """The deviation above which an item is anomalous, at this false-alarm rate; without one, the detector's own.

        Raises CalibrationError where the held-back normal items cannot bear the rate, with how many it takes.
        """
        return self.normality.threshold(
            self.rate if rate is None else rate, self.confidence if confidence is None else confidence
        )

    def judge(
        self,
        items: Sequence[Item],
        rate: float | None = None,
        confidence: float | None = None,
        names: Sequence[str] | None = None,
    ) -> list[Answer]:
        """What is said of each item, in their order. `names` are what they are called; without them, as messages do.

        Raises InputError naming the first that cannot be read.
        """
        if isinstance(items, Item):
            raise InputError(f"judge takes a list of items, got the one item {name_of(items)}: put it in a list")
        called = [name_of(item, place) for place, item in enumerate(items)] if names is None else list(names)
        threshold, answers = self.threshold(rate, confidence), list[Answer]()
        for start in range(0, len(items), BATCH):
            some, said = items[start : start + BATCH], called[start : start + BATCH]
            read, problems = read_all(some, said, self.preparation.read_one)
            if problems:
                raise InputError(": ".join(problems[0]))
            batch = self.preparation.join([item for item in read if item is not None])
            answers += self._answers(some, said, batch, threshold)
        return answers

    def judge_source(
        self,
        examples: Examples,
        rate: float | None = None,
        skip_bad: bool = False,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> Judged:
        """What is said of each item of a source, and what could not be read.

        Raises BadItemsError with all items that cannot be read (with `skip_bad`: where none is left), InputError
        for columns that no row has, SettingsError for items of another kind.
        """
        if examples.kind != self.kind:
            raise SettingsError(f"the detector takes {self.kind}s, and these items are {examples.kind}s")
        require_columns(examples.items, self.preparation)
        threshold, answers = self.threshold(rate), list[Answer]()
        told = None if progress is None else lambda done, total: progress("reading", done, total)
        read, skipped = prepare(examples, self.preparation, skip_bad=skip_bad, progress=told)
        if len(read) == 0:
            raise BadItemsError(skipped, "None is left; name other items.")
        for start in range(0, len(read), BATCH):
            some = np.arange(start, min(start + BATCH, len(read)))
            of = read.examples.select(some)
            answers += self._answers(of.items, of.names, read.take(some), threshold)
            if progress is not None:
                progress("judging", len(answers), len(read))
        return Judged(read.examples.items, tuple(answers), tuple(skipped))

    def to_dict(self) -> dict[str, Any]:
        """What it was made of and where its threshold lies, for JSON."""
        return {
            "items": self.kind,
            **self.measure.counts(),
            "also_normal": self.also_normal,
            "held_back": len(self.normality.deviations),
            "independent": self.normality.units,
            "rate": self.rate,
            "confidence": self.confidence,
            "threshold": self.threshold(),
            "smallest_rate": bearable(self.normality.units, self.confidence, self.normality.grouped),
            "note": self.note,
            "warning": self.normality.weakness(self.rate, self.confidence),
            "columns": used(self.preparation),
            "columns_left_out": dict(left_out(self.preparation)),
            "skipped": [{"item": name, "problem": problem} for name, problem in self.skipped],
        }

    def rows(self) -> list[tuple[str, str]]:
        """The same for people: (name, value)."""
        told = self.to_dict()
        groups = f" of {told['independent']:,} groups" if self.normality.grouped else ""
        patches = f", {told['patches']:,} of their patches" if "patches" in told else ""
        sure = f", with {percent(self.confidence)} confidence" if self.confidence else ", on average"
        picked = [("of these, picked, such as dismissed findings", f"{self.also_normal:,}")] if self.also_normal else []
        columns = ", ".join(f"{name} ({kind})" for name, kind in told["columns"].items())
        return [
            ("items", f"{self.kind}s"),
            *([("columns", columns)] if columns else []),
            *((f"left out: {name}", why) for name, why in told["columns_left_out"].items()),
            ("normal ones that are remembered", f"{told['remembered']:,}" + patches),
            *picked,
            ("normal ones held back for the threshold", f"{told['held_back']:,}{groups}"),
            ("known anomalies", f"{told['anomalies']:,}"),
            ("false-alarm rate", f"at most {percent(self.rate)}{sure}"),
            ("smallest rate that they bear", percent_up(told["smallest_rate"])),
            ("threshold of the deviation", f"{told['threshold']:.4g}"),
        ]

    def _answers(self, items: Sequence[Item], names: Sequence[str], batch: Tensor, threshold: float) -> list[Answer]:
        far = self.measure.far(batch)
        chances = self.normality.p_values(far.deviation)
        answers = []
        for place, name in enumerate(names):
            deviation, nearest = float(far.deviation[place]), -1 if far.nearest is None else int(far.nearest[place])
            anomalous = deviation > threshold
            answers.append(
                Answer(
                    name=name,
                    anomalous=anomalous,
                    p_value=float(chances[place]),
                    deviation=deviation,
                    threshold=threshold,
                    distance=float(far.distance[place]),
                    nearest=None if far.nearest is None else self.measure.name_of(nearest),
                    # Parts are tried one by one, which is worth it where there is something to explain.
                    reasons=self.measure.reasons(items[place], batch[place], deviation, nearest) if anomalous else (),
                    map=None if far.maps is None else far.maps[place],
                )
            )
        return answers
