"""/v1/findings: what detectors called anomalous, the newest first; accepted or dismissed by people; their labels."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from alikely.server.access import MayEnrol, MayRead
from alikely.server.finding import Shown, Verdict
from alikely.server.finding_labels import label_archive, label_table
from alikely.server.held import TheServed
from alikely.server.routes.anomaly import ReasonTold
from alikely.server.routes.pictures import FOR_A_WHILE, NONE, SMALL
from alikely.server.thumbnails import MEDIA_TYPE
from alikely.server.uploads import Asked, body_of, read_asked

router = APIRouter(prefix="/v1/findings", tags=["anomaly"])

Number = Annotated[int, Path(ge=1, le=2**53, description="of the finding")]


class JudgeAsked(Asked):
    """What somebody says of a finding: accepted (an anomaly), dismissed (normal), or open again."""

    verdict: Verdict


class FindingTold(BaseModel):
    """One item that a detector called anomalous, and what somebody said of it."""

    number: Annotated[int, Field(description="grows with every finding", examples=[17])]
    time: Annotated[str, Field(examples=["2026-03-01T12:00:00+00:00"])]
    detector: Annotated[str, Field(examples=["normal"])]
    kind: Annotated[str, Field(examples=["row"])]
    name: Annotated[str, Field(examples=["row 1"])]
    content: Annotated[str, Field(description="hash of what the item holds")]
    deviation: Annotated[float, Field(examples=[7.1])]
    threshold: Annotated[float, Field(examples=[3.2])]
    p_value: Annotated[float, Field(description="the chance of a normal item to deviate as much", examples=[0.002])]
    rate: Annotated[float, Field(description="the false-alarm rate of the threshold", examples=[0.01])]
    confidence: Annotated[float, Field(examples=[0.95])]
    reasons: list[ReasonTold]
    item: Annotated[Shown | None, Field(description="a text, row, sequence or embedding, where such are kept")]
    pictured: Annotated[bool, Field(description="whether a small picture of it is kept")]
    mapped: Annotated[bool, Field(description="whether its heat map is kept")]
    verdict: Verdict
    who: Annotated[str, Field(description="judged it; empty while it is open", examples=["anna"])]
    judged: Annotated[str, Field(description="when")]


class FindingsTold(BaseModel):
    """Findings, the newest first, and how many there are with each verdict."""

    findings: list[FindingTold]
    more: Annotated[bool, Field(description="whether there are older ones: ask with before = the last number")]
    counts: Annotated[dict[str, int], Field(examples=[{"open": 3, "accepted": 1, "dismissed": 0}])]


@router.get("", response_model=None, responses={200: {"model": FindingsTold}})
async def findings(
    served: TheServed,
    caller: MayRead,  # noqa: ARG001
    verdict: Annotated[Verdict | None, Query(description="only those with this one")] = None,
    detector: Annotated[str | None, Query(max_length=200, description="only those of this one")] = None,
    before: Annotated[int | None, Query(ge=1, le=2**53, description="only those with a smaller number")] = None,
    count: Annotated[int, Query(ge=1, le=500, description="how many at most")] = 50,
) -> dict[str, Any]:
    """What detectors called anomalous, the newest first."""
    found = served.findings.newest(verdict, detector, before, count + 1)
    return {
        "findings": [one.to_dict() for one in found[:count]],
        "more": len(found) > count,
        "counts": served.findings.counts(detector),
    }


@router.get(
    "/labels.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def labels_as_table(served: TheServed, caller: MayRead) -> Response:  # noqa: ARG001
    """What people said, as a table: a row for each finding that was judged, with its label (anomalous, normal)."""
    table = await run_in_threadpool(lambda: label_table(served.findings.newest()))
    return Response(table, media_type="text/csv; charset=utf-8", headers=_saved_as("labels.csv"))


@router.get(
    "/labels.zip",
    response_class=Response,
    responses={
        200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}},
        404: {"description": "Nothing is kept of what was judged"},
    },
)
async def labels_with_items(served: TheServed, caller: MayRead) -> Response:  # noqa: ARG001
    """The same with what is kept of the items, in folders or tables that `alikely anomaly fit` reads."""
    file = await run_in_threadpool(label_archive, served.findings)
    pieces = iter(lambda: file.read(1 << 16), b"")
    done = BackgroundTask(file.close)
    return StreamingResponse(pieces, media_type="application/zip", headers=_saved_as("labels.zip"), background=done)


@router.get("/{number}", response_model=None, responses={200: {"model": FindingTold}, 404: {"description": "None"}})
async def finding(number: Number, served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """One finding."""
    return served.findings.one(number).to_dict()


@router.get("/{number}/{what}", response_class=Response, responses={**SMALL, **NONE})
async def picture_of_finding(
    number: Number,
    what: Literal["picture", "map"],
    served: TheServed,
    caller: MayRead,  # noqa: ARG001
) -> Response:
    """The small copy of a finding's picture, or of its heat map, where such are kept (--keep-items)."""
    small = await run_in_threadpool(served.findings.picture, number, what == "map")
    return Response(small, media_type=MEDIA_TYPE, headers=FOR_A_WHILE)


@router.post(
    "/{number}/judge",
    response_model=None,
    responses={200: {"model": FindingTold}, 404: {"description": "There is none of this number"}},
    openapi_extra=body_of(JudgeAsked, {"an anomaly": {"verdict": "accepted"}, "undo": {"verdict": "open"}}),
)
async def judge(number: Number, request: Request, served: TheServed, caller: MayEnrol) -> dict[str, Any]:
    """Accept a finding (it is an anomaly), dismiss it (it is normal), or open it again. It is kept as a label."""
    asked = await read_asked(request, JudgeAsked)
    judged = await run_in_threadpool(served.findings.judge, number, asked.verdict, caller.name)
    served.audit.add(caller.name, "judge", {"finding": number, "verdict": asked.verdict})
    return judged.to_dict()


def _saved_as(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
