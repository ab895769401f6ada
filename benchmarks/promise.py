"""Does a threshold keep the false-match rate that it promises, on people never seen? LFW, many draws of a few people.

A model learns from half of LFW's people (settings of `benchmarks.lfw`). Of the other half, a draw takes 300 (to see
what few can bear: 100 and 50) people to calibrate on, asks for a threshold for an FMR of .1, .01 and .001 at 95 %
confidence, and measures the FMR of that threshold over all pairs of all *other* people of that half. 200 draws.

`kept_RATE`: share of the draws with a threshold in which the FMR on the others stayed within the rate; a rule that
means what it says keeps .95 or more. `kept` is the smallest over the rates, at 300 people. `reached_over_asked_RATE`:
mean FMR on the others over the rate asked; the nearer to 1, the less is given away. `refused_RATE`: share of the draws
in which the rule said that the people cannot bear the rate. `..._of_100` and `..._of_50`: with so many people.

Beside ours, on the same draws: the plain quantile of the different pairs' distances; the bound of Clopper and Pearson
that takes all pairs for independent; the 95 % quantile over 200 bootstraps of the people.
"""

import math
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from scipy.special import betaincinv

from alikely.calibration import Calibration, calibrate
from alikely.distances import Cosine
from alikely.errors import CalibrationError
from alikely.metrics import PairDistances, Verification, all_pairs, resampled_curves
from benchmarks import lfw
from benchmarks.report import Result, publish, read_options

DRAWS = 200
PEOPLE = (300, 100, 50)
RATES = (0.1, 0.01, 0.001)
CONFIDENCE = 0.95

Rule = Callable[[Calibration, PairDistances], list[float | None]]  # a threshold for each of RATES


class Others(NamedTuple):
    """All pairs of different people in the half that was not learned from, nearest first, and their people."""

    distances: Float[np.ndarray, " pairs"]
    sides: Int[np.ndarray, "pairs 2"]
    pictures: Int[np.ndarray, " people"]

    def fmr(self, threshold: float, drawn: Bool[np.ndarray, " people"]) -> float:
        """The share of the pairs without a drawn person that the threshold accepts."""
        accepted = self.sides[: np.searchsorted(self.distances, threshold, side="right")]
        left = self.pictures[~drawn]
        pairs = (int(left.sum()) ** 2 - int((left**2).sum())) // 2
        return float((~drawn[accepted]).all(axis=1).sum() / pairs)


def ours(calibration: Calibration, _: PairDistances) -> list[float | None]:
    """The thresholds that `Calibration` promises to keep the rates; None where it refuses."""
    found: list[float | None] = []
    for rate in RATES:
        try:
            found.append(calibration.threshold(fmr=rate, confidence=CONFIDENCE))
        except CalibrationError:
            found.append(None)
    return found


def quantile(calibration: Calibration, _: PairDistances) -> list[float | None]:
    """The largest thresholds whose FMR on the calibration people is the rate."""
    return [calibration.curve.at_fmr(rate) for rate in RATES]


def independent(calibration: Calibration, pairs: PairDistances) -> list[float | None]:
    """As if each pair had people of its own: Clopper and Pearson's bound of the FMR."""
    accepted = np.round(calibration.curve.fmr * len(pairs.different))
    refused = np.maximum(len(pairs.different) - accepted, np.finfo(np.float64).tiny)
    return _within(calibration.curve.thresholds, betaincinv(accepted + 1, refused, CONFIDENCE))


def bootstrap(_: Calibration, pairs: PairDistances) -> list[float | None]:
    """The 95 % quantile of the FMR over bootstraps of the people."""
    thresholds = Verification.from_distances(pairs.same, pairs.different).bends()
    drawn = np.array([fmr for fmr, _ in resampled_curves(pairs, most_pairs=len(pairs.same) + len(pairs.different))])
    return _within(thresholds.astype(np.float64), np.quantile(drawn, CONFIDENCE, axis=0))


RULES: dict[str, Rule] = {
    "ours": ours,
    "plain quantile": quantile,
    "pairs as independent": independent,
    "bootstrap of people": bootstrap,
}


