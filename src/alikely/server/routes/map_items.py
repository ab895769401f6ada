"""/v1/map/{source}/...: the items of a map: one, found by name, in groups, by values of a field, as CSV."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from alikely.plane import Drawing
from alikely.server.access import MayRead
from alikely.server.held import TheServed
from alikely.server.map_sources import MapSource
from alikely.server.mapped import drawn_map
from alikely.server.problems import RefusedError
from alikely.server.routes.mapping import FieldName, Name, Version
from alikely.server.thumbnails import MEDIA_TYPE
from alikely.server.uploads import Asked, body_of, read_asked

router = APIRouter(prefix="/v1/map", tags=["map"])

MOST_FOUND = 50
MOST_SHOWN = 60  # items of a group at once
ROWS = 50  # of a page of a table
FOR_A_WHILE = {"Cache-Control": "private, max-age=300"}

Number = Annotated[int, Path(ge=0, description="of an item of the map")]


class ItemTold(BaseModel):
    """One item: `picture` says whether there is one (at .../picture), the rest is there by the kind of the item."""

    number: int
    name: str
    label: str | None
    values: Annotated[dict[str, str], Field(description="all fields")]
    picture: bool
    text: str | None = None
    cells: list[tuple[str, str]] | None = None
    curves: list[list[float]] | None = None
    steps: Annotated[int | None, Field(description="of a sequence, in all")] = None


class ItemsTold(BaseModel):
    """Some items."""

    items: list[ItemTold]


class GroupTold(BaseModel):
    """A group: how many, its values of a field as [value, items of the group, items of all], and some of its items."""

    count: int
    removed: Annotated[int, Field(description="items of the map that are no longer there")]
    values: list[tuple[str, int, int]]
    items: list[ItemTold]


class RowTold(BaseModel):
    """A value of a field: its items, their middle on the map, their spread (1: as wide as the whole map)."""

    value: str
    items: int
    middle: tuple[float, float]
    spread: float


class TableTold(BaseModel):
    """Some rows of all."""

    rows: list[RowTold]
    of: int


class GroupAsked(Asked):
    """A group of items of the map by their numbers, and the field to count by; items are told from `start` on."""

    numbers: Annotated[list[int], Field(max_length=1_000_000)]
    field: str | None = None
    start: Annotated[int, Field(ge=0)] = 0
    version: int | None = None


class ExportAsked(Asked):
    """A group of items by their numbers."""

    numbers: Annotated[list[int], Field(max_length=1_000_000)]
    version: int | None = None


@router.get("/{source}/items/{number}", response_model=None, responses={200: {"model": ItemTold}})
async def map_item(
    source: Name,
    number: Number,
    served: TheServed,
    caller: MayRead,  # noqa: ARG001
    version: Version = None,
) -> dict[str, Any]:
    """What an item is called and what it holds."""
    found, drawing = drawn_map(served, source, version)

    def answer() -> dict[str, Any]:
        _check_item(found, drawing, number)
        return _items(found, drawing, [number])[0]

    return await run_in_threadpool(answer)


@router.get(
    "/{source}/items/{number}/picture",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}}, 404: {"description": "There is no picture of it here"}},
)
async def map_picture(
    source: Name,
    number: Number,
    served: TheServed,
    caller: MayRead,  # noqa: ARG001
    version: Version = None,
) -> Response:
    """A small picture (WebP, at most 256 pixels) of an item."""
    found, drawing = drawn_map(served, source, version)

    def answer() -> bytes | None:
        _check_item(found, drawing, number)
        return found.picture((number, drawing.names[number]))

    small = await run_in_threadpool(answer)
    if small is None:
        raise RefusedError(404, "no_picture", "there is no picture of this here")
    return Response(small, media_type=MEDIA_TYPE, headers=FOR_A_WHILE)


@router.get("/{source}/find", response_model=None, responses={200: {"model": ItemsTold}})
async def find_items(
    source: Name,
    text: Annotated[str, Query(max_length=300, description="a part of a name or label")],
    served: TheServed,
    caller: MayRead,  # noqa: ARG001
    version: Version = None,
) -> dict[str, Any]:
    """The first 50 items whose name or label contains a text."""
    found, drawing = drawn_map(served, source, version)

    def answer() -> dict[str, Any]:
        numbers = drawing.found(text, MOST_FOUND).tolist()
        return {"items": _items(found, drawing, _there(found, drawing, numbers))}

    return await run_in_threadpool(answer)


@router.get("/{source}/table", response_model=None, responses={200: {"model": TableTold}})
async def map_table(
    source: Name,
    field: FieldName,
    served: TheServed,
    caller: MayRead,  # noqa: ARG001
    start: Annotated[int, Query(ge=0)] = 0,
    version: Version = None,
) -> dict[str, Any]:
    """50 values of a field from `start` on, the most frequent first: how many items, and how far they are spread."""
    _, drawing = drawn_map(served, source, version)

    def answer() -> dict[str, Any]:
        spreads = drawing.spreads(field)
        return {"rows": [asdict(row) for row in spreads[start : start + ROWS]], "of": len(spreads)}

    return await run_in_threadpool(answer)


@router.post(
    "/{source}/group",
    response_model=None,
    responses={200: {"model": GroupTold}},
    openapi_extra=body_of(GroupAsked, {"three items": {"numbers": [0, 4, 7], "field": "label"}}),
)
async def map_group(source: Name, request: Request, served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """What a group of items holds."""
    asked = await read_asked(request, GroupAsked)
    found, drawing = drawn_map(served, source, asked.version)

    def answer() -> dict[str, Any]:
        given = drawing.numbers(asked.numbers)
        field = asked.field or drawing.label
        numbers = _there(found, drawing, given.tolist())
        return {
            "count": len(numbers),
            "removed": len(given) - len(numbers),
            "values": [] if field is None else drawing.counts(drawing.numbers(numbers), field),
            "items": _items(found, drawing, numbers[asked.start : asked.start + MOST_SHOWN]),
        }

    return await run_in_threadpool(answer)


@router.post(
    "/{source}/export",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
    openapi_extra=body_of(ExportAsked, {"three items": {"numbers": [0, 4, 7]}}),
)
async def export_group(source: Name, request: Request, served: TheServed, caller: MayRead) -> Response:  # noqa: ARG001
    """A group of items as CSV: names, places, all fields."""
    asked = await read_asked(request, ExportAsked)
    found, drawing = drawn_map(served, source, asked.version)

    def lines() -> Iterator[str]:
        return drawing.csv(drawing.numbers(_there(found, drawing, drawing.numbers(asked.numbers).tolist())))

    answer = await run_in_threadpool(lines)
    headers = {"Content-Disposition": 'attachment; filename="group.csv"'}
    return StreamingResponse(answer, media_type="text/csv; charset=utf-8", headers=headers)


def _there(source: MapSource, drawing: Drawing, numbers: list[int]) -> list[int]:
    """Without those that were removed since the map was drawn."""
    still = source.still([(number, drawing.names[number]) for number in numbers])
    return [number for number, stays in zip(numbers, still, strict=True) if stays]


def _check_item(source: MapSource, drawing: Drawing, number: int) -> None:
    if number >= len(drawing) or not source.still([(number, drawing.names[number])])[0]:
        raise RefusedError(404, "no_item", f"there is no item {number} on this map")


def _items(source: MapSource, drawing: Drawing, numbers: list[int]) -> list[dict[str, Any]]:
    some = drawing.numbers(numbers)
    order = {int(number): place for place, number in enumerate(some)}
    labels = drawing.labels(some)
    values = {name: colours.texts(some) for name, colours in drawing.fields.items()}
    items = [(number, drawing.names[number]) for number in numbers]
    return [
        {
            "number": number,
            "name": name,
            "label": labels[order[number]],
            "values": {field: texts[order[number]] for field, texts in values.items()},
            **shown,
        }
        for (number, name), shown in zip(items, source.shown(items), strict=True)
    ]
