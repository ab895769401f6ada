"""/v1/decide: distances that were found -> what the model says of two items so far apart."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from alikely.server.access import MayRead
from alikely.server.held import TheServed
from alikely.server.routes.identifying import DecisionTold
from alikely.server.uploads import Asked, body_of, read_asked

router = APIRouter(prefix="/v1", tags=["compare", "page"])


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


@router.post(
    "/decide",
    response_model=None,
    responses={200: {"model": DecisionsTold}, 409: {"description": "The model has no calibration"}},
    openapi_extra=body_of(DecideAsked, {"two distances": {"distances": [0.31, 1.2]}}),
)
async def decide(request: Request, served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """What the model says of two items that are so far apart: same, different or unsure, and how probable that is."""
    calibration, asked = served.require_model().require_calibration(), await read_asked(request, DecideAsked)
    decisions = (
        calibration.decide(distance, asked.fmr, asked.fnmr, asked.prior, asked.confidence)
        for distance in asked.distances
    )
    return await run_in_threadpool(lambda: {"decisions": [decision.to_dict() for decision in decisions]})
