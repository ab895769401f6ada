"""Embeddings -> distances: 0 is alike, larger is less alike. One class per distance, and the table of their names.

No distance holds anything larger than its inputs and its answer: a table of n by n needs memory for n * n numbers,
whatever the length of the embeddings. All compute in float32 at the least, under autocast too.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from alikely.contracts import Distance
from alikely.errors import SettingsError

# A vector shorter than this has no direction that rounding would leave standing.
SHORTEST = 1e-12
# Of the square of a distance, this share of the squared lengths is exact to more digits than float32 has. So many pairs
# that are nearer are measured at once.
NEAR = 1e-7
MOST_NEAR = 65536


class Euclidean:
    """Straight-line distance, in the units of the embedding; 0 and up. Its gradient at distance 0 is 0."""

    def between(self, left: Float[Tensor, "pairs dim"], right: Float[Tensor, "pairs dim"]) -> Float[Tensor, " pairs"]:
        """Row by row."""
        with full_precision(left, right) as (left, right):
            length: Tensor = torch.linalg.vector_norm(left - right, dim=1)
            return length

    def table(
        self, left: Float[Tensor, "rows dim"], right: Float[Tensor, "columns dim"]
    ) -> Float[Tensor, "rows columns"]:
        """All by all."""
        with full_precision(left, right) as (left, right):
            learning = torch.is_grad_enabled() and (left.requires_grad or right.requires_grad)
            if learning or left.device.type != "cpu" or left.dtype != torch.float32:
                # The default mode is inexact above 25 rows: an item ends up 0.02 away from itself.
                return torch.cdist(left, right, compute_mode="donot_use_mm_for_euclid_dist")
            return _by_products(left, right)


class SquaredEuclidean:
    """The square of the straight-line distance; 0 and up. For vectors of length 1: twice the cosine distance."""

    def between(self, left: Float[Tensor, "pairs dim"], right: Float[Tensor, "pairs dim"]) -> Float[Tensor, " pairs"]:
        """Row by row."""
        return Euclidean().between(left, right).square()

    def table(
        self, left: Float[Tensor, "rows dim"], right: Float[Tensor, "columns dim"]
    ) -> Float[Tensor, "rows columns"]:
        """All by all."""
        return Euclidean().table(left, right).square()


def _by_products(left: Float[Tensor, "rows dim"], right: Float[Tensor, "columns dim"]) -> Float[Tensor, "rows columns"]:
    """Straight-line distances as |l|^2 + |r|^2 - 2 l r in float64: many times faster than `torch.cdist`, and as exact.

    Where hardly anything is left of the sum, rounding has eaten it; these few are measured directly.
    """
    wide, other = left.double(), right.double()
    sums = wide.square().sum(dim=1)[:, None] + other.square().sum(dim=1)
    squares = torch.addmm(sums, wide, other.T, alpha=-2)
    row, column = (squares <= NEAR * sums).nonzero(as_tuple=True)
    distances = squares.clamp_(min=0).sqrt_().to(left.dtype)
    for rows, columns in zip(torch.split(row, MOST_NEAR), torch.split(column, MOST_NEAR), strict=True):
        distances[rows, columns] = torch.linalg.vector_norm(left[rows] - right[columns], dim=1)
    return distances


class Manhattan:
    """Sum of the absolute differences (L1), in the units of the embedding; 0 and up."""

    def between(self, left: Float[Tensor, "pairs dim"], right: Float[Tensor, "pairs dim"]) -> Float[Tensor, " pairs"]:
        """Row by row."""
        with full_precision(left, right) as (left, right):
            return (left - right).abs().sum(dim=1)

    def table(
        self, left: Float[Tensor, "rows dim"], right: Float[Tensor, "columns dim"]
    ) -> Float[Tensor, "rows columns"]:
        """All by all."""
        with full_precision(left, right) as (left, right):
            return torch.cdist(left, right, p=1.0)


class ExpManhattan:
    """1 - exp(-L1): 0 same, near 1 far apart, whatever the unit; the likeness exp(-L1) turned round.

    Mueller, Thyagarajan 2016, section 3. From an L1 of about 17 on it is 1 in float32, and nothing is learned there.
    """

    def between(self, left: Float[Tensor, "pairs dim"], right: Float[Tensor, "pairs dim"]) -> Float[Tensor, " pairs"]:
        """Row by row."""
        return -torch.expm1(-Manhattan().between(left, right))

    def table(
        self, left: Float[Tensor, "rows dim"], right: Float[Tensor, "columns dim"]
    ) -> Float[Tensor, "rows columns"]:
        """All by all."""
        return -torch.expm1(-Manhattan().table(left, right))


class Cosine:
    """1 - the cosine of the angle between two embeddings: 0 same direction, 1 at a right angle, 2 opposite.

    A zero vector (shorter than 1e-12) has no direction: its distance from everything, itself included, is 1.
    """

    def between(self, left: Float[Tensor, "pairs dim"], right: Float[Tensor, "pairs dim"]) -> Float[Tensor, " pairs"]:
        """Row by row."""
        with full_precision(left, right) as (left, right):
            return (1 - (_direction(left) * _direction(right)).sum(dim=1)).clamp(0, 2)

    def table(
        self, left: Float[Tensor, "rows dim"], right: Float[Tensor, "columns dim"]
    ) -> Float[Tensor, "rows columns"]:
        """All by all."""
        with full_precision(left, right) as (left, right):
            return (1 - _direction(left) @ _direction(right).T).clamp(0, 2)


class Learned(nn.Module):
    """Sum of the absolute differences, each with a learned weight that is never negative; 0 and up.

    Koch, Zemel, Salakhutdinov 2015, section 3.1, where the weights may also be negative: held at 0 and up, it stays a
    distance. `dim` is the length of the embeddings. The weights start at 1 / sqrt(dim), with which embeddings of
    length 1 lie at most 2 apart, whatever `dim` is.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        start = torch.full((dim,), dim**-0.5)
        self.raw_weights = nn.Parameter(start.expm1().log())  # softplus of this is `start`

    def weights(self) -> Float[Tensor, " dim"]:
        """The weight of each number of the embedding, above 0."""
        return functional.softplus(self.raw_weights)

    def between(self, left: Float[Tensor, "pairs dim"], right: Float[Tensor, "pairs dim"]) -> Float[Tensor, " pairs"]:
        """Row by row."""
        with full_precision(left, right, self.weights()) as (left, right, weights):
            return Manhattan().between(left * weights, right * weights)

    def table(
        self, left: Float[Tensor, "rows dim"], right: Float[Tensor, "columns dim"]
    ) -> Float[Tensor, "rows columns"]:
        """All by all."""
        with full_precision(left, right, self.weights()) as (left, right, weights):
            return Manhattan().table(left * weights, right * weights)


DISTANCES: dict[str, type[Distance]] = {
    "euclidean": Euclidean,
    "squared_euclidean": SquaredEuclidean,
    "manhattan": Manhattan,
    "exp_manhattan": ExpManhattan,
    "cosine": Cosine,
    "learned": Learned,
}


def build_distance(name: str, dim: int) -> Distance:
    """The distance called `name` for embeddings of length `dim`. Raises SettingsError if there is none of that name."""
    if name not in DISTANCES:
        raise SettingsError(f"there is no distance {name!r}; choose one of: {', '.join(DISTANCES)}")
    kind = DISTANCES[name]
    return Learned(dim) if kind is Learned else kind()


@contextmanager
def full_precision(*tensors: Tensor) -> Iterator[list[Tensor]]:
    """Inside: no autocast, and the tensors in float32 at the least. In bfloat16 a distance has two or three digits."""
    with torch.autocast(tensors[0].device.type, enabled=False):
        yield [tensor.to(torch.promote_types(tensor.dtype, torch.float32)) for tensor in tensors]


def _direction(vectors: Float[Tensor, "rows dim"]) -> Float[Tensor, "rows dim"]:
    length: Tensor = torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
    return vectors / length.where(length > SHORTEST, 1.0)
