"""One setting of an encoder -> nothing, or a SettingsError that says what is allowed and what was found."""

from typing import Any

from alikely.errors import SettingsError


def check_whole(owner: str, setting: str, value: int, least: int, most: int) -> None:
    """`value` is a whole number from `least` to `most`, both included."""
    if not least <= value <= most:
        raise SettingsError(f"{owner}: {setting} must be a whole number from {least} to {most}, got {value}")


def check_share(owner: str, setting: str, value: float) -> None:
    """`value` is at least 0 and less than 1."""
    if not 0 <= value < 1:
        raise SettingsError(f"{owner}: {setting} must be at least 0 and less than 1, got {value}")


def check_choice(owner: str, setting: str, value: Any, choices: tuple[Any, ...]) -> None:
    """`value` is one of `choices`."""
    if value not in choices:
        raise SettingsError(f"{owner}: {setting} must be one of {', '.join(map(str, choices))}, got {value!r}")


def check_input(owner: str, found: tuple[int, ...], channels: int, smallest: int) -> None:
    """A batch of shape `found` (items channels height width) fits an encoder of `channels` and a `smallest` side."""
    if found[1] != channels:
        raise SettingsError(
            f"{owner} was built for pictures of {channels} channel{'' if channels == 1 else 's'}, got {found[1]}; "
            f"prepare them in that many, or build it with channels={found[1]}"
        )
    if min(found[2:]) < smallest:
        raise SettingsError(
            f"{owner} needs pictures of at least {smallest}x{smallest} pixels, got {found[3]}x{found[2]}; "
            "choose a larger size"
        )
