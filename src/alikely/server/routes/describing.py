"""/v1/model and below: what the model is, what its calibration promises, its card and report; drift of galleries."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from alikely.server.access import MayRead
from alikely.server.held import TheServed
from alikely.server.problems import RefusedError
from alikely.server.told import calibration_told, card_told, drift_told, model_told, report_of
from alikely.server.tried import pair_to_try

router = APIRouter(prefix="/v1/model", tags=["model"])

# The report is a page with a script of its own. In a sandbox it has no origin: it can ask the service nothing.
OF_REPORT = (
    "sandbox allow-scripts; default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Figure(BaseModel):
    """A figure from the model's record, with its interval; null where it is not known, and then why."""

    name: Annotated[str, Field(examples=["eer"])]
    title: str
    value: Annotated[float | None, Field(examples=[0.021])]
    interval: Annotated[list[float] | None, Field(examples=[[0.012, 0.033]])]
    reason: str | None


class Model(BaseModel):
    """What the model is: also its encoder, distance, training, data, evaluation and versions, as far as known."""

    name: Annotated[str, Field(examples=["digits"])]
    kind: Annotated[str, Field(examples=["picture"])]
    items: Annotated[list[str], Field(description="what the items are, in words")]
    dim: Annotated[int, Field(examples=[64])]
    weights: int
    hash: Annotated[str, Field(description="over all that a distance depends on")]
    calibrated: bool
    figures: list[Figure]
    report: Annotated[bool, Field(description="whether there is one, at /v1/model/report")]


class Curve(BaseModel):
    """Thresholds, ascending, with both error rates as they were found, and their bounds on identities never seen."""

    thresholds: list[float]
    fmr: list[float]
    fnmr: list[float]
    fmr_bound: list[float]
    fnmr_bound: list[float]


class Densities(BaseModel):
    """How the distances of same and of different pairs are spread: densities between each edge and the next."""

    edges: list[float]
    same: list[float]
    different: list[float]


class Calibrated(BaseModel):
    """What the calibration rests on, what it promises for usual rates, and what can be drawn of it."""

    distance: Annotated[str, Field(examples=["euclidean"])]
    model: str | None
    pairs: dict[str, int]
    identities: int
    rests_on: Annotated[str, Field(description="whom, in words", examples=["41 identities that were not learned from"])]
    unlearned: Annotated[bool | None, Field(description="the model did not learn from them; null: not known")]
    default_fmr: Annotated[float, Field(examples=[0.01])]
    confidence: Annotated[float, Field(description="0: rates as found, no promise", examples=[0.9])]
    note: str | None
    smallest: Annotated[dict[str, float], Field(description="the smallest rates that can be promised")]
    promises: list[dict[str, Any]]
    curve: Curve
    distributions: Densities


class Card(BaseModel):
    """The model card."""

    markdown: str
    html: str


class GalleryDrift(BaseModel):
    """A gallery's size; whether distances in use have moved from the calibration's, or why that is not known."""

    name: str
    templates: int
    identities: int
    drift: dict[str, Any] | None
    reason: str | None


class ToTry(BaseModel):
    """An item to try: what it is called, its label, and itself as JSON takes it (a picture in base64)."""

    name: str
    label: str | None
    item: Any


class PairToTry(BaseModel):
    """Two items to try."""

    items: list[ToTry]


@router.get("", response_model=None, responses={200: {"model": Model}})
async def model(served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """What the model is and how it was made. No path of the machine and no label is in it."""
    return await run_in_threadpool(model_told, served)


@router.get("/calibration", response_model=None, responses={200: {"model": Calibrated}, 409: {"description": "None"}})
async def calibration(served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """What the calibration promises, its curve, and how the distances of same and different pairs are spread."""
    model = served.require_model()
    return await run_in_threadpool(calibration_told, model, model.require_calibration())


@router.get("/card", response_model=None, responses={200: {"model": Card}})
async def card(served: TheServed, caller: MayRead) -> dict[str, str]:  # noqa: ARG001
    """The model card: what it learned from, how good it is, what it is for and where its limits lie."""
    return await run_in_threadpool(card_told, served)


@router.get(
    "/report",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}}, 404: {"description": "The model has no report"}},
)
async def report(served: TheServed, caller: MayRead) -> Response:  # noqa: ARG001
    """The report of the training, as a page by itself."""
    served.require_model()
    path = report_of(served)
    if path is None:
        raise RefusedError(404, "no_report", "the model's folder holds no report.html; training writes one")
    headers = {"Content-Security-Policy": OF_REPORT, "Cache-Control": "no-store"}
    return FileResponse(path, media_type="text/html; charset=utf-8", headers=headers)


@router.get("/drift", response_model=None, responses={200: {"model": list[GalleryDrift]}})
async def drift(served: TheServed, caller: MayRead) -> list[dict[str, Any]]:  # noqa: ARG001
    """For each gallery: how many are in it, and whether distances in use have moved from those of the calibration."""
    return await run_in_threadpool(drift_told, served)


@router.get(
    "/try", tags=["page"], response_model=None, responses={200: {"model": PairToTry}, 404: {"description": "No items"}}
)
async def pair(
    served: TheServed,
    caller: MayRead,  # noqa: ARG001
    seed: Annotated[int, Query(ge=0, lt=2**53)] = 0,
) -> dict[str, Any]:
    """Two of the items that the service looks at (`--items`), drawn by the seed, to try /v1/compare with."""
    kind = served.require_model().preparation.kind
    return await run_in_threadpool(pair_to_try, served.looked, kind, seed)
