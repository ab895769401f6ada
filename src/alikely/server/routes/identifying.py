"""/v1/galleries/{name}/verify, identify, search: items -> is it who it claims to be, who is it, what is like it."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel

from alikely.errors import InputError, SettingsError
from alikely.gallery import Gallery, Hit
from alikely.server.access import Caller, MayRead
from alikely.server.answering import answers
from alikely.server.held import Served, TheServed
from alikely.server.routes.galleries import TEMPLATE, THRESHOLD, Fields, ThresholdTold
from alikely.server.several import all_bad, items_from, one_item_from, unreadable
from alikely.server.threads import GoOn, while_wanted
from alikely.server.uploads import Asked, ItemSaid, body_of, read_asked

router = APIRouter(prefix="/v1/galleries", tags=["galleries"])


# Examples for the description.
DECISION = {
    "verdict": "same",
    "probability": 0.97,
    "distance": 0.21,
    "threshold": 0.42,
    "fmr": 0.01,
    "upper": None,
    "fnmr": None,
    "confidence": 0.95,
}
IDENTIFICATION = {
    "item": "picture 1",
    "identity": "Ann",
    "distance": 0.21,
    "probability": 0.97,
    "threshold": THRESHOLD,
    "candidates": [{"identity": "Ann", "distance": 0.21, "templates": 2, "probability": 0.97}],
    "tied": [],
}


class VerifyAsked(Asked):
    """An item and who it claims to show; what is left out is the model's own."""

    item: ItemSaid
    identity: str
    fmr: float | None = None
    prior: float = 0.5
    confidence: float | None = None


class IdentifyAsked(Asked):
    """Items, the rate of strangers taken for somebody, and how many of the nearest identities to tell."""

    items: list[ItemSaid]
    fpir: float = 0.01
    confidence: float | None = None
    k: int = 5
    prior: float = 0.5


class SearchAsked(Asked):
    """An item, or the `key` of a template that is there; how many to find; a condition on the user's fields."""

    item: ItemSaid | None = None
    key: str | None = None
    k: int = 10
    where: str | None = None


class DecisionTold(BaseModel):
    """Same or different, with what speaks for it; a threshold of null accepts nothing."""

    verdict: str
    probability: float
    distance: float
    threshold: float | None
    fmr: float
    upper: float | None
    fnmr: float | None
    confidence: float


class CandidateTold(BaseModel):
    """An enrolled identity, and how far it is."""

    identity: str
    distance: float
    templates: int
    probability: float | None


class IdentificationTold(BaseModel):
    """Who an item shows (null: nobody who is enrolled), the nearest identities, and those that are equally near."""

    item: str
    identity: str | None
    distance: float
    probability: float | None
    threshold: ThresholdTold
    candidates: list[CandidateTold]
    tied: list[str]


class HitTold(BaseModel):
    """A template like the item."""

    key: str
    identity: str
    distance: float
    fields: Fields


class FoundTold(BaseModel):
    """What is most like an item, the nearest first."""

    item: str
    found: list[HitTold]


@router.post(
    "/{name}/verify",
    responses=answers(DecisionTold, DECISION),
    response_model=None,
    openapi_extra=body_of(VerifyAsked, {"a text": {"item": "DELO", "identity": "delo"}}, ("item",)),
)
async def verify(name: str, request: Request, served: TheServed, caller: MayRead) -> dict[str, Any]:
    """Whether an item shows this identity (1:1)."""
    gallery, asked = served.gallery(name), await read_asked(request, VerifyAsked)

    def answer(go_on: GoOn) -> dict[str, Any]:
        model = gallery.inside.model
        (item,) = one_item_from(asked.item, model.preparation.kind, served.settings).items
        try:
            decision = gallery.verify(item, asked.identity, asked.fmr, asked.prior, asked.confidence)
        except InputError as error:
            raise all_bad(error, [asked.item], model, served.settings, None, go_on) from None
        served.meter.verdict("verify", decision.verdict, decision.distance)
        told = {"identity": asked.identity, "verdict": decision.verdict, "distance": decision.distance}
        served.audit.add(caller.name, "verify", {"gallery": name, **told})
        return decision.to_dict()

    return await while_wanted(request, answer)


@router.post(
    "/{name}/identify",
    responses=answers(list[IdentificationTold], [IDENTIFICATION]),
    response_model=None,
    openapi_extra=body_of(IdentifyAsked, {"a text": {"items": ["DELO"], "fpir": 0.05}}, ("items",)),
)
async def identify(name: str, request: Request, served: TheServed, caller: MayRead) -> list[dict[str, Any]]:
    """Who each item shows, or nobody (1:N). Where one of them cannot be read, none is answered."""
    gallery, asked = served.gallery(name), await read_asked(request, IdentifyAsked)
    return await while_wanted(request, lambda go_on: _identify(name, gallery, asked, served, caller, go_on))


@router.post(
    "/{name}/search",
    responses=answers(list[FoundTold], [{"item": "picture 1", "found": [TEMPLATE | {"distance": 0.21}]}]),
    response_model=None,
    openapi_extra=body_of(
        SearchAsked,
        {
            "a text": {"item": "DELO", "k": 3, "where": "city = 'Bern'"},
            "more like this": {"key": "9f86d081884c7d659a2feaa0c55ad015-2c26b46b68ffc68f"},
        },
        ("item",),
    ),
)
async def search(
    name: str,
    request: Request,
    served: TheServed,
    caller: MayRead,  # noqa: ARG001
) -> list[dict[str, Any]]:
    """The templates most like an item, or like the template of a `key` (which is left out): a list with one answer."""
    gallery, asked = served.gallery(name), await read_asked(request, SearchAsked)
    return await while_wanted(request, lambda go_on: _search(gallery, asked, served, go_on))


def _identify(
    name: str, gallery: Gallery, asked: IdentifyAsked, served: Served, caller: Caller, go_on: GoOn
) -> list[dict[str, Any]]:
    examples, _, problems = items_from(asked.items, gallery.inside.model.preparation.kind, served.settings)
    if examples is None:
        raise unreadable(problems)
    answers, unread = gallery.identify_all(examples, asked.fpir, asked.confidence, asked.k, asked.prior, go_on)
    if problems or unread:
        raise unreadable((*problems, *unread))
    for answer in answers:
        served.meter.verdict("identify", "nobody" if answer.identity is None else "identified", answer.distance)
        told = {"gallery": name, "identity": answer.identity, "distance": answer.distance}
        served.audit.add(caller.name, "identify", told)
    return [answer.to_dict() for answer in answers]


def _search(gallery: Gallery, asked: SearchAsked, served: Served, go_on: GoOn) -> list[dict[str, Any]]:
    if (asked.item is None) == (asked.key is None):
        raise SettingsError("say what to search with: an item, or the key of a template that is there")
    if asked.key is not None:
        return [_found(asked.key, gallery.like(asked.key, asked.k, asked.where))]
    assert asked.item is not None  # one of the two is there
    examples = one_item_from(asked.item, gallery.inside.model.preparation.kind, served.settings)
    found, unread = gallery.search_all(examples, asked.k, asked.where, go_on)
    if unread:
        raise unreadable(unread)
    return [_found(item, hits) for item, hits in found]


def _found(item: str, hits: list[Hit]) -> dict[str, Any]:
    return {"item": item, "found": [hit.to_dict() for hit in hits]}
