"""Embeddings of a batch, and what is known of its items -> one number to learn from. Every loss, by its name."""

import inspect
from collections.abc import Mapping
from typing import Any, TypeAlias

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from alikely.contracts import Distance
from alikely.distances import full_precision
from alikely.errors import SettingsError
from alikely.losses.borrowed import build_borrowed, is_borrowed
from alikely.losses.earlier import Earlier
from alikely.losses.joined import Joined, Single
from alikely.losses.one_against_many import InfoNCE, MultipleNegatives, MultiSimilarity, SupervisedContrastive
from alikely.losses.pairs import Contrastive, ContrastiveTwoMargins, Logistic
from alikely.losses.proxies import ArcFace, CosFace, ProxyAnchor
from alikely.losses.scored import Angle, CoSENT, CosineRegression, Pearson
from alikely.losses.triplets import Triplet
from alikely.losses.views import BarlowTwins, InfoNCEViews, SimSiam, VICReg
from alikely.types import Known, Scored

__all__ = [
    "Loss",
    "LOSSES",
    "build_loss",
    "batch_loss",
    "Earlier",
    "is_borrowed",
    "learns_from_views",
    "compares_earlier",
    "Contrastive",
    "ContrastiveTwoMargins",
    "Logistic",
    "Triplet",
    "InfoNCE",
    "MultipleNegatives",
    "SupervisedContrastive",
    "MultiSimilarity",
    "ProxyAnchor",
    "ArcFace",
    "CosFace",
    "CosineRegression",
    "CoSENT",
    "Angle",
    "Pearson",
    "SimSiam",
    "BarlowTwins",
    "VICReg",
    "InfoNCEViews",
    "Joined",
]

Loss: TypeAlias = Single | Joined

LOSSES: dict[str, type[Single]] = {
    "contrastive": Contrastive,
    "contrastive_two_margins": ContrastiveTwoMargins,
    "logistic": Logistic,
    "triplet": Triplet,
    "info_nce": InfoNCE,
    "multiple_negatives": MultipleNegatives,
    "supervised_contrastive": SupervisedContrastive,
    "multi_similarity": MultiSimilarity,
    "proxy_anchor": ProxyAnchor,
    "arcface": ArcFace,
    "cosface": CosFace,
    "cosine_regression": CosineRegression,
    "cosent": CoSENT,
    "angle": Angle,
    "pearson": Pearson,
    "simsiam": SimSiam,
    "barlow_twins": BarlowTwins,
    "vicreg": VICReg,
    "info_nce_views": InfoNCEViews,
}

# What a loss needs to know of the data; all its other arguments are settings.
FROM_THE_DATA = ("classes", "dim")
# What a setting can be, in words.
KINDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a word",
    float | None: "a number or none",
}
Setting: TypeAlias = bool | float | int | str | None


def build_loss(name: str, settings: Mapping[str, Setting | Mapping[str, Setting]], classes: int, dim: int) -> Loss:
    """The loss called `name`, with `settings` in place of its own where given.

    `classes` is the number of labels to train on (0 where there are only pairs) and `dim` the length of the embeddings;
    losses without proxies need neither. Names joined by + ("info_nce+cosface") give the sum of these losses; `settings`
    then holds those of each under its name, among them its `weight` in the sum (1 where it is not given). A name such
    as "pml:CircleLoss" gives that loss of pytorch-metric-learning, with its own settings.
    Raises SettingsError where there is no such loss or setting, where a setting is out of its bounds, and where a loss
    needs labels and there are none.
    """
    names = name.split("+")
    if len(names) == 1:
        return _build_single(name, settings, classes, dim)
    if len(set(names)) < len(names):
        raise SettingsError(f"loss {name} names a loss twice; name each once, and give it a weight")
    for key, value in settings.items():
        if key not in names or not isinstance(value, Mapping):
            raise SettingsError(
                f"loss {name}: settings of a sum stand under the name of their loss, got {key} = {value!r}; "
                f"write loss_settings = {{ {names[0]} = {{ ... }} }}"
            )
    if learns_from_views(name) and not all(learns_from_views(part) for part in names):
        raise SettingsError(
            f"loss {name}: losses that learn from views cannot be joined with those that learn from what is known; "
            "choose either"
        )
    losses, weights = {}, {}
    for part in names:
        given = dict(settings.get(part, {}))  # type: ignore[arg-type]  # a Mapping, as checked above
        weights[part] = _fitting(part, "weight", given.pop("weight", 1.0), {"weight": float})
        losses[part] = _build_single(part, given, classes, dim)
    return Joined(losses, weights)


