"""Deviations of held-back normal items in; how rare others are among them, and thresholds that keep a rate, out.

An item is normal as far as anybody can tell where many normal items deviate as much. That needs no assumption on how
deviations are distributed, only that the held-back items came about as new normal ones do (Vovk, Gammerman, Shafer
2005, "Algorithmic learning in a random world", chapter 2).
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped

from alikely.calibration.record import check_confidence, percent_up
from alikely.errors import CalibrationError, InputError, SettingsError
from alikely.metrics import percent

# Bentkus 2004, "On Hoeffding's inequalities", theorem 1.2: shares in 0..1 in place of counts cost this factor.
SHARES = math.e

# A threshold with fewer held-back deviations above it rests on single items,
FIRM = 3
# and is said to where it is so many times what the rate alone, without confidence in it, asks for.
FAR_ABOVE = 1.5


@dataclass(frozen=True, eq=False)
class Normality:
    """How far held-back normal items deviate, and how many independent ones they are.

    deviations: of the held-back items, rising.
    weights: of each, 1 / the number of held-back items in its group: every group counts once. Without groups all are 1.
    """

    deviations: Float[np.ndarray, " held"]
    weights: Float[np.ndarray, " held"]

    @classmethod
    def of(
        cls, deviations: Float[np.ndarray, " held"], groups: Shaped[np.ndarray, " held"] | None = None
    ) -> "Normality":
        """From held-back items in any order. `groups` say which of them belong together: one customer, one machine.

        Raises InputError for none, and for deviations that are no finite numbers.
        """
        if len(deviations) == 0 or not np.isfinite(deviations).all():
            raise InputError("a false-alarm rate needs normal items that were held back, with finite deviations")
        weights = np.ones(len(deviations))
        if groups is not None:
            _, place, counts = np.unique(groups, return_inverse=True, return_counts=True)
            weights = 1 / counts[place]
        order = np.argsort(deviations, kind="stable")
        return cls(deviations[order].astype(np.float64), weights[order])

    @property
    def units(self) -> int:
        """Independent ones: groups, or items where there are no groups."""
        return round(float(self.weights.sum()))

    @property
    def grouped(self) -> bool:
        """Whether any group has more than one item."""
        return self.units < len(self.deviations)

    def p_values(self, deviations: Float[np.ndarray, " items"]) -> Float[np.ndarray, " items"]:
        """The chance that a new normal item deviates as much or more: (1 + those that do) / (1 + all), above 0 to 1.

        Over draws of the held-back items, a normal item has a p-value of at most r with a chance of at most r, ties
        and all. With groups, each held-back item counts as its share of its group, and the promise is for an item of a
        new group (Lee, Barber, Willett 2023, "Distribution-free inference with hierarchical data", section 3).
        """
        as_much = np.append(self.weights[::-1].cumsum()[::-1], 0.0)
        places = np.searchsorted(self.deviations, deviations.astype(np.float64), side="left")
        return np.minimum((1 + as_much[places]) / (1 + self.units), 1.0)

    def threshold(self, rate: float, confidence: float) -> float:
        """The smallest deviation above which at most a share `rate` of new normal items lies, a held-back one.

        That holds in a share `confidence` of all draws of held-back items (Clopper and Pearson 1934; with groups of
        several, by the inequality of Bentkus 2004); with a confidence of 0, on average over them: then the items above
        it are those with a p-value of at most `rate`.

        Raises CalibrationError where the held-back items cannot bear that, with how many it takes; SettingsError for a
        rate or confidence out of bounds.
        """
        check_rate(rate)
        most = _most_above(self.units, rate, confidence, self.grouped)
        if most < 0:
            raise CalibrationError(not_borne(rate, confidence, self.units, self.grouped))
        above = np.append(self.weights[::-1].cumsum()[::-1], 0.0)
        # Equal deviations lie above it all or not at all.
        after = np.searchsorted(self.deviations, self.deviations, side="right")
        # Sums of shares such as thirds miss whole numbers by rounding.
        return float(self.deviations[np.flatnonzero(above[after] <= most + 1e-9)[0]])

    def weakness(self, rate: float, confidence: float) -> str:
        """What to say where the threshold rests on few held-back items, and lies far above the others; else nothing.

        Raises what `threshold` does.
        """
        threshold = self.threshold(rate, confidence)
        above = int((self.deviations > threshold).sum())
        usual = float(np.quantile(self.deviations, 1 - rate, method="inverted_cdf"))
        if above >= FIRM or threshold <= FAR_ABOVE * usual:
            return ""
        place = ("the largest", "the second largest", "the third largest")[above]
        below = self.deviations[self.deviations < threshold][::-1][:2]
        following = ("the next is " if len(below) == 1 else "the next are ") + " and ".join(
            f"{one:.4g}" for one in below
        )
        return (
            f"the threshold, {threshold:.4g}, is {place} of {len(self.deviations):,} held-back deviations; "
            f"{following}, and {percent(1 - rate)} of them are at most {usual:.4g}. What deviates less is not found. "
            "What helps: more normal items, a higher rate, a lower confidence, or to take out of the normal items "
            "those that are not normal"
        )


def bearable(units: int, confidence: float, grouped: bool = False) -> float:
    """The smallest false-alarm rate that so many held-back normal items (or groups) can bear."""
    check_confidence(confidence)
    if units < 1:
        return 1.0
    if confidence == 0:
        return 1 / (units + 1)
    return -math.expm1(math.log(_doubt(confidence, grouped)) / units)


def needed(rate: float, confidence: float, grouped: bool = False, above: int = 0) -> int:
    """How many held-back normal items (or groups) it takes to bear this rate with so many of them above the threshold.

    With none above it, the threshold is the largest of their deviations.
    """
    check_rate(rate)
    check_confidence(confidence)
    if above and confidence:
        # Bounded: many more than the rate alone takes.
        counts = np.arange(1, needed(rate, confidence, grouped) + math.ceil((4 * above + 10) / rate))
        enough = _chances(above, counts, rate) <= _doubt(confidence, grouped)
        return int(counts[enough.argmax()])
    about = (1 + above) / rate - 1 if confidence == 0 else math.log(_doubt(confidence, grouped)) / math.log1p(-rate)
    # Rounding must not ask for one more than it takes: 1 / 0.05 - 1.
    return max(1, math.ceil(about - 1e-9))


def not_borne(rate: float, confidence: float, units: int, grouped: bool) -> str:
    """What to say where the held-back items are too few."""
    what = "groups of normal items" if grouped else "normal items"
    sure = f" with {percent(confidence)} confidence" if confidence else ""
    return (
        f"a false-alarm rate of {percent(rate)} cannot be promised{sure} from {units:,} held-back {what}: it takes "
        f"{needed(rate, confidence, grouped):,}. The smallest rate that these can bear is "
        f"{percent_up(bearable(units, confidence, grouped))}; ask for that or a lower confidence, or give more "
        "normal items"
    )


def check_rate(rate: float) -> None:
    """Raise SettingsError unless the false-alarm rate is above 0 and below 1."""
    if not 0 < rate < 1:
        raise SettingsError(f"the false-alarm rate must be above 0 and below 1, got {rate}; 1 % is 0.01")


def _doubt(confidence: float, grouped: bool) -> float:
    return (1 - confidence) / (SHARES if grouped else 1)


def _most_above(units: int, rate: float, confidence: float, grouped: bool) -> float:
    """How many of the held-back may lie above the threshold; below 0: not even none of them would do."""
    check_confidence(confidence)
    if confidence == 0:
        return rate * (units + 1) - 1 if rate * (units + 1) >= 1 - 1e-9 else -1.0
    chances = _chances(np.arange(units + 1), units, rate)
    return float(np.searchsorted(chances, _doubt(confidence, grouped), side="right")) - 1


def _chances(
    above: Int[np.ndarray, " cases"] | int, units: Int[np.ndarray, " cases"] | int, rate: float
) -> Float[np.ndarray, " cases"]:
    """The chance that at most so many of the units lie above what a share `rate` of all lies above."""
    from scipy.special import bdtr

    chances: Float[np.ndarray, " cases"] = bdtr(above, units, rate)
    return chances
