"""/v1/embed, /v1/compare, /v1/models: items -> embeddings, and whether two are the same."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Request
from fastapi.security import SecurityScopes
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from alikely.errors import AlikelyError, InputError, ModelError
from alikely.model import SiameseModel
from alikely.server.access import Caller, MayRead, permitted
from alikely.server.held import Served, TheServed
from alikely.server.overview import overview
from alikely.server.points import point_for
from alikely.server.problems import CALIBRATE, RefusedError, answer_of, problem
from alikely.server.several import all_bad
from alikely.server.threads import while_wanted
from alikely.server.uploads import Asked, ItemSaid, body_of, items_asked, read_asked
from alikely.types import Item, Kind

router = APIRouter(prefix="/v1", tags=["compare"])

TEXTS = {"two texts": {"items": ["Delo & Sons", "DELO"]}}
ROWS = {"a row": {"items": [{"amount": 12.5, "colour": "red", "paid": True}]}}
PAIR = {
    "two texts": {"left": "Delo & Sons", "right": "DELO"},
    "at a rate": {"left": "Delo & Sons", "right": "DELO", "fmr": 0.001, "fnmr": 0.01},
    "at a saved threshold": {"left": "Delo & Sons", "right": "DELO", "operating_point": "strict"},
}


class EmbedAsked(Asked):
    """Items to embed."""

    items: list[ItemSaid]


class CompareAsked(Asked):
    """Two items, and at which rates to decide; what is left out is the model's own.

    `operating_point`: a threshold that was saved under a name on the page Threshold, in place of fmr and confidence.
    """

    left: ItemSaid
    right: ItemSaid
    operating_point: str | None = None
    fmr: float | None = None
    fnmr: float | None = None
    prior: float = 0.5
    confidence: float | None = None


class Embedded(BaseModel):
    """One embedding for each item, in their order."""

    embeddings: Annotated[list[list[float]], Field(examples=[[[0.12, -0.5, 0.86]]])]


class Compared(BaseModel):
    """The decision about two items, as `alikely compare --json` prints it."""

    verdict: Annotated[Literal["same", "different", "unsure"], Field(examples=["same"])]
    probability: Annotated[float, Field(description="that the two are the same, 0..1", examples=[0.97])]
    distance: Annotated[float, Field(description="0: alike", examples=[0.31])]
    threshold: Annotated[
        float | None, Field(description="the largest distance called same; null: none is", examples=[0.52])
    ]
    fmr: Annotated[float, Field(description="the false-match rate that it keeps", examples=[0.01])]
    upper: Annotated[float | None, Field(description="above it: different; between: unsure", examples=[None])]
    fnmr: Annotated[float | None, Field(examples=[None])]
    confidence: Annotated[float, Field(description="with which the rates are kept; 0: estimates", examples=[0.9])]


class OfModel(BaseModel):
    """The model: what it takes, how it measures, and the error rate that it decides at by itself."""

    name: Annotated[str, Field(examples=["digits"])]
    kind: Annotated[Kind, Field(examples=["picture"])]
    dim: Annotated[int, Field(description="numbers in an embedding", examples=[64])]
    encoder: Annotated[str, Field(examples=["cnn"])]
    distance: Annotated[str, Field(examples=["euclidean"])]
    calibrated: bool
    fmr: Annotated[float | None, Field(description="false-match rate; null: no calibration", examples=[0.01])]
    confidence: Annotated[float | None, Field(description="with which it is kept; 0: an estimate", examples=[0.95])]


class OfGallery(BaseModel):
    """A gallery."""

    name: Annotated[str, Field(examples=["people"])]
    templates: Annotated[int, Field(description="items that are enrolled", examples=[120])]


class OfDetector(BaseModel):
    """A detector of anomalies."""

    name: Annotated[str, Field(examples=["normal"])]
    kind: Annotated[Kind, Field(examples=["row"])]
    false_alarm_rate: Annotated[float, Field(examples=[0.01])]
    confidence: float


class OfRecommender(BaseModel):
    """A recommender, and the items in its catalogue."""

    name: Annotated[str, Field(examples=["shop"])]
    items: int


class OfAnswers(BaseModel):
    """Answers, and the questions that are known."""

    name: Annotated[str, Field(examples=["faq"])]
    questions: int


class Limits(BaseModel):
    """The most that one request may hold."""

    items: Annotated[int, Field(examples=[64])]
    megabytes: Annotated[float, Field(description="of the body, 10 ** 6 bytes each", examples=[10.0])]
    megapixels: Annotated[float, Field(description="of a picture", examples=[25.0])]


class Overview(BaseModel):
    """All that is served, and the limits of a request."""

    model: OfModel | None
    galleries: list[OfGallery]
    detectors: list[OfDetector]
    recommenders: list[OfRecommender]
    answers: list[OfAnswers]
    limits: Limits


# A picture by itself is the whole body: nothing is wrapped, nothing is decoded twice.
ONE_PICTURE = {"image/*": {"schema": {"type": "string", "format": "binary", "description": "one picture file"}}}
EMBED_BODY = body_of(EmbedAsked, TEXTS | ROWS, ("items",))
EMBED_BODY["requestBody"]["content"] |= ONE_PICTURE


@router.post("/embed", openapi_extra=EMBED_BODY, response_model=None, responses={200: {"model": Embedded}})
async def embed(request: Request, served: TheServed, caller: MayRead) -> Response:  # noqa: ARG001
    """One embedding for each item, in their order. One picture may also be the whole body (Content-Type: image/...)."""
    model, batching = served.require_model(), served.batching
    assert batching is not None  # where there is a model
    kind, settings = model.preparation.kind, served.settings
    said: list[ItemSaid]
    items: list[Item]
    try:
        if kind == "picture" and request.headers.get("content-type", "").startswith("image/"):
            # What it is, and how large, is looked at where it is read.
            content = await request.body()
            said, items = [content], [content]
        else:
            said = (await read_asked(request, EmbedAsked)).items
            items = await items_asked(said, kind, settings)
        embeddings = await batching.embed(items)
    except InputError as error:
        raise await while_wanted(request, partial(all_bad, error, said, model, settings, None)) from None
    told = orjson.dumps({"embeddings": embeddings}, option=orjson.OPT_SERIALIZE_NUMPY)
    if b"null" in told:  # what is not finite
        raise ModelError("an embedding is not finite: the model's weights are not usable; train it again")
    return Response(told, media_type="application/json")


async def embed_directly(scope: Scope, receive: Receive, send: Send) -> None:
    """The same without what FastAPI does between a request and its route, which takes longer than a small network."""
    request = Request(scope, receive, send)
    try:
        caller = await permitted(request, READ)
        answer = await embed(request, request.app.state.served, caller)
    except AlikelyError as error:
        answer = answer_of(error, request.app.state.places)
    await answer(scope, receive, send)


READ = SecurityScopes(["read"])
# Asked right at the door, by method and address; the description is that of the route above.
DIRECT: Mapping[tuple[str, str], ASGIApp] = {("POST", "/v1/embed"): embed_directly}


@router.post(
    "/compare",
    openapi_extra=body_of(CompareAsked, PAIR, ("left", "right")),
    response_model=None,
    responses={200: {"model": Compared}, 409: {"description": "No calibration: `distance`, but no verdict"}},
)
async def compare(request: Request, served: TheServed, caller: MayRead) -> dict[str, Any] | Response:
    """Same, different or unsure, with the probability, the distance and the threshold."""
    model, asked = served.require_model(), await read_asked(request, CompareAsked)
    try:
        return await _compared(model, asked, served, caller)
    except InputError as error:
        said, names = (asked.left, asked.right), ("left", "right")
        raise await while_wanted(request, partial(all_bad, error, said, model, served.settings, names)) from None


async def _compared(
    model: SiameseModel, asked: CompareAsked, served: Served, caller: Caller
) -> dict[str, Any] | Response:
    left, right = await items_asked((asked.left, asked.right), model.preparation.kind, served.settings)
    if model.calibration is None:
        distance = await run_in_threadpool(model.distance_of, left, right)
        advice = f"the model has no calibration, so there is no verdict; {CALIBRATE}"
        return problem(409, "calibration", advice, {"distance": distance})
    fmr, confidence, threshold = asked.fmr, asked.confidence, None
    if asked.operating_point is not None:
        if (fmr, confidence) != (None, None):
            raise RefusedError(422, "request", "operating_point stands for fmr and confidence; give it, or these")
        point = point_for(served.state, asked.operating_point, model.calibration)
        threshold, confidence = point.threshold, point.confidence
    decision = await run_in_threadpool(model.compare, left, right, fmr, asked.fnmr, asked.prior, confidence, threshold)
    served.meter.verdict("compare", decision.verdict, decision.distance)
    served.audit.add(caller.name, "compare", {"verdict": decision.verdict, "distance": decision.distance})
    return decision.to_dict()


@router.get("/models", response_model=None, responses={200: {"model": Overview}})
async def models(served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """All that is served, by name: kinds, sizes, what is calibrated."""
    return await run_in_threadpool(overview, served)
