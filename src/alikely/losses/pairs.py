"""Distances of pairs, and whether each is the same -> one number to learn from.

Same and different pairs have a mean each, and the two are added: a batch of labels holds many more different pairs
than same ones, and how many must not decide what is learned. A kind that is absent adds 0. Where there is a margin, the
mean is over the pairs that are on its wrong side: the others, more and more of them, would only thin it out.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

from alikely.errors import SettingsError
from alikely.losses.bounds import check_number
from alikely.losses.chosen import mean_of


@dataclass(frozen=True)
class Contrastive:
    """Pull same pairs together; push different pairs at least `margin` apart.

        same: distance ** 2        different: max(0, margin - distance) ** 2

    `margin` is in the units of the distance, above 0. The mean over same pairs plus the mean over the different pairs
    nearer than the margin. Hadsell, Chopra, LeCun 2006, eq. 4, without its factor 1/2 (which only scales the step).
    """

    takes: ClassVar[Literal["pairs"]] = "pairs"

    margin: float = 1.0

    def __post_init__(self) -> None:
        check_number("margin", self.margin, above=0.0)

    def __call__(self, distances: Float[Tensor, " pairs"], same: Bool[Tensor, " pairs"]) -> Float[Tensor, ""]:
        """0 and up, in squared units of the distance."""
        pull = distances.square()
        push = (self.margin - distances).clamp(min=0).square()
        return mean_of(pull, same) + mean_of(push, ~same & (push > 0))


@dataclass(frozen=True)
class ContrastiveTwoMargins:
    """Contrastive, with an allowance for same pairs too: nearer than `same_margin` is near enough.

        same: max(0, distance - same_margin) ** 2        different: max(0, different_margin - distance) ** 2

    Items of one identity may then differ a little, instead of all falling on one point. Both margins are in the units
    of the distance; 0 <= same_margin < different_margin. Means over the pairs on the wrong side of their margin.
    """

    takes: ClassVar[Literal["pairs"]] = "pairs"

    same_margin: float = 0.3
    different_margin: float = 1.0

    def __post_init__(self) -> None:
        check_number("same_margin", self.same_margin, at_least=0.0)
        check_number("different_margin", self.different_margin, above=0.0)
        if self.same_margin >= self.different_margin:
            raise SettingsError(
                f"same_margin must be below different_margin, got {self.same_margin} and {self.different_margin}"
            )

    def __call__(self, distances: Float[Tensor, " pairs"], same: Bool[Tensor, " pairs"]) -> Float[Tensor, ""]:
        """0 and up, in squared units of the distance."""
        pull = (distances - self.same_margin).clamp(min=0).square()
        push = (self.different_margin - distances).clamp(min=0).square()
        return mean_of(pull, same & (pull > 0)) + mean_of(push, ~same & (push > 0))


class Logistic(nn.Module):
    """Cross-entropy of the probability that a pair is the same, p = sigmoid(offset - distance).

        same: -log(p)        different: -log(1 - p)

    The offset is learned: the distance at which same and different are equally likely. `offset` is where it starts, in
    the units of the distance. The mean over same pairs plus the mean over different pairs.
    Koch, Zemel, Salakhutdinov 2015, section 3.2, there on the learned weighted L1 distance.
    """

    takes: ClassVar[Literal["pairs"]] = "pairs"

    def __init__(self, offset: float = 1.0) -> None:
        super().__init__()
        check_number("offset", offset)
        self.offset = nn.Parameter(torch.tensor(float(offset)))

    def forward(self, distances: Float[Tensor, " pairs"], same: Bool[Tensor, " pairs"]) -> Float[Tensor, ""]:
        """0 and up, in nats."""
        doubt = distances - self.offset
        return mean_of(functional.softplus(doubt), same) + mean_of(functional.softplus(-doubt), ~same)
