"""The JSON of an answer -> objects of a class; and the forms in which JSON says what Python has another type for."""

import base64
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, TypeAdapter, ValidationError

from alikely.errors import ServiceError

T = TypeVar("T")


def answer_as(kind: type[T], said: Any) -> T:
    """An answer as an object of this class; what newer services say beyond it is left out.

    Raises ServiceError for an answer that is another one.
    """
    with _told():
        return TypeAdapter(kind).validate_python(said)


def answers_as(kind: type[T], said: Any) -> tuple[T, ...]:
    """The same for a list of answers."""
    with _told():
        return TypeAdapter(tuple[kind, ...]).validate_python(said)  # type: ignore[valid-type]


def only_answer_as(kind: type[T], said: Any) -> T:
    """The same for a list of one answer."""
    with _told():
        return TypeAdapter(tuple[kind]).validate_python(said)[0]  # type: ignore[valid-type]


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the answer"
        raise ServiceError(
            f"the service answers something else than expected ({where}: {first['msg']}); is it Alikely, and of a "
            "version that fits?"
        ) from None


def _pairs(said: Any) -> Any:
    """[{"item": a, "problem": b}] -> [(a, b)]."""
    return [tuple(one.values()) if isinstance(one, dict) else one for one in said]


def _lowest(said: Any) -> Any:
    """A threshold of null accepts nothing."""
    return -math.inf if said is None else said


def _picture(said: Any) -> Any:
    """A data URL -> what it holds."""
    return base64.b64decode(said.partition(",")[2]) if isinstance(said, str) else said


def _names(said: Any) -> Any:
    """[{"name": a, ...}] -> [a]."""
    return [one["name"] if isinstance(one, dict) and "name" in one else one for one in said]


Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
Pairs = Annotated[tuple[tuple[str, str], ...], BeforeValidator(_pairs)]
Lowest = Annotated[float, BeforeValidator(_lowest)]
Png = Annotated[bytes, BeforeValidator(_picture)]
