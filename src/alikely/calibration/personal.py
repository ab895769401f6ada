"""Distances to an identity's references, and among these, in; a decision by that identity's own threshold out.

Some people sign each time alike, others never twice the same: one threshold for all is too loose for the first and too
strict for the second. How far an identity's references lie from each other, its *spread*, says which it is:

    joined distance = mean (or smallest) distance to the references / spread

A threshold on that is one for each identity, spread times as far in the units of the model. A few references tell the
spread badly, so it is drawn to the usual one, the more so the fewer they are (empirical Bayes: Efron and Morris 1973).
One reference has no spread of its own: then it is the usual one, and the threshold that of all identities.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped

from alikely.calibration.fitting import USUAL_CONFIDENCE, calibrate
from alikely.calibration.reading import calibration_from
from alikely.calibration.record import Calibration
from alikely.decision import Decision
from alikely.errors import CalibrationError, InputError, ModelError, SettingsError
from alikely.metrics import PairDistances

FORMAT = "alikely personal calibration"
VERSION = 1
JOINS = ("mean", "nearest")
DRAWS = 8  # sets of references drawn from each identity
FEWEST_IDENTITIES = 3  # whose spreads tell how far spreads differ
FEWEST_ITEMS = 3  # of an identity, for what is known of its spread
SMALLEST = 1e-6  # of the usual spread: the least one there is


@dataclass(frozen=True)
class Spread:
    """How far items of one identity lie from each other (mean distance of its pairs), over many identities.

    usual: the mean spread, above 0. between: the variance of spreads between identities. noise: times one over the
    number of references, the variance with which references tell the spread of their identity.
    """

    usual: float
    between: float
    noise: float

    @classmethod
    def measured(cls, tables: Sequence[Float[np.ndarray, "_ _"]]) -> "Spread":
        """From the distances of all items to all, a table for each identity held back from training.

        The noise is that of the jackknife over items. Raises CalibrationError for fewer than 3 identities with 3 items
        or more, and where all distances are 0.
        """
        enough = [table for table in tables if len(table) >= FEWEST_ITEMS]
        if len(enough) < FEWEST_IDENTITIES:
            raise CalibrationError(
                f"how far spreads differ is told by {FEWEST_IDENTITIES} identities with {FEWEST_ITEMS} items or more, "
                f"got {len(enough)}; add identities that were not used for training"
            )
        spreads = np.array([_mean_of_pairs(table) for table in enough])
        variances = np.array([_jackknife(table) for table in enough])
        if not spreads.any():
            raise CalibrationError("all items of each identity are at distance 0; there is no spread to go by")
        between = max(float(spreads.var(ddof=1) - variances.mean()), 0.0)
        noise = float(np.mean(variances * [len(table) for table in enough]))
        return cls(float(spreads.mean()), between, noise)

    def common(self) -> "Spread":
        """The same for all identities: one threshold for all."""
        return replace(self, between=0.0)

    def of(self, among: Float[np.ndarray, "references references"]) -> float:
        """The spread of the identity whose references lie so far from each other; above 0."""
        references = len(among)
        if references < 2 or self.between == 0:
            return self.usual
        own = self.between / (self.between + self.noise / references)
        # Never 0, even where all references are one picture and spreads are known without noise.
        return max((1 - own) * self.usual + own * _mean_of_pairs(among), SMALLEST * self.usual)


@dataclass(frozen=True, eq=False)
class PersonalCalibration:
    """Decides about an item and an identity's references: by a threshold of that identity's own.

    `calibration` is that of the joined distances, in units of the spread, for so many `references`, joined by `join`.
    """

    spread: Spread
    references: int
    join: str
    calibration: Calibration

    def decide(
        self,
        to: Float[np.ndarray, " references"],
        among: Float[np.ndarray, "references references"],
        fmr: float | None = None,
        fnmr: float | None = None,
        prior: float = 0.5,
        confidence: float | None = None,
    ) -> Decision:
        """The decision, from the item's distances to the references and the distances among these.

        Distance and thresholds of the answer are in the units of the model's distance. The rest is as
        `Calibration.decide` has it, errors included; InputError too for another number of references.
        """
        self._check(among)
        spread = self.spread.of(among)
        found = self.calibration.decide(joined(to, self.join) / spread, fmr, fnmr, prior, confidence)
        upper = None if found.upper is None else found.upper * spread
        return replace(found, distance=found.distance * spread, threshold=found.threshold * spread, upper=upper)

    def threshold(
        self,
        among: Float[np.ndarray, "references references"],
        *,
        fmr: float | None = None,
        fnmr: float | None = None,
        confidence: float | None = None,
    ) -> float:
        """This identity's threshold, in the units of the model's distance; as `Calibration.threshold` has it."""
        self._check(among)
        return self.calibration.threshold(fmr=fmr, fnmr=fnmr, confidence=confidence) * self.spread.of(among)

    def to_dict(self) -> dict[str, Any]:
        """For JSON; `from_dict` gives back exactly this calibration.

        format, version    "alikely personal calibration", 1
        references, join   how many references it is for, and how the distances to them are joined
        spread             {"usual", "between", "noise"}, as `Spread` has them
        calibration        that of the joined distances, as `Calibration.to_dict` has it
        """
        return {
            "format": FORMAT,
            "version": VERSION,
            "references": self.references,
            "join": self.join,
            "spread": asdict(self.spread),
            "calibration": self.calibration.to_dict(),
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "PersonalCalibration":
        """The one that `to_dict` gave. Raises ModelError for another format or version, or a damaged one."""
        found = (fields.get("format"), fields.get("version"))
        if found != (FORMAT, VERSION):
            raise ModelError(
                f"not a personal calibration that this version reads: expected format {FORMAT!r}, version {VERSION}, "
                f"got {found[0]!r}, version {found[1]!r}; calibrate again"
            )
        try:
            usual, between, noise = (float(fields["spread"][name]) for name in ("usual", "between", "noise"))
            references, join, calibration = int(fields["references"]), fields["join"], dict(fields["calibration"])
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"the personal calibration is damaged ({type(error).__name__}: {error}); calibrate again"
            ) from error
        if not (0 < usual < math.inf and 0 <= between < math.inf and 0 <= noise < math.inf):
            raise ModelError("the personal calibration is damaged (spread out of bounds); calibrate again")
        if references < 1 or join not in JOINS:
            raise ModelError("the personal calibration is damaged (references or join out of bounds); calibrate again")
        return cls(Spread(usual, between, noise), references, join, calibration_from(calibration))

    def _check(self, among: Float[np.ndarray, "references references"]) -> None:
        if len(among) != self.references:
            raise InputError(
                f"calibrated for {self.references} references, got {len(among)}; give {self.references}, or calibrate "
                f"for {len(among)}"
            )
        bad = among[~(np.isfinite(among) & (among >= 0))]
        if len(bad):
            raise InputError(f"a distance must be finite and 0 or more, got {bad[0]} among the references")


def calibrate_personal(
    distances: Float[np.ndarray, "items items"],
    labels: Shaped[np.ndarray, " items"],
    references: int,
    distance: str,
    model: str | None,
    groups: Shaped[np.ndarray, " items"] | None = None,
    join: str = "mean",
    fmr: float | None = None,
    confidence: float = USUAL_CONFIDENCE,
    seed: int = 0,
) -> PersonalCalibration:
    """From the distances of all items to all, of identities that were held back from training.

    The rates are those of `reference_pairs`; with groups, so that of forgeries made for their own writer. `distance`,
    `model`, `fmr` and `confidence` are as `calibrate` has them, and its promise is kept by the same bound: identities
    (groups, where there are some) are what is drawn. Raises CalibrationError where too few identities have more items
    than references, and as `calibrate` does; SettingsError for settings out of bounds.
    """
    own = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    spread = Spread.measured([distances[np.ix_(items, items)] for items in own])
    pairs = reference_pairs(distances, labels, references, spread, groups, join, seed)
    return PersonalCalibration(spread, references, join, calibrate(pairs, distance, model, fmr, confidence))


def reference_pairs(
    distances: Float[np.ndarray, "items items"],
    labels: Shaped[np.ndarray, " items"],
    references: int,
    spread: Spread,
    groups: Shaped[np.ndarray, " items"] | None = None,
    join: str = "mean",
    seed: int = 0,
) -> PairDistances:
    """Joined distances in units of the spread: of items to references of their own identity, and of another.

    Eight times, references are drawn from each identity that has more items than that. Same: its other items.
    Different: the items of other identities in its group, where there are groups; else those of all other identities.
    """
    if references < 1:
        raise SettingsError(f"references must be 1 or more, got {references}")
    if join not in JOINS:
        raise SettingsError(f"join must be one of {', '.join(JOINS)}, got {join!r}")
    names, sizes = np.unique(labels, return_counts=True)
    claimed = names[sizes > references]
    if len(claimed) == 0:
        raise CalibrationError(
            f"no identity has more than {references} items, so none is left to judge by {references} references; "
            "ask for fewer references, or add items"
        )
    units = np.unique(labels if groups is None else groups, return_inverse=True)[1]
    rng = np.random.default_rng(seed)
    found: list[np.ndarray] = []
    items: list[np.ndarray] = []
    same: list[np.ndarray] = []
    whose: list[np.ndarray] = []
    for label in claimed:
        own = np.flatnonzero(labels == label)
        others = np.flatnonzero(labels != label if groups is None else (labels != label) & (units == units[own[0]]))
        for _ in range(DRAWS):
            drawn = rng.permutation(own)
            known, asked = drawn[:references], np.concatenate([drawn[references:], others])
            found.append(_joined_rows(distances[np.ix_(asked, known)], join) / _spread_of(spread, distances, known))
            items.append(asked)
            same.append(labels[asked] == label)
            whose.append(np.full(len(asked), units[own[0]]))
    return PairDistances.from_table(
        np.concatenate(found), np.concatenate(same), np.concatenate(whose), units[np.concatenate(items)]
    )


def joined(to: Float[np.ndarray, " references"], join: str = "mean") -> float:
    """The distances of an item to several references as one: their mean, or the smallest."""
    return float(_joined_rows(to[None], join)[0])


def _joined_rows(to: Float[np.ndarray, "items references"], join: str) -> Float[np.ndarray, " items"]:
    rows: Float[np.ndarray, " items"] = to.mean(axis=1) if join == "mean" else to.min(axis=1)
    return rows


def _spread_of(spread: Spread, distances: Float[np.ndarray, "items items"], known: Int[np.ndarray, " known"]) -> float:
    return spread.of(distances[np.ix_(known, known)])


def _mean_of_pairs(table: Float[np.ndarray, "items items"]) -> float:
    """Each pair once, no item with itself."""
    return float(table[np.triu_indices(len(table), 1)].mean())


def _jackknife(table: Float[np.ndarray, "items items"]) -> float:
    """The variance of the mean distance of pairs, by leaving out each item once."""
    count = len(table)
    away = table * ~np.eye(count, dtype=bool)
    without = (away.sum() - 2 * away.sum(axis=1)) / ((count - 1) * (count - 2))
    return float((count - 1) / count * np.square(without - without.mean()).sum())
