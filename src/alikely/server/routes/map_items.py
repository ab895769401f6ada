"""/v1/map/{source}/...: the items of a map: one, found by name, in groups, by values of a field, as CSV."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from alikely.server.mapped import TheMap
from alikely.server.routes.mapping import FieldName
from alikely.server.thumbnails import MEDIA_TYPE
from alikely.server.uploads import Asked, body_of, read_asked

router = APIRouter(prefix="/v1/map", tags=["map", "page"])

MOST_FOUND = 50
MOST_SHOWN = 60  # items of a group at once
ROWS = 50  # of a page of a table
FOR_A_WHILE = {"Cache-Control": "private, max-age=300"}

Number = Annotated[int, Path(ge=0, description="of an item of the map")]
Numbers = Annotated[list[int], Field(max_length=1_000_000)]


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

    numbers: Numbers
    field: str | None = None
    start: Annotated[int, Field(ge=0)] = 0


class ExportAsked(Asked):
    """A group of items by their numbers."""

    numbers: Numbers


@router.get("/{source}/items/{number}", response_model=None, responses={200: {"model": ItemTold}})
def map_item(drawn: TheMap, number: Number) -> dict[str, Any]:
    """What an item is called and what it holds."""
    return drawn.items([drawn.require(number)])[0]


@router.get(
    "/{source}/items/{number}/picture",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}}, 404: {"description": "There is no picture of it here"}},
)
def map_picture(drawn: TheMap, number: Number) -> Response:
    """A small picture (WebP, at most 256 pixels) of an item."""
    return Response(drawn.picture(number), media_type=MEDIA_TYPE, headers=FOR_A_WHILE)


@router.get("/{source}/find", response_model=None, responses={200: {"model": ItemsTold}})
def find_items(
    drawn: TheMap, text: Annotated[str, Query(max_length=300, description="a part of a name or label")]
) -> dict[str, Any]:
    """The first 50 items whose name or label contains a text."""
    return {"items": drawn.items(drawn.there(drawn.drawing.found(text, MOST_FOUND).tolist()))}


@router.get("/{source}/table", response_model=None, responses={200: {"model": TableTold}})
def map_table(drawn: TheMap, field: FieldName, start: Annotated[int, Query(ge=0)] = 0) -> dict[str, Any]:
    """50 values of a field from `start` on, the most frequent first: how many items, and how far they are spread."""
    spreads = drawn.drawing.spreads(field)
    return {"rows": [asdict(row) for row in spreads[start : start + ROWS]], "of": len(spreads)}


@router.post(
    "/{source}/group",
    response_model=None,
    responses={200: {"model": GroupTold}},
    openapi_extra=body_of(GroupAsked, {"three items": {"numbers": [0, 4, 7], "field": "label"}}),
)
async def map_group(drawn: TheMap, request: Request) -> dict[str, Any]:
    """What a group of items holds."""
    asked, drawing = await read_asked(request, GroupAsked), drawn.drawing

    def answer() -> dict[str, Any]:
        given = drawing.numbers(asked.numbers)
        field = asked.field or drawing.label
        numbers = drawn.there(given.tolist())
        return {
            "count": len(numbers),
            "removed": len(given) - len(numbers),
            "values": [] if field is None else drawing.counts(drawing.numbers(numbers), field),
            "items": drawn.items(numbers[asked.start : asked.start + MOST_SHOWN]),
        }

    return await run_in_threadpool(answer)


@router.post(
    "/{source}/export",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
    openapi_extra=body_of(ExportAsked, {"three items": {"numbers": [0, 4, 7]}}),
)
async def export_group(drawn: TheMap, request: Request) -> Response:
    """A group of items as CSV: names, places, all fields."""
    asked, drawing = await read_asked(request, ExportAsked), drawn.drawing

    def lines() -> Iterator[str]:
        return drawing.csv(drawing.numbers(drawn.there(drawing.numbers(asked.numbers).tolist())))

    answer = await run_in_threadpool(lines)
    headers = {"Content-Disposition": 'attachment; filename="group.csv"'}
    return StreamingResponse(answer, media_type="text/csv; charset=utf-8", headers=headers)
