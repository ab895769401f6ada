"""The whole way in a minute: invented signs teach, and handwritten digits, none of them ever seen, are judged."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped

from alikely.config import TrainSettings
from alikely.data.pictures import open_picture
from alikely.data.samples import write_digits, write_pictures
from alikely.data.signs import invented_signs
from alikely.data.sources import read_source
from alikely.decision import Decision
from alikely.distances import Euclidean
from alikely.errors import StorageError
from alikely.evaluation import evaluate
from alikely.folders import whole_folder
from alikely.metrics import Verification, VerificationReport, all_pairs, n_way_k_shot, percent
from alikely.model import SiameseModel
from alikely.training.train import train
from alikely.types import Examples

# How these were chosen, by other writing than the digits: docs/decisions/0007-demo.md. The seed was not chosen.
SIGNS, DRAWINGS = 800, 15
SETTINGS = TrainSettings(
    encoder_settings={"depth": 2, "width": 64, "dim": 128},
    loss="info_nce",
    size=8,
    epochs=4,
    labels_per_batch=60,
    learning_rate=3e-3,
    test_share=0.1,
    fmr=0.05,
)
RATES = (0.1, 0.05, 0.01)  # of false matches, that thresholds are asked to keep
SHOTS, DRAWS = 5, 10  # pictures of each digit that are known, and how often these are drawn
OUT = Path("alikely-demo")
MEANINGS = (  # of the figures' names
    "FMR: the share of different pairs that are taken for the same. FNMR: the share of same pairs that are missed. "
    "EER: both of them, where they are equal. AUC: how often a same pair is nearer than a different one."
)
SHOWN = 8  # decisions: half about the same digit, half about different ones


@dataclass(frozen=True)
class Shown:
    """A decision about two pictures of digits. `left` and `right` are their paths below the digits."""

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
class Kept:
    """A false-match rate that was asked for, and what its threshold gave on signs never seen and on digits: 0..1."""

    asked: float
    fmr_signs: float
    fmr_digits: float
    fnmr_digits: float

    def row(self) -> tuple[str, ...]:
        """For printing."""
        return tuple(map(percent, (self.asked, self.fmr_signs, self.fmr_digits, self.fnmr_digits)))


@dataclass(frozen=True)
class FewShot:
    """The share of pictures whose digit is right, by the nearest of a few of each; `pixels` by plain pixels: 0..1.

    Mean over draws of these few, and the standard deviation from draw to draw.
    """

    ours: float
    ours_spread: float
    pixels: float
    pixels_spread: float

    def sentence(self) -> str:
        """In a line."""
        ours, pixels = (
            f"{percent(mean)} ± {100 * spread:.2g}"
            for mean, spread in ((self.ours, self.ours_spread), (self.pixels, self.pixels_spread))
        )
        return (
            f"With {SHOTS} pictures of each digit known, the nearest of them says which digit each of the others is: "
            f"right in {ours} ({DRAWS} draws); by plain pixels in {pixels}."
        )


@dataclass(frozen=True)
class Demo:
    """What the demo shows: how a model that learned from signs does on digits, and where all of it lies.

    `pixels` is the EER of the digits' pairs by the distance between plain pixels: what learning has to beat.
    """

    model: Path
    signs: Path
    digits: Path
    report: VerificationReport
    pixels: float
    kept: tuple[Kept, ...]
    few_shot: FewShot
    decisions: tuple[Shown, ...]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        decisions = [
            {"left": shown.left, "right": shown.right, "same": shown.same, **shown.decision.to_dict()}
            for shown in self.decisions
        ]
        return {
            "model": str(self.model),
            "signs": str(self.signs),
            "digits": str(self.digits),
            "evaluation": self.report.to_dict(),
            "eer_of_plain_pixels": self.pixels,
            "kept": [asdict(kept) for kept in self.kept],
            "few_shot": asdict(self.few_shot),
            "decisions": decisions,
        }

    def rows(self) -> list[tuple[str, str, str]]:
        """For printing: (name, value, interval or remark); the plain pixels stand below the EER."""
        rows = self.report.rows()
        pixels = ("EER of plain pixels", percent(self.pixels), "the same pairs, nothing learned")
        return [rows[0], pixels, *rows[1:]]

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
            f"The model is {self.model}, the signs are {self.signs}, the digits {self.digits}. Next:\n"
            f"  {serve}      # look at it all on a page in your browser\n"
            f"  {command} compare {model} {left} {right}\n"
            f"  {command} inspect {model}      # and open {self.model / 'report.html'} in a browser\n"
            f"  {command} train YOUR-FOLDER --out my-model      # one subfolder per identity"
        )


def run_demo(out: Path) -> Demo:
    """Write signs to `out`/signs and digits to `out`/digits, train on the signs to `out`/model, judge it on the digits.

    What an earlier demo wrote is replaced. Raises StorageError where something else lies there, or where `out` cannot
    be written.
    """
    signs, digits, folder = out / "signs", out / "digits", out / "model"
    _write(digits, write_digits)
    _write(signs, write_signs)
    trained = train(signs, SETTINGS, out=folder, overwrite=True)
    model, unseen, judged = trained.model, read_source(digits), _never_seen(trained.model, read_source(signs))
    decisions = []
    assert unseen.labels is not None
    for left, right in some_pairs(unseen.labels, SHOWN, SETTINGS.seed):
        names = [Path(unseen.names[place]).relative_to(digits).as_posix() for place in (left, right)]
        decision = model.compare(unseen.items[left], unseen.items[right])
        decisions.append(Shown(names[0], names[1], bool(unseen.labels[left] == unseen.labels[right]), decision))
    return Demo(
        model=folder,
        signs=signs,
        digits=digits,
        report=evaluate(model, unseen).report,
        pixels=plain_pixels(unseen).eer,
        kept=kept_rates(model, judged, unseen),
        few_shot=few_shot(model, unseen),
        decisions=tuple(decisions),
    )


def write_signs(folder: Path) -> None:
    """Write the signs that teach: a folder for each."""
    write_pictures(invented_signs(SIGNS, DRAWINGS, SETTINGS.seed), folder)


def kept_rates(model: SiameseModel, signs: Examples, digits: Examples) -> tuple[Kept, ...]:
    """What the thresholds for RATES give on these signs and on these digits."""
    assert model.calibration is not None  # SETTINGS hold signs back for it
    thresholds = np.array([model.calibration.threshold(fmr=rate) for rate in RATES])
    of_signs, of_digits = (
        Verification.from_distances(pairs.same, pairs.different).rates_at(thresholds)
        for pairs in (model.pair_distances(signs), model.pair_distances(digits))
    )
    return tuple(Kept(asked, *map(float, found)) for asked, *found in zip(RATES, of_signs[0], *of_digits, strict=True))


def few_shot(model: SiameseModel, examples: Examples) -> FewShot:
    """How often the nearest of SHOTS pictures of each label has the right one, by the model and by plain pixels."""
    assert examples.labels is not None
    labels, draw = examples.labels, np.random.default_rng(SETTINGS.seed)
    ways = ((model.embed(examples.items), model.distance), (pixels_of(examples), Euclidean()))
    shares = []
    for _ in range(DRAWS):
        known = _some_of_each(labels, SHOTS, draw)
        asked = np.setdiff1d(np.arange(len(labels)), known)
        shares.append(
            [
                n_way_k_shot(rows[known], labels[known], rows[asked], labels[asked], distance, by="nearest")
                for rows, distance in ways
            ]
        )
    means, spreads = np.mean(shares, axis=0), np.std(shares, axis=0, ddof=1)
    return FewShot(float(means[0]), float(spreads[0]), float(means[1]), float(spreads[1]))


def plain_pixels(examples: Examples) -> Verification:
    """How well the distance between the pixels of two grey pictures of one size tells whether they are the same."""
    assert examples.labels is not None
    pairs = all_pairs(pixels_of(examples), examples.labels, Euclidean())
    return Verification.from_distances(pairs.same, pairs.different)


def pixels_of(examples: Examples) -> Float[np.ndarray, "items pixels"]:
    """The shades of grey pictures of one size, 0 (black) to 1 (white), a row for each."""
    return np.stack([np.asarray(open_picture(item), np.float32).ravel() for item in examples.items]) / np.float32(255)


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


def _some_of_each(
    labels: Shaped[np.ndarray, " items"], count: int, draw: np.random.Generator
) -> Int[np.ndarray, " drawn"]:
    of_each: Sequence[Int[np.ndarray, " drawn"]] = [
        draw.choice(np.flatnonzero(labels == label), count, replace=False) for label in np.unique(labels)
    ]
    return np.concatenate(of_each)


def _never_seen(model: SiameseModel, signs: Examples) -> Examples:
    """The signs that the model has neither learned from nor been calibrated by."""
    assert signs.labels is not None
    return signs.select(np.flatnonzero(np.isin(signs.labels, model.record["data"]["labels"]["test"])))


def _write(folder: Path, write: Callable[[Path], None]) -> None:
    """Have a folder written; one that is there is replaced, if it holds the same files."""
    with whole_folder(folder) as partial:
        write(partial)
        if folder.exists() and _files(folder) != _files(partial):
            raise StorageError(
                f"{folder}: is there already, and is not what the demo writes; remove it, or name another folder: --out"
            )


def _files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*")}
