"""Who called which pairs the same in; how far people agree, beyond what chance alone would give, out."""

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeAlias

from alikely.metrics import percent

# For each pair of items: who judged it, and whether they called the two the same. A skip is no opinion.
Opinions: TypeAlias = Mapping[Hashable, Mapping[str, bool]]


@dataclass(frozen=True)
class Couple:
    """How far two labellers agree on the `pairs` that both judged: the share, and Cohen's kappa.

    `kappa` is 1 for full agreement and 0 for what chance gives; None where both always gave one and the same answer, so
    that chance alone would agree.
    """

    one: str
    other: str
    pairs: int
    agreed: float
    kappa: float | None


@dataclass(frozen=True)
class Agreement:
    """How far all labellers agree.

    pairs: judged by anybody; twice: by at least two. agreed: the share of equal answers among all that two people gave
    to one pair, each pair counting once; None where no pair was judged twice. alpha: Krippendorff's, for any number of
    labellers: 1 is full agreement, 0 what chance gives; None where all answers are equal. couples: each two labellers.
    """

    pairs: int
    twice: int
    agreed: float | None
    alpha: float | None
    couples: tuple[Couple, ...]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "pairs": self.pairs,
            "judged_twice": self.twice,
            "agreed": self.agreed,
            "alpha": self.alpha,
            "couples": [vars(couple) for couple in self.couples],
        }

    def sentence(self) -> str:
        """In words."""
        if self.agreed is None:
            return "No pair was judged by two people yet, so nothing is known of how far they agree."
        said = f"{self.twice:,} of {self.pairs:,} pairs were judged by two people or more: these agree on "
        said += percent(self.agreed)
        if len(self.couples) == 1:
            return f"{said} (Cohen's kappa {figure(self.couples[0].kappa)})."
        return f"{said} (Krippendorff's alpha {figure(self.alpha)})."


def agreement_of(opinions: Opinions) -> Agreement:
    """How far people agree on the pairs that at least two of them judged."""
    twice = [answers for answers in opinions.values() if len(answers) >= 2]
    shares = [
        sum(one == other for one, other in combinations(answers.values(), 2)) / _couples(len(answers))
        for answers in twice
    ]
    names = sorted({name for answers in twice for name in answers})
    couples = (_couple(one, other, twice) for one, other in combinations(names, 2))
    return Agreement(
        pairs=sum(bool(answers) for answers in opinions.values()),
        twice=len(twice),
        agreed=sum(shares) / len(shares) if shares else None,
        alpha=krippendorff_alpha(twice),
        couples=tuple(couple for couple in couples if couple is not None),
    )


def cohen_kappa(both: Counter[tuple[bool, bool]]) -> float | None:
    """Cohen 1960: (observed - expected) / (1 - expected), from how often each couple of answers was given.

    `expected` is the agreement of two who answer by chance, each with their own share of "same". None where it is 1.
    """
    count = sum(both.values())
    if not count:
        return None
    first = sum(number for (one, _), number in both.items() if one) / count
    second = sum(number for (_, other), number in both.items() if other) / count
    expected = first * second + (1 - first) * (1 - second)
    observed = (both[True, True] + both[False, False]) / count
    return None if expected >= 1 else (observed - expected) / (1 - expected)


def krippendorff_alpha(judged: list[Mapping[str, bool]]) -> float | None:
    """Krippendorff 2004, nominal data, any number of judges for each pair: 1 - observed / expected disagreement.

    Each pair weighs as many times as it was judged. None where there is no pair judged twice, or all answers are equal.
    """
    disagreeing, same, different = 0.0, 0, 0
    for answers in judged:
        yes = sum(answers.values())
        no = len(answers) - yes
        if yes + no < 2:
            continue
        disagreeing += 2 * yes * no / (yes + no - 1)
        same, different = same + yes, different + no
    if not same or not different:
        return None
    count = same + different
    return 1 - (disagreeing / count) / (2 * same * different / (count * (count - 1)))


def _couple(one: str, other: str, judged: list[Mapping[str, bool]]) -> Couple | None:
    both = Counter((answers[one], answers[other]) for answers in judged if one in answers and other in answers)
    count = sum(both.values())
    if not count:
        return None
    return Couple(one, other, count, (both[True, True] + both[False, False]) / count, cohen_kappa(both))


def _couples(count: int) -> int:
    return count * (count - 1) // 2


def figure(value: float | None) -> str:
    """Kappa or alpha in words."""
    return "not defined: all answers are equal" if value is None else f"{value:z.2f}"