def _build_single(name: str, settings: Mapping[str, object], classes: int, dim: int) -> Single:
    if is_borrowed(name):
        return build_borrowed(name, settings, classes, dim)
    if name not in LOSSES:
        raise SettingsError(f"there is no loss {name!r}; choose one of: {', '.join(LOSSES)}")
    kind = LOSSES[name]
    arguments = inspect.signature(kind).parameters.values()
    allowed = {argument.name: argument.annotation for argument in arguments if argument.name not in FROM_THE_DATA}
    fitting = {key: _fitting(name, key, value, allowed) for key, value in settings.items()}
    if kind.takes == "labels" and classes < 1:
        raise SettingsError(_needs_labels(name))
    facts = {"labels": {"classes": classes, "dim": dim}, "views": {"dim": dim}}.get(kind.takes, {})
    try:
        return kind(**facts, **fitting)
    except SettingsError as error:
        raise SettingsError(f"loss {name}: {error}") from None


def learns_from_views(name: str) -> bool:
    """Whether the loss called `name`, or one of those joined by + in it, learns from views and needs no labels."""
    return any(part in LOSSES and LOSSES[part].takes == "views" for part in name.split("+"))


def compares_earlier(name: str) -> bool:
    """Whether the loss called `name`, or one of those joined by + in it, can compare with items of earlier batches."""
    return any(part in LOSSES and LOSSES[part].takes in ("pairs", "table") for part in name.split("+"))


def batch_loss(
    loss: Loss,
    distance: Distance,
    embeddings: Float[Tensor, "items dim"],
    known: Known,
    earlier: Earlier | None = None,
) -> Float[Tensor, ""]:
    """What `loss` says of one batch, whatever it takes. In float32 at the least, under autocast too.

    A loss of pairs gets each known pair once; a loss of tables gets all distances; a loss of scores gets the scored
    pairs, and where pairs were given without scores 1 for each that is the same and 0 for each that is different; a
    loss with proxies gets the embeddings themselves, and no distance; so does a loss of views, to which each pair that
    is the same is two views of one item; a borrowed loss gets the embeddings and all that is known; joined losses get
    each what it takes, and their weighted sum is given. Items of `earlier` batches are further columns of the tables,
    and make further pairs, each with one item of this batch. Raises SettingsError where a loss finds no labels that it
    needs.
    """
    if isinstance(loss, Joined):
        values = [weight * batch_loss(part, distance, embeddings, known, earlier) for weight, part in loss.parts]
        return torch.stack(values).sum()
    with full_precision(embeddings) as (embeddings,):
        if loss.takes == "labels":
            if known.labels is None:
                raise SettingsError(_needs_labels(type(loss).__name__))
            return loss(embeddings, known.labels)
        if loss.takes == "known":
            return loss(embeddings, known)
        if loss.takes == "views":
            left, right = torch.triu(known.same).nonzero(as_tuple=True)
            return loss(embeddings[left], embeddings[right])
        if loss.takes == "scores":
            scored = known.scored or _scored_by_tables(known)
            left, right = embeddings[scored.left], embeddings[scored.right]
            return loss(left, right, distance.between(left, right), scored.scores.to(embeddings.dtype))
        columns, same, different = embeddings, known.same, known.different
        if earlier is not None and known.labels is not None:
            equal = known.labels[:, None] == earlier.labels
            columns = torch.cat([embeddings, earlier.embeddings.to(embeddings.dtype)])
            same, different = torch.cat([same, equal], dim=1), torch.cat([different, ~equal], dim=1)
        distances = distance.table(embeddings, columns)
        if loss.takes == "table":
            return loss(distances, same, different)
        left, right = _each_pair_once(same | different)
        return loss(distances[left, right], same[left, right])


def _each_pair_once(pairs: Bool[Tensor, "items columns"]) -> tuple[Int[Tensor, " pairs"], Int[Tensor, " pairs"]]:
    left, right = torch.triu(pairs).nonzero(as_tuple=True)
    return left, right


def _scored_by_tables(known: Known) -> Scored:
    left, right = _each_pair_once(known.same | known.different)
    return Scored(left, right, known.same[left, right].float())


def _needs_labels(name: str) -> str:
    others = ", ".join(other for other, kind in LOSSES.items() if kind.takes != "labels")
    return f"loss {name} learns from labels, and only pairs are known; give labels, or choose one of: {others}"


def _fitting(name: str, setting: str, value: object, allowed: Mapping[str, Any]) -> Any:
    """The value, if it is of the type that the setting asks for; a whole number is one with a point, too."""
    if setting not in allowed:
        raise SettingsError(f"loss {name} has no setting {setting!r}; it has: {', '.join(allowed) or 'none'}")
    if isinstance(value, int) and not isinstance(value, bool) and allowed[setting] is not int:
        value = float(value)
    if not isinstance(value, allowed[setting]) or (isinstance(value, bool) and allowed[setting] is not bool):
        raise SettingsError(f"loss {name}: {setting} must be {KINDS[allowed[setting]]}, got {value!r}")
    return value
