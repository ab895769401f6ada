"""/v1/galleries: what is enrolled; items -> enrolled, on the disk before the answer; what is to go -> removed."""

from dataclasses import asdict, replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from alikely.errors import CalibrationError, GalleryError, SettingsError
from alikely.gallery import Enrolled, Gallery, Removed
from alikely.server.access import Caller, MayEnrol, MayRead
from alikely.server.answering import answers
from alikely.server.held import Served, TheServed
from alikely.server.several import items_from
from alikely.server.threads import while_wanted
from alikely.server.uploads import Asked, ItemSaid, body_of, read_asked
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
PROBLEM = {"item": "picture 3", "problem": "is not a picture that can be read"}
REMOVED = {"templates": 2, "searched": 6, "traces": []}


class EnrolOne(Asked):
    """One item, who or what it shows, and its fields."""

    item: ItemSaid
    identity: str
    fields: Fields = Field(default_factory=dict)


class EnrolAsked(Asked):
    """`items` that all show `identity` (without it: each its own name) and have `fields`; or `each` with its own."""

    items: list[ItemSaid] = Field(default_factory=list)
    identity: str | None = None
    fields: Fields = Field(default_factory=dict)
    each: list[EnrolOne] = Field(default_factory=list)


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


class ProblemTold(BaseModel):
    """An item that could not be read, and why."""

    item: str
    problem: str


class SharedTold(BaseModel):
    """An item that is enrolled under several identities."""

    item: str
    identities: str


class EnrolledTold(BaseModel):
    """What is new, what was there, of that what got other fields; what could not be read, and what has two names."""

    new: int
    there: int
    changed: int
    problems: list[ProblemTold]
    shared: list[SharedTold]


class RemovedTold(BaseModel):
    """How many templates are gone; in how many files was looked for what is left of them, and in which it was found."""

    templates: int
    searched: int
    traces: list[str]


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


@router.post(
    "/{name}/enrol",
    responses=answers(EnrolledTold, {"new": 1, "there": 1, "changed": 0, "problems": [PROBLEM], "shared": []}),
    response_model=None,
    openapi_extra=body_of(
        EnrolAsked,
        {
            "two texts of one firm": {"items": ["Delo & Sons", "DELO"], "identity": "delo", "fields": {"city": "Bern"}},
            "each with its own": {"each": [{"item": "Delo", "identity": "delo", "fields": {"price": 12.5}}]},
        },
        ("items",),
    ),
)
async def enrol(name: str, request: Request, served: TheServed, caller: MayEnrol) -> dict[str, Any]:
    """Enrol items, each once however often it is sent; kept on the disk before the answer. All others go on past those
    that cannot be read: `problems` names these."""
    into, asked = served.gallery(name), await read_asked(request, EnrolAsked)
    # Once it writes, it goes on to the end.
    return await while_wanted(request, lambda _: _enrol(name, into, asked, served, caller))


@router.delete("/{name}/identities", responses=answers(RemovedTold, REMOVED), response_model=None)
async def remove_identity(name: str, identity: str, served: TheServed, caller: MayEnrol) -> dict[str, Any]:
    """Remove an identity with all its templates, and search the gallery's files for what might be left of them."""
    return await run_in_threadpool(_remove, name, served, caller, identity, None)


@router.delete("/{name}/templates", responses=answers(RemovedTold, REMOVED), response_model=None)
async def remove_template(name: str, key: str, served: TheServed, caller: MayEnrol) -> dict[str, Any]:
    """Remove one template, and search the gallery's files for what might be left of it."""
    return await run_in_threadpool(_remove, name, served, caller, None, key)


def _about(name: str, gallery: Gallery) -> dict[str, Any]:
    return {"name": name, "items": gallery.inside.model.preparation.kind, "templates": len(gallery)}


def _described(name: str, gallery: Gallery, fpir: float, confidence: float | None) -> dict[str, Any]:
    threshold, problem = None, None
    try:
        threshold = asdict(gallery.threshold(fpir, confidence))
    except (CalibrationError, GalleryError) as error:
        problem = str(error)
    return {
        **_about(name, gallery),
        "identities": len(gallery.identities()),
        "model": gallery.inside.store.about["model"],
        "distance": gallery.inside.model.distance_name,
        "joining": gallery.inside.joining.to_dict(),
        "threshold": threshold,
        "threshold_problem": problem,
    }


def _enrol(name: str, gallery: Gallery, asked: EnrolAsked, served: Served, caller: Caller) -> dict[str, Any]:
    if asked.each and (asked.items or asked.identity is not None or asked.fields):
        raise SettingsError("give items with one identity and fields, or each with its own, not both")
    said = [one.item for one in asked.each] or asked.items
    labels = [one.identity for one in asked.each] or None
    examples, places, problems = items_from(said, gallery.inside.model.preparation.kind, served.settings, labels)
    named = [asked.identity] if asked.identity is not None else []
    who = sorted({one.identity for one in asked.each}) or named
    done = Enrolled(0, 0, 0, ())
    if examples is not None:
        fields = [asked.each[place].fields for place in places] if asked.each else asked.fields
        # First: nothing is enrolled that the log does not have.
        served.audit.add(caller.name, "enrol begun", {"gallery": name, "identities": who, "items": len(examples)})
        done = gallery.enrol(examples, asked.identity, fields)
        served.pictures.keep(name, examples.items)
    done = replace(done, problems=(*problems, *done.problems))
    told = {"gallery": name, "identities": who, "new": done.new, "there": done.there, "problems": len(done.problems)}
    served.audit.add(caller.name, "enrol", told)
    return done.to_dict()


def _remove(name: str, served: Served, caller: Caller, identity: str | None, key: str | None) -> dict[str, Any]:
    served.gallery(name)  # or it is not served
    asked = {"gallery": name, "identity": identity, "key": key}
    served.audit.add(caller.name, "remove begun", asked)
    done: Removed = served.pictures.remove(name, identity, key)
    told = {"templates": done.templates, "traces": len(done.traces)}
    served.audit.add(caller.name, "remove", asked | told)
    return done.to_dict()
