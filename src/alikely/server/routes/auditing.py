"""/v1/audit: who enrolled, removed and asked for verdicts, newest first."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from alikely.server.access import MayAdmin
from alikely.server.held import TheServed

router = APIRouter(prefix="/v1", tags=["health"])


class AuditLine(BaseModel):
    """One thing that was done; what else is told of it depends on `what`."""

    model_config = ConfigDict(extra="allow")

    number: Annotated[int, Field(description="one more than that of the line before", examples=[812])]
    time: Annotated[str, Field(description="by the clock of the machine", examples=["2026-01-31T12:00:00.000+00:00"])]
    who: Annotated[str, Field(description="the name of a key; local: no key was needed", examples=["phone"])]
    what: Annotated[str, Field(examples=["compare"])]


class AuditTold(BaseModel):
    """The last lines of the audit log, newest first."""

    lines: list[AuditLine]


@router.get("/audit", responses={200: {"model": AuditTold}}, response_model=None)
async def audit(
    served: TheServed,
    caller: MayAdmin,  # noqa: ARG001
    last: Annotated[int, Query(ge=1, le=10_000, description="how many lines")] = 100,
) -> dict[str, Any]:
    """The last lines of the audit log, newest first: enrolments, removals, verdicts; never an item."""
    return {"lines": await run_in_threadpool(served.audit.last, last)}
