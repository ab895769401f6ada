"""Embeddings of a batch, and what is known of its items -> one number to learn from. Every loss, by its name."""

import inspect
from collections.abc import Mapping
from typing import Any, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from alikely.contracts import Distance, PairLoss, ProxyLoss, TableLoss
from alikely.distances import full_precision
from alikely.errors import SettingsError
from alikely.losses.one_against_many import InfoNCE, MultiSimilarity, SupervisedContrastive
from alikely.losses.pairs import Contrastive, ContrastiveTwoMargins, Logistic
from alikely.losses.proxies import ArcFace, CosFace, ProxyAnchor
from alikely.losses.triplets import Triplet
from alikely.types import Known

__all__ = [
    "Loss",
    "LOSSES",
    "build_loss",
    "batch_loss",
    "Contrastive",
    "ContrastiveTwoMargins",
    "Logistic",
    "Triplet",
    "InfoNCE",
    "SupervisedContrastive",
    "MultiSimilarity",
    "ProxyAnchor",
    "ArcFace",
    "CosFace",
]

Loss: TypeAlias = PairLoss | TableLoss | ProxyLoss

LOSSES: dict[str, type[Loss]] = {
    "contrastive": Contrastive,
    "contrastive_two_margins": ContrastiveTwoMargins,
    "logistic": Logistic,
    "triplet": Triplet,
    "info_nce": InfoNCE,
    "supervised_contrastive": SupervisedContrastive,
    "multi_similarity": MultiSimilarity,
    "proxy_anchor": ProxyAnchor,
    "arcface": ArcFace,
    "cosface": CosFace,
}

# What a loss needs to know of the data; all its other arguments are settings.
FROM_THE_DATA = ("classes", "dim")
# What a setting can be, in words.
KINDS = {float: "a number", str: "a word", float | None: "a number or none"}


def build_loss(name: str, settings: Mapping[str, float | int | str | None], classes: int, dim: int) -> Loss:
    """The loss called `name`, with `settings` in place of its own where given.

    `classes` is the number of labels to train on (0 where there are only pairs) and `dim` the length of the embeddings;
    losses without proxies need neither. Raises SettingsError where there is no such loss or setting, where a setting is
    out of its bounds, and where a loss needs labels and there are none.
    """
    if name not in LOSSES:
        raise SettingsError(f"there is no loss {name!r}; choose one of: {', '.join(LOSSES)}")
    kind = LOSSES[name]
    arguments = inspect.signature(kind).parameters.values()
    allowed = {argument.name: argument.annotation for argument in arguments if argument.name not in FROM_THE_DATA}
    fitting = {key: _fitting(name, key, value, allowed) for key, value in settings.items()}
    if kind.takes == "labels" and classes < 1:
        raise SettingsError(_needs_labels(name))
    facts = {"classes": classes, "dim": dim} if kind.takes == "labels" else {}
    try:
        return kind(**facts, **fitting)
    except SettingsError as error:
        raise SettingsError(f"loss {name}: {error}") from None


def batch_loss(
    loss: Loss, distance: Distance, embeddings: Float[Tensor, "items dim"], known: Known
) -> Float[Tensor, ""]:
    """What `loss` says of one batch, whatever it takes. In float32 at the least, under autocast too.

    A loss of pairs gets each known pair once; a loss of tables gets all distances; a loss with proxies gets the
    embeddings themselves, and no distance. Raises SettingsError where such a loss finds no labels.
    """
    with full_precision(embeddings) as (embeddings,):
        if loss.takes == "labels":
            if known.labels is None:
                raise SettingsError(_needs_labels(type(loss).__name__))
            return loss(embeddings, known.labels)
        distances = distance.table(embeddings, embeddings)
        if loss.takes == "table":
            return loss(distances, known.same, known.different)
        left, right = torch.triu(known.same | known.different).nonzero(as_tuple=True)
        return loss(distances[left, right], known.same[left, right])


def _needs_labels(name: str) -> str:
    others = ", ".join(other for other, kind in LOSSES.items() if kind.takes != "labels")
    return f"loss {name} learns from labels, and only pairs are known; give labels, or choose one of: {others}"


def _fitting(name: str, setting: str, value: float | int | str | None, allowed: Mapping[str, Any]) -> Any:
    """The value, if it is of the type that the setting asks for; a whole number is one with a point, too."""
    if setting not in allowed:
        raise SettingsError(f"loss {name} has no setting {setting!r}; it has: {', '.join(allowed)}")
    if isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, allowed[setting]):
        raise SettingsError(f"loss {name}: {setting} must be {KINDS[allowed[setting]]}, got {value!r}")
    return value
