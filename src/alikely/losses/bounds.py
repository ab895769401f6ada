"""A setting of a loss -> nothing if it is a number within its bounds, else a SettingsError that names it."""

import math

from alikely.errors import SettingsError


def check_number(
    name: str,
    value: float,
    *,
    above: float = -math.inf,
    at_least: float = -math.inf,
    at_most: float = math.inf,
) -> None:
    """Raises SettingsError unless `value` is a finite number above `above`, at least `at_least`, at most `at_most`."""
    if math.isfinite(value) and value > above and at_least <= value <= at_most:
        return
    bounds = [f"above {above:g}"] * (above > -math.inf)
    bounds += [f"at least {at_least:g}"] * (at_least > -math.inf)
    bounds += [f"at most {at_most:g}"] * (at_most < math.inf)
    raise SettingsError(f"{name} must be a number {' and '.join(bounds)}".rstrip() + f", got {value:g}")
