"""/v1/thresholds: what each threshold does and costs, and which pairs change sides from one to another."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from alikely.calibration import Calibration, distributions_of
from alikely.metrics import DetectionCosts
from alikely.server.access import MayRead
from alikely.server.changing import changes_told
from alikely.server.held import Served, TheServed
from alikely.server.problems import RefusedError
from alikely.server.told import basis_told
from alikely.thresholds import threshold_figures

router = APIRouter(prefix="/v1", tags=["thresholds", "page"])

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
    """A row for each threshold, ascending: rates as found and at most, the expected cost of a decision, and the shares
    of all decisions that are false matches and false non-matches.

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
    calibration = calibration_of(served)
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
        return await run_in_threadpool(changes_told, served, before, after, shown)


def calibration_of(served: Served) -> Calibration:
    """That of the model. Raises CalibrationError where it has none, RefusedError where no model is served."""
    return served.require_model().require_calibration()


def _one_at_a_time(request: Request) -> asyncio.Lock:
    """So that many such questions do not keep all processors, and all threads, from the others."""
    state = request.app.state
    if not hasattr(state, "looking_for_changes"):
        state.looking_for_changes = asyncio.Lock()
    lock: asyncio.Lock = state.looking_for_changes
    return lock
