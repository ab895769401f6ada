"""What a user may keep beside a template -> its kind, and why one cannot be kept. The same for every store."""

import math

from alikely.types import Field

KINDS = ("truth", "number", "text")
FIELD_KINDS = "a number, a text, true or false"
SMALLEST, LARGEST = -(2**63), 2**63 - 1


def kind_of(value: Field) -> str:
    """`truth`, `number` or `text`. Two kinds are never equal: 1 is not true, and '1' is not 1."""
    if isinstance(value, bool):
        return "truth"
    return "text" if isinstance(value, str) else "number"


def same_kind(one: Field, other: Field) -> bool:
    """Whether two values can be compared."""
    return kind_of(one) == kind_of(other)


def unfit_value(value: object) -> str | None:
    """Why a store cannot keep or look for this value; None where it can."""
    if not isinstance(value, str | int | float | bool):
        return f"a field must be {FIELD_KINDS}, got {type(value).__name__}"
    if isinstance(value, float) and not math.isfinite(value):
        return f"a number must be finite, got {value}"
    if isinstance(value, int) and not SMALLEST <= value <= LARGEST:
        return f"a whole number must lie in {SMALLEST:,} to {LARGEST:,}, got {value}; write it as a text"
    if isinstance(value, str) and unfit_text(value):
        return unfit_text(value)
    return None


def unfit_text(text: str) -> str | None:
    """Why a text cannot be kept; None where it can."""
    if "\0" in text:
        return "a text may not hold the sign NUL"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "the text holds half a sign (a lone surrogate), which no file can keep"
    return None
