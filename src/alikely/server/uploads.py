"""What a client sends (JSON, or a form with files) -> what was asked, checked, and the items in it.

In JSON a picture is its file's bytes in base64; a text is a text, a row an object, a sequence numbers (steps) or (steps
channels), an embedding numbers. In a form (multipart/form-data) each field has the same name; files are pictures, and
what is no text is JSON. Nothing that a client says is ever taken for a path on this machine.
"""

import base64
import binascii
import json
import math
from collections.abc import Mapping
from io import BytesIO
from typing import Any, TypeVar

from fastapi import Request
from PIL import Image
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.datastructures import UploadFile

from alikely.data.pictures import PICTURE_FORMATS
from alikely.data.sources.values import item_of
from alikely.errors import InputError
from alikely.server.problems import RefusedError
from alikely.server.settings import ServeSettings
from alikely.types import Item, Kind

JSON, FORM = "application/json", "multipart/form-data"

# One item as a client says it: see above. Files of a form are bytes.
ItemSaid = str | bytes | list[Any] | dict[str, Any]


class Asked(BaseModel):
    """The root of all that clients send: unknown names are refused, numbers must be finite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


A = TypeVar("A", bound=Asked)


async def read_asked(request: Request, kind: type[A]) -> A:
    """What the body of a request asks. Raises RefusedError: 415 for another type, 400 for a body that is no such."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media == JSON:
        said = _json(await request.body())
    elif media == FORM:
        said = await _form(request, kind)
    else:
        raise RefusedError(415, "media_type", f"the body is {media or 'of no type'}; send {JSON} or {FORM}")
    try:
        return kind.model_validate(said)
    except ValidationError as error:
        raise RefusedError(422, "request", _first_mistake(error)) from None


def item_from(said: ItemSaid, kind: Kind, settings: ServeSettings, name: str = "the item") -> Item:
    """One item as a client says it -> the item; raises InputError that begins with its `name`."""
    if kind == "picture":
        content = said if isinstance(said, bytes) else _decoded(said, name)
        _check_pixels(content, settings.pixels, name)
        return content
    if isinstance(said, bytes):
        try:
            text = said.decode("utf-8")
            said = text if kind == "text" else json.loads(text)
        except ValueError:
            raise InputError(f"{name}: is a file that is no {'UTF-8 text' if kind == 'text' else 'JSON'}") from None
    if kind in ("sequence", "embedding") and isinstance(said, str):
        # A text of a form.
        said = _json(said.encode())
    if kind in ("sequence", "embedding") and not isinstance(said, list):
        raise InputError(f"{name}: must be a list of numbers")
    if kind == "row" and isinstance(said, str):
        said = _json(said.encode())
    return item_of(said, kind, name)


def body_of(kind: type[Asked], examples: Mapping[str, Any], files: tuple[str, ...] = ()) -> dict[str, Any]:
    """`openapi_extra` of a route that reads `kind`: as JSON, and as a form in which `files` may be files."""
    schema = kind.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    form = json.loads(json.dumps(schema))
    for name in files:
        form["properties"][name] = {"type": "string", "format": "binary"}
    shown = {name: {"value": value} for name, value in examples.items()}
    content = {JSON: {"schema": schema, "examples": shown}, FORM: {"schema": form}}
    return {"requestBody": {"required": True, "content": content}}


async def _form(request: Request, kind: type[Asked]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    try:
        form = await request.form(max_files=1000, max_fields=1000)
    except Exception as error:  # a damaged body raises whatever the parser meets
        raise RefusedError(400, "body", f"the form cannot be read ({error})") from None
    for name, value in form.multi_items():
        content = await value.read() if isinstance(value, UploadFile) else value
        if name in said:
            said[name] = [*(said[name] if isinstance(said[name], list) else [said[name]]), content]
        else:
            said[name] = content
    return {name: _of_form(value, name, kind) for name, value in said.items()}


def _of_form(value: Any, name: str, kind: type[Asked]) -> Any:
    """A field that is to be a list is one, also with one value; an object is written as JSON."""
    field = kind.model_fields.get(name)
    wanted = str(field.annotation) if field is not None else ""
    if wanted.startswith("list[") and not isinstance(value, list):
        return [value]
    if wanted.startswith("dict[") and isinstance(value, str):
        return _json(value.encode())
    return value


def _json(content: bytes) -> Any:
    try:
        said = json.loads(content, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, "body", f"the body is no JSON ({error})") from None
    return said


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _decoded(said: ItemSaid, name: str) -> bytes:
    if not isinstance(said, str):
        raise InputError(f"{name}: must be the bytes of a picture file, in base64, or a file of a form")
    text = said.partition(",")[2] if said.startswith("data:") else said
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InputError(f"{name}: is no base64; send the bytes of a picture file in base64") from None


def _check_pixels(content: bytes, most: float, name: str) -> None:
    """Raise InputError for a picture of more than `most` million pixels, by its head; damaged ones are told later."""
    try:
        with Image.open(BytesIO(content), formats=PICTURE_FORMATS) as picture:
            pixels = float(picture.width * picture.height)
    except Image.DecompressionBombError:
        pixels = math.inf
    except Exception:  # what is wrong with it is told where it is read
        return
    if pixels > most * 1e6:
        raise InputError(f"{name}: has more than {most:g} million pixels, the most that this service takes")


def _first_mistake(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the body"
    return f"{where}: {first['msg']}"
