"""/v1/map: what maps there are, how far each is, places and colours of its points, and the script that draws them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from alikely.server.access import MayRead
from alikely.server.held import TheServed
from alikely.server.mapped import TheMap, TheSource, map_sources
from alikely.server.maps import map_told
from alikely.server.packed import A_YEAR, Packed, packed_answer
from alikely.server.problems import RefusedError
from alikely.server.web.plotly import plotly_script, plotly_version

router = APIRouter(prefix="/v1/map", tags=["map", "page"])

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
    """How far the map is. `stale`: the source has changed since it was drawn. Fields are there once it is ready."""

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
def sources(served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """What maps can be drawn of: the items that the service was started with, and each gallery."""
    there = map_sources(served).values()
    told = [{"name": one.name, "title": one.title, "kind": one.kind, "items": len(one)} for one in there]
    return {"sources": told, "plotly": f"/v1/map/plotly/{plotly_version()}.js"}


@router.get("/plotly/{version}.js", include_in_schema=False)
def plotly(version: str, request: Request, caller: MayRead) -> Response:  # noqa: ARG001
    """Plotly's script, from its Python package."""
    if version != plotly_version():
        raise RefusedError(404, "http", f"there is no plotly {version} here")
    return packed_answer(request, plotly_script(), "text/javascript; charset=utf-8", A_YEAR)


@router.get("/{source}", response_model=None, responses={200: {"model": MapTold}})
def map_state(source: TheSource, served: TheServed) -> dict[str, Any]:
    """How far the map is, and what its points can be coloured by."""
    return map_told(served.maps, source)


@router.post("/{source}", status_code=202, response_model=None, responses={202: {"model": MapTold}})
def draw_map(source: TheSource, served: TheServed) -> dict[str, Any]:
    """Draw the map in the background, where it is not there yet or the source has changed since."""
    if served.maps.state(source.name).state != "ready" or served.maps.is_stale(source):
        served.maps.draw(source)
    return map_told(served.maps, source)


@router.get("/{source}/places", response_class=Response, responses=BYTES)
def places(drawn: TheMap, request: Request) -> Response:
    """The places of all items: x, y, x, y ... as int16, little-endian, 32767 for the edge of the map."""
    return packed_answer(request, Packed(drawn.drawing.packed()))


@router.get("/{source}/colours", response_class=Response, responses=BYTES)
def colours(drawn: TheMap, field: FieldName, request: Request) -> Response:
    """A field of all items: positions in its values (most frequent first; -1: none) as int32, or numbers as float32."""
    return packed_answer(request, Packed(drawn.drawing.field(field).packed()))
