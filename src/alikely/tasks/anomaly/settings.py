"""The settings of a detector: a frozen dataclass with bounds."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from alikely.calibration.record import check_confidence
from alikely.errors import SettingsError
from alikely.tasks.anomaly.conformal import check_rate


@dataclass(frozen=True)
class DetectorSettings:
    """How normality is learned. Raises SettingsError for a value out of its bounds.

    rate: the false-alarm rate, above 0 and below 1; None: 0.01, or the first of 0.02, 0.05 and 0.1 that the normal
        items can bear.
    confidence: with which new normal items keep the rate; 0: on average only, which takes fewer items.
    hold_back: the share of the normal items (of their groups, where there are groups) that is not remembered but sets
        the threshold; up to half of them where the rate takes more, or where the threshold would rest on the three
        largest deviations.
    nearest: how many of the nearest normal items an item is compared with.
    most_remembered, most_held_back: normal items that are kept at most, drawn by chance.
    preparation: settings of the items' preparation, where no model brings one.
    seed: of the draws.
    """

    rate: float | None = None
    confidence: float = 0.95
    hold_back: float = 0.3
    nearest: int = 3
    most_remembered: int = 20_000
    most_held_back: int = 10_000
    preparation: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.rate is not None:
            check_rate(self.rate)
        check_confidence(self.confidence)
        if not 0 < self.hold_back <= 0.5:
            raise SettingsError(f"hold_back must be above 0 and at most 0.5, got {self.hold_back}")
        for name in ("nearest", "most_remembered", "most_held_back"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise SettingsError(f"{name} must be a whole number of at least 1, got {value!r}")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise SettingsError(f"seed must be a whole number of at least 0, got {self.seed!r}")


def settings_from(values: Mapping[str, Any], columns: Mapping[str, str]) -> DetectorSettings:
    """The settings of these names, and of rows the kinds that are said of columns. Raises SettingsError for others."""
    known = [field.name for field in fields(DetectorSettings)]
    for name in values:
        if name not in known:
            raise SettingsError(f"a detector has no setting {name!r}; it has {', '.join(known)}")
        value = values[name]
        if name == "preparation":
            if not isinstance(value, Mapping):
                raise SettingsError(f"preparation must be settings by name, got {value!r}")
        elif isinstance(value, bool) or not isinstance(value, int | float | None):
            raise SettingsError(f"{name} must be a number, got {value!r}")
    settings = DetectorSettings(**values)
    if not columns:
        return settings
    said = settings.preparation.get("columns", {})
    if not isinstance(said, Mapping):
        raise SettingsError(f"preparation.columns must be kinds by column, got {said!r}")
    return replace(settings, preparation={**settings.preparation, "columns": {**said, **columns}})
