"""/v1/map: what maps there are, how far each is, places and colours of its points, and the script that draws them."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from alikely.server.access import MayRead
from alikely.server.held import Served, TheServed
from alikely.server.map_sources import MapSource
from alikely.server.mapped import drawn_map, is_stale, map_source, map_sources
from alikely.server.packed import A_YEAR, Packed, packed_answer
from alikely.server.problems import RefusedError
from alikely.server.web.plotly import plotly_script, plotly_version

router = APIRouter(prefix="/v1/map", tags=["map"])


Name = Annotated[str, Path(max_length=300, description="`items`, or `gallery:NAME`", examples=["items"])]
Version = Annotated[int | None, Query(description="of the map that numbers belong to; without it, the one there is")]
FieldName = Annotated[str, Query(max_length=300, description="a field of the map", examples=["label"])]


class SourceTold(BaseModel):
    """What a map can be drawn of."""

    name: Annotated[str, Field(examples=["gallery:people"])]
    title: Annotated[str, Field(examples=["people"])]
    kind: Annotated[str, Field(examples=["picture"])]
    items: Annotated[int, Field(examples=[1200])]


class SourcesTold(BaseModel):
    """All of these, and where plotly's script lies."""

    sources: list[SourceTold]
    plotly: str


class FieldTold(BaseModel):
    """What points can be coloured by. `values` are [value, items], the most frequent `of` all."""

    name: str
    kind: Annotated[str, Field(description="category or number")]
    missing: int
    of: int | None = None
    values: list[tuple[str, int]] | None = None
    smallest: float | None = None
    largest: float | None = None


class MapTold(BaseModel):
    """How far the map is. `stale`: the source has another number of items by now. Fields are there once it is ready."""

    state: Annotated[str, Field(description="none, waiting, drawing, ready or failed", examples=["ready"])]
    done: int
    total: int
    version: int
    problem: str | None
    stale: bool
    kind: str
    title: str
    drawn: bool
    items: int | None = None
    label: str | None = None
    fields: list[FieldTold] | None = None


BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
    409: {"description": "The map is not drawn yet, or was drawn anew"},
}


@router.get("", response_model=None, responses={200: {"model": SourcesTold}})
async def sources(served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """What maps can be drawn of: the items that the service was started with, and each gallery."""

    def answer() -> dict[str, Any]:
        there = map_sources(served).values()
        told = [{"name": one.name, "title": one.title, "kind": one.kind, "items": len(one)} for one in there]
        return {"sources": told, "plotly": f"/v1/map/plotly/{plotly_version()}.js"}

    return await run_in_threadpool(answer)


@router.get("/plotly/{version}.js", include_in_schema=False)
async def plotly(version: str, request: Request, caller: MayRead) -> Response:  # noqa: ARG001
    """Plotly's script, from its Python package."""
    if version != plotly_version():
        raise RefusedError(404, "http", f"there is no plotly {version} here")
    return packed_answer(request, await run_in_threadpool(plotly_script), "text/javascript; charset=utf-8", A_YEAR)


@router.get("/{source}", response_model=None, responses={200: {"model": MapTold}})
async def map_state(source: Name, served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """How far the map is, and what its points can be coloured by."""
    return await run_in_threadpool(lambda: _told(served, map_source(served, source)))


@router.post("/{source}", status_code=202, response_model=None, responses={202: {"model": MapTold}})
async def draw_map(source: Name, served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """Draw the map in the background, where it is not there yet or the source has changed since."""

    def answer() -> dict[str, Any]:
        found = map_source(served, source)
        if served.maps.state(source).state != "ready" or is_stale(served, found):
            served.maps.draw(found)
        return _told(served, found)

    return await run_in_threadpool(answer)


@router.get("/{source}/places", response_class=Response, responses=BYTES)
async def places(
    source: Name,
    request: Request,
    served: TheServed,
    caller: MayRead,  # noqa: ARG001
    version: Version = None,
) -> Response:
    """The places of all items: x, y, x, y ... as int16, little-endian, 32767 for the edge of the map."""
    _, drawing = drawn_map(served, source, version)
    return await run_in_threadpool(lambda: packed_answer(request, Packed(drawing.packed())))


@router.get("/{source}/colours", response_class=Response, responses=BYTES)
async def colours(
    source: Name,
    field: FieldName,
    request: Request,
    served: TheServed,
    caller: MayRead,  # noqa: ARG001
    version: Version = None,
) -> Response:
    """A field of all items: positions in its values (most frequent first; -1: none) as int32, or numbers as float32."""
    _, drawing = drawn_map(served, source, version)
    return await run_in_threadpool(lambda: packed_answer(request, Packed(drawing.field(field).packed())))


def _told(served: Served, source: MapSource) -> dict[str, Any]:
    state = served.maps.state(source.name)
    said = {**state.to_dict(), "stale": is_stale(served, source), "kind": source.kind, "title": source.title}
    if state.version == 0:
        return {**said, "drawn": False}
    return {**said, "drawn": True, **served.maps.drawing(source.name).described()}
