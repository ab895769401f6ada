"""The whole way in a minute: some handwritten digits (they come with scikit-learn) teach, others are judged."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from alikely.config import TrainSettings
from alikely.contracts import Distance
from alikely.data.pictures import open_picture
from alikely.data.samples import write_digits
from alikely.data.sources import read_source
from alikely.decision import Decision
from alikely.distances import Euclidean
from alikely.errors import StorageError
from alikely.folders import whole_folder
from alikely.metrics import Verification, VerificationReport, all_pairs, percent
from alikely.training.progress import Silent
from alikely.training.train import Trained, train
from alikely.types import Examples, Item

# How these were chosen, and what else was tried: docs/decisions/0007-demo.md. The seed was not chosen.
# Five digits teach (turned and mirrored, forty), two calibrate, three are judged: much learning from so few only makes
# the encoder forget what sets other digits apart.
SETTINGS = TrainSettings(
    encoder_settings={"depth": 1, "width": 256, "dim": 512},
    loss="cosface",
    loss_settings={"scale": 8.0},
    size=8,
    new_classes="both",
    epochs=1,
    labels_per_batch=40,
    items_per_label=6,
    learning_rate=4e-3,
    validate_share=0.0,
    calibrate_share=0.2,
    test_share=0.3,
    fmr=0.05,
    confidence=0.0,  # two digits to calibrate on can promise nothing of others
)
# Trained anew with these seeds, other digits are held back. The settings were chosen with the seeds 1 to 10.
OTHER_SEEDS = (11, 12, 13, 14, 15)
OUT = Path("alikely-demo")
SHOWN = 8  # decisions: half about the same digit, half about different ones


@dataclass(frozen=True)
class Shown:
    """A decision about two pictures of digits never seen. `left` and `right` are their paths below the digits."""

    left: str
    right: str
    same: bool
    decision: Decision

    def row(self) -> tuple[str, ...]:
        """For printing: left, right, verdict (and where it is wrong), probability of same, distance."""
        wrong = (self.decision.verdict == "same") != self.same
        return (
            self.left,
            self.right,
            f"{self.decision.verdict}{' (wrong)' if wrong else ''}",
            f"{min(max(self.decision.probability, 0.01), 0.99):.2f}",  # rounding must not make it certain
            f"{self.decision.distance:.3f}",
        )


@dataclass(frozen=True)
class HeldBack:
    """Digits that a model has never seen, and the EER of all pairs of their pictures: 0..1, smaller is better.

    `pixels` is the EER of the same pairs by the euclidean distance of their pixels: what learning has to beat.
    """

    digits: tuple[str, ...]
    eer: float
    pixels: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"digits": list(self.digits), "eer": self.eer, "pixels": self.pixels}


@dataclass(frozen=True)
class Demo:
    """What the demo shows: how the model did on digits that it had never seen, some decisions, where things lie.

    `others` are what other models did, for which other digits were held back.
    """

    model: Path
    digits: Path
    held_back: HeldBack
    report: VerificationReport
    others: tuple[HeldBack, ...]
    decisions: tuple[Shown, ...]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        decisions = [
            {"left": shown.left, "right": shown.right, "same": shown.same, **shown.decision.to_dict()}
            for shown in self.decisions
        ]
        return {
            "model": str(self.model),
            "digits": str(self.digits),
            "held_back": self.held_back.to_dict(),
            "evaluation": self.report.to_dict(),
            "others": [other.to_dict() for other in self.others],
            "decisions": decisions,
        }

    def rows(self) -> list[tuple[str, str, str]]:
        """For printing: (name, value, interval or remark); the plain pixels stand below the EER."""
        eer, *others = self.report.rows()
        return [
            eer,
            ("EER of plain pixels", percent(self.held_back.pixels), "the same pairs, nothing learned"),
            *others,
        ]

    def other_rows(self) -> list[tuple[str, str, str]]:
        """For printing: digits held back, EER, EER of plain pixels; last the mean over all, the demo's own included."""
        splits = (self.held_back, *self.others)
        rows = [(", ".join(split.digits), percent(split.eer), percent(split.pixels)) for split in splits]
        means = [float(np.mean([getattr(split, name) for split in splits])) for name in ("eer", "pixels")]
        return [*rows, ("mean", percent(means[0]), percent(means[1]))]

    def verdicts(self) -> str:
        """How often the verdicts about all pairs were right, in a line."""
        report, found = self.report, self.report.at_threshold
        assert found is not None  # the digits suffice for a calibration
        return (
            f"Of all {report.same_pairs:,} same pairs {percent(1 - found.fnmr)} are called same, "
            f"of all {report.different_pairs:,} different pairs {percent(1 - found.fmr)} different."
        )

    @property
    def fmr(self) -> float:
        """The false-match rate that the model's threshold was set for."""
        return self.decisions[0].decision.fmr

    def next_steps(self, command: str = "alikely") -> str:
        """What to type next, with files that are there; `command` is how this program is called."""
        model, left, right = (
            shlex.quote(str(path))
            for path in (self.model, self.digits / self.decisions[0].left, self.digits / self.decisions[0].right)
        )
        out = self.model.parent
        serve = f"{command} demo --serve" + ("" if out == OUT else f" --out {shlex.quote(str(out))}")
        return (
            f"The model is {self.model}, the digits are {self.digits}. Next:\n"
            f"  {command} compare {model} {left} {right}\n"
            f"  {command} inspect {model}      # and open {self.model / 'report.html'} in a browser\n"
            f"  {serve}      # look at it all on a page in your browser\n"
            f"  {command} train YOUR-FOLDER --out my-model      # one subfolder per identity"
        )