def _within(thresholds: Float[np.ndarray, " points"], bounds: Float[np.ndarray, " points"]) -> list[float | None]:
    """For each rate the largest threshold up to which no bound is above it; None where that accepts nothing."""
    counts = np.searchsorted(np.maximum.accumulate(bounds), RATES, side="right")
    return [float(thresholds[count - 1]) if count and thresholds[count - 1] > -math.inf else None for count in counts]


def halves(labels: Shaped[np.ndarray, " items"], seed: int) -> tuple[Int[np.ndarray, " a"], Int[np.ndarray, " b"]]:
    """The pictures of a half of the people drawn by the seed, and those of all others."""
    people = np.unique(labels)
    first = np.isin(labels, np.random.default_rng(seed).permutation(people)[: len(people) // 2])
    return np.flatnonzero(first), np.flatnonzero(~first)


def others_of(rows: Float[np.ndarray, "items dim"], labels: Shaped[np.ndarray, " items"]) -> Others:
    """All pairs of different people, people numbered in the order of their names."""
    pairs = all_pairs(rows, labels, Cosine())
    order = np.argsort(pairs.different, kind="stable")
    pictures = np.unique(labels, return_counts=True)[1]
    return Others(pairs.different[order], pairs.different_identities[order], pictures)


def reached(
    rows: Float[np.ndarray, "items dim"],
    labels: Shaped[np.ndarray, " items"],
    others: Others,
    people: int,
    generator: np.random.Generator,
    rules: dict[str, Rule],
) -> dict[str, list[float]]:
    """One draw: for each rule and each rate the FMR on all others; NaN where the rule refuses."""
    names, numbers = np.unique(labels, return_inverse=True)
    drawn = np.zeros(len(names), bool)
    drawn[generator.permutation(len(names))[:people]] = True
    inside = drawn[numbers]
    pairs = all_pairs(rows[inside], labels[inside], Cosine())
    calibration = calibrate(pairs, "cosine", None)
    return {
        name: [math.nan if t is None else others.fmr(t, drawn) for t in rule(calibration, pairs)]
        for name, rule in rules.items()
    }


def figures(rates: Float[np.ndarray, "draws rates"], ending: str = "") -> dict[str, float]:
    """What the draws of one rule gave, with its spread over draws where it has one."""
    found: dict[str, float] = {}
    for rate, column in zip(RATES, rates.T, strict=True):
        answered = column[~np.isnan(column)]
        found[f"refused_{rate:g}{ending}"] = 1 - len(answered) / len(column)
        if len(answered):
            found[f"kept_{rate:g}{ending}"] = float(np.mean(answered <= rate))
            found[f"reached_over_asked_{rate:g}{ending}"] = float(answered.mean() / rate)
            found[f"reached_over_asked_{rate:g}{ending}_sd"] = float(answered.std() / rate)
    return found


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True)
    begin = time.perf_counter()
    draws, changes = (20, {"epochs": 1}) if options.quick else (DRAWS, {})
    examples = lfw.people_and_pictures(options.data)
    labels = lfw.names_of(examples)
    learned, kept_out = halves(labels, seed=0)
    rows = lfw.embed(lfw.learn(examples.select(learned), 0, changes), examples.select(kept_out))
    labels = labels[kept_out]
    others = others_of(rows, labels)
    found: dict[str, dict[str, float]] = {name: {} for name in RULES}
    for people in PEOPLE:
        generator = np.random.default_rng(people)
        runs = [reached(rows, labels, others, people, generator, RULES) for _ in range(draws)]
        for name, figures_of in found.items():
            rates = np.array([run[name] for run in runs])
            figures_of |= figures(rates, "" if people == PEOPLE[0] else f"_of_{people}")
    for figures_of in found.values():
        figures_of["kept"] = min(figures_of[f"kept_{rate:g}"] for rate in RATES if f"kept_{rate:g}" in figures_of)
    result = Result(
        name="promise",
        metrics=found.pop("ours"),
        floors=found,
        settings={"draws": draws, "people": PEOPLE, "confidence": CONFIDENCE, **lfw.SETTINGS, **changes},
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
