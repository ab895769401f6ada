"""What a client sends (JSON, or a form with files) -> what was asked, checked, and the items in it.

In JSON a picture is its file's bytes in base64; a text is a text, a row an object, a sequence numbers (steps) or (steps
channels), an embedding numbers. In a form (multipart/form-data) each field has the same name; files are pictures, and
what is no text is JSON. Nothing that a client says is ever taken for a path on this machine.
"""

import binascii
import math
import types
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import numpy as np
from fastapi import Request
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.concurrency import run_in_threadpool

from alikely.data.pictures import pixels_of
from alikely.errors import InputError
from alikely.server.forms import read_form
from alikely.server.json_bodies import read_json
from alikely.server.problems import RefusedError, first_mistake
from alikely.server.settings import ServeSettings
from alikely.types import Item, Kind

JSON, FORM = "application/json", "multipart/form-data"
LARGEST_NUMBER = 2**53  # whole numbers up to it are the same in every language that reads JSON
MOST_NUMBERS = 1_000_000  # of one sequence or embedding
SMALL = 16_384  # bytes, characters or numbers of items that are looked at in a millisecond or so

# One item as a client says it: see above. Files of a form are bytes.
ItemSaid = str | bytes | list[Any] | dict[str, Any]


class Asked(BaseModel):
    """The root of all that clients send: unknown names are refused, numbers must be finite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


A = TypeVar("A", bound=Asked)

# What a field of Asked takes: an item, several, values, plain values in a list, or what a form says as JSON.
Takes = Literal["item", "items", "value", "values", "json", "json list"]


async def read_asked(request: Request, kind: type[A]) -> A:
    """What the body of a request asks.

    Raises RefusedError: 415 for another type, 400 for a body that is no such, 422 for what it says.
    """
    media = request.headers.get("content-type", "")
    plain, _, further = media.partition(";")
    plain = plain.strip().lower()
    if plain == JSON:
        if "charset" in further.lower() and "utf-8" not in further.lower():
            raise RefusedError(415, "media_type", f"the body is {media[:100]}; send JSON as UTF-8")
        said = read_json(await request.body())
    elif plain == FORM:
        said = _of_form(read_form(await request.body(), media), kind)
    else:
        raise RefusedError(415, "media_type", f"the body is {plain[:100] or 'of no type'}; send {JSON} or {FORM}")
    if isinstance(said, dict):
        _check_count(said, kind, request.app.state.served.settings.items)
    try:
        asked = kind.model_validate(said)
    except ValidationError as error:
        mistakes = error.errors(include_url=False, include_input=False, include_context=False)
        raise RefusedError(422, "request", first_mistake(mistakes, kind.model_fields)) from None
    _check_numbers(asked, _takes(kind))
    return asked


async def items_asked(said: Sequence[ItemSaid], kind: Kind, settings: ServeSettings) -> list[Item]:
    """Items as a client says them -> the items, in a thread of their own where they are large: to find the size of a
    picture among a million notes beside it takes seconds, in which all others would wait. Raises as `item_from`."""
    if sum(map(len, said)) <= SMALL:
        return [item_from(one, kind, settings) for one in said]
    return await run_in_threadpool(lambda: [item_from(one, kind, settings) for one in said])


def item_from(said: ItemSaid, kind: Kind, settings: ServeSettings, name: str = "the item") -> Item:
    """One item as a client says it -> the item; raises InputError that begins with its `name`."""
    if kind == "picture":
        content = said if isinstance(said, bytes) else _decoded(said, name)
        pixels = pixels_of(content)
        if pixels is not None and pixels > settings.pixels * 1e6:
            raise InputError(f"{name}: has more than {settings.pixels:g} million pixels, the most that is taken here")
        return content
    if isinstance(said, bytes):
        try:
            said = said.decode("utf-8")
        except UnicodeDecodeError:
            raise InputError(f"{name}: is a file that is no UTF-8; send a {kind} as text") from None
    if kind == "text":
        if not isinstance(said, str):
            raise InputError(f"{name}: is {_called(said)}; give a text")
        return said
    if isinstance(said, str):
        # In a form everything is text; what it says is JSON.
        try:
            said = read_json(said.encode("utf-8", "surrogatepass"), name)
        except RefusedError as error:
            raise InputError(str(error)) from None
    if kind == "row":
        if not isinstance(said, dict):
            raise InputError(f"{name}: is {_called(said)}; give an object from columns to cells, such as {{'age': 31}}")
        return said
    if not isinstance(said, list):
        raise InputError(f"{name}: is {_called(said)}; give a list of numbers")
    return _numbers(said, name)


def body_of(kind: type[Asked], examples: Mapping[str, Any], files: tuple[str, ...] = ()) -> dict[str, Any]:
    """`openapi_extra` of a route that reads `kind`: as JSON, and as a form in which `files` may be files."""
    schema = kind.model_json_schema()
    plain = _inlined(schema, schema.pop("$defs", {}))
    form = {**plain, "properties": dict(plain["properties"])}
    for name in files:
        form["properties"][name] = {"type": "string", "format": "binary"}
    shown = {name: {"value": value} for name, value in examples.items()}
    content = {JSON: {"schema": plain, "examples": shown}, FORM: {"schema": form}}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(schema: Any, defined: Mapping[str, Any]) -> Any:
    """A schema without references to others, and without the files that only forms have."""
    if isinstance(schema, list):
        return [_inlined(one, defined) for one in schema if one != {"format": "binary", "type": "string"}]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(defined[schema["$ref"].rpartition("/")[2]], defined)
    return {name: _inlined(value, defined) for name, value in schema.items()}


def _of_form(parts: Sequence[tuple[str, str | bytes, str]], kind: type[Asked]) -> dict[str, Any]:
    """Fields as they would stand in JSON; files as bytes, their names as `names` where nothing else says them."""
    takes = _takes(kind)
    said: dict[str, Any] = {}
    files: list[str] = []
    for name, value, file in parts:
        what = takes.get(name, "value")
        if isinstance(value, bytes) and what not in ("item", "items"):
            raise RefusedError(422, "request", f"{name[:100]}: is a file; send it as a plain field")
        read = read_json(value.encode(), name) if what in ("json", "json list") and isinstance(value, str) else value
        if what == "items":
            files.append(file)
        if what in ("items", "values"):
            said.setdefault(name, []).append(read)
        elif name in said:
            raise RefusedError(422, "request", f"{name[:100]}: stands in the form twice; send it once")
        else:
            said[name] = read
    if "names" in takes and any(files):
        said.setdefault("names", files)
    return said


@cache
def _takes(kind: type[Asked]) -> Mapping[str, Takes]:
    return {name: _taken(field.annotation) for name, field in kind.model_fields.items()}


def _taken(annotation: Any) -> Takes:
    members = _members(annotation)
    if bytes in members:
        return "item"
    lists = [get_args(one)[0] for one in members if get_origin(one) is list]
    if lists:
        inner = _members(lists[0])
        if bytes in inner:
            return "items"
        return "json list" if any(_is_object(one) for one in inner) else "values"
    return "json" if any(_is_object(one) for one in members) else "value"


def _members(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def _is_object(annotation: Any) -> bool:
    return get_origin(annotation) is dict or (isinstance(annotation, type) and issubclass(annotation, BaseModel))


def _check_count(said: Mapping[str, Any], kind: type[Asked], most: int) -> None:
    for name, what in _takes(kind).items():
        value = said.get(name)
        if what in ("items", "json list") and isinstance(value, list) and len(value) > most:
            raise RefusedError(
                413, "too_many", f"{name}: has {len(value):,} items; at most {most} are taken in one request"
            )


def _check_numbers(asked: BaseModel, takes: Mapping[str, Takes]) -> None:
    """Whole numbers of any length are fine in items, nowhere else."""
    for name, what in takes.items():
        if what in ("item", "items"):
            continue
        value = getattr(asked, name)
        values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else (value,)
        for one in values:
            if isinstance(one, Asked):
                _check_numbers(one, _takes(type(one)))
            elif isinstance(one, int) and abs(one) > LARGEST_NUMBER:
                raise RefusedError(422, "request", f"{name}: holds a whole number above 2 ** 53; give a smaller one")


def _decoded(said: ItemSaid, name: str) -> bytes:
    if not isinstance(said, str):
        raise InputError(f"{name}: is {_called(said)}; give the bytes of a picture file in base64, or a file of a form")
    if said.startswith("data:"):
        head, _, said = said.partition(",")
        if not head.endswith(";base64"):
            raise InputError(f"{name}: is a data: address without base64; send data:image/png;base64,...")
    try:
        content = binascii.a2b_base64(said, strict_mode=True)
    except ValueError:
        content = _decoded_freely(said, name)
    if not content:
        raise InputError(f"{name}: is empty; send a picture file (in JSON its bytes in base64)")
    return content


# Ends of lines as mail has them, and the signs of addresses.
_FREE = str.maketrans({"-": "+", "_": "/", "=": None, "\n": None, "\r": None, "\t": None, " ": None})


def _decoded_freely(said: str, name: str) -> bytes:
    text = said.translate(_FREE)
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    except ValueError:
        raise InputError(f"{name}: is no base64; send the bytes of a picture file in base64") from None


def _numbers(said: list[Any], name: str) -> Float[np.ndarray, "..."]:
    """Numbers, or rows of as many numbers each."""
    rows = bool(said) and isinstance(said[0], list)
    flat = [number for row in said if isinstance(row, list) for number in row] if rows else said
    if (rows and not all(isinstance(row, list) for row in said)) or not set(map(type, flat)) <= {int, float}:
        raise InputError(f"{name}: holds something else than numbers; give numbers, or lists of as many numbers each")
    if rows and len({len(row) for row in said}) > 1:
        raise InputError(f"{name}: has rows that differ in length; give as many numbers in each")
    if len(flat) > MOST_NUMBERS:
        raise InputError(f"{name}: has {len(flat):,} numbers; at most {MOST_NUMBERS:,} are taken")
    if not flat:
        raise InputError(f"{name}: is empty; give numbers")
    try:
        values = np.array(said, dtype=np.float64)
    except OverflowError:
        values = np.array([math.inf])
    if not np.isfinite(values).all():
        raise InputError(f"{name}: holds a number that is too large; give finite ones")
    return values


def _called(said: Any) -> str:
    names = {str: "a text", list: "a list", dict: "an object", bytes: "a file", bool: "true or false"}
    return names.get(type(said), "a number")