def run_demo(out: Path) -> Demo:
    """Write the digits to `out`/digits, train to `out`/model, decide about some pairs of digits never seen.

    What an earlier demo wrote is replaced. Raises StorageError where something else lies there, or where `out` cannot
    be written.
    """
    digits, folder = out / "digits", out / "model"
    with whole_folder(digits) as partial:
        write_digits(partial)
        if digits.exists() and _files(digits) != _files(partial):
            raise StorageError(
                f"{digits}: is there already, and is not what the demo writes; remove it, or name another folder: --out"
            )
    trained = train(digits, SETTINGS, out=folder, overwrite=True)
    examples, model = read_source(digits), trained.model
    report, held_back = trained.report, judged(trained, examples)
    assert report is not None  # SETTINGS hold digits back
    unseen, labels = labelled(examples, held_back.digits)
    decisions = []
    for left, right in some_pairs(labels, SHOWN, SETTINGS.seed):
        names = [Path(unseen.names[place]).relative_to(digits).as_posix() for place in (left, right)]
        decision = model.compare(unseen.items[left], unseen.items[right])
        decisions.append(Shown(names[0], names[1], bool(labels[left] == labels[right]), decision))
    anew = [SETTINGS.model_copy(update={"seed": seed}) for seed in OTHER_SEEDS]
    return Demo(
        model=folder,
        digits=digits,
        held_back=held_back,
        report=report,
        others=tuple(judged(train(examples, settings, reporter=Silent()), examples) for settings in anew),
        decisions=tuple(decisions),
    )


def judged(trained: Trained, examples: Examples) -> HeldBack:
    """How a model that was trained on some of these digits did on those held back, beside their plain pixels."""
    report = trained.report
    assert report is not None  # SETTINGS hold digits back
    assert report.eer.value is not None
    digits = tuple(trained.model.record["data"]["labels"]["test"])
    unseen, labels = labelled(examples, digits)
    return HeldBack(digits, report.eer.value, plain_pixels(unseen.items, labels, Euclidean()).eer)


def labelled(examples: Examples, wanted: Sequence[str]) -> tuple[Examples, Shaped[np.ndarray, " items"]]:
    """The examples that have one of the wanted labels, and their labels."""
    assert examples.labels is not None  # asked of digits only
    kept = examples.select(np.flatnonzero(np.isin(examples.labels, wanted)))
    assert kept.labels is not None
    return kept, kept.labels


def plain_pixels(items: Sequence[Item], labels: Shaped[np.ndarray, " items"], distance: Distance) -> Verification:
    """How well a distance between the pixels of two grey pictures, all of one size, tells whether they are the same."""
    rows = np.stack([np.asarray(open_picture(item), np.float32).ravel() for item in items]) / 255
    pairs = all_pairs(rows, labels, distance)
    return Verification.from_distances(pairs.same, pairs.different)


def some_pairs(labels: Shaped[np.ndarray, " items"], count: int, seed: int) -> list[tuple[int, int]]:
    """Positions of `count` pairs at random: half of them with the same label, then half with different ones."""
    draw = np.random.default_rng(seed)
    pairs = []
    for number in range(count):
        left = int(draw.integers(len(labels)))
        alike = labels == labels[left]
        fitting = alike if number < count // 2 else ~alike
        pairs.append((left, int(draw.choice(np.setdiff1d(np.flatnonzero(fitting), [left])))))
    return pairs


def _files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*")}
