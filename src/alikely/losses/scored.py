"""Pairs with scores (0 unlike .. 1 alike) -> one number: distances that fit the scores, by value or by order.

`cosine_regression` wants each distance to have the value that its score asks for; `cosent`, `angle` and `pearson` only
that the distances of a batch go with its scores.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from alikely.distances import Cosine
from alikely.losses.bounds import check_number

# Distances of a batch that differ by less than this are as good as equal: their order would be rounding.
LEAST_SPREAD = 1e-6


@dataclass(frozen=True)
class CosineRegression:
    """Bring 1 - distance to the score: the mean of (1 - distance - score) ** 2.

    On the cosine distance 1 - distance is the cosine: Reimers, Gurevych 2019, section 3 (regression). On the distance
    1 - exp(-L1) it is exp(-L1): Mueller, Thyagarajan 2016, section 3 (Manhattan LSTM). On any other it does what it
    says, too: score 1 wants a distance of 0, and score 0 a distance of 1.
    """

    takes: ClassVar[Literal["scores"]] = "scores"

    def __call__(
        self,
        left: Float[Tensor, "pairs dim"],
        right: Float[Tensor, "pairs dim"],
        distances: Float[Tensor, " pairs"],
        scores: Float[Tensor, " pairs"],
    ) -> Float[Tensor, ""]:
        """0 and up; 0 with a gradient of 0 where there are no pairs."""
        return (1 - distances - scores).square().sum() / max(len(scores), 1)


@dataclass(frozen=True)
class CoSENT:
    """Put the distances of a batch in the order of its scores.

        log(1 + sum over pairs i, j with score_i > score_j of exp(scale * (distance_i - distance_j)))

    `scale` (above 0, per unit of the distance) says how sharply; equal scores ask for no order. Su 2022 (CoSENT), there
    on the cosine. Time n log n and memory n for n pairs: the sum over j is kept running along the ordered scores.
    """

    takes: ClassVar[Literal["scores"]] = "scores"

    scale: float = 20.0

    def __post_init__(self) -> None:
        check_number("scale", self.scale, above=0.0)

    def __call__(
        self,
        left: Float[Tensor, "pairs dim"],
        right: Float[Tensor, "pairs dim"],
        distances: Float[Tensor, " pairs"],
        scores: Float[Tensor, " pairs"],
    ) -> Float[Tensor, ""]:
        """0 and up; 0 with a gradient of 0 where all scores are equal."""
        return _out_of_order(self.scale * distances, scores)


@dataclass(frozen=True)
class Angle:
    """CoSENT on angles in complex space, in place of the distance.

    The first half of an embedding are the real parts of a complex vector, the second half the imaginary ones (a last 0
    is added where the length is odd). The likeness of z and w is |Re q + Im q| with q = <z, w> / (|z| |w|): other than
    the cosine it does not flatten out where vectors are nearly parallel. By itself it takes opposite vectors for
    parallel ones, and depends a little on which of a pair is the left one: add CoSENT. `scale` (above 0) says how
    sharply. Li, Li 2023 (AnglE), computed as their code does; their full loss is the sum "cosent+angle", with
    "+multiple_negatives" where the batch also holds negatives.
    """

    takes: ClassVar[Literal["scores"]] = "scores"

    scale: float = 20.0

    def __post_init__(self) -> None:
        check_number("scale", self.scale, above=0.0)

    def __call__(
        self,
        left: Float[Tensor, "pairs dim"],
        right: Float[Tensor, "pairs dim"],
        distances: Float[Tensor, " pairs"],
        scores: Float[Tensor, " pairs"],
    ) -> Float[Tensor, ""]:
        """0 and up; 0 with a gradient of 0 where all scores are equal."""
        odd = left.shape[1] % 2
        left, right = functional.pad(left, (0, odd)), functional.pad(right, (0, odd))
        real, imaginary = right.chunk(2, dim=1)
        turned = torch.cat([-imaginary, real], dim=1)  # right times i, whose real product with left is Im q
        cosine, sine = 1 - Cosine().between(left, right), 1 - Cosine().between(left, turned)
        return _out_of_order(-self.scale * (cosine + sine).abs(), scores)


@dataclass(frozen=True)
class Pearson:
    """Make distances fall along a line as scores rise: 1 - Pearson's correlation of -distance with the score.

    It looks at the batch as a whole, so batches should hold a few dozen pairs. 0 on a falling line, 1 where the two
    have nothing to do with each other, 2 on a rising line. Distances that are all equal give 1.
    """

    takes: ClassVar[Literal["scores"]] = "scores"

    def __call__(
        self,
        left: Float[Tensor, "pairs dim"],
        right: Float[Tensor, "pairs dim"],
        distances: Float[Tensor, " pairs"],
        scores: Float[Tensor, " pairs"],
    ) -> Float[Tensor, ""]:
        """0 to 2; 0 with a gradient of 0 where all scores are equal."""
        if len(scores) < 2 or bool(scores.max() - scores.min() <= LEAST_SPREAD):
            return 0.0 * distances.sum()
        distance, score = distances - distances.mean(), scores - scores.mean()
        # The norm has no slope at 0: below the least spread it is held.
        length: Tensor = torch.linalg.vector_norm(distance).clamp(min=LEAST_SPREAD)
        return 1 + (distance / length).dot(score / score.square().sum().sqrt())


def _out_of_order(scaled: Float[Tensor, " pairs"], scores: Float[Tensor, " pairs"]) -> Float[Tensor, ""]:
    """log(1 + sum over score_i > score_j of exp(scaled_i - scaled_j)), without a table of all i and j."""
    ranked, order = scores.sort()
    ordered = scaled[order]
    lower = torch.searchsorted(ranked, ranked)  # how many pairs have a lower score
    has_lower = lower > 0
    running = (-ordered).logcumsumexp(dim=0)
    terms = ordered[has_lower] + running[lower[has_lower] - 1]
    return functional.softplus(terms.logsumexp(dim=0)) if len(terms) else 0.0 * scaled.sum()
