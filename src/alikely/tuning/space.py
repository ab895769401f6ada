"""Settings, and what is known of the items -> what a search may change: learning rate, loss, its scale, dimensions."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from alikely.config import TrainSettings
from alikely.encoders import ENCODERS, default_settings
from alikely.errors import SettingsError
from alikely.losses import LOSSES, learns_from_views
from alikely.types import Examples

FOR_LABELS = ("contrastive", "triplet", "info_nce", "proxy_anchor")
FOR_PAIRS = ("contrastive", "multiple_negatives")
FOR_SCORES = ("cosine_regression", "cosent", "pearson")

# The setting of each loss that decides most, and the range in which it is searched; other losses stay as they are.
SCALES = {
    "contrastive": ("margin", 0.2, 1.8),
    "contrastive_two_margins": ("different_margin", 0.5, 1.8),
    "triplet": ("margin", 0.05, 0.8),
    "info_nce": ("temperature", 0.02, 0.5),
    "multiple_negatives": ("scale", 3.0, 50.0),
    "supervised_contrastive": ("temperature", 0.02, 0.5),
    "proxy_anchor": ("alpha", 8.0, 64.0),
    "arcface": ("scale", 8.0, 64.0),
    "cosface": ("scale", 8.0, 64.0),
    "cosent": ("scale", 5.0, 50.0),
    "angle": ("scale", 5.0, 50.0),
    "vicreg": ("invariance", 5.0, 50.0),
    "barlow_twins": ("redundancy", 0.001, 0.05),
    "info_nce_views": ("temperature", 0.05, 1.0),
}
RATES = (0.1, 5.0)  # times the learning rate of the settings
DIMENSIONS = (0.5, 1, 2)  # times those of the encoder


@runtime_checkable
class Asked(Protocol):
    """What is used of an optuna trial."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """A number of the range."""
        ...

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """One of the choices."""
        ...

    def report(self, value: float, step: int) -> None:
        """What an epoch gave."""
        ...

    def should_prune(self) -> bool:
        """Whether it is behind the others."""
        ...


@dataclass(frozen=True)
class Space:
    """What is searched: all of this that the settings do not say.

    `rates` are the lowest and the highest learning rate, `dims` lengths of the embedding; None: stays as it is.
    `scaled`: whether the scale of each loss is searched, too.
    """

    settings: TrainSettings
    losses: tuple[str, ...]
    rates: tuple[float, float] | None
    dims: tuple[int, ...] | None
    scaled: bool

    def start(self) -> dict[str, Any]:
        """The point of the space at which the settings stand now, by the names that `suggested` gives."""
        loss = str(self.settings.loss)
        point: dict[str, Any] = {"loss": loss}
        if self.scaled and loss in SCALES:
            name, low, high = SCALES[loss]
            default = inspect.signature(LOSSES[loss]).parameters[name].default
            point[f"{loss}.{name}"] = min(max(default, low), high)
        if self.rates is not None:
            point["learning_rate"] = self.settings.learning_rate
        if self.dims is not None:
            point["dim"] = self.dims[len(self.dims) // 2]
        return point

    def suggested(self, trial: Asked) -> dict[str, Any]:
        """A point of the space that the trial chooses, as changes of the settings; numbers have three digits."""
        loss = str(trial.suggest_categorical("loss", self.losses))
        changes: dict[str, Any] = {"loss": loss} if len(self.losses) > 1 else {}
        if self.scaled and loss in SCALES:
            name, low, high = SCALES[loss]
            changes["loss_settings"] = {name: _short(trial.suggest_float(f"{loss}.{name}", low, high, log=True))}
        if self.rates is not None:
            changes["learning_rate"] = _short(trial.suggest_float("learning_rate", *self.rates, log=True))
        if self.dims is not None:
            dim = int(trial.suggest_categorical("dim", self.dims))
            changes["encoder_settings"] = {**self.settings.encoder_settings, "dim": dim}
        return changes


def require_losses(given: TrainSettings, losses: Sequence[str]) -> None:
    """Raise SettingsError for losses that cannot be searched, and for any beside a loss that is set."""
    for loss in losses:
        if loss not in LOSSES:
            raise SettingsError(f"there is no loss {loss!r} to search; choose of: {', '.join(LOSSES)}")
        if learns_from_views(loss):
            raise SettingsError(f"loss {loss} learns from views; to tune it set loss = {loss!r} alone")
    if losses and given.loss is not None:
        raise SettingsError(f"loss is set to {given.loss!r}, and losses to search are given; leave one of them out")


def space_of(
    given: TrainSettings, resolved: TrainSettings, examples: Examples, facts: dict[str, Any], losses: Sequence[str]
) -> Space:
    """What `given` leaves open, with `losses` in place of the usual ones for what is known of the examples.

    `facts` are those of the items' preparation. Raises SettingsError where nothing is left to search.
    """
    said, start = given.model_fields_set, str(resolved.loss)
    chosen = tuple(losses) or _usual(examples)
    if losses:
        start = chosen[0]
    if given.loss is not None:
        chosen = (start,)
    elif start not in chosen:
        chosen = (start, *chosen)
    encoder, dim = str(resolved.encoder), None
    if encoder in ENCODERS and "dim" not in given.encoder_settings:
        dim = default_settings(encoder, facts).get("dim")
    space = Space(
        settings=resolved.model_copy(update={"loss": start}),
        losses=chosen,
        rates=None
        if "learning_rate" in said
        else (RATES[0] * resolved.learning_rate, RATES[1] * resolved.learning_rate),
        dims=tuple(max(2, int(dim * times)) for times in DIMENSIONS) if isinstance(dim, int) and dim > 1 else None,
        scaled="loss_settings" not in said and any(loss in SCALES for loss in chosen),
    )
    if len(chosen) == 1 and space.rates is None and space.dims is None and not space.scaled:
        raise SettingsError("nothing is left to search: learning rate, loss, its settings and dim are all set")
    return space


def _usual(examples: Examples) -> tuple[str, ...]:
    if examples.labels is not None:
        return FOR_LABELS
    scored = examples.pairs is not None and examples.pairs.score is not None
    return FOR_SCORES if scored else FOR_PAIRS


def _short(value: float) -> float:
    return float(f"{value:.3g}")
