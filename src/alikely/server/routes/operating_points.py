"""/v1/operating-points: a threshold and a name -> kept, renamed, removed; all there are, and what each promises."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from alikely.server.access import MayAdmin, MayRead
from alikely.server.held import Served, TheServed
from alikely.server.points import Point, add_point, points_of, remove_point, rename_point
from alikely.server.routes.thresholds import calibration_of
from alikely.server.uploads import Asked, body_of, read_asked

router = APIRouter(prefix="/v1", tags=["thresholds"])

PointName = Annotated[str, Path(max_length=200, examples=["strict"])]
NO_POINT: dict[int | str, dict[str, Any]] = {404: {"description": "There is none of this name"}}


class PointTold(BaseModel):
    """An operating point. `problem` says why it cannot be used with the model that is served; null where it can."""

    name: Annotated[str, Field(examples=["strict"])]
    threshold: Annotated[float, Field(description="a distance: at or below it two are the same", examples=[0.42])]
    fmr: Annotated[float, Field(description="the false-match rate that it promises", examples=[0.01])]
    confidence: Annotated[float, Field(description="of this promise; 0: the rate found, no promise", examples=[0.95])]
    who: str
    when: str
    problem: str | None


class PointsTold(BaseModel):
    """All operating points, in the order in which they were chosen."""

    points: list[PointTold]


class PointAsked(Asked):
    """A threshold to keep under a name, or the `fmr` to find it by; and the confidence of its promise (the model's)."""

    name: Annotated[str, Field(max_length=200)]
    threshold: Annotated[float | None, Field(ge=0)] = None
    fmr: float | None = None
    confidence: Annotated[float | None, Field(ge=0, lt=1)] = None


class RenameAsked(Asked):
    """What an operating point is to be called."""

    name: Annotated[str, Field(max_length=200)]


@router.get("/operating-points", response_model=None, responses={200: {"model": PointsTold}})
async def operating_points(served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """Thresholds that have names: /v1/compare takes one as `operating_point`."""
    points = (await run_in_threadpool(points_of, served.state)).values()
    return {"points": [_point(served, point) for point in points]}


@router.post(
    "/operating-points",
    status_code=201,
    response_model=None,
    responses={201: {"model": PointTold}, 409: {"description": "The name is taken, or there is no calibration"}},
    openapi_extra=body_of(
        PointAsked,
        {
            "a threshold": {"name": "strict", "threshold": 0.42},
            "by its rate": {"name": "gate", "fmr": 0.01},
        },
    ),
)
async def add_operating_point(request: Request, served: TheServed, caller: MayAdmin) -> dict[str, Any]:
    """Keep a threshold under a name: as it is, or the one for a false-match rate; the answer says what it promises."""
    asked, calibration = await read_asked(request, PointAsked), calibration_of(served)

    def answer() -> dict[str, Any]:
        point = add_point(
            served.state, asked.name, asked.threshold, asked.confidence, calibration, caller.name, asked.fmr
        )
        served.audit.add(caller.name, "operating point added", {"name": point.name, "threshold": point.threshold})
        return _point(served, point)

    return await run_in_threadpool(answer)


@router.patch(
    "/operating-points/{name:path}",
    response_model=None,
    responses={200: {"model": PointTold}, **NO_POINT, 409: {"description": "The new name is taken"}},
    openapi_extra=body_of(RenameAsked, {"another name": {"name": "very strict"}}),
)
async def rename_operating_point(
    name: PointName, request: Request, served: TheServed, caller: MayAdmin
) -> dict[str, Any]:
    """Call an operating point otherwise. Whoever still names it as before gets 404."""
    asked = await read_asked(request, RenameAsked)

    def answer() -> dict[str, Any]:
        point = rename_point(served.state, name, asked.name)
        served.audit.add(caller.name, "operating point renamed", {"name": name, "to": point.name})
        return _point(served, point)

    return await run_in_threadpool(answer)


@router.delete(
    "/operating-points/{name:path}",
    response_model=None,
    responses={200: {"model": PointTold}, **NO_POINT},
)
async def remove_operating_point(name: PointName, served: TheServed, caller: MayAdmin) -> dict[str, Any]:
    """Remove an operating point. Whoever still names it gets 404."""

    def answer() -> dict[str, Any]:
        point = remove_point(served.state, name)
        served.audit.add(caller.name, "operating point removed", {"name": point.name, "threshold": point.threshold})
        return _point(served, point)

    return await run_in_threadpool(answer)


def _point(served: Served, point: Point) -> dict[str, Any]:
    said = asdict(point)
    del said["model"]
    return {**said, "problem": point.misfit(None if served.model is None else served.model.calibration)}
