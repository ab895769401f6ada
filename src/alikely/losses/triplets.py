"""All distances of a batch -> one number from its triplets: anchors nearer to positives than to negatives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from alikely.errors import SettingsError
from alikely.losses.bounds import check_number
from alikely.losses.chosen import mean_of
from alikely.mining import TripletCounts, batch_hard, count_semi_hard, count_violating

MINING = ("all", "semi_hard", "batch_hard")


@dataclass(frozen=True)
class Triplet:
    """Make each anchor's negatives farther than its positives by a margin.

        with a margin:  max(0, d(anchor, positive) - d(anchor, negative) + margin)
        soft margin:    log(1 + exp(d(anchor, positive) - d(anchor, negative)))        `margin=None`

    `margin` is in the units of the distance, above 0. `mining` says which triplets count:

        all         every triplet of the batch
        semi_hard   those whose negative is farther than the positive, by less than the margin (needs a margin)
        batch_hard  one for each anchor: its farthest positive and its nearest negative

    The mean over those that are not 0 (triplets that are in order already would only dilute it).
    Schroff, Kalenichenko, Philbin 2015 (FaceNet); Hermans, Beyer, Leibe 2017 (soft margin, batch hard, the mean over
    what is not 0). Takes memory quadratic in the batch; `all` with a soft margin takes time for every triplet.
    """

    takes: ClassVar[Literal["table"]] = "table"

    margin: float | None = 0.2
    mining: str = "semi_hard"

    def __post_init__(self) -> None:
        if self.margin is not None:
            check_number("margin", self.margin, above=0.0)
        if self.mining not in MINING:
            raise SettingsError(f"there is no mining {self.mining!r}; choose one of: {', '.join(MINING)}")
        if self.margin is None and self.mining == "semi_hard":
            raise SettingsError("semi_hard mining needs a margin; give one, or take mining all or batch_hard")

    def __call__(
        self,
        distances: Float[Tensor, "anchors items"],
        same: Bool[Tensor, "anchors items"],
        different: Bool[Tensor, "anchors items"],
    ) -> Float[Tensor, ""]:
        """0 and up; 0 with a gradient of 0 where no triplet counts."""
        if self.mining == "batch_hard":
            return self._of_hardest(distances, same, different)
        if self.margin is None:
            return _soft_of_all(distances, same, different)
        count: Callable[..., TripletCounts] = count_violating if self.mining == "all" else count_semi_hard
        return _hinge_of_counted(distances, count(distances, same, different, self.margin), self.margin)

    def _of_hardest(
        self,
        distances: Float[Tensor, "anchors items"],
        same: Bool[Tensor, "anchors items"],
        different: Bool[Tensor, "anchors items"],
    ) -> Float[Tensor, ""]:
        chosen = batch_hard(distances, same, different)
        excess = distances[chosen.anchors, chosen.positives] - distances[chosen.anchors, chosen.negatives]
        losses = functional.softplus(excess) if self.margin is None else (excess + self.margin).clamp(min=0)
        return mean_of(losses, losses > 0)


def _hinge_of_counted(
    distances: Float[Tensor, "anchors items"], counts: TripletCounts, margin: float
) -> Float[Tensor, ""]:
    """The mean of d(a, p) - d(a, n) + margin over the counted triplets: each distance as often as it is in one."""
    total = counts.total().clamp(min=1)
    pull = counts.positive / total
    push = counts.negative / total
    return (pull * (distances + margin) - push * distances).sum()


def _soft_of_all(
    distances: Float[Tensor, "anchors items"],
    same: Bool[Tensor, "anchors items"],
    different: Bool[Tensor, "anchors items"],
) -> Float[Tensor, ""]:
    """The mean of the softplus over every triplet, one positive of each anchor at a time."""
    positives_first = same.sort(dim=1, descending=True, stable=True)
    most_positives = int(same.sum(dim=1).max())
    total = distances.new_zeros(())
    for rank in range(max(most_positives, 1)):
        column = slice(rank, rank + 1)
        positive = distances.gather(1, positives_first.indices[:, column])
        # Computed again on the way back: kept, the steps together would need memory for every triplet.
        step = (positive, positives_first.values[:, column], distances, different)
        total = total + checkpoint(_soft_sum, *step, use_reentrant=False, preserve_rng_state=False)
    triplets = (same.sum(dim=1) * different.sum(dim=1)).sum()
    return total / triplets.clamp(min=1)


def _soft_sum(
    positive: Float[Tensor, "anchors 1"],
    has_positive: Bool[Tensor, "anchors 1"],
    distances: Float[Tensor, "anchors items"],
    different: Bool[Tensor, "anchors items"],
) -> Float[Tensor, ""]:
    return functional.softplus(positive - distances).where(has_positive & different, 0.0).sum()
