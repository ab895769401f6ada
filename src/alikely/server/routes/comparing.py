"""/v1/embed, /v1/compare, /v1/models: items -> embeddings, and whether two are the same."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from alikely.server.access import MayRead
from alikely.server.held import TheServed
from alikely.server.uploads import Asked, ItemSaid, body_of, item_from, read_asked

router = APIRouter(prefix="/v1", tags=["compare"])


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


@router.post("/embed", openapi_extra=body_of(EmbedAsked, {"two texts": {"items": ["one", "two"]}}, ("items",)))
async def embed(request: Request, served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """One embedding for each item, in their order."""
    model, asked = served.require_model(), await read_asked(request, EmbedAsked)
    kind, batching = model.preparation.kind, served.batching
    assert batching is not None  # where there is a model
    items = [item_from(said, kind, served.settings, f"item {n}") for n, said in enumerate(asked.items, start=1)]
    return {"embeddings": (await batching.embed(items)).tolist()}


@router.post(
    "/compare",
    openapi_extra=body_of(CompareAsked, {"two texts": {"left": "Delo & Sons", "right": "DELO"}}, ("left", "right")),
)
async def compare(request: Request, served: TheServed, caller: MayRead) -> dict[str, Any]:
    """Same, different or unsure, with the probability, the distance and the threshold."""
    model, asked = served.require_model(), await read_asked(request, CompareAsked)
    left, right = (
        item_from(said, model.preparation.kind, served.settings, name)
        for said, name in ((asked.left, "left"), (asked.right, "right"))
    )
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
