"""The distances from an item to all templates of an identity in; the one distance to the identity out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped

from alikely.contracts import Distance
from alikely.errors import SettingsError, TooFewError
from alikely.metrics import Verification

RULES = ("nearest", "mean", "learned")
# What a learned rule chooses from: 0 is the mean, and from about 8 on the nearest has all the weight.
SHARPNESS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True)
class Joining:
    """One distance from an item to an identity with several templates.

    nearest    the smallest of the distances: an identity with several looks needs a match with one of them
    mean       the mean of the distances: chance in single templates is averaged out
    learned    between the two: a weighted mean, the template of rank r (0 is the nearest) with the weight
               exp(-sharpness r) / sum; `learn_joining` finds the sharpness that errs least on labelled items

    It is never less than the smallest of the distances. With one template all are the same.
    """

    rule: str = "nearest"
    sharpness: float | None = None

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise SettingsError(f"there is no rule {self.rule!r} to join templates; choose one of: {', '.join(RULES)}")
        if (self.rule == "learned") != (self.sharpness is not None):
            raise SettingsError(
                "the rule learned, and no other, has a sharpness: it is learned from labelled items (learn_joining; "
                "--learn-from SOURCE)"
            )
        if self.sharpness is not None and not 0 <= self.sharpness < np.inf:
            raise SettingsError(f"the sharpness must be finite and 0 or more, got {self.sharpness}")

    def joined(self, distances: Float[np.ndarray, "items templates"]) -> Float[np.ndarray, " items"]:
        """The distance of each item to one identity; a row holds its distances to all templates, in any order."""
        joined: Float[np.ndarray, " items"] = np.sort(distances, axis=1) @ self.weights(distances.shape[1])
        # Rounding puts a weighted mean beyond none of its parts.
        least: Float[np.ndarray, " items"] = np.maximum(joined, distances.min(axis=1))
        return least

    def weights(self, templates: int) -> Float[np.ndarray, " templates"]:
        """The weight of each template, the nearest first; they sum to 1."""
        raw = np.exp(-(self.sharpness or 0.0) * np.arange(templates))
        if self.rule == "nearest":
            raw = (np.arange(templates) == 0).astype(np.float64)
        weights: Float[np.ndarray, " templates"] = raw / raw.sum()
        return weights

    def to_dict(self) -> dict[str, Any]:
        """For JSON; `joining_from` reads it."""
        return {"rule": self.rule, "sharpness": self.sharpness}


def joining_from(kept: Mapping[str, Any]) -> Joining:
    """What `to_dict` gave, as a rule again."""
    return Joining(kept["rule"], kept["sharpness"])


def learn_joining(
    embeddings: Float[np.ndarray, "items dim"],
    labels: Shaped[np.ndarray, " items"],
    distance: Distance,
    templates: int,
    seed: int = 0,
) -> tuple[Joining, dict[float, float]]:
    """The rule that tells identities apart best from `templates` templates each; and the EER of each sharpness.

    Of every identity with more items than that, some are drawn as templates, the others are compared with the templates
    of all identities. Of equal EERs the largest sharpness is taken. For the sharpness to hold on others, these must not
    be items that the model has learned from. Raises SettingsError for fewer than 2 templates, TooFewError for fewer
    than 2 identities with enough items.
    """
    if templates < 2:
        raise SettingsError(f"with {templates} template an identity there is nothing to join; enrol 2 or more")
    names, numbers, counts = np.unique(labels, return_inverse=True, return_counts=True)
    usable = np.flatnonzero(counts > templates)
    if len(usable) < 2:
        raise TooFewError(
            f"to learn how to join {templates} templates it takes 2 identities or more with {templates + 1} items "
            f"each, and {len(usable)} of {len(names)} have so many"
        )
    draw = np.random.default_rng(seed)
    drawn = {number: draw.permutation(np.flatnonzero(numbers == number)) for number in usable}
    probes = np.concatenate([rows[templates:] for rows in drawn.values()])
    tensors = torch.from_numpy(embeddings)
    with torch.inference_mode():
        to_each = [
            distance.table(tensors[probes], tensors[rows[:templates]]).double().numpy() for rows in drawn.values()
        ]
    own = numbers[probes][:, None] == usable[None, :]
    found: dict[float, float] = {}
    for sharpness in SHARPNESS:
        rule = Joining("learned", sharpness)
        joined = np.stack([rule.joined(table) for table in to_each], axis=1)
        found[sharpness] = Verification.from_distances(joined[own], joined[~own]).eer
    best = min(SHARPNESS, key=lambda sharpness: (found[sharpness], -sharpness))
    return Joining("learned", best), found
