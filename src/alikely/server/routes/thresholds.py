"""/v1/thresholds, /v1/operating-points: what thresholds do, which pairs change sides, and those that have names."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Path, Query, Request
from jaxtyping import Int
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from alikely.calibration import Calibration, distributions_of
from alikely.errors import CalibrationError
from alikely.evaluation import known_labels
from alikely.metrics import DetectionCosts
from alikely.report.thumbnails import short_names
from alikely.server.access import MayAdmin, MayRead
from alikely.server.held import Served, TheServed
from alikely.server.points import Point, add_point, points_of, remove_point
from alikely.server.problems import RefusedError
from alikely.server.shown import shown_of
from alikely.server.told import basis_told
from alikely.server.uploads import Asked, body_of, read_asked
from alikely.thresholds import ChangingKind, ChangingPairs, changing_pairs, reachable, threshold_figures
from alikely.types import Examples

router = APIRouter(prefix="/v1", tags=["thresholds"])

MOST_SHOWN = 48
Threshold = Annotated[float, Query(ge=0, allow_inf_nan=False, description="a distance", examples=[0.42])]
Confidence = Annotated[
    float | None, Query(ge=0, lt=1, description="0: rates as found, no promise; without it, the model's own")
]
NO_CALIBRATION: dict[int | str, dict[str, Any]] = {409: {"description": "The model has no calibration"}}
NO_ITEMS: dict[int | str, dict[str, Any]] = {404: {"description": "No items are served to look at"}}


class Densities(BaseModel):
    """How the distances of same and of different pairs are spread: densities between each edge and the next."""

    edges: list[float]
    same: list[float]
    different: list[float]


class ThresholdsTold(BaseModel):
    """A row for each threshold, ascending: rates as found and at most, the expected cost of a decision, the shares of
    all decisions that are false matches and false non-matches, and the row of the threshold that is kept for it.

    `default` and `cheapest` are thresholds (null: accept nothing), `cost_of_none` is what accepting nothing costs.
    """

    thresholds: list[float]
    fmr: list[float]
    fnmr: list[float]
    fmr_bound: list[float]
    fnmr_bound: list[float]
    cost: list[float]
    false_matches: list[float]
    false_non_matches: list[float]
    reachable: list[int]
    confidence: float
    prior: float
    false_match_cost: float
    false_non_match_cost: float
    pairs: Annotated[dict[str, int], Field(examples=[{"same": 120, "different": 3400}])]
    default: float | None
    cheapest: float | None
    cost_of_none: float
    distributions: Densities
    identities: int
    rests_on: Annotated[str, Field(description="whom, in words", examples=["41 identities that were not learned from"])]
    unlearned: Annotated[bool | None, Field(description="the model did not learn from them; null: not known")]


class PairTold(BaseModel):
    """Two items by their numbers, and their distance."""

    left: int
    right: int
    distance: float


class KindTold(BaseModel):
    """The same pairs, or the different ones: how many, how many each threshold accepts, and the nearest that change."""

    pairs: int
    accepted_before: int
    accepted_after: int
    changing: int
    nearest: list[PairTold]


class ChangesTold(BaseModel):
    """The pairs that change sides, and `shown`: what is shown of each item by its number."""

    before: float
    after: float
    same: KindTold
    different: KindTold
    searched: Annotated[int, Field(description="items whose pairs were looked at")]
    items: int
    labels: Annotated[int, Field(description="different labels among all items; 0 where they have none")]
    learned: Annotated[int, Field(description="those of them that the model learned from")]
    left_out: Annotated[bool, Field(description="whether items with these were left out")]
    shown: dict[int, dict[str, Any]]


class PointTold(BaseModel):
    """An operating point. `problem` says why it cannot be used with the model that is served; null where it can."""

    name: Annotated[str, Field(examples=["strict"])]
    threshold: float
    fmr: float
    confidence: float
    who: str
    when: str
    problem: str | None


class PointsTold(BaseModel):
    """All operating points, in the order in which they were chosen."""

    points: list[PointTold]


class PointAsked(Asked):
    """A threshold to keep under a name; the nearest that a rate can ask for is kept, at or above it."""

    name: Annotated[str, Field(max_length=200)]
    threshold: Annotated[float, Field(ge=0)]
    confidence: Annotated[float | None, Field(ge=0, lt=1)] = None


@router.get("/thresholds", response_model=None, responses={200: {"model": ThresholdsTold}, **NO_CALIBRATION})
async def thresholds(
    served: TheServed,
    caller: MayRead,  # noqa: ARG001
    confidence: Confidence = None,
    prior: Annotated[float, Query(gt=0, lt=1, description="share of same pairs among all compared")] = 0.5,
    false_match_cost: Annotated[float, Query(gt=0, le=1e9)] = 1.0,
    false_non_match_cost: Annotated[float, Query(gt=0, le=1e9)] = 1.0,
) -> dict[str, Any]:
    """What each threshold of the model's calibration does, and what it costs."""
    calibration = _calibration(served)
    costs = DetectionCosts(miss=false_non_match_cost, false_alarm=false_match_cost, prior=prior)

    def answer() -> dict[str, Any]:
        return {
            **threshold_figures(calibration, confidence, costs).to_dict(),
            "distributions": distributions_of(calibration.curve).to_dict(),
            "identities": calibration.identities,
            **basis_told(served.require_model()),
        }

    return await run_in_threadpool(answer)


