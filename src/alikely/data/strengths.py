"""A preset's name, or strengths by name -> an augmentation; or a SettingsError that lists the choices."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from alikely.errors import SettingsError

A = TypeVar("A")


def check_strength(name: str, value: Any, largest: float) -> float:
    """The value as a number with a point. Raises SettingsError unless it is one from 0 to `largest`."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value <= largest:
        raise SettingsError(f"augmentation: {name} must be a number from 0 to {largest:g}, got {value!r}")
    return float(value)


def chosen_from(
    presets: Mapping[str, A], largest: Mapping[str, float], made: Callable[..., A], chosen: str | Mapping[str, Any]
) -> A:
    """The preset of that name, or what is `made` of the strengths given by name, all others 0.

    `largest` has every strength there is, with its largest value. Raises SettingsError for an unknown preset or
    strength, and for one out of bounds; it lists the choices.
    """
    if isinstance(chosen, str):
        if chosen not in presets:
            raise SettingsError(f"there is no augmentation {chosen!r}; choose one of {', '.join(presets)}")
        return presets[chosen]
    for name in chosen:
        if name not in largest:
            raise SettingsError(f"the augmentation has no strength {name!r}; it has {', '.join(largest)}")
    return made(**{name: check_strength(name, value, largest[name]) for name, value in chosen.items()})
