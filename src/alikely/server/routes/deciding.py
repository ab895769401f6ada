"""/v1/decide, /v1/galleries/{name}/fields: what distances that were found mean; what there is to filter by."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from alikely.errors import CalibrationError
from alikely.gallery.fields_there import fields_there
from alikely.server.access import MayRead
from alikely.server.held import TheServed
from alikely.server.routes.identifying import DecisionTold
from alikely.server.uploads import Asked, body_of, read_asked

router = APIRouter(prefix="/v1", tags=["galleries"])


class DecideAsked(Asked):
    """Distances that the model gave, and at which rates to decide; what is left out is the model's own."""

    distances: Annotated[list[float], Field(max_length=10_000)]
    fmr: float | None = None
    fnmr: float | None = None
    prior: float = 0.5
    confidence: float | None = None


class DecisionsTold(BaseModel):
    """One decision for each distance, in their order."""

    decisions: list[DecisionTold]


class FieldTold(BaseModel):
    """A field that templates have. `values` (of texts and truths) are [value, templates], the most frequent first."""

    name: Annotated[str, Field(examples=["price"])]
    kind: Annotated[str, Field(description="text, number or truth", examples=["number"])]
    templates: Annotated[int, Field(description="how many have it", examples=[40])]
    smallest: float | None = None
    largest: float | None = None
    values: list[tuple[str | bool, int]] | None = None
    more: Annotated[bool | None, Field(description="whether there are further values")] = None


class FieldsTold(BaseModel):
    """The fields of the templates that were looked at, and whether these were all."""

    fields: list[FieldTold]
    templates: int
    all: bool


@router.post(
    "/decide",
    response_model=None,
    responses={200: {"model": DecisionsTold}, 409: {"description": "The model has no calibration"}},
    openapi_extra=body_of(DecideAsked, {"two distances": {"distances": [0.31, 1.2]}}),
)
async def decide(request: Request, served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """What the model says of two items that are so far apart: same, different or unsure, and how probable that is."""
    calibration, asked = served.require_model().calibration, await read_asked(request, DecideAsked)
    if calibration is None:
        raise CalibrationError("the model has no calibration, so a distance says nothing more: alikely calibrate")
    decisions = (
        calibration.decide(distance, asked.fmr, asked.fnmr, asked.prior, asked.confidence)
        for distance in asked.distances
    )
    return await run_in_threadpool(lambda: {"decisions": [decision.to_dict() for decision in decisions]})


@router.get("/galleries/{name}/fields", response_model=None, responses={200: {"model": FieldsTold}})
async def fields(name: str, served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """The fields that templates have, with their values or the range of these: what a condition can ask for."""
    gallery = served.gallery(name)
    return await run_in_threadpool(lambda: fields_there(gallery.templates()))
