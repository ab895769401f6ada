"""/healthz, /readyz, /metrics: whether it runs, whether it takes requests, what it did."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from alikely.server.access import MayRead
from alikely.server.held import TheServed
from alikely.server.problems import RefusedError

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """It runs."""

    status: Annotated[Literal["ok"], Field(examples=["ok"])]


@router.get("/healthz", response_model=None, responses={200: {"model": Health}})
async def healthz() -> dict[str, str]:
    """Whether the process runs; needs no key."""
    return {"status": "ok"}


@router.get(
    "/readyz",
    response_model=None,
    responses={
        200: {"model": Health},
        503: {"description": "It is shutting down, or cannot write what it keeps or read its keys"},
    },
)
async def readyz(request: Request, served: TheServed) -> dict[str, str]:
    """Whether it takes requests, and may write what it keeps and read its keys; needs no key."""
    ending = getattr(request.app.state, "ending", None)
    if ending is not None and ending():
        raise RefusedError(503, "closing", "the service is shutting down", {"Retry-After": "5"})
    if not served.state.writable():
        raise RefusedError(503, "state", "the service cannot write to its folder", {"Retry-After": "60"})
    request.app.state.access.needed()
    return {"status": "ok"}


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(served: TheServed, caller: MayRead) -> Response:  # noqa: ARG001
    """Figures for Prometheus."""
    return Response(served.meter.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
