"""All distances of a batch -> one number: each item's positives against all its negatives at once."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from alikely.losses.bounds import check_number
from alikely.losses.chosen import logsumexp_of, mean_of
from alikely.mining import informative_pairs, trusted_negatives


@dataclass(frozen=True)
class InfoNCE:
    """Pick the positive out of all the anchor's negatives: cross-entropy, with -distance / temperature as the logits.

        -log( exp(-d(a, p) / t) / (exp(-d(a, p) / t) + sum over negatives n of exp(-d(a, n) / t)) )

    The mean over all ordered positive pairs (a, p); another positive of the anchor is never counted against it.
    `temperature` is in the units of the distance, above 0: the smaller, the more only the nearest negatives count.
    On the cosine distance this is NT-Xent (Chen et al. 2020, eq. 1) with more than two items a label, the N-pair loss
    (Sohn 2016) with a temperature. van den Oord, Li, Vinyals 2018, eq. 4.
    """

    takes: ClassVar[Literal["table"]] = "table"

    temperature: float = 0.1

    def __post_init__(self) -> None:
        check_number("temperature", self.temperature, above=0.0)

    def __call__(
        self,
        distances: Float[Tensor, "anchors items"],
        same: Bool[Tensor, "anchors items"],
        different: Bool[Tensor, "anchors items"],
    ) -> Float[Tensor, ""]:
        """0 and up, in nats; 0 with a gradient of 0 where the batch holds no positives or no negatives."""
        logits = -distances / self.temperature
        against = logsumexp_of(logits, different, dim=1)
        anchors, positives = same.nonzero(as_tuple=True)
        # log(e^p + e^against) - p: all negatives of an anchor enter each of its positives as one number.
        losses = functional.softplus(against[anchors] - logits[anchors, positives])
        return losses.sum() / max(len(losses), 1)


@dataclass(frozen=True)
class MultipleNegatives:
    """InfoNCE for pairs of which it is only known that they belong together: the rest of the batch are negatives.

    `in_batch`: whatever is not known to be the same as the anchor counts as different, so that positives alone are
    enough to learn from; negatives that are given (the third of a triplet) are among them. Without it only what is
    known to be different counts. `guard` (0 and up, in the units of the distance; None: off) leaves out the negatives
    that lie nearer than the anchor's positive by more than so much: they may well be the same. `scale` is 1 /
    temperature, above 0. Both items of a pair are anchors, and items of either side negatives: a distance has no sides.
    Henderson et al. 2017, section 4.4 (multiple negatives), there on dot products and with the other side only.
    """

    takes: ClassVar[Literal["table"]] = "table"

    scale: float = 20.0
    guard: float | None = None
    in_batch: bool = True

    def __post_init__(self) -> None:
        check_number("scale", self.scale, above=0.0)
        if self.guard is not None:
            check_number("guard", self.guard, at_least=0.0)

    def __call__(
        self,
        distances: Float[Tensor, "anchors items"],
        same: Bool[Tensor, "anchors items"],
        different: Bool[Tensor, "anchors items"],
    ) -> Float[Tensor, ""]:
        """0 and up, in nats; 0 with a gradient of 0 where the batch holds no positives or no negatives."""
        if self.in_batch:
            itself = torch.eye(*same.shape, dtype=torch.bool, device=same.device)
            different = ~same & ~itself
        if self.guard is not None:
            different = trusted_negatives(distances, same, different, self.guard)
        return InfoNCE(1 / self.scale)(distances, same, different)


@dataclass(frozen=True)
class SupervisedContrastive:
    """Each positive against all the anchor's other items, positives too, with -distance / temperature as the logits.

        mean over positives p of  -log( exp(-d(a, p) / t) / sum over all others o of exp(-d(a, o) / t) )

    The mean over the anchors that have a positive and a negative. Other than InfoNCE it also spreads an anchor's
    positives evenly around it; with two positives or more it does not reach 0. `temperature` is in the units of the
    distance, above 0. Khosla et al. 2020, eq. 2 (L_out), there on the cosine.
    """

    takes: ClassVar[Literal["table"]] = "table"

    temperature: float = 0.1

    def __post_init__(self) -> None:
        check_number("temperature", self.temperature, above=0.0)

    def __call__(
        self,
        distances: Float[Tensor, "anchors items"],
        same: Bool[Tensor, "anchors items"],
        different: Bool[Tensor, "anchors items"],
    ) -> Float[Tensor, ""]:
        """0 and up, in nats; 0 with a gradient of 0 where no anchor has both a positive and a negative."""
        logits = -distances / self.temperature
        against = logsumexp_of(logits, same | different, dim=1)
        mean_positive = logits.where(same, 0.0).sum(dim=1) / same.sum(dim=1).clamp(min=1)
        return mean_of(against - mean_positive, same.any(dim=1) & different.any(dim=1))


@dataclass(frozen=True)
class MultiSimilarity:
    """Pull far positives and push near negatives, each the harder the more it stands out among the anchor's others.

        1 / alpha * log(1 + sum over positives of exp(-alpha * (s - base)))
      + 1 / beta  * log(1 + sum over negatives of exp( beta * (s - base)))        s = 1 - distance

    The mean over all anchors of which any pair is known. On the cosine distance s is the cosine. `alpha` and `beta`
    (above 0) say how sharply; `base` is the similarity between pulling and pushing. `epsilon` (0 and up, in the units
    of the distance) leaves out the pairs that are in order by more than that, see `mining.informative_pairs`; None
    leaves out none, and a batch without positives then still pushes its negatives (and the other way round).
    Wang et al. 2019, eq. 10; the settings are theirs.
    """

    takes: ClassVar[Literal["table"]] = "table"

    alpha: float = 2.0
    beta: float = 50.0
    base: float = 0.5
    epsilon: float | None = 0.1

    def __post_init__(self) -> None:
        check_number("alpha", self.alpha, above=0.0)
        check_number("beta", self.beta, above=0.0)
        check_number("base", self.base)
        if self.epsilon is not None:
            check_number("epsilon", self.epsilon, at_least=0.0)

    def __call__(
        self,
        distances: Float[Tensor, "anchors items"],
        same: Bool[Tensor, "anchors items"],
        different: Bool[Tensor, "anchors items"],
    ) -> Float[Tensor, ""]:
        """0 and up; 0 with a gradient of 0 where nothing is known, or nothing is left by `epsilon`."""
        anchors = (same | different).any(dim=1)
        if self.epsilon is not None:
            same, different = informative_pairs(distances, same, different, self.epsilon)
        beyond = 1 - distances - self.base
        pull = functional.softplus(logsumexp_of(-self.alpha * beyond, same, dim=1)) / self.alpha
        push = functional.softplus(logsumexp_of(self.beta * beyond, different, dim=1)) / self.beta
        return mean_of(pull + push, anchors)
