"""Embeddings and their labels -> one number, by way of a learned vector (proxy) for each label.

All work on the cosine between embeddings and proxies. The proxies serve the training only: a model decides by the
distances of embeddings, about identities that never had a proxy.
"""

import math
from typing import ClassVar, Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from alikely.distances import Cosine
from alikely.errors import SettingsError
from alikely.losses.bounds import check_number
from alikely.losses.chosen import logsumexp_of


class Proxies(nn.Module):
    """One learned vector for each of `classes` labels, `dim` long; each starts in a direction drawn at random."""

    def __init__(self, classes: int, dim: int) -> None:
        super().__init__()
        check_number("classes", float(classes), at_least=1.0)
        check_number("dim", float(dim), at_least=1.0)
        # Only the direction counts; length 1 in expectation keeps the size of the steps independent of `dim`.
        self.vectors = nn.Parameter(torch.randn(classes, dim) / math.sqrt(dim))

    def forward(
        self, embeddings: Float[Tensor, "items dim"], labels: Int[Tensor, " items"]
    ) -> Float[Tensor, "items classes"]:
        """The cosine of each embedding with each proxy, -1..1. Raises SettingsError where a label has no proxy."""
        classes = len(self.vectors)
        if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
            raise SettingsError(
                f"labels must be numbers from 0 to {classes - 1}, got {int(labels.min())} to {int(labels.max())}; "
                "build the loss with as many classes as there are labels to train on"
            )
        return 1 - Cosine().table(embeddings, self.vectors)


class ProxyAnchor(nn.Module):
    """Each proxy pulls the items of its label and pushes all others, the harder the more they are out of order.

        mean over proxies with items:  log(1 + sum over its items of exp(-alpha * (cosine - margin)))
      + mean over all proxies:         log(1 + sum over all others of exp(alpha * (cosine + margin)))

    `margin` is in units of the cosine, 0 to 1; `alpha` is above 0. Kim et al. 2020, eq. 4; the settings are theirs.
    """

    takes: ClassVar[Literal["labels"]] = "labels"

    def __init__(self, classes: int, dim: int, margin: float = 0.1, alpha: float = 32.0) -> None:
        super().__init__()
        check_number("margin", margin, at_least=0.0, at_most=1.0)
        check_number("alpha", alpha, above=0.0)
        self.margin = margin
        self.alpha = alpha
        self.proxies = Proxies(classes, dim)

    def forward(self, embeddings: Float[Tensor, "items dim"], labels: Int[Tensor, " items"]) -> Float[Tensor, ""]:
        """0 and up."""
        cosines = self.proxies(embeddings, labels)
        own = labels[:, None] == torch.arange(cosines.shape[1], device=labels.device)
        pull = functional.softplus(logsumexp_of(self.alpha * (self.margin - cosines), own, dim=0))
        push = functional.softplus(logsumexp_of(self.alpha * (self.margin + cosines), ~own, dim=0))
        return pull.sum() / own.any(dim=0).sum().clamp(min=1) + push.mean()


class ArcFace(nn.Module):
    """Cross-entropy over all labels, in which each item's angle to its own proxy is made `margin` wider.

        logits: scale * cos(angle), and scale * cos(angle + margin) for the item's own label

    `margin` is in radians, 0 to pi / 2; `scale` is above 0. Where angle + margin passes pi (the cosine would rise
    again) the own logit is scale * (cos(angle) - margin * sin(margin)), as the authors' code does it: it keeps falling.
    Deng et al. 2019, eq. 3; the settings are theirs.
    """

    takes: ClassVar[Literal["labels"]] = "labels"

    def __init__(self, classes: int, dim: int, margin: float = 0.5, scale: float = 64.0) -> None:
        super().__init__()
        check_number("margin", margin, at_least=0.0, at_most=math.pi / 2)
        check_number("scale", scale, above=0.0)
        self.margin = margin
        self.scale = scale
        self.proxies = Proxies(classes, dim)

    def forward(self, embeddings: Float[Tensor, "items dim"], labels: Int[Tensor, " items"]) -> Float[Tensor, ""]:
        """0 and up, in nats."""
        cosines = self.proxies(embeddings, labels)
        own = cosines.gather(1, labels[:, None])
        # The slope of the root is without bound at 0; below one rounding step it is held.
        sine = (1 - own.square()).clamp(min=torch.finfo(own.dtype).eps).sqrt()
        widened = own * math.cos(self.margin) - sine * math.sin(self.margin)
        beyond = own - self.margin * math.sin(self.margin)
        harder = widened.where(own >= -math.cos(self.margin), beyond)
        return functional.cross_entropy(self.scale * cosines.scatter(1, labels[:, None], harder), labels)


class CosFace(nn.Module):
    """Cross-entropy over all labels, in which each item's cosine with its own proxy is made `margin` smaller.

        logits: scale * cos(angle), and scale * (cos(angle) - margin) for the item's own label

    `margin` is in units of the cosine, 0 to 1; `scale` is above 0. Wang et al. 2018, eq. 4; the settings are theirs.
    """

    takes: ClassVar[Literal["labels"]] = "labels"

    def __init__(self, classes: int, dim: int, margin: float = 0.35, scale: float = 64.0) -> None:
        super().__init__()
        check_number("margin", margin, at_least=0.0, at_most=1.0)
        check_number("scale", scale, above=0.0)
        self.margin = margin
        self.scale = scale
        self.proxies = Proxies(classes, dim)

    def forward(self, embeddings: Float[Tensor, "items dim"], labels: Int[Tensor, " items"]) -> Float[Tensor, ""]:
        """0 and up, in nats."""
        cosines = self.proxies(embeddings, labels)
        harder = cosines.gather(1, labels[:, None]) - self.margin
        return functional.cross_entropy(self.scale * cosines.scatter(1, labels[:, None], harder), labels)
