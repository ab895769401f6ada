"""The checks of the numbers that the steps of a preparation are set to."""

from math import isfinite

from alikely.errors import SettingsError

SMALLEST_SIZE, LARGEST_SIZE = 8, 1024


def check_size(size: int) -> None:
    """Raises SettingsError unless `size` is a whole number of pixels from 8 to 1024."""
    if not is_whole(size) or not SMALLEST_SIZE <= size <= LARGEST_SIZE:
        raise SettingsError(f"size must be a whole number from {SMALLEST_SIZE} to {LARGEST_SIZE} pixels, got {size!r}")


def is_whole(value: object) -> bool:
    """Whether it is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Whether it is a finite number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
