"""Two views of each item of a batch -> one number to learn from, with no label needed."""

import math
from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from alikely.distances import Cosine
from alikely.errors import SettingsError
from alikely.losses.bounds import check_number
from alikely.losses.one_against_many import InfoNCE

# What is added to a variance before its root: the slope of the root at 0 is infinite.
SMALLEST_VARIANCE = 1e-4
FEWEST = 2  # items from which there is a deviation


class SimSiam(nn.Module):
    """Foretell each view from the other: the cosine distance between a prediction and a target that stands still.

        (1 - cos(predict(project(a)), project(b))) / 2 + (1 - cos(predict(project(b)), project(a))) / 2

    No gradient flows into the target project(.); without that, all embeddings soon become one. No item is held against
    another, so small batches do. `width` is that of the projector; the predictor narrows to a quarter of it.
    Chen and He 2021, eq. 1 and 2, plus 1, so that 0 is the least.
    """

    takes: ClassVar[Literal["views"]] = "views"

    def __init__(self, dim: int, width: int = 256) -> None:
        super().__init__()
        self.projector = _projector(dim, width)
        narrow = max(width // 4, 1)
        self.predictor = nn.Sequential(
            nn.Linear(width, narrow, bias=False), nn.BatchNorm1d(narrow), nn.ReLU(), nn.Linear(narrow, width)
        )

    def forward(self, left: Float[Tensor, "items dim"], right: Float[Tensor, "items dim"]) -> Float[Tensor, ""]:
        """0 to 2; 0 with a gradient of 0 for fewer than 2 items."""
        if len(left) < FEWEST:
            return _nothing(left, right)
        targets = self.projector(torch.cat([left, right]))
        predictions = self.predictor(targets)
        # The target of the left views are the right ones, and the other way round.
        crossed = targets.detach().roll(len(left), dims=0)
        return (1 - functional.cosine_similarity(predictions, crossed, dim=1)).mean()

    def apart(self, embeddings: Float[Tensor, "items dim"]) -> float:
        """The mean cosine distance between the projections of two items, 0 to 2; near 0 they have collapsed."""
        if len(embeddings) < FEWEST:
            return math.inf
        projected = self.projector(embeddings)
        rows, columns = torch.triu_indices(len(projected), len(projected), 1)
        return float(Cosine().table(projected, projected)[rows, columns].mean())


class BarlowTwins(nn.Module):
    """Make each projected number agree between the two views, and no two numbers say the same.

        sum over i of (1 - C[i, i]) ** 2  +  redundancy * sum over i != j of C[i, j] ** 2

    C is the correlation over the batch of number i of the left views with number j of the right ones, -1 to 1.
    `redundancy` is lambda, above 0. `width` is that of the projector, which C has as rows and columns. Batches of a few
    hundred items are best, since correlations are estimated from one. Zbontar et al. 2021, eq. 1 and 2.
    """

    takes: ClassVar[Literal["views"]] = "views"

    def __init__(self, dim: int, redundancy: float = 0.005, width: int = 256) -> None:
        super().__init__()
        check_number("redundancy", redundancy, above=0.0)
        self.redundancy = redundancy
        self.projector = _projector(dim, width)

    def forward(self, left: Float[Tensor, "items dim"], right: Float[Tensor, "items dim"]) -> Float[Tensor, ""]:
        """0 and up; 0 with a gradient of 0 for fewer than 2 items."""
        if len(left) < FEWEST:
            return _nothing(left, right)
        return redundancy_reduction(*_projected(self.projector, left, right), self.redundancy)


class VICReg(nn.Module):
    """Draw the two views of an item together, keep every projected number spread out, and no two of them alike.

        invariance * mean (z - z') ** 2  +  variance * (v(Z) + v(Z'))  +  covariance * (c(Z) + c(Z'))

    v is the mean over the numbers of max(0, 1 - deviation over the batch); c is the sum of the squared covariances of
    different numbers over `width`. The three settings are weights, 0 and up. Bardes, Ponce, LeCun 2022, eq. 1 to 6, but
    for eq. 5: the mean over the numbers stands in place of their sum, so that the weights need not change with `width`.
    """

    takes: ClassVar[Literal["views"]] = "views"

    def __init__(
        self, dim: int, invariance: float = 25.0, variance: float = 25.0, covariance: float = 1.0, width: int = 256
    ) -> None:
        super().__init__()
        for name, value in (("invariance", invariance), ("variance", variance), ("covariance", covariance)):
            check_number(name, value, at_least=0.0)
        self.invariance, self.variance, self.covariance = invariance, variance, covariance
        self.projector = _projector(dim, width)

    def forward(self, left: Float[Tensor, "items dim"], right: Float[Tensor, "items dim"]) -> Float[Tensor, ""]:
        """0 and up; 0 with a gradient of 0 for fewer than 2 items."""
        if len(left) < FEWEST:
            return _nothing(left, right)
        one, other = _projected(self.projector, left, right)
        spread = lack_of_variance(one) + lack_of_variance(other)
        shared = covariance_between_numbers(one) + covariance_between_numbers(other)
        drawn = (one - other).square().mean()
        return self.invariance * drawn + self.variance * spread + self.covariance * shared


class InfoNCEViews(nn.Module):
    """Pick an item's other view out of all views in the batch: `info_nce` on the cosine distance of the projections.

    `temperature`, above 0, is as there. `width` is that of the projector. The more items in a batch, the more there is
    to pick from. Chen et al. 2020 (SimCLR), eq. 1; on rows with corrupted cells it is SCARF (Bahri et al. 2022).
    """

    takes: ClassVar[Literal["views"]] = "views"

    def __init__(self, dim: int, temperature: float = 0.2, width: int = 256) -> None:
        super().__init__()
        self.loss = InfoNCE(temperature)
        self.projector = _projector(dim, width)

    def forward(self, left: Float[Tensor, "items dim"], right: Float[Tensor, "items dim"]) -> Float[Tensor, ""]:
        """0 and up, in nats; 0 with a gradient of 0 for fewer than 2 items."""
        if len(left) < FEWEST:
            return _nothing(left, right)
        projected = self.projector(torch.cat([left, right]))
        item = torch.arange(len(left), device=left.device).repeat(2)
        equal = item[:, None] == item[None, :]
        itself = torch.eye(len(item), dtype=torch.bool, device=left.device)
        return self.loss(Cosine().table(projected, projected), equal & ~itself, ~equal)


def redundancy_reduction(
    left: Float[Tensor, "items numbers"], right: Float[Tensor, "items numbers"], redundancy: float
) -> Float[Tensor, ""]:
    """Zbontar et al. 2021, eq. 1 with lambda = `redundancy`, of projections that need not be centred yet."""
    correlations = _standardised(left).T @ _standardised(right) / len(left)
    own = correlations.diagonal()
    return (1 - own).square().sum() + redundancy * (correlations.square().sum() - own.square().sum())


def lack_of_variance(projected: Float[Tensor, "items numbers"]) -> Float[Tensor, ""]:
    """Bardes et al. 2022, eq. 1: how far the deviations over the batch fall short of 1, on average; 0 to 1."""
    return (1 - (projected.var(dim=0) + SMALLEST_VARIANCE).sqrt()).clamp(min=0).mean()


def covariance_between_numbers(projected: Float[Tensor, "items numbers"]) -> Float[Tensor, ""]:
    """Bardes et al. 2022, eq. 4: the sum of squared covariances off the diagonal, over how many numbers there are."""
    centred = projected - projected.mean(dim=0)
    covariances = centred.T @ centred / (len(projected) - 1)
    return (covariances.square().sum() - covariances.diagonal().square().sum()) / projected.shape[1]


def _projector(dim: int, width: int) -> nn.Sequential:
    """Three layers, as in all the papers: what the loss asks of its numbers is not asked of the embedding itself."""
    if width < 1:
        raise SettingsError(f"width must be 1 or more, got {width}")
    return nn.Sequential(
        nn.Linear(dim, width, bias=False),
        nn.BatchNorm1d(width),
        nn.ReLU(),
        nn.Linear(width, width, bias=False),
        nn.BatchNorm1d(width),
        nn.ReLU(),
        nn.Linear(width, width, bias=False),
    )


def _projected(
    projector: nn.Module, left: Float[Tensor, "items dim"], right: Float[Tensor, "items dim"]
) -> tuple[Float[Tensor, "items width"], Float[Tensor, "items width"]]:
    one, other = projector(torch.cat([left, right])).chunk(2)
    return one, other


def _standardised(projected: Float[Tensor, "items numbers"]) -> Float[Tensor, "items numbers"]:
    variance, mean = torch.var_mean(projected, dim=0, correction=0)
    return (projected - mean) / (variance + 1e-8).sqrt()


def _nothing(left: Float[Tensor, "items dim"], right: Float[Tensor, "items dim"]) -> Float[Tensor, ""]:
    return (left.sum() + right.sum()) * 0
