"""/healthz, /readyz, /metrics: whether it runs, whether it can answer, what it did."""

from fastapi import APIRouter, Response

from alikely.server.access import MayRead
from alikely.server.held import TheServed

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Whether the process runs; needs no key."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz() -> dict[str, str]:
    """Whether it can answer; needs no key."""
    return {"status": "ok"}


@router.get("/metrics", response_class=Response)
async def metrics(served: TheServed, caller: MayRead) -> Response:  # noqa: ARG001
    """Figures for Prometheus."""
    return Response(served.meter.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
