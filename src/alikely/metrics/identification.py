"""Embeddings with labels in; how well strangers are told from the enrolled (FNIR at FPIR) and rank-1, out.

The words of ISO/IEC 19795-1 and of Grother, Ngan, Hanaoka (NIST FRVT part 2, section 3): some identities are enrolled
with `templates` items each. A *mated* search is one of another item of an enrolled identity, a *non-mated* one that of
a stranger. At a threshold:

    FPIR   the share of non-mated searches that give somebody: an enrolled identity at or below the threshold
    FNIR   the share of mated searches whose own identity is not the nearest, or lies above the threshold
    rank-1 the share of mated searches whose own identity is the nearest, whatever the threshold

Half of the identities that have items enough are enrolled, all others are strangers; over several draws, of which the
mean is given. **Ties count against**, as in `metrics.retrieval`. The interval comes from drawing the identities of the
searches anew (those enrolled stay as they are).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from alikely.contracts import Distance
from alikely.errors import SettingsError, TooFewError
from alikely.metrics.estimates import percent, row
from alikely.metrics.intervals import DRAWS, Estimate, drawn_identities, estimate_from
from alikely.metrics.pairs import as_tensor, distance_table, strip_rows

FPIRS = (0.01, 0.1)
GALLERIES = 10


@dataclass(frozen=True)
class IdentificationReport:
    """Means over `galleries` draws of who is enrolled, each with its interval.

    `fnir_at_fpir` holds the smallest FNIR at each FPIR, with the best threshold for these very searches. `enrolled` and
    `strangers` are identities in one draw, `mated` and `non_mated` the searches in one draw, on average.
    """

    fnir_at_fpir: Mapping[float, Estimate]
    rank_1: Estimate
    enrolled: int
    strangers: int
    templates: int
    mated: int
    non_mated: int
    galleries: int

    def to_dict(self) -> dict[str, Any]:
        """For JSON: `fnir_at_fpir_0.01`, ..., `rank_1`, intervals, and the counts in `identification`."""
        figures: dict[str, Any] = {}
        for fpir, estimate in self.fnir_at_fpir.items():
            figures |= estimate.to_dict(f"fnir_at_fpir_{fpir:g}")
        counts = ("enrolled", "strangers", "templates", "mated", "non_mated", "galleries")
        return (
            figures | self.rank_1.to_dict("rank_1") | {"identification": {name: getattr(self, name) for name in counts}}
        )

    def rows(self) -> list[tuple[str, str, str]]:
        """For printing: (name, value, interval)."""
        rates = [row(f"FNIR at FPIR {percent(fpir)}", estimate) for fpir, estimate in self.fnir_at_fpir.items()]
        return [*rates, row("rank-1", self.rank_1)]

    def title(self) -> str:
        """What was done, in one line."""
        return (
            f"Identification: {self.enrolled:,} identities enrolled with {self.templates:,} "
            f"item{'' if self.templates == 1 else 's'} each, {self.strangers:,} strangers; "
            f"mean of {self.galleries:,} draws"
        )


@dataclass(frozen=True, eq=False)
class Searches:
    """What the searches of one gallery gave.

    For mated ones the distance of their own identity, and whether that was the nearest; for non-mated ones the distance
    of the nearest. Both with the number of the identity that was searched for.
    """

    own: Float[np.ndarray, " mated"]
    first: Bool[np.ndarray, " mated"]
    mated: Int[np.ndarray, " mated"]
    nearest: Float[np.ndarray, " strangers"]
    strangers: Int[np.ndarray, " strangers"]

    def fnir_at(
        self, fpir: float, mated: Float[np.ndarray, " mated"], strangers: Float[np.ndarray, " strangers"]
    ) -> float:
        """The smallest FNIR with an FPIR of at most that, each search with its weight; NaN without one of a kind."""
        if mated.sum() == 0 or strangers.sum() == 0:
            return math.nan
        order = np.argsort(self.nearest, kind="stable")
        share = np.cumsum(strangers[order]) / strangers.sum()
        # The first stranger that may not be let in; with it all those at the same distance stay out.
        beyond = int(np.searchsorted(share, fpir + 1e-12, side="right"))
        limit = self.nearest[order[beyond]] if beyond < len(order) else np.inf
        found = self.first & (self.own < limit)
        return float(1 - (mated * found).sum() / mated.sum())

    def rank_1(self, mated: Float[np.ndarray, " mated"]) -> float:
        """The share whose own identity was the nearest; NaN without any search."""
        return math.nan if mated.sum() == 0 else float((mated * self.first).sum() / mated.sum())


def identification(
    embeddings: Float[np.ndarray, "items dim"],
    labels: Shaped[np.ndarray, " items"],
    distance: Distance,
    templates: int = 1,
    galleries: int = GALLERIES,
    seed: int = 0,
) -> IdentificationReport:
    """How well the items find their identity, and strangers nobody; several templates are joined by the nearest.

    An FPIR that so few strangers' searches cannot show is None, with the reason. Raises SettingsError for less than one
    template or gallery, TooFewError where fewer than 2 identities have one item more than `templates`, or no stranger
    would be left.
    """
    if templates < 1 or galleries < 1:
        raise SettingsError(f"identification needs 1 template and 1 gallery or more, got {templates} and {galleries}")
    names, numbers, counts = np.unique(labels, return_inverse=True, return_counts=True)
    able = np.flatnonzero(counts > templates)
    if len(able) < 2 or len(names) < 3:
        raise TooFewError(
            f"identification with {templates} template{'' if templates == 1 else 's'} needs 2 identities or more with "
            f"{templates + 1} items each, and 1 more as a stranger; {len(able)} of {len(names)} have so many"
        )
    draw = np.random.default_rng(seed)
    rows = as_tensor(embeddings, distance)
    done = []
    for _ in range(galleries):
        enrolled = draw.permutation(able)[: max(1, min(len(able), len(names) // 2))]
        kept = _templates(numbers, enrolled, templates, draw)
        done.append(_searches(rows, numbers, enrolled, kept, distance))
    drawn = (times.astype(np.float64) for times in drawn_identities(len(names), DRAWS, seed))
    weights = [np.ones(len(names)), *drawn]
    figures = {fpir: _fnir(done, fpir, weights) for fpir in FPIRS}
    ranks = np.array([_mean([one.rank_1(weight[one.mated]) for one in done]) for weight in weights])
    return IdentificationReport(
        fnir_at_fpir=figures,
        rank_1=_estimate(ranks, len(names)),
        enrolled=len(enrolled),
        strangers=len(names) - len(enrolled),
        templates=templates,
        mated=round(_mean([len(one.mated) for one in done])),
        non_mated=round(_mean([len(one.strangers) for one in done])),
        galleries=galleries,
    )


def _templates(
    numbers: Int[np.ndarray, " items"],
    enrolled: Int[np.ndarray, " enrolled"],
    templates: int,
    draw: np.random.Generator,
) -> Int[np.ndarray, "enrolled templates"]:
    """The items that are enrolled, a row for each identity."""
    return np.stack([draw.permutation(np.flatnonzero(numbers == one))[:templates] for one in enrolled])


def _searches(
    rows: Any,
    numbers: Int[np.ndarray, " items"],
    enrolled: Int[np.ndarray, " enrolled"],
    kept: Int[np.ndarray, "enrolled templates"],
    distance: Distance,
) -> Searches:
    place = np.full(int(numbers.max()) + 1, -1)
    place[enrolled] = np.arange(len(enrolled))
    searching = np.setdiff1d(np.arange(len(numbers)), kept.ravel())
    own, other = np.full(len(searching), np.inf), np.full(len(searching), np.inf)
    step = strip_rows(kept.size)
    for start in range(0, len(searching), step):
        items = searching[start : start + step]
        table = distance_table(rows[items], rows[kept.ravel()], distance)
        joined = table.reshape(len(items), len(enrolled), -1).min(axis=2).astype(np.float64)
        mine = place[numbers[items]]
        mated = np.flatnonzero(mine >= 0)
        own[start + mated] = joined[mated, mine[mated]]
        joined[mated, mine[mated]] = np.inf
        other[start : start + len(items)] = joined.min(axis=1)
    whose = numbers[searching]
    is_mated = place[whose] >= 0
    return Searches(
        own=own[is_mated],
        first=own[is_mated] < other[is_mated],
        mated=whose[is_mated],
        nearest=other[~is_mated],
        strangers=whose[~is_mated],
    )


def _fnir(done: list[Searches], fpir: float, weights: list[np.ndarray]) -> Estimate:
    fewest = min(len(one.strangers) for one in done)
    if fpir * fewest < 1:
        needed = f"an FPIR of {percent(fpir)} takes {math.ceil(1 / fpir):,} searches of strangers"
        return Estimate(None, reason=f"{needed}, there are {fewest:,}")
    figures = np.array(
        [_mean([one.fnir_at(fpir, drawn[one.mated], drawn[one.strangers]) for one in done]) for drawn in weights]
    )
    return _estimate(figures, len(weights[0]))


def _estimate(figures: Float[np.ndarray, " weights"], identities: int) -> Estimate:
    """The first figure, with the interval from the others; draws without a search of a kind are left out."""
    return estimate_from(float(figures[0]), figures[1:][np.isfinite(figures[1:])], identities)


def _mean(values: list[float] | list[int]) -> float:
    return float(np.mean(values))
