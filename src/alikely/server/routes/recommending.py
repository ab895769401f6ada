"""/v1/recommend: what somebody liked, or one item -> what they may like next, and why."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from pydantic import Field as Fresh
from starlette.concurrency import run_in_threadpool

from alikely.server.access import MayRead
from alikely.server.answering import answers
from alikely.server.held import TheServed
from alikely.server.uploads import Asked, body_of, read_asked
from alikely.types import Field

router = APIRouter(prefix="/v1/recommend", tags=["recommend"])


# An example for the description.
RECOMMENDATION = {
    "item": "p19",
    "title": "garden hose",
    "match": 3.11,
    "reason": "p5",
    "reason_title": "watering can",
    "share": 0.58,
    "fields": {"kind": "garden", "price": 19},
}


class ForAsked(Asked):
    """Somebody: the ids of what they liked, the latest last, or a `person` of the histories, or both; and how many
    items to tell, by which recommender (without a name: the only one)."""

    history: list[str] = Fresh(default_factory=list)
    person: str | None = None
    k: int = 10
    where: str | None = None
    with_seen: bool = False
    diversity: float = 0.0
    recommender: str | None = None


class LikeAsked(Asked):
    """The id of an item, and how many items like it to tell."""

    item: str
    k: int = 10
    where: str | None = None
    diversity: float = 0.0
    recommender: str | None = None


class RecommendationTold(BaseModel):
    """An item, and the liked item that speaks most for it."""

    item: str
    title: str
    match: float
    reason: str | None
    reason_title: str
    share: float | None
    fields: dict[str, Field]


class LikeTold(BaseModel):
    """The best first."""

    items: list[RecommendationTold]


class ForTold(LikeTold):
    """The best first; `unknown` are liked items that are not in the catalogue."""

    by_popularity: bool
    unknown: list[str]


@router.post(
    "/for",
    responses=answers(ForTold, {"items": [RECOMMENDATION], "by_popularity": False, "unknown": []}),
    response_model=None,
    openapi_extra=body_of(ForAsked, {"by what they liked": {"history": ["p1", "p5"], "k": 3, "where": "price < 20"}}),
)
async def for_somebody(request: Request, served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """What somebody may like next, and because of which item; of whom nothing is known, what most people liked."""
    asked = await read_asked(request, ForAsked)
    recommender = served.recommender(asked.recommender)

    def answer() -> dict[str, Any]:
        found = recommender.for_somebody(
            asked.history,
            asked.person,
            asked.k,
            where=asked.where,
            with_seen=asked.with_seen,
            diversity=asked.diversity,
        ).to_dict()
        return found | {"items": [_told(item) for item in found["items"]]}

    return await run_in_threadpool(answer)


@router.post(
    "/like",
    responses=answers(LikeTold, {"items": [RECOMMENDATION]}),
    response_model=None,
    openapi_extra=body_of(LikeAsked, {"three like one": {"item": "p1", "k": 3}}),
)
async def like(request: Request, served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """The items that somebody may like because of this one, whatever most people like."""
    asked = await read_asked(request, LikeAsked)
    recommender = served.recommender(asked.recommender)

    def answer() -> dict[str, Any]:
        found = recommender.like(asked.item, asked.k, where=asked.where, diversity=asked.diversity)
        return {"items": [_told(item.to_dict()) for item in found]}

    return await run_in_threadpool(answer)


def _told(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item without where on this machine its files lie."""
    fields = {name: Path(cell).name if _is_place(cell) else cell for name, cell in item["fields"].items()}
    titles = {"title": item["item"], "reason_title": item["reason"]}
    return {**item, "fields": fields, **{name: called for name, called in titles.items() if _is_place(item[name])}}


def _is_place(said: Any) -> bool:
    return isinstance(said, str) and Path(said).is_absolute()
