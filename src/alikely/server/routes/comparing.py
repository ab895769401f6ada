"""/v1/embed, /v1/compare: items -> embeddings, and whether two are the same."""

from typing import Annotated, Any, Literal

import numpy as np
import orjson
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from alikely.errors import ModelError
from alikely.server.access import MayRead
from alikely.server.held import Served, TheServed
from alikely.server.problems import problem
from alikely.server.uploads import Asked, ItemSaid, body_of, item_from, read_asked
from alikely.types import Item

router = APIRouter(prefix="/v1", tags=["compare"])

TEXTS = {"two texts": {"items": ["Delo & Sons", "DELO"]}}
ROWS = {"a row": {"items": [{"amount": 12.5, "colour": "red", "paid": True}]}}
PAIR = {
    "two texts": {"left": "Delo & Sons", "right": "DELO"},
    "at a rate": {"left": "Delo & Sons", "right": "DELO", "fmr": 0.001, "fnmr": 0.01},
}


class EmbedAsked(Asked):
    """Items to embed."""

    items: list[ItemSaid]


class CompareAsked(Asked):
    """Two items, and at which rates to decide; what is left out is the model's own."""

    left: ItemSaid
    right: ItemSaid
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


# A picture by itself is the whole body: nothing is wrapped, nothing is decoded twice.
ONE_PICTURE = {"image/*": {"schema": {"type": "string", "format": "binary", "description": "one picture file"}}}
EMBED_BODY = body_of(EmbedAsked, TEXTS | ROWS, ("items",))
EMBED_BODY["requestBody"]["content"] |= ONE_PICTURE


@router.post("/embed", openapi_extra=EMBED_BODY, response_model=None, responses={200: {"model": Embedded}})
async def embed(request: Request, served: TheServed, caller: MayRead) -> Response:  # noqa: ARG001
    """One embedding for each item, in their order. One picture may also be the whole body (Content-Type: image/...)."""
    served.require_model()
    assert served.batching is not None  # where there is a model
    rows = await served.batching.embed(await _items(request, served))
    if not np.isfinite(rows).all():
        raise ModelError("an embedding is not finite: the model's weights are not usable; train it again")
    return Response(orjson.dumps({"embeddings": rows}, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")


@router.post(
    "/compare",
    openapi_extra=body_of(CompareAsked, PAIR, ("left", "right")),
    response_model=None,
    responses={200: {"model": Compared}, 409: {"description": "No calibration: the distance, but no verdict"}},
)
async def compare(request: Request, served: TheServed, caller: MayRead) -> dict[str, Any] | Response:
    """Same, different or unsure, with the probability, the distance and the threshold."""
    model, asked = served.require_model(), await read_asked(request, CompareAsked)
    left, right = (
        item_from(said, model.preparation.kind, served.settings, name)
        for said, name in ((asked.left, "left"), (asked.right, "right"))
    )
    if model.calibration is None:
        distance = await run_in_threadpool(model.distance_of, left, right)
        advice = "the model has no calibration, so there is no verdict; make one: alikely calibrate MODEL SOURCE"
        return problem(409, "calibration", advice, {"distance": distance})
    decision = await run_in_threadpool(model.compare, left, right, asked.fmr, asked.fnmr, asked.prior, asked.confidence)
    served.meter.verdict("compare", decision.verdict, decision.distance)
    served.audit.add(caller.name, "compare", {"verdict": decision.verdict, "distance": decision.distance})
    return decision.to_dict()


@router.get("/models")
async def models(served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """What is served: the model, galleries, detectors, recommenders, answers."""
    return {
        "model": None if served.folders.model is None else served.folders.model.name,
        "galleries": list(served.galleries),
        "detectors": list(served.detectors),
        "recommenders": list(served.recommenders),
        "answers": list(served.answers),
    }


async def _items(request: Request, served: Served) -> list[Item]:
    settings, kind = served.settings, served.require_model().preparation.kind
    if request.headers.get("content-type", "").startswith("image/"):
        return [item_from(await request.body(), kind, settings, "the picture")]
    asked = await read_asked(request, EmbedAsked)
    return [item_from(said, kind, settings, f"item {n}") for n, said in enumerate(asked.items, start=1)]
