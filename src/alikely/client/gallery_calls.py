"""What can be asked of a gallery -> which request that is, and how its answer is read. Nothing is sent here.

Each function is a method of what `Client.gallery(name)` gives, where `at` is already given.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from alikely.client.answers import (
    About,
    Decision,
    Enrolled,
    FieldSaid,
    Found,
    Hit,
    Identification,
    Identities,
    Removed,
    Templates,
    answers_as,
)
from alikely.client.calls import Call, as_a
from alikely.client.saying import Item, all_said, said


def about(at: str, fpir: float | None = None, confidence: float | None = None) -> Call[About]:
    """How much it holds, and up to which distance it identifies at the rate `fpir`."""
    return Call("GET", at, as_a(About), query={"fpir": fpir, "confidence": confidence})


def enrol(
    at: str, items: Sequence[Item], identity: str | None = None, fields: Mapping[str, FieldSaid] | None = None
) -> Call[Enrolled]:
    """Enrol items that show `identity` (without it: each its own name), with these fields. As `Gallery.enrol`.

    What it answers is kept. To send it again changes nothing: each item is enrolled once.
    """
    asked = {"items": all_said(items), "identity": identity, "fields": dict(fields) if fields else None}
    return Call("POST", f"{at}/enrol", as_a(Enrolled), asked)


def verify(
    at: str,
    item: Item,
    identity: str,
    fmr: float | None = None,
    prior: float | None = None,
    confidence: float | None = None,
) -> Call[Decision]:
    """Whether an item shows this identity (1:1). As `Gallery.verify`."""
    asked = {"identity": identity, "fmr": fmr, "prior": prior, "confidence": confidence}
    return Call("POST", f"{at}/verify", as_a(Decision), {"item": said(item), **asked})


def identify(
    at: str,
    items: Sequence[Item],
    fpir: float | None = None,
    confidence: float | None = None,
    k: int | None = None,
    prior: float | None = None,
) -> Call[tuple[Identification, ...]]:
    """Who each item shows, or nobody (1:N), in their order. As `Gallery.identify`."""
    asked = {"fpir": fpir, "confidence": confidence, "k": k, "prior": prior}
    return Call("POST", f"{at}/identify", _identifications, {"items": all_said(items), **asked})


def search(at: str, item: Item, k: int | None = None, where: str | None = None) -> Call[tuple[Hit, ...]]:
    """The templates most like an item, the nearest first, that meet the condition `where`. As `Gallery.search`."""
    return Call("POST", f"{at}/search", _hits, {"item": said(item), "k": k, "where": where})


def like(at: str, key: str, k: int | None = None, where: str | None = None) -> Call[tuple[Hit, ...]]:
    """The templates most like the one of this key, without itself. As `Gallery.like`."""
    return Call("POST", f"{at}/search", _hits, {"key": key, "k": k, "where": where})


def identities(
    at: str, where: str | None = None, starts: str = "", skip: int = 0, most: int | None = None
) -> Call[Identities]:
    """Identities in alphabetical order that begin with `starts`, a page at a time. As `Gallery.identities`."""
    query = {"where": where, "starts": starts or None, "skip": skip, "most": most}
    return Call("GET", f"{at}/identities", as_a(Identities), query=query)


def templates(
    at: str, identity: str | None = None, where: str | None = None, skip: int = 0, most: int | None = None
) -> Call[Templates]:
    """Keys, identities and fields, in the order of enrolment, a page at a time. As `Gallery.described`."""
    query = {"identity": identity, "where": where, "skip": skip, "most": most}
    return Call("GET", f"{at}/templates", as_a(Templates), query=query)


def remove(at: str, identity: str) -> Call[Removed]:
    """Remove an identity with all its templates. As `Gallery.remove`."""
    return Call("DELETE", f"{at}/identities", as_a(Removed), query={"identity": identity})


def remove_template(at: str, key: str) -> Call[Removed]:
    """Remove one template by its key. As `Gallery.remove`."""
    return Call("DELETE", f"{at}/templates", as_a(Removed), query={"key": key})


def _hits(answered: Any) -> tuple[Hit, ...]:
    return tuple(hit for found in answers_as(Found, answered) for hit in found.found)


def _identifications(answered: Any) -> tuple[Identification, ...]:
    return answers_as(Identification, answered)