@router.get("/thresholds/changes", response_model=None, responses={200: {"model": ChangesTold}, **NO_ITEMS})
async def changes(
    request: Request,
    served: TheServed,
    caller: MayRead,  # noqa: ARG001
    before: Threshold,
    after: Threshold,
    shown: Annotated[int, Query(ge=0, le=MOST_SHOWN, description="pairs of each kind")] = 12,
) -> dict[str, Any]:
    """Which pairs of the items that the service was started with change sides from one threshold to another.

    Items whose labels the model learned from are left out, unless all pairs would go with them.
    """
    await request.body()
    async with _one_at_a_time(request):
        # Who drags on has left the question before, and it may take seconds.
        if await request.is_disconnected():
            raise RefusedError(503, "left", "nobody waits for the answer")
        return await run_in_threadpool(_changes, served, before, after, shown)


@router.get("/operating-points", response_model=None, responses={200: {"model": PointsTold}})
async def operating_points(served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """Thresholds that have names: /v1/compare takes one as `operating_point`."""
    calibration = None if served.model is None else served.model.calibration
    points = (await run_in_threadpool(points_of, served.state)).values()
    return {"points": [_point(point, point.misfit(calibration)) for point in points]}


@router.post(
    "/operating-points",
    status_code=201,
    response_model=None,
    responses={201: {"model": PointTold}, 409: {"description": "The name is taken, or there is no calibration"}},
    openapi_extra=body_of(PointAsked, {"a strict one": {"name": "strict", "threshold": 0.42}}),
)
async def add_operating_point(request: Request, served: TheServed, caller: MayAdmin) -> dict[str, Any]:
    """Keep a threshold under a name; the answer says which one is kept, and the rate and confidence that ask for it."""
    asked, calibration = await read_asked(request, PointAsked), _calibration(served)

    def answer() -> dict[str, Any]:
        chosen = reachable(calibration, asked.threshold, asked.confidence)
        point = add_point(served.state, asked.name, chosen, calibration, caller.name)
        served.audit.add(caller.name, "operating point added", {"name": point.name, "threshold": point.threshold})
        return _point(point, None)

    return await run_in_threadpool(answer)


@router.delete(
    "/operating-points/{name:path}",
    response_model=None,
    responses={200: {"model": PointTold}, 404: {"description": "There is none of this name"}},
)
async def remove_operating_point(
    name: Annotated[str, Path(max_length=200, examples=["strict"])], served: TheServed, caller: MayAdmin
) -> dict[str, Any]:
    """Remove an operating point. Whoever still names it gets 404."""

    def answer() -> dict[str, Any]:
        point = remove_point(served.state, name)
        served.audit.add(caller.name, "operating point removed", {"name": point.name, "threshold": point.threshold})
        return _point(point, None)

    return await run_in_threadpool(answer)


def _calibration(served: Served) -> Calibration:
    calibration = served.require_model().calibration
    if calibration is None:
        raise CalibrationError(
            "the model has no calibration, so there are no thresholds to choose from; make one: "
            "alikely calibrate MODEL SOURCE"
        )
    return calibration


def _one_at_a_time(request: Request) -> asyncio.Lock:
    """So that many such questions do not keep all processors, and all threads, from the others."""
    state = request.app.state
    if not hasattr(state, "looking_for_changes"):
        state.looking_for_changes = asyncio.Lock()
    lock: asyncio.Lock = state.looking_for_changes
    return lock


def _changes(served: Served, before: float, after: float, shown: int) -> dict[str, Any]:
    model, looked = served.require_model(), served.looked
    if looked is None:
        raise RefusedError(
            404,
            "no_items",
            "there are no items to look at; start the service with labelled ones: alikely serve MODEL --items SOURCE",
        )
    examples = looked.examples
    learned = known_labels(model, examples, ("train", "validate"))
    places = _unlearned(examples, learned)
    part = changing_pairs(examples.select(places), looked.embeddings[places], model.distance, before, after, shown)
    found = replace(part, same=_among_all(part.same, places), different=_among_all(part.different, places))
    numbers = _numbers(found)
    content = shown_of(examples, numbers, model.preparation)
    names, labels = short_names(examples.names), examples.labels
    told = {
        number: {"name": names[number], "label": None if labels is None else str(labels[number]), **content[number]}
        for number in numbers
    }
    return {
        **found.to_dict(),
        "labels": 0 if labels is None else len(set(labels.tolist())),
        "learned": len(learned),
        "left_out": len(places) < len(examples),
        "shown": told,
    }


def _unlearned(examples: Examples, learned: Sequence[str]) -> Int[np.ndarray, " kept"]:
    """Items with labels that the model has not learned from; all, where these have no same or no different pairs."""
    everything = np.arange(len(examples))
    if examples.labels is None or not learned:
        return everything
    others = np.flatnonzero(~np.isin(examples.labels.astype(str), list(learned)))
    _, counts = np.unique(examples.labels[others].astype(str), return_counts=True)
    return others if len(counts) > 1 and counts.max() > 1 else everything


def _among_all(kind: ChangingKind, places: Int[np.ndarray, " kept"]) -> ChangingKind:
    """The same pairs, by the numbers that their items have among all."""
    nearest = (replace(one, left=int(places[one.left]), right=int(places[one.right])) for one in kind.nearest)
    return replace(kind, nearest=tuple(nearest))


def _numbers(found: ChangingPairs) -> list[int]:
    pairs = (*found.same.nearest, *found.different.nearest)
    return sorted({number for pair in pairs for number in (pair.left, pair.right)})


def _point(point: Point, problem: str | None) -> dict[str, Any]:
    said = asdict(point)
    said.pop("model")
    return {**said, "problem": problem}
