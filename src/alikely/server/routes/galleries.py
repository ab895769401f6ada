"""GET on /v1/galleries: which are served, and what is enrolled in them."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from alikely.errors import CalibrationError, GalleryError
from alikely.gallery import Gallery
from alikely.gallery.fields_there import fields_there
from alikely.server.access import MayRead
from alikely.server.answering import answers
from alikely.server.held import TheServed
from alikely.server.problems import for_clients
from alikely.types import Field as FieldSaid
from alikely.types import Kind

router = APIRouter(prefix="/v1/galleries", tags=["galleries"])

Fields = dict[str, FieldSaid]
Condition = Annotated[str | None, Query(description="only templates whose fields meet this: shop = 'B' and price < 20")]
Skip = Annotated[int, Query(ge=0, le=2**53, description="how many to leave out at the beginning")]
Most = Annotated[int, Query(ge=1, le=10_000, description="how many to give at most")]
Fpir = Annotated[float, Query(description="false-positive-identification rate of the threshold that is told")]


# Examples for the description.
ABOUT = {"name": "people", "items": "picture", "templates": 40}
THRESHOLD = {"distance": 0.42, "fpir": 0.01, "confidence": 0.95, "basis": "gallery", "identities": 20}
MORE = {
    "identities": 20,
    "model": "9ccaf860ae4361101a84fa966034827bffaff345fdf9d0252b23777b9054cff7",
    "distance": "euclidean",
    "joining": {"rule": "nearest", "sharpness": None},
    "threshold": THRESHOLD,
    "threshold_problem": None,
}
TEMPLATE = {
    "key": "8c6aa8c951439652c5cadc04258b31d4-17239b6e25011033",
    "identity": "Ann",
    "fields": {"shop": "B", "price": 12.5},
}
FIELD = {"name": "price", "kind": "number", "templates": 40, "smallest": 3, "largest": 99.5}


class About(BaseModel):
    """A gallery that is served."""

    name: str
    items: Kind = Field(description="what the items are")
    templates: int


class Galleries(BaseModel):
    """All galleries that are served."""

    galleries: list[About]


class ThresholdTold(BaseModel):
    """At or below `distance` an item is identified; strangers are with a rate of at most `fpir`."""

    distance: float
    fpir: float
    confidence: float
    basis: str
    identities: int


class GalleryTold(About):
    """What a gallery holds, and up to which distance it identifies; `threshold` is null where that cannot be said."""

    identities: int
    model: str = Field(description="the hash of the model that it was made with")
    distance: str
    joining: dict[str, Any]
    threshold: ThresholdTold | None
    threshold_problem: str | None


class IdentityTold(BaseModel):
    """An identity and how many templates it has."""

    identity: str
    templates: int


class Identities(BaseModel):
    """Identities in alphabetical order; `total` is how many there are in all."""

    identities: list[IdentityTold]
    total: int


class TemplateTold(BaseModel):
    """What is kept of an item beside its embedding."""

    key: str
    identity: str
    fields: Fields


class TemplatesTold(BaseModel):
    """Templates in the order of their enrolment; `more` says whether others follow."""

    templates: list[TemplateTold]
    more: bool


class FieldTold(BaseModel):
    """A field that templates have. `values` (of texts and truths) are [value, templates], the most frequent first."""

    name: str
    kind: Annotated[str, Field(description="text, number or truth")]
    templates: Annotated[int, Field(description="how many have it")]
    smallest: float | None = None
    largest: float | None = None
    values: list[tuple[str | bool, int]] | None = None
    more: Annotated[bool | None, Field(description="whether there are further values")] = None


class FieldsTold(BaseModel):
    """The fields of the templates that were looked at, and whether these were all."""

    fields: list[FieldTold]
    templates: int
    all: bool


@router.get("", responses=answers(Galleries, {"galleries": [ABOUT]}), response_model=None)
async def galleries(served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """The galleries that are served."""
    return {"galleries": [await run_in_threadpool(_about, name, one) for name, one in served.galleries.items()]}


@router.get("/{name}", responses=answers(GalleryTold, ABOUT | MORE), response_model=None)
async def gallery(
    name: str,
    served: TheServed,
    caller: MayRead,  # noqa: ARG001
    fpir: Fpir = 0.01,
    confidence: float | None = None,
) -> dict[str, Any]:
    """How much a gallery holds, and up to which distance it identifies at the rate `fpir`."""
    return await run_in_threadpool(_described, name, served.gallery(name), fpir, confidence)


@router.get(
    "/{name}/identities",
    responses=answers(Identities, {"identities": [{"identity": "Ann", "templates": 2}], "total": 1}),
    response_model=None,
)
async def identities(
    name: str,
    served: TheServed,
    caller: MayRead,  # noqa: ARG001
    where: Condition = None,
    starts: Annotated[str, Query(description="only identities that begin with this, in large or small letters")] = "",
    skip: Skip = 0,
    most: Most = 100,
) -> dict[str, Any]:
    """The identities, a page at a time."""
    named = await run_in_threadpool(served.gallery(name).identities, where)
    found = [one for one in named if one.casefold().startswith(starts.casefold())]
    page = [{"identity": one, "templates": named[one]} for one in found[skip : skip + most]]
    return {"identities": page, "total": len(found)}


@router.get(
    "/{name}/templates",
    responses=answers(TemplatesTold, {"templates": [TEMPLATE], "more": False}),
    response_model=None,
)
async def templates(
    name: str,
    served: TheServed,
    caller: MayRead,  # noqa: ARG001
    identity: Annotated[str | None, Query(description="only those of this identity")] = None,
    where: Condition = None,
    skip: Skip = 0,
    most: Most = 100,
) -> dict[str, Any]:
    """Keys, identities and fields of the templates, a page at a time."""
    found = await run_in_threadpool(served.gallery(name).described, where, identity, skip, most + 1)
    return {"templates": found[:most], "more": len(found) > most}


@router.get(
    "/{name}/fields",
    responses=answers(FieldsTold, {"fields": [FIELD], "templates": 40, "all": True}),
    response_model=None,
)
async def fields(name: str, served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """The fields that templates have, with their values or the range of these: what a condition can ask for."""
    gallery = served.gallery(name)
    return await run_in_threadpool(lambda: fields_there(gallery.templates()))


def _about(name: str, gallery: Gallery) -> dict[str, Any]:
    return {"name": name, "items": gallery.inside.model.preparation.kind, "templates": len(gallery)}


def _described(name: str, gallery: Gallery, fpir: float, confidence: float | None) -> dict[str, Any]:
    threshold, problem = None, None
    try:
        threshold = asdict(gallery.threshold(fpir, confidence))
    except (CalibrationError, GalleryError) as error:
        problem = for_clients(str(error))
    return {
        **_about(name, gallery),
        "identities": len(gallery.identities()),
        "model": gallery.inside.store.about["model"],
        "distance": gallery.inside.model.distance_name,
        "joining": gallery.inside.joining.to_dict(),
        "threshold": threshold,
        "threshold_problem": problem,
    }
