"""POST and DELETE on /v1/galleries: items -> enrolled, on the disk before the answer; what is to go -> removed."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from alikely.errors import SettingsError
from alikely.gallery import Enrolled, Gallery, Removed
from alikely.server.access import Caller, MayEnrol
from alikely.server.answering import answers
from alikely.server.held import Served, TheServed
from alikely.server.routes.galleries import Fields
from alikely.server.several import items_from
from alikely.server.threads import GoOn, while_wanted
from alikely.server.uploads import Asked, ItemSaid, body_of, read_asked

router = APIRouter(prefix="/v1/galleries", tags=["galleries"])

# Examples for the description.
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


class ProblemTold(BaseModel):
    """An item that could not be read, and why."""

    item: str
    problem: str


class SharedTold(BaseModel):
    """An item that is enrolled under several identities."""

    item: str
    identities: str


class EnrolledTold(BaseModel):
    """What is new, what was there, of that what got other fields; what stood twice in the request (kept once, with the
    last fields); what could not be read, and what has two names."""

    new: int
    there: int
    changed: int
    repeated: int
    problems: list[ProblemTold]
    shared: list[SharedTold]


class RemovedTold(BaseModel):
    """How many templates are gone; in how many files was looked for what is left of them, and in which it was found."""

    templates: int
    searched: int
    traces: list[str]


@router.post(
    "/{name}/enrol",
    responses=answers(
        EnrolledTold, {"new": 1, "there": 1, "changed": 0, "repeated": 0, "problems": [PROBLEM], "shared": []}
    ),
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
    return await while_wanted(request, lambda go_on: _enrol(name, into, asked, served, caller, go_on))


@router.delete("/{name}/identities", responses=answers(RemovedTold, REMOVED), response_model=None)
async def remove_identity(name: str, identity: str, served: TheServed, caller: MayEnrol) -> dict[str, Any]:
    """Remove an identity with all its templates, and search the gallery's files for what might be left of them."""
    return await run_in_threadpool(_remove, name, served, caller, identity, None)


@router.delete("/{name}/templates", responses=answers(RemovedTold, REMOVED), response_model=None)
async def remove_template(name: str, key: str, served: TheServed, caller: MayEnrol) -> dict[str, Any]:
    """Remove one template, and search the gallery's files for what might be left of it."""
    return await run_in_threadpool(_remove, name, served, caller, None, key)


def _enrol(
    name: str, gallery: Gallery, asked: EnrolAsked, served: Served, caller: Caller, go_on: GoOn
) -> dict[str, Any]:
    def told(_: str, done: int, total: int) -> None:
        if done < total:  # else all is enrolled, and what belongs to it is kept, too
            go_on()

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
        done = gallery.enrol(examples, asked.identity, fields, told)
        served.pictures.keep(name, examples.items)
    done = replace(done, problems=(*problems, *done.problems))
    counts = {"new": done.new, "there": done.there, "problems": len(done.problems)}
    served.audit.add(caller.name, "enrol", {"gallery": name, "identities": who} | counts)
    return done.to_dict()


def _remove(name: str, served: Served, caller: Caller, identity: str | None, key: str | None) -> dict[str, Any]:
    served.gallery(name)  # or it is not served
    asked = {"gallery": name, "identity": identity, "key": key}
    served.audit.add(caller.name, "remove begun", asked)
    done: Removed = served.pictures.remove(name, identity, key)
    told = {"templates": done.templates, "traces": len(done.traces)}
    served.audit.add(caller.name, "remove", asked | told)
    return done.to_dict()
